"""A compact log of the processes seen on the GPUs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count

import numpy as np

from gpuplayground.child.leftovers import lineage
from gpuplayground.model.samples import ProcessSample
from gpuplayground.receipts.packed_rows import Column, PackedRing, Rows

#: Maximum number of rows: twenty minutes of passes every half second with eight processes.
MAX_PROCESSES = 20_000
#: Processes whose peak memory is kept after their passes are discarded.
MAX_PEAKS = 1000

_COLUMNS = (
    Column("time_ns", "i8", is_whole=True),
    Column("who", "u4", is_whole=True),
    Column("is_first", "u1", is_whole=True),  # in its pass
    Column("memory_used_bytes", "u4", unit=4096, is_whole=True),
    Column("sm_util_percent", "u1"),
)
#: A process on a GPU: the GPU's UUID, the PID, its name and kind, and its ancestors.
_Who = tuple[str, int, str | None, str, frozenset[int]]
#: A sample of a process and its ancestors.
Seen = tuple[ProcessSample, frozenset[int]]


class ProcessLog:
    """Stores passes over the processes. Not thread-safe.

    When the passes of a process are discarded, its sample with the most memory is kept.
    """

    def __init__(self) -> None:
        self._rows = PackedRing(_COLUMNS, MAX_PROCESSES)
        self._who: dict[int, _Who] = {}
        self._numbers: dict[_Who, int] = {}
        self._uses: Counter[int] = Counter()
        self._new_numbers = count()
        self._latest: dict[int, frozenset[int]] = {}
        self._peaks: dict[tuple[str, int], Seen] = {}

    @property
    def nbytes(self) -> int:
        """Size of the array in bytes."""
        return self._rows.nbytes

    def add(self, processes: Sequence[ProcessSample]) -> None:
        """Add a pass that is not empty."""
        # Ancestors are read at once, for new processes only: they are gone when the run has ended.
        known, pids = self._latest, dict.fromkeys(each.pid for each in processes)
        self._latest = {pid: known[pid] if pid in known else lineage(pid) for pid in pids}
        while self._rows.count and self._rows.count + len(processes) > MAX_PROCESSES:
            self._drop_oldest_pass()
        self._rows.reserve(len(processes))
        for position, each in enumerate(processes):
            number = self._number((each.gpu_uuid, each.pid, each.name, each.kind, self._latest[each.pid]))
            self._rows.append((each.time_ns, number, position == 0, each.memory_used_bytes, each.sm_util_percent))

    def has_seen(self, pid: int) -> bool:
        """Return whether a process was seen on a GPU in the passes kept."""
        return any(who[1] == pid for who in self._who.values())

    def between(self, start_ns: int, end_ns: int) -> list[Seen]:
        """Return the samples between two times, both included, by time."""
        order = self._rows.order()
        times = self._rows.numbers("time_ns", order)
        rows = self._seen(self._rows.take(order[(times >= start_ns) & (times <= end_ns)]))
        peaks = [each for each in self._peaks.values() if start_ns <= each[0].time_ns <= end_ns]
        return sorted((*peaks, *rows), key=lambda each: each[0].time_ns)

    def _number(self, who: _Who) -> int:
        number = self._numbers.get(who)
        if number is None:
            number = self._numbers[who] = next(self._new_numbers)
            self._who[number] = who
        self._uses[number] += 1
        return number

    def _seen(self, rows: Rows) -> list[Seen]:
        found = []
        for time_ns, number, _, memory, utilization in self._rows.unpack(rows):
            uuid, pid, name, kind, numbers = self._who[number]
            found.append((ProcessSample(time_ns, uuid, pid, name, kind, memory, utilization), numbers))
        return found

    def _drop_oldest_pass(self) -> None:
        order = self._rows.order()
        (firsts,) = np.nonzero(self._rows.numbers("is_first", order[1:]))
        oldest = order[: int(firsts[0]) + 1 if len(firsts) else len(order)]
        for process, numbers in self._seen(self._rows.take(oldest)):
            self._keep_peak(process, numbers)
        for number in self._rows.numbers("who", oldest).tolist():
            self._uses[number] -= 1
            if not self._uses[number]:
                del self._uses[number], self._numbers[self._who.pop(number)]
        self._rows.drop_oldest(len(oldest))

    def _keep_peak(self, process: ProcessSample, numbers: frozenset[int]) -> None:
        key = process.gpu_uuid, process.pid
        peak, _ = self._peaks.pop(key, (process, numbers))
        has_more = (process.memory_used_bytes or 0) > (peak.memory_used_bytes or 0)
        self._peaks[key] = (process if has_more else peak, numbers)
        if len(self._peaks) > MAX_PEAKS:
            del self._peaks[next(iter(self._peaks))]
