"""Keeps all samples of the last 20 minutes, and one per second of the last 4 hours, for receipts and verdicts."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np

from gpuplayground.metrics import FIELDS, METRICS, Metric
from gpuplayground.model.samples import (
    MAX_GPUS,
    GpuInfo,
    GpuSample,
    Inventory,
    MonitorEvent,
    ProcessSample,
    UnlistedProcesses,
)
from gpuplayground.receipts.packed_rows import Column, PackedRing, Rows
from gpuplayground.receipts.process_log import ProcessLog

KEPT_S = 1200.0
#: How far back one sample per second is kept, for runs that take hours.
THINNED_S = 14_400.0
_THINNED_NS = 1_000_000_000
#: Maximum number of reports of unlisted processes: twenty minutes of 64 GPUs.
MAX_UNLISTED = 40_000
_BEYOND_NS = 500_000_000

_kept = attrgetter("time_ns", *FIELDS)


def _column(metric: Metric) -> Column:
    """Return the narrowest column for the units NVML reports in: whole percents, memory pages, MHz and milliwatts.

    A metric that hardly ever changes takes one byte per row.
    """
    field = metric.field
    is_whole = "int" in str(GpuSample.__dataclass_fields__[field].type)
    if metric.is_steady:
        return Column(field, "u1", is_whole=is_whole, is_listed=True)
    match field.rpartition("_")[2]:
        case "bytes":
            return Column(field, "u4", unit=4096, is_whole=is_whole)
        case "w":
            return Column(field, "u4", parts=1000)
        case "mhz":
            return Column(field, "u2", is_whole=is_whole)
        case "j":
            return Column(field, "f8")
    return Column(field, "u1", is_whole=is_whole)


_COLUMNS = (Column("time_ns", "i8", is_whole=True), *map(_column, METRICS))


@dataclass(frozen=True, slots=True)
class Watched:
    """The samples between two times, by time. ``gpus`` are those of the last inventory.

    ``lineages`` are the ancestors of each process when it was first seen, see
    :func:`gpuplayground.child.leftovers.lineage`. ``unlisted`` are the reasons why the processes on a GPU could not be
    listed, by its UUID.
    """

    samples: tuple[GpuSample, ...]
    processes: tuple[ProcessSample, ...]
    gpus: tuple[GpuInfo, ...]
    lineages: dict[int, frozenset[int]] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)

    def family(self, pid: int | None) -> tuple[int, ...]:
        """Return the PID of a snippet's process and of its descendants that were seen on a GPU."""
        if pid is None:
            return ()
        return (pid, *(other for other, numbers in self.lineages.items() if pid in numbers and other != pid))

    def near(self, start_ns: int, end_ns: int) -> tuple[GpuSample, ...]:
        """Return the samples between two times and 0.5 s beyond, so that curves reach both ends."""
        first, last = start_ns - _BEYOND_NS, end_ns + _BEYOND_NS
        return tuple(sample for sample in self.samples if first <= sample.time_ns <= last)


class _Ring:
    """The newest samples of one GPU, packed: objects would take ten times as much memory."""

    def __init__(self, capacity: int) -> None:
        self.rows = PackedRing(_COLUMNS, capacity)

    @property
    def first_ns(self) -> int:
        return int(self.rows.value("time_ns", 0)) if self.rows.count else 0

    @property
    def last_ns(self) -> int:
        return int(self.rows.value("time_ns", -1)) if self.rows.count else 0

    def add(self, sample: GpuSample) -> None:
        if self.rows.count and sample.time_ns <= self.last_ns:
            # The clock was set back: drop the samples from its former future.
            kept = int(np.searchsorted(self.rows.numbers("time_ns"), sample.time_ns))
            self.rows.drop_newest(self.rows.count - kept)
        self.rows.append(_kept(sample))

    def between(self, start_ns: int, end_ns: int) -> Rows:
        """Return copies of the rows between two times, both included."""
        order = self.rows.order()
        times = self.rows.numbers("time_ns", order)
        return self.rows.take(order[np.searchsorted(times, start_ns) : np.searchsorted(times, end_ns, "right")])


class _ThinnedRing(_Ring):
    """Keeps one sample per second: the one with the energy counter if there is one, else the first."""

    def add(self, sample: GpuSample) -> None:
        if self.rows.count and sample.time_ns // _THINNED_NS == self.last_ns // _THINNED_NS:
            if sample.energy_j is None or not math.isnan(self.rows.value("energy_j", -1)):
                return
            self.rows.drop_newest(1)
        super().add(sample)


class _Gpu:
    """The samples of one GPU: the newest ones, and one per second further back."""

    def __init__(self, uuid: str, capacity: int) -> None:
        self.uuid = uuid
        self.newest = _Ring(capacity)
        self.thinned = _ThinnedRing(math.ceil(THINNED_S))

    def add(self, sample: GpuSample) -> None:
        self.newest.add(sample)
        self.thinned.add(sample)

    def ring(self, start_ns: int, *, whole: bool) -> _Ring:
        """Return the ring to read an interval from. Never both: their samples would weigh differently in a mean."""
        reaches_further = self.thinned.rows.count and self.thinned.first_ns < self.newest.first_ns - _THINNED_NS
        return self.thinned if whole and start_ns < self.newest.first_ns and reaches_further else self.newest


class SampleLog:
    """Stores the events of a feed and returns those of an interval. Thread-safe.

    Memory is bounded: 1.1 MB per GPU at 10 Hz, of which 0.5 MB fill within twenty minutes and the rest within four
    hours, and 0.4 MB for the processes of all GPUs. Values are not rounded.

    Args:
        seconds: how far back all samples are kept.
        hz: the sampling rate this applies to; at a higher rate they reach back less far.
        max_gpus: with more GPUs, absent ones are discarded, but never one that is present.
    """

    def __init__(self, seconds: float = KEPT_S, hz: float = 10.0, max_gpus: int = MAX_GPUS) -> None:
        self._capacity = max(1, math.ceil(seconds * hz))
        self._max_gpus = max_gpus
        self._lock = threading.Lock()
        self._kept: dict[str, _Gpu] = {}
        self._processes: ProcessLog | None = None
        self._gpus: tuple[GpuInfo, ...] = ()
        self._unlisted: deque[UnlistedProcesses] = deque(maxlen=MAX_UNLISTED)

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        with self._lock:
            rings = [ring for gpu in self._kept.values() for ring in (gpu.newest, gpu.thinned)]
            processes = 0 if self._processes is None else self._processes.nbytes
            return sum(ring.rows.nbytes for ring in rings) + processes

    @property
    def gpus(self) -> tuple[GpuInfo, ...]:
        """The GPUs of the last inventory."""
        return self._gpus

    def add(self, event: MonitorEvent) -> None:
        """Add an event; problems are ignored."""
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
        """Return whether a process was seen on a GPU in the passes kept."""
        with self._lock:
            return self._processes is not None and pid is not None and self._processes.has_seen(pid)

    def between(self, start_ns: int, end_ns: int, *, whole: bool = False) -> Watched:
        """Return the samples between two times, both included.

        If the interval begins before the oldest sample, only its end is returned; with ``whole`` it is returned in full
        with one sample per second. Of a process whose passes were discarded, its sample with the most memory is kept.
        """
        with self._lock:
            parts = [
                (gpu.uuid, ring.rows, ring.between(start_ns, end_ns))
                for gpu in self._kept.values()
                for ring in (gpu.ring(start_ns, whole=whole),)
            ]
            seen = [] if self._processes is None else self._processes.between(start_ns, end_ns)
            unlisted = {row.gpu_uuid: row.reason for row in self._unlisted if start_ns <= row.time_ns <= end_ns}
            gpus = self._gpus
        samples = [
            GpuSample(time_ns, uuid, *values) for uuid, ring, rows in parts for time_ns, *values in ring.unpack(rows)
        ]
        samples.sort(key=lambda sample: sample.time_ns)
        lineages = {each.pid: numbers for each, numbers in seen}
        return Watched(tuple(samples), tuple(each for each, _ in seen), gpus, lineages, unlisted)

    def clear(self) -> None:
        """Discard everything, for instance when the source changes."""
        with self._lock:
            self._kept.clear()
            self._processes = None
            self._unlisted.clear()
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
        if processes:
            self._processes = self._processes or ProcessLog()
            self._processes.add(processes)
