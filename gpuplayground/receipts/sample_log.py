"""Every sample of the last twenty minutes and one a second of the last hours, for the receipts and verdicts of runs."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from gpuplayground.child.leftovers import lineage
from gpuplayground.model.samples import (
    MAX_GPUS,
    METRICS,
    GpuInfo,
    GpuSample,
    Inventory,
    MonitorEvent,
    ProcessSample,
    UnlistedProcesses,
)

KEPT_S = 1200.0
#: How far back one sample of each second is kept: a run may take hours.
THINNED_S = 14_400.0
_THINNED_NS = 1_000_000_000
#: Rows of processes kept in all: twenty minutes of passes each half second with eight processes.
MAX_PROCESSES = 20_000
#: Times kept at which the processes on a GPU could not be listed: twenty minutes of 64 GPUs.
MAX_UNLISTED = 40_000
#: Processes whose most memory is remembered after their passes are forgotten.
MAX_PEAKS = 1000
_BEYOND_NS = 500_000_000

_metrics = attrgetter(*METRICS)
_ENERGY = METRICS.index("energy_j")
_IS_WHOLE = tuple("int" in str(GpuSample.__dataclass_fields__[name].type) for name in METRICS)


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen between two times, by time. ``gpus`` are those found last.

    ``lineages`` has what each process descended from when it was first seen, see
    :func:`gpuplayground.child.leftovers.lineage`;
    ``unlisted`` has why the processes on a GPU could not be listed, by its UUID.
    """

    samples: tuple[GpuSample, ...]
    processes: tuple[ProcessSample, ...]
    gpus: tuple[GpuInfo, ...]
    lineages: dict[int, frozenset[int]] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)

    def family(self, pid: int | None) -> tuple[int, ...]:
        """Return a snippet's process, and those it started, directly or not, that were seen on a GPU."""
        if pid is None:
            return ()
        return (pid, *(other for other, numbers in self.lineages.items() if pid in numbers and other != pid))

    def near(self, start_ns: int, end_ns: int) -> tuple[GpuSample, ...]:
        """Return the samples from one time to another and a little beyond, so that curves reach both ends."""
        first, last = start_ns - _BEYOND_NS, end_ns + _BEYOND_NS
        return tuple(sample for sample in self.samples if first <= sample.time_ns <= last)


class _Ring:
    """The newest rows of one GPU in arrays: an object per sample would take four times as much memory."""

    def __init__(self, capacity: int) -> None:
        self.times = np.empty(capacity, np.int64)
        # Of 64 bits, so that bytes and joules stay what they are; NaN stands for None.
        self.rows = np.empty((capacity, len(METRICS)), np.float64)
        self.count = 0
        self.end = 0

    @property
    def first_ns(self) -> int:
        return int(self.times[self.end - self.count]) if self.count else 0

    @property
    def last_ns(self) -> int:
        return int(self.times[self.end - 1]) if self.count else 0

    def add(self, sample: GpuSample) -> None:
        if self.count and sample.time_ns <= self.last_ns:
            # The clock was set back: what it had called the future is no more.
            order = self._order()
            kept = int(np.searchsorted(self.times[order], sample.time_ns))
            self.end = (self.end - (self.count - kept)) % len(self.times)
            self.count = kept
        self.times[self.end] = sample.time_ns
        self.rows[self.end] = _metrics(sample)  # numpy takes None for NaN here
        self.end = (self.end + 1) % len(self.times)
        self.count = min(self.count + 1, len(self.times))

    def between(self, start_ns: int, end_ns: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return copies of the rows from one time to another, both included."""
        order = self._order()
        times = self.times[order]
        wanted = order[np.searchsorted(times, start_ns) : np.searchsorted(times, end_ns, "right")]
        return self.times[wanted], self.rows[wanted]

    def _order(self) -> npt.NDArray[np.int64]:
        return (np.arange(self.count) + self.end - self.count) % len(self.times)


class _ThinnedRing(_Ring):
    """Keeps one sample of each second: the one with the energy where there is one, else the first."""

    def add(self, sample: GpuSample) -> None:
        if self.count and sample.time_ns // _THINNED_NS == self.last_ns // _THINNED_NS:
            if sample.energy_j is None or not math.isnan(self.rows[self.end - 1, _ENERGY]):
                return
            self.end = (self.end - 1) % len(self.times)
            self.count -= 1
        super().add(sample)


class _Gpu:
    """What is kept of one GPU: the newest samples, and a thinner choice that reaches back further."""

    def __init__(self, uuid: str, capacity: int) -> None:
        self.uuid = uuid
        self.newest = _Ring(capacity)
        self.thinned = _ThinnedRing(math.ceil(THINNED_S))

    def add(self, sample: GpuSample) -> None:
        self.newest.add(sample)
        self.thinned.add(sample)

    def ring(self, start_ns: int, *, whole: bool) -> _Ring:
        """Return the samples to take a stretch from: never of both kinds, which would not count alike in a mean."""
        reaches_further = self.thinned.count and self.thinned.first_ns < self.newest.first_ns - _THINNED_NS
        return self.thinned if whole and start_ns < self.newest.first_ns and reaches_further else self.newest


class SampleLog:
    """Takes what a feed reports and gives back a stretch of it. May be used from any thread.

    Memory is bounded: 1.8 MB per GPU after twenty minutes at 10 Hz, 4 MB after four hours.

    Args:
        seconds: how far back all samples reach.
        hz: the rate at which they do; at a higher one they reach back less far.
        max_gpus: of more, those that are gone are forgotten, and none is kept in place of one that is there.
    """

    def __init__(self, seconds: float = KEPT_S, hz: float = 10.0, max_gpus: int = MAX_GPUS) -> None:
        self._capacity = max(1, math.ceil(seconds * hz))
        self._max_gpus = max_gpus
        self._lock = threading.Lock()
        self._kept: dict[str, _Gpu] = {}
        self._passes: deque[tuple[tuple[ProcessSample, ...], dict[int, frozenset[int]]]] = deque()
        self._process_count = 0
        self._peaks: dict[tuple[str, int], tuple[ProcessSample, frozenset[int]]] = {}
        self._gpus: tuple[GpuInfo, ...] = ()
        self._unlisted: deque[UnlistedProcesses] = deque(maxlen=MAX_UNLISTED)

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        with self._lock:
            rings = [ring for gpu in self._kept.values() for ring in (gpu.newest, gpu.thinned)]
            return sum(ring.times.nbytes + ring.rows.nbytes for ring in rings)

    @property
    def gpus(self) -> tuple[GpuInfo, ...]:
        """The GPUs found last."""
        return self._gpus

    def add(self, event: MonitorEvent) -> None:
        """Take an event; problems are passed over."""
        with self._lock:
            if isinstance(event, Inventory):
                self._gpus = event.gpus
            elif isinstance(event, tuple):
                samples = [each for each in event if isinstance(each, GpuSample)]
                self._add_samples(samples)
                if not samples:
                    self._add_pass(tuple(each for each in event if isinstance(each, ProcessSample)))
                    self._unlisted += [each for each in event if isinstance(each, UnlistedProcesses)]

    def has_seen(self, pid: int | None) -> bool:
        """Return whether a process was on a GPU in one of the passes that are kept."""
        with self._lock:
            return any(each.pid == pid for found, _ in self._passes for each in found)

    def between(self, start_ns: int, end_ns: int, *, whole: bool = False) -> Watched:
        """Return what was seen from one time to another, both included.

        Of a time that all samples no longer reach back to there is only the end; with ``whole`` there is instead one
        sample of each second. Of a process whose passes are forgotten, the one with the most memory stays.
        """
        with self._lock:
            parts = [
                (gpu.uuid, *gpu.ring(start_ns, whole=whole).between(start_ns, end_ns)) for gpu in self._kept.values()
            ]
            peaks = list(self._peaks.values())
            passes = list(self._passes)
            unlisted = {row.gpu_uuid: row.reason for row in self._unlisted if start_ns <= row.time_ns <= end_ns}
            gpus = self._gpus
        samples = [
            GpuSample(int(time_ns), uuid, *_values(row))
            for uuid, times, rows in parts
            for time_ns, row in zip(times, rows.tolist(), strict=True)
        ]
        samples.sort(key=lambda sample: sample.time_ns)
        rows = [*peaks, *((each, known[each.pid]) for found, known in passes for each in found)]
        inside = sorted((row for row in rows if start_ns <= row[0].time_ns <= end_ns), key=lambda row: row[0].time_ns)
        lineages = {each.pid: numbers for each, numbers in inside}
        return Watched(tuple(samples), tuple(each for each, _ in inside), gpus, lineages, unlisted)

    def clear(self) -> None:
        """Forget everything, for instance because what comes now is from elsewhere."""
        with self._lock:
            self._kept.clear()
            self._passes.clear()
            self._peaks.clear()
            self._unlisted.clear()
            self._process_count = 0
            self._gpus = ()

    def _add_samples(self, samples: list[GpuSample]) -> None:
        present = {sample.gpu_uuid for sample in samples}
        for sample in samples:
            gpu = self._kept.get(sample.gpu_uuid) or self._new(sample.gpu_uuid, present)
            if gpu is not None:
                gpu.add(sample)

    def _new(self, uuid: str, present: set[str]) -> _Gpu | None:
        if len(self._kept) >= self._max_gpus:
            gone = self._kept.keys() - present
            if not gone:
                return None
            del self._kept[min(gone, key=lambda each: self._kept[each].newest.last_ns)]
        return self._kept.setdefault(uuid, _Gpu(uuid, self._capacity))

    def _add_pass(self, processes: tuple[ProcessSample, ...]) -> None:
        if not processes:
            return
        # Asked at once and of what is new alone: when a run is over, its processes cannot be asked any more.
        known = self._passes[-1][1] if self._passes else {}
        pids = dict.fromkeys(each.pid for each in processes)
        self._passes.append((processes, {pid: known[pid] if pid in known else lineage(pid) for pid in pids}))
        self._process_count += len(processes)
        while self._process_count > MAX_PROCESSES and len(self._passes) > 1:
            forgotten, numbers = self._passes.popleft()
            self._process_count -= len(forgotten)
            for process in forgotten:
                self._keep_peak(process, numbers[process.pid])

    def _keep_peak(self, process: ProcessSample, lineage: frozenset[int]) -> None:
        key = process.gpu_uuid, process.pid
        peak, _ = self._peaks.pop(key, (process, lineage))
        has_more = (process.memory_used_bytes or 0) > (peak.memory_used_bytes or 0)
        self._peaks[key] = (process if has_more else peak, lineage)
        if len(self._peaks) > MAX_PEAKS:
            del self._peaks[next(iter(self._peaks))]


def _values(row: list[float]) -> list[Any]:
    """Return a row with the types of a sample: None for NaN, and whole numbers where it has whole numbers."""
    return [
        None if math.isnan(value) else int(value) if is_whole else value
        for value, is_whole in zip(row, _IS_WHOLE, strict=True)
    ]
