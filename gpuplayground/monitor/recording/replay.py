"""Replays a recording as a feed, with its times moved to now."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from threading import Event, Lock

from gpuplayground.model.samples import GpuSample, Inventory, MonitorEvent, Problem, ProblemCode, RunSpan
from gpuplayground.monitor.recording.reader import Recording, RecordingError
from gpuplayground.runtime.clock import now_ns

#: Length of the recording reported at once at the start, so that graphs are not empty.
PREFILL_NS = 60_000_000_000
#: Length of the recording read at once.
_CHUNK_NS = 5_000_000_000
#: Maximum time between the samples of one tick, which are reported together.
_TICK_NS = 20_000_000

#: Minimum gap where a looped recording starts over, in ns and in ticks.
SEAM_NS = 2_000_000_000
_SEAM_TICKS = 12

_Timed = tuple[int, MonitorEvent]


class ReplayFeed:
    """Replays a recording with the interface of a :class:`~gpuplayground.monitor.sampling.feed.Feed`.

    It starts up to 60 s into the recording; everything before is reported at once.

    Args:
        path: the recording.
        loop: whether to start over at the end.
        speed: speed relative to the recording.

    Raises:
        RecordingError: it cannot be read.
    """

    def __init__(self, path: Path, loop: bool = True, speed: float = 1.0) -> None:
        with Recording.open(path) as recording:
            recording.require_samples()
            self.gpus = recording.gpus
            #: The GPUs and the day of the recording.
            self.title = recording.title
            self._driver = recording.driver
            self._recorded_runs = recording.runs
            self._first_ns = recording.first_ns
            self._span_ns = recording.last_ns - recording.first_ns
            # Starting over leaves a gap, because the start does not continue the end.
            self._round_ns = self._span_ns + max(SEAM_NS, _SEAM_TICKS * _tick_spacing(recording))
        self._path = path
        self._loop = loop
        self._speed = speed
        self._lock = Lock()
        self._base_ns: int | None = None
        self._stopping = Event()
        self._slow_tier = True
        self._min_spacing_ns = 0

    def run(self, on_event: Callable[[MonitorEvent], None]) -> None:
        """Call ``on_event`` in this thread for each event as it is due, until :meth:`stop`."""
        on_event(Inventory(now_ns(), self._driver, self.gpus))
        try:
            with Recording.open(self._path) as recording:
                with self._lock:
                    # The live time of the recording's first sample in the first round.
                    self._base_ns = now_ns() - round(min(PREFILL_NS, self._span_ns / 2) / self._speed)
                self._play(recording, on_event)
        except RecordingError as error:
            on_event(Problem(ProblemCode.AGENT_FAILED, str(error), since_ns=now_ns()))
        self._stopping.wait()

    def stop(self) -> None:
        """End :meth:`run`. Thread-safe."""
        self._stopping.set()

    def set_rate(self, hz: float) -> None:
        """Set the maximum number of samples per second; others are skipped."""
        # A little shorter, or uneven spacing would skip every second sample.
        self._min_spacing_ns = round(0.9e9 / hz)

    def pause_slow_tier(self) -> None:
        """Skip processes until :meth:`resume_slow_tier`."""
        self._slow_tier = False

    def resume_slow_tier(self) -> None:
        """Report processes again."""
        self._slow_tier = True

    def set_process_period(self, seconds: float | None) -> None:
        """Ignore the period: processes are reported as often as they were recorded."""

    def runs(self, since_ns: int = 0, limit: int | None = None) -> tuple[RunSpan, ...]:
        """Return the recorded runs that have started and did not end before ``since_ns``, with replayed times.

        Cheap enough for every redraw. A run in progress has no end yet. Each round of a looped recording has its own
        run IDs. ``limit`` keeps the runs that started last.
        """
        with self._lock:
            base_ns = self._base_ns
        if base_ns is None:
            return ()
        now = now_ns()
        first_round = max(0, math.floor((since_ns - base_ns) * self._speed / self._round_ns))
        last_round = math.floor((now - base_ns) * self._speed / self._round_ns) if self._loop else 0
        begun = (
            self._replayed(run, number, base_ns, now)
            for number in range(last_round, first_round - 1, -1)
            for run in reversed(self._recorded_runs)
            if self._live(run.start_ns, number, base_ns) <= now
        )
        newest = islice(begun, limit)
        return tuple(run for run in newest if run.end_ns is None or run.end_ns >= since_ns)[::-1]

    def _replayed(self, run: RunSpan, number: int, base_ns: int, now: int) -> RunSpan:
        end = None if run.end_ns is None else self._live(run.end_ns, number, base_ns)
        return replace(
            run,
            run_id=f"{run.run_id}#{number}",
            start_ns=self._live(run.start_ns, number, base_ns),
            end_ns=end if end is not None and end <= now else None,
        )

    def _live(self, time_ns: int, number: int, base_ns: int) -> int:
        return base_ns + round((time_ns - self._first_ns + number * self._round_ns) / self._speed)

    def _play(self, recording: Recording, on_event: Callable[[MonitorEvent], None]) -> None:
        last_sample_ns = 0
        for time_ns, event in self._timed(recording):
            # Relative to the clock each time, so that the replay does not drift.
            if self._stopping.wait(max(0.0, (time_ns - now_ns()) / 1e9)):
                return
            is_samples = isinstance(event, tuple) and bool(event) and isinstance(event[0], GpuSample)
            if not (is_samples or self._slow_tier):
                continue
            if is_samples:
                if time_ns - last_sample_ns < self._min_spacing_ns:
                    continue
                last_sample_ns = time_ns
            on_event(event)

    def _timed(self, recording: Recording) -> Iterator[_Timed]:
        """Yield the events with the live time at which they are due."""
        assert self._base_ns is not None
        number = 0
        while True:
            start = self._first_ns
            while start <= recording.last_ns:
                stop = start + _CHUNK_NS
                events: list[_Timed] = [*_ticks(recording, start, stop), *recording.passes(start, stop)]
                for time_ns, event in sorted(events, key=lambda timed: timed[0]):
                    live_ns = self._live(time_ns, number, self._base_ns)
                    yield live_ns, self._moved(event, number)
                # Skip gaps in the recording, however long.
                start = recording.next_ns(stop) or recording.last_ns + 1
            number += 1
            if not self._loop:
                return

    def _moved(self, event: MonitorEvent, number: int) -> MonitorEvent:
        assert self._base_ns is not None
        assert isinstance(event, tuple)
        base_ns = self._base_ns
        return tuple(replace(each, time_ns=self._live(each.time_ns, number, base_ns)) for each in event)  # type: ignore[return-value]


def _ticks(recording: Recording, start_ns: int, end_ns: int) -> Iterator[_Timed]:
    tick: list[GpuSample] = []
    for sample in recording.samples(start_ns, end_ns):
        if tick and (sample.time_ns - tick[0].time_ns > _TICK_NS or sample.gpu_uuid in {s.gpu_uuid for s in tick}):
            yield tick[0].time_ns, tuple(tick)
            tick = []
        tick.append(sample)
    if tick:
        yield tick[0].time_ns, tuple(tick)


def _tick_spacing(recording: Recording) -> int:
    times = [time_ns for time_ns, _ in _ticks(recording, recording.first_ns, recording.first_ns + _CHUNK_NS)]
    return (times[-1] - times[0]) // (len(times) - 1) if len(times) > 1 else 100_000_000
