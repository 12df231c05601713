"""Records a feed to a file, for ``gpuplayground record``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from gpuplayground.model.samples import GpuSample, Inventory, MonitorEvent, Problem
from gpuplayground.monitor.recording.reader import RecordingError, RecordingWriter
from gpuplayground.monitor.recording.report import RecordingReport

#: How late the last sample may arrive, in seconds.
_LATE_S = 1.0
_PROGRESS_S = 1.0


class RecordableFeed(Protocol):
    """The interface of a feed for recording."""

    def run(self, on_event: Callable[[MonitorEvent], None]) -> None:
        """Report events until stopped."""

    def stop(self) -> None:
        """End :meth:`run`. Thread-safe."""

    def set_rate(self, hz: float) -> None:
        """Set the sampling rate in samples per second."""


class _Tee:
    """Passes a feed's events to a writer, and stops the feed at the end or after an error."""

    def __init__(self, feed: RecordableFeed, writer: RecordingWriter, seconds: float | None) -> None:
        self._feed = feed
        self._writer = writer
        self._span_ns = None if seconds is None else round(seconds * 1e9)
        self._end_ns: int | None = None
        self._timer: threading.Timer | None = None
        self.error: str | None = None
        self.has_samples = False

    def __call__(self, event: MonitorEvent) -> None:
        if isinstance(event, Problem) and not self.has_samples:
            self._fail(event.sentence)
        elif isinstance(event, Inventory) and not event.gpus and not self.has_samples:
            self._fail(event.problem.sentence if event.problem else "No GPU was found.")
        samples = tuple(each for each in event if isinstance(each, GpuSample)) if isinstance(event, tuple) else ()
        if samples:
            event = self._before_end(samples)
            if not event:
                return
        try:
            self._writer.add_event(event)
        except RecordingError as error:
            self._fail(str(error))

    def close(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _before_end(self, samples: tuple[GpuSample, ...]) -> tuple[GpuSample, ...]:
        """Return the samples before the end of the recording, and stop the feed at the first one after it."""
        if not self.has_samples:
            self.has_samples = True
            self._set_end(samples[0].time_ns)
        if self._end_ns is None:
            return samples
        kept = tuple(each for each in samples if each.time_ns < self._end_ns)
        if len(kept) < len(samples):
            self._feed.stop()
        return kept

    def _set_end(self, first_ns: int) -> None:
        if self._span_ns is None:
            return
        self._end_ns = first_ns + self._span_ns
        # Also stop if no more samples arrive.
        self._timer = threading.Timer(self._span_ns / 1e9 + _LATE_S, self._feed.stop)
        self._timer.daemon = True
        self._timer.start()

    def _fail(self, sentence: str) -> None:
        self.error = self.error or sentence
        self._feed.stop()


def record(
    path: Path,
    seconds: float | None,
    hz: float,
    feed: RecordableFeed,
    on_progress: Callable[[RecordingReport], None] | None = None,
) -> RecordingReport:
    """Record a feed, and return what the file contains and what is missing.

    A problem during the recording leaves a gap.

    Args:
        path: the file to create.
        seconds: duration from the first sample; None: until Ctrl+C or until the feed is stopped.
        hz: samples per second.
        feed: the feed to record.
        on_progress: called once a second from a separate thread.

    Raises:
        RecordingError: there is no GPU to record, or the file exists or cannot be created. If nothing was recorded,
            the file is removed.
    """
    writer = RecordingWriter(path)
    tee = _Tee(feed, writer, seconds)
    feed.set_rate(hz)
    has_ended = threading.Event()
    progress = threading.Thread(target=_report_progress, args=(writer, on_progress, has_ended), daemon=True)
    try:
        progress.start()
        with suppress(KeyboardInterrupt):
            feed.run(tee)
    finally:
        has_ended.set()
        tee.close()
        with suppress(RecordingError):  # the report contains it
            writer.close()
        progress.join()
        report = writer.report()
        if not report.samples:
            path.unlink(missing_ok=True)
    if not report.samples:
        raise RecordingError(tee.error or report.problem or "Nothing was recorded: record for longer.")
    return report


def _report_progress(
    writer: RecordingWriter, on_progress: Callable[[RecordingReport], None] | None, has_ended: threading.Event
) -> None:
    while on_progress is not None and not has_ended.wait(_PROGRESS_S):
        on_progress(writer.report())
