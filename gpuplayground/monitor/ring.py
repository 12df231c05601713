"""Rows with a time each, the newest so many, in arrays that are taken once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float32]


class Ring:
    """The newest ``capacity`` rows of ``width`` float32 values, at times (ns) that only grow."""

    def __init__(self, capacity: int, width: int) -> None:
        self._times: Times = np.zeros(capacity, np.int64)
        # Filled once, so that the pages are really there and memory does not grow later.
        self._rows: Rows = np.full((capacity, width), np.nan, np.float32)
        self._capacity = capacity
        self._start = 0
        self._count = 0
        self._has_dropped = False
        #: Time of the newest row, 0 when there is none.
        self.last_ns = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        return self._times.nbytes + self._rows.nbytes

    def append(self, time_ns: int, row: Sequence[float | None] | npt.NDArray[np.float64]) -> None:
        """Add a row; None becomes NaN. ``time_ns`` must be later than :attr:`last_ns`."""
        position = (self._start + self._count) % self._capacity
        self._times[position] = time_ns
        # numpy takes None for NaN here.
        self._rows[position] = row
        self.last_ns = time_ns
        if self._count < self._capacity:
            self._count += 1
        else:
            self._start = (self._start + 1) % self._capacity
            self._has_dropped = True

    def reaches(self, time_ns: int) -> bool:
        """Return whether everything since a time is still here."""
        return not self._has_dropped or int(self._times[self._start]) <= time_ns

    def between(self, start_ns: int, end_ns: int) -> tuple[Times, Rows]:
        """Return the rows from ``start_ns`` up to but not including ``end_ns``; a copy only where the ring wraps."""
        parts = [self._part(part, start_ns, end_ns) for part in self._parts()]
        parts = [part for part in parts if len(part[0])] or parts[:1]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate([times for times, _ in parts]), np.concatenate([rows for _, rows in parts])

    def truncate(self, time_ns: int) -> None:
        """Forget the rows at ``time_ns`` and later."""
        self._count = len(self.between(0, time_ns)[0])
        self.last_ns = int(self._times[(self._start + self._count - 1) % self._capacity]) if self._count else 0

    def _parts(self) -> tuple[slice, slice]:
        end = self._start + self._count
        return slice(self._start, min(end, self._capacity)), slice(0, max(0, end - self._capacity))

    def _part(self, part: slice, start_ns: int, end_ns: int) -> tuple[Times, Rows]:
        times = self._times[part]
        first, last = np.searchsorted(times, (start_ns, end_ns))
        return times[first:last], self._rows[part][first:last]
