"""Records a feed into a file: what ``gpuplayground record`` does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gpuplayground.monitor.recording import RecordingError, RecordingWriter
from gpuplayground.monitor.samples import GpuSample, Inventory, MonitorEvent, Problem


class RecordableFeed(Protocol):
    """What is asked of a feed here."""

    def run(self, on_event: Callable[[MonitorEvent], None]) -> None:
        """Report until stopped."""

    def stop(self) -> None:
        """End :meth:`run`, from any thread."""

    def set_rate(self, hz: float) -> None:
        """Sample so many times a second."""


@dataclass(frozen=True, slots=True)
class RecordingSummary:
    """What was recorded: ticks, GPUs, and the time from the first to the last sample."""

    path: Path
    ticks: int
    gpus: int
    duration_ns: int


class _Tee:
    """Hands a feed's events to a writer, and ends the feed when there is no point in going on."""

    def __init__(self, feed: RecordableFeed, writer: RecordingWriter) -> None:
        self._feed = feed
        self._writer = writer
        self.error: str | None = None
        self.ticks = 0
        self.uuids: set[str] = set()
        self.first_ns = 0
        self.last_ns = 0

    def __call__(self, event: MonitorEvent) -> None:
        if isinstance(event, Problem) and not self.ticks:
            self._fail(event.sentence)
        elif isinstance(event, Inventory) and not event.gpus and not self.ticks:
            self._fail(event.problem.sentence if event.problem else "No GPU was found.")
        try:
            self._writer.add_event(event)
        except RecordingError as error:
            self._fail(str(error))
        if isinstance(event, tuple) and event and isinstance(event[0], GpuSample):
            self.ticks += 1
            self.uuids.update(sample.gpu_uuid for sample in event)
            self.first_ns = self.first_ns or event[0].time_ns
            self.last_ns = event[0].time_ns

    def _fail(self, sentence: str) -> None:
        self.error = self.error or sentence
        self._feed.stop()


def record(path: Path, seconds: float | None, hz: float, feed: RecordableFeed) -> RecordingSummary:
    """Record what a feed reports, for so many seconds or (None) until Ctrl+C or until the feed is stopped.

    A problem while recording is waited out; the recording then has a gap.

    Raises:
        RecordingError: there is no GPU to record, or the file exists or cannot be written. Where nothing was recorded
            no file is left.
    """
    writer = RecordingWriter(path)
    tee = _Tee(feed, writer)
    feed.set_rate(hz)
    timer = threading.Timer(seconds, feed.stop) if seconds is not None else None
    try:
        if timer is not None:
            timer.start()
        with suppress(KeyboardInterrupt):
            feed.run(tee)
    finally:
        if timer is not None:
            timer.cancel()
        try:
            writer.close()
        finally:
            if not tee.ticks:
                path.unlink(missing_ok=True)
    if not tee.ticks:
        raise RecordingError(tee.error or "Nothing was recorded: record for a longer time.")
    if tee.error:
        raise RecordingError(tee.error)
    return RecordingSummary(path, tee.ticks, len(tee.uuids), tee.last_ns - tee.first_ns)
