"""Reports what a recording contains and what is missing, for the command line and the window."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gpuplayground.model.samples import Inventory, Problem, ProblemCode
from gpuplayground.monitor.timeseries.gaps import Gaps
from gpuplayground.units import duration

#: Maximum time from taking a sample to its being in the file.
_WRITTEN_AFTER_NS = 1_500_000_000
#: A problem explains a silence if it was reported during it or within this time before or after.
_MARGIN_NS = 5_000_000_000
#: Number of a GPU's silences listed one by one.
_MAX_LISTED = 3
_REASONS = {
    ProblemCode.GPU_LOST: "lost",
    ProblemCode.NOT_RESPONDING: "not responding",
    ProblemCode.AGENT_FAILED: "not read",
}


@dataclass(frozen=True, slots=True)
class Silence:
    """A time without samples of a GPU. ``end_ns`` is None if it lasts until the end."""

    start_ns: int
    end_ns: int | None
    duration_ns: int
    reason: str = "silent"

    def __str__(self) -> str:
        until = "the end" if self.end_ns is None else _clock(self.end_ns)
        return f"{self.reason} for {duration(self.duration_ns)}, from {_clock(self.start_ns)} to {until}"


@dataclass(frozen=True, slots=True)
class GpuReport:
    """One GPU in a recording: its samples in the file, and the times without."""

    label: str
    samples: int
    silences: tuple[Silence, ...] = ()

    def __str__(self) -> str:
        if not self.samples:
            return f"{self.label}: no samples."
        listed, rest = self.silences[:_MAX_LISTED], self.silences[_MAX_LISTED:]
        parts = [f"{self.label}: {_count(self.samples, 'sample')}", *map(str, listed)]
        if rest:
            parts.append(f"{len(rest)} more, {duration(sum(each.duration_ns for each in rest))} in total")
        return "; ".join(parts) + "."


@dataclass(frozen=True, slots=True)
class RecordingReport:
    """The content of a recording. ``problem`` is the reason if it could not be written to its end."""

    gpus: tuple[GpuReport, ...]
    duration_ns: int
    restarts: int = 0
    problem: str | None = None

    @property
    def samples(self) -> int:
        """The number of samples of all GPUs."""
        return sum(gpu.samples for gpu in self.gpus)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        has_silences = any(gpu.silences or not gpu.samples for gpu in self.gpus)
        return bool(self.gpus) and not has_silences and not self.restarts and self.problem is None

    def sentences(self, name: str) -> tuple[str, ...]:
        """Return sentences about what the recording contains and what is missing; one sentence if it is complete."""
        if not self.samples:
            return (f"{name}: nothing was recorded.", *self._told_problem())
        extent = f"{name}: {duration(self.duration_ns)} of {_count(len(self.gpus), 'GPU')}"
        counts = {gpu.samples for gpu in self.gpus}
        if self.is_whole and len(counts) == 1:
            each = "" if len(self.gpus) == 1 else " of each"
            return (f"{extent}, {_count(counts.pop(), 'sample')}{each}.",)
        restarts = {0: (), 1: ("The sampling process was restarted once.",)}.get(
            self.restarts, (f"The sampling process was restarted {self.restarts} times.",)
        )
        return (f"{extent}.", *map(str, self.gpus), *restarts, *self._told_problem())

    def _told_problem(self) -> tuple[str, ...]:
        return (self.problem,) if self.problem else ()


class _GpuLog:
    """The samples of one GPU in the file."""

    def __init__(self) -> None:
        self.samples = self.first_ns = self.last_ns = 0
        self.gaps = Gaps(((0, 1 << 62),))  # none is discarded

    def add(self, time_ns: int) -> None:
        self.samples += 1
        if not self.first_ns:
            self.first_ns = time_ns
        elif time_ns > self.last_ns:
            self.gaps.add(self.last_ns, time_ns)
        self.last_ns = max(time_ns, self.last_ns)


class RecordingLog:
    """Counts samples and gaps while a recording is written. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gpus: dict[str, _GpuLog] = {}
        self._labels: dict[str, str] = {}
        self._problems: list[Problem] = []
        self._restarts = 0
        self._arrived_ns = 0

    def add_event(self, event: Inventory | Problem) -> None:
        """Add an inventory or a problem of the feed."""
        with self._lock:
            if isinstance(event, Inventory):
                for gpu in event.gpus:
                    self._labels[gpu.uuid] = gpu.label
                    self._gpus.setdefault(gpu.uuid, _GpuLog())
                self._problems += (each for each in event.gpu_problems if each not in self._problems)
            else:
                self._restarts += 1
                self._problems.append(event)

    def written(self, samples: Iterable[tuple[str, int]]) -> None:
        """Add samples that are in the file, as the GPU's UUID and the time in ns."""
        with self._lock:
            for uuid, time_ns in samples:
                self._gpus.setdefault(uuid, _GpuLog()).add(time_ns)
                self._arrived_ns = time.monotonic_ns()

    def report(self, problem: str | None = None) -> RecordingReport:
        """Return a report of the file so far."""
        with self._lock:
            known = [gpu for gpu in self._gpus.values() if gpu.samples]
            first_ns = min((gpu.first_ns for gpu in known), default=0)
            last_ns = max((gpu.last_ns for gpu in known), default=0)
            # If all GPUs are silent, only the clock knows for how long.
            waited_ns = time.monotonic_ns() - self._arrived_ns if self._arrived_ns else 0
            end_ns = last_ns + (waited_ns if waited_ns > _WRITTEN_AFTER_NS else 0)
            gpus = tuple(
                GpuReport(self._labels.get(uuid, uuid), gpu.samples, self._silences(uuid, gpu, first_ns, end_ns))
                for uuid, gpu in self._gpus.items()
            )
            return RecordingReport(gpus, last_ns - first_ns, self._restarts, problem)

    def _silences(self, uuid: str, gpu: _GpuLog, first_ns: int, end_ns: int) -> tuple[Silence, ...]:
        if not gpu.samples:
            return ()
        tolerated_ns = gpu.gaps.tolerated_ns
        found: list[tuple[int, int | None]] = list(gpu.gaps.all())
        if gpu.first_ns - first_ns > tolerated_ns:
            found.insert(0, (first_ns, gpu.first_ns))
        if end_ns - gpu.last_ns > tolerated_ns:
            found.append((gpu.last_ns, None))
        return tuple(
            Silence(start, end, (end or end_ns) - start, self._reason(uuid, start, end or end_ns))
            for start, end in found
        )

    def _reason(self, uuid: str, start_ns: int, end_ns: int) -> str:
        """Return the problem of a GPU, or else of the machine, during a silence."""
        near: Sequence[Problem] = [
            each
            for each in self._problems
            if each.since_ns is not None and start_ns - _MARGIN_NS <= each.since_ns <= end_ns + _MARGIN_NS
        ]
        own = [each for each in near if each.gpu_uuid == uuid]
        shared = [each for each in near if each.gpu_uuid is None]
        return next((_REASONS[each.code] for each in (*own, *shared) if each.code in _REASONS), "silent")


def _clock(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns / 1e9):%H:%M:%S}"  # noqa: DTZ006 - local time, as on the user's clock


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
