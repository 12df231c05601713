"""Runs a monitor feed in a thread and reports its events as signals."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Protocol

from PySide6.QtCore import QObject, QThread, Signal

from gpuplayground.model.samples import GpuSample, Inventory, MonitorEvent, Pace, Problem
from gpuplayground.monitor.recording.reader import RecordingError, RecordingWriter

#: Maximum wait for a feed to stop, in milliseconds. It usually takes a few.
STOP_MS = 900


class MonitorFeed(Protocol):
    """What a worker needs of a Feed or a ReplayFeed."""

    def run(self, on_event: Callable[[MonitorEvent], None]) -> None:
        """Report events until stopped, in the caller's thread."""

    def stop(self) -> None:
        """End :meth:`run` at once; may be called from any thread."""


class MonitorWorker(QThread):
    """Runs a feed in a thread. The signals carry values of :mod:`gpuplayground.model.samples`.

    ``problemChanged`` carries what is wrong with the monitor as a whole, or None once that is over; a problem with one
    GPU is in the inventory.

    Args:
        feed: a Feed or a ReplayFeed; the worker stops it.
        writer: records every event and is closed at the end; :meth:`set_writer` changes it.
        parent: the thread's owner.
    """

    inventoried = Signal(object)  # Inventory
    sampled = Signal(object)  # tuple[GpuSample, ...]
    processesSampled = Signal(object)  # ProcessPass
    paceChanged = Signal(object)  # Pace
    problemChanged = Signal(object)  # Problem | None
    recordingFailed = Signal(str)

    def __init__(self, feed: MonitorFeed, writer: RecordingWriter | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("monitor")
        self._feed = feed
        self._writer = writer
        self._writer_lock = Lock()
        self._inventory: Inventory | None = None
        self._problem: Problem | None = None

    def run(self) -> None:
        """Report events until :meth:`stop`; called by ``start()`` in the new thread."""
        try:
            self._feed.run(self._on_event)
        finally:
            self._close_writer()

    def end(self) -> None:
        """Stop the feed, which ends the thread. Returns at once."""
        self._feed.stop()

    def stop(self) -> bool:
        """Stop the feed and wait for the thread; return whether it ended in time."""
        self.end()
        return self.wait(STOP_MS)

    def set_writer(self, writer: RecordingWriter | None) -> RecordingWriter | None:
        """Record into another writer, or into none; return the previous one, for the caller to close.

        Raises:
            RecordingError: the writer cannot be written to; the previous one stays.
        """
        with self._writer_lock:
            if writer is not None and self._inventory is not None:
                writer.add_event(self._inventory)
            previous, self._writer = self._writer, writer
            return previous

    def _on_event(self, event: MonitorEvent) -> None:
        self._record(event)
        if isinstance(event, Problem):
            self._set_problem(event)
        elif isinstance(event, Inventory):
            self.inventoried.emit(event)
            self._set_problem(event.problem)
        elif isinstance(event, Pace):
            self.paceChanged.emit(event)
        elif event and isinstance(event[0], GpuSample):
            self.sampled.emit(event)
        else:
            self.processesSampled.emit(event)

    def _set_problem(self, problem: Problem | None) -> None:
        if problem != self._problem:
            self._problem = problem
            self.problemChanged.emit(problem)

    def _record(self, event: MonitorEvent) -> None:
        with self._writer_lock:
            if isinstance(event, Inventory):
                self._inventory = event
            writer = self._writer
            if writer is None:
                return
            try:
                writer.add_event(event)
                return
            except RecordingError as error:
                message = str(error)
                self._writer = None
        with suppress(RecordingError):  # it says the same again
            writer.close()
        self.recordingFailed.emit(message)

    def _close_writer(self) -> None:
        with self._writer_lock:
            writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.close()
        except RecordingError as error:
            self.recordingFailed.emit(str(error))
