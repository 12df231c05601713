"""Every sample of the last twenty minutes, for the receipts and verdicts of what ran in that time."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from gpuplayground.monitor.samples import METRICS, GpuInfo, GpuSample, Inventory, MonitorEvent, ProcessSample
from gpuplayground.playground.leftovers import lineage

KEPT_S = 1200.0
#: Rows of processes kept in all: twenty minutes of passes each half second with eight processes.
MAX_PROCESSES = 20_000
_BEYOND_NS = 500_000_000

_metrics = attrgetter(*METRICS)
_IS_WHOLE = tuple("int" in str(GpuSample.__dataclass_fields__[name].type) for name in METRICS)


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen between two times, by time. ``gpus`` are those found last.

    ``lineages`` has what each process descended from when it was first seen, see :func:`.leftovers.lineage`.
    """

    samples: tuple[GpuSample, ...]
    processes: tuple[ProcessSample, ...]
    gpus: tuple[GpuInfo, ...]
    lineages: dict[int, frozenset[int]] = field(default_factory=dict)

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
    """The newest rows of one GPU, in arrays that are taken once: an object per sample would take four times as much."""

    def __init__(self, uuid: str, capacity: int) -> None:
        self.uuid = uuid
        self.times = np.zeros(capacity, np.int64)
        # Of 64 bits, so that bytes and joules stay what they are; NaN stands for None.
        self.rows = np.full((capacity, len(METRICS)), np.nan, np.float64)
        self.count = 0
        self.end = 0

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


class SampleLog:
    """Takes what a feed reports and gives back a stretch of it. May be used from any thread.

    Memory is taken when a GPU is first seen, and then no more: about 1.6 MB per GPU at 10 Hz.

    Args:
        seconds: how far back it reaches.
        hz: the rate at which it does; at a higher one it reaches back less far.
        max_gpus: of more, those seen longest ago are forgotten.
    """

    def __init__(self, seconds: float = KEPT_S, hz: float = 10.0, max_gpus: int = 16) -> None:
        self._capacity = max(1, math.ceil(seconds * hz))
        self._max_gpus = max_gpus
        self._lock = threading.Lock()
        self._rings: dict[str, _Ring] = {}
        self._passes: deque[tuple[tuple[ProcessSample, ...], dict[int, frozenset[int]]]] = deque()
        self._process_count = 0
        self._gpus: tuple[GpuInfo, ...] = ()

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        with self._lock:
            return sum(ring.times.nbytes + ring.rows.nbytes for ring in self._rings.values())

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
                for sample in samples:
                    self._ring(sample.gpu_uuid).add(sample)
                if not samples:
                    self._add_pass(tuple(each for each in event if isinstance(each, ProcessSample)))

    def between(self, start_ns: int, end_ns: int) -> Watched:
        """Return what was seen from one time to another, both included."""
        with self._lock:
            parts = [(ring.uuid, *ring.between(start_ns, end_ns)) for ring in self._rings.values()]
            passes = list(self._passes)
            gpus = self._gpus
        samples = [
            GpuSample(int(time_ns), uuid, *_values(row))
            for uuid, times, rows in parts
            for time_ns, row in zip(times, rows.tolist(), strict=True)
        ]
        samples.sort(key=lambda sample: sample.time_ns)
        inside = [(each, known) for found, known in passes for each in found if start_ns <= each.time_ns <= end_ns]
        inside.sort(key=lambda seen: seen[0].time_ns)
        lineages = {each.pid: known[each.pid] for each, known in inside}
        return Watched(tuple(samples), tuple(each for each, _ in inside), gpus, lineages)

    def clear(self) -> None:
        """Forget everything, for instance because what comes now is from elsewhere."""
        with self._lock:
            self._rings.clear()
            self._passes.clear()
            self._process_count = 0
            self._gpus = ()

    def _ring(self, uuid: str) -> _Ring:
        ring = self._rings.get(uuid)
        if ring is None:
            if len(self._rings) >= self._max_gpus:
                del self._rings[min(self._rings, key=lambda each: self._rings[each].last_ns)]
            ring = self._rings[uuid] = _Ring(uuid, self._capacity)
        return ring

    def _add_pass(self, processes: tuple[ProcessSample, ...]) -> None:
        if not processes:
            return
        # Asked at once and of what is new alone: when a run is over, its processes cannot be asked any more.
        known = self._passes[-1][1] if self._passes else {}
        pids = dict.fromkeys(each.pid for each in processes)
        self._passes.append((processes, {pid: known[pid] if pid in known else lineage(pid) for pid in pids}))
        self._process_count += len(processes)
        while self._process_count > MAX_PROCESSES and len(self._passes) > 1:
            self._process_count -= len(self._passes.popleft()[0])


def _values(row: list[float]) -> list[Any]:
    """Return a row with the types of a sample: None for NaN, and whole numbers where it has whole numbers."""
    return [
        None if math.isnan(value) else int(value) if is_whole else value
        for value, is_whole in zip(row, _IS_WHOLE, strict=True)
    ]
