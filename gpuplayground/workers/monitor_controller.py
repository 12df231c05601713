"""Chooses what the monitor shows: live GPUs where there are any, else a recording, marked as such."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from gpuplayground.monitor.feed import Feed
from gpuplayground.monitor.recording import RecordingError
from gpuplayground.monitor.replay import ReplayFeed
from gpuplayground.monitor.samples import Inventory, Problem, RunSpan
from gpuplayground.workers.monitor_worker import MonitorWorker

#: How often the runs of a recording are looked up: a band may appear so much late.
RECORDED_RUNS_MS = 1000


class MonitorController(QObject):
    """Runs the live feed all the time, and a replay beside it for as long as there is nothing live to show.

    So a GPU that appears takes the recording's place without a restart. ``shipped`` is that recording.
    """

    inventoried = Signal(object)  # Inventory of what is shown
    sampled = Signal(object)
    processesSampled = Signal(object)
    problemChanged = Signal(object)  # Problem of the live feed, or None
    recordingChanged = Signal(object)  # "NVIDIA H200, 2026-11-23", or None when live
    sourceChanged = Signal()  # what was shown before is not what comes now
    recordedRunsChanged = Signal(object)  # tuple[RunSpan, ...] of the recording; empty when live
    failed = Signal(str)  # a sentence
    liveInventoried = Signal(object)  # Inventory of this machine, whatever is shown

    def __init__(self, feed: Feed, shipped: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._shipped = shipped
        self._live = MonitorWorker(feed, parent=self)
        self._replay: MonitorWorker | None = None
        self._replay_feed: ReplayFeed | None = None
        self._recorded_runs: tuple[RunSpan, ...] = ()
        self._chosen_file: Path | None = None
        self._live_inventory: Inventory | None = None
        self._paused = False
        self._run_timer = QTimer(self)
        self._run_timer.setInterval(RECORDED_RUNS_MS)
        self._run_timer.timeout.connect(self._look_up_runs)
        self._live.inventoried.connect(self._live_inventoried)
        self._live.sampled.connect(self._live_sampled)
        self._live.processesSampled.connect(self._live_processes)
        self._live.problemChanged.connect(self._live_problem)

    @property
    def shows_recording(self) -> bool:
        """Whether the values on screen come from a file."""
        return self._replay is not None

    @property
    def recording_was_chosen(self) -> bool:
        """Whether the user opened the recording, rather than it standing in for missing GPUs."""
        return self._chosen_file is not None

    def start(self) -> None:
        """Start sampling this machine."""
        self._live.start()

    def open_recording(self, file: Path) -> bool:
        """Show a recording instead of live GPUs; False, and a sentence by ``failed``, where it cannot be read."""
        previous, self._chosen_file = self._chosen_file, file
        if not self._start_replay(file):
            self._chosen_file = previous
            return False
        return True

    def go_live(self) -> None:
        """Leave an opened recording; without GPUs the shipped one takes its place."""
        self._chosen_file = None
        self._stop_replay()
        if self._live_inventory is not None:
            self._live_inventoried(self._live_inventory)

    def set_paused(self, paused: bool) -> None:
        """Stop and resume sampling."""
        self._paused = paused
        for feed in (self._feed, self._replay_feed):
            if feed is not None:
                feed.pause() if paused else feed.resume()

    def shutdown(self) -> None:
        """End both feeds; takes well under a second even when the driver hangs."""
        self._run_timer.stop()
        if self._replay is not None:
            self._replay.stop()
        self._live.stop()

    def _start_replay(self, file: Path) -> bool:
        try:
            feed = ReplayFeed(file)
        except RecordingError as error:
            self.failed.emit(str(error))
            return False
        self._stop_replay()
        self.sourceChanged.emit()
        if self._paused:
            feed.pause()
        self._replay_feed, self._replay = feed, MonitorWorker(feed, parent=self)
        self._replay.inventoried.connect(self.inventoried)
        self._replay.sampled.connect(self.sampled)
        self._replay.processesSampled.connect(self.processesSampled)
        self._replay.start()
        self._run_timer.start()
        self.recordingChanged.emit(feed.title)
        return True

    def _stop_replay(self) -> None:
        if self._replay is None:
            return
        worker, self._replay, self._replay_feed = self._replay, None, None
        self._run_timer.stop()
        worker.disconnect(self)
        worker.stop()
        worker.deleteLater()
        self._look_up_runs()
        self.sourceChanged.emit()
        self.recordingChanged.emit(None)

    def _look_up_runs(self) -> None:
        runs = self._replay_feed.runs() if self._replay_feed is not None else ()
        if runs != self._recorded_runs:
            self._recorded_runs = runs
            self.recordedRunsChanged.emit(runs)

    def _live_inventoried(self, inventory: Inventory) -> None:
        self._live_inventory = inventory
        self.liveInventoried.emit(inventory)
        if self._chosen_file is not None:
            return
        self.problemChanged.emit(inventory.problem)
        if inventory.gpus:
            self._stop_replay()
            self.inventoried.emit(inventory)
        elif not self.shows_recording and not self._start_replay(self._shipped):
            self.inventoried.emit(inventory)

    def _live_sampled(self, samples: object) -> None:
        if not self.shows_recording:
            self.sampled.emit(samples)

    def _live_processes(self, processes: object) -> None:
        if not self.shows_recording:
            self.processesSampled.emit(processes)

    def _live_problem(self, problem: Problem | None) -> None:
        if self._chosen_file is None:
            self.problemChanged.emit(problem)
