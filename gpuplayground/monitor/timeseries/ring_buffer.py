"""Preallocated ring buffer of timestamped rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gpuplayground.deferred import np

if TYPE_CHECKING:
    import numpy.typing as npt

    Times = npt.NDArray[np.int64]
    Rows = npt.NDArray[np.float32]


class Ring:
    """The newest ``capacity`` rows of ``width`` float32 values, with increasing times in ns."""

    def __init__(self, capacity: int, width: int) -> None:
        self._times: Times = np.zeros(capacity, np.int64)
        # Filled, so that the pages are allocated now and memory does not grow later.
        self._rows: Rows = np.full((capacity, width), np.nan, np.float32)
        self._capacity = capacity
        self._start = 0
        self._count = 0
        self._has_dropped = False
        #: Time of the newest row, 0 if empty.
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
        # numpy converts None to NaN here.
        self._rows[position] = row
        self.last_ns = time_ns
        if self._count < self._capacity:
            self._count += 1
        else:
            self._start = (self._start + 1) % self._capacity
            self._has_dropped = True

    def reaches(self, time_ns: int) -> bool:
        """Return whether all rows since a time are still present."""
        return not self._has_dropped or int(self._times[self._start]) <= time_ns

    def between(self, start_ns: int, end_ns: int) -> tuple[Times, Rows]:
        """Return the rows from ``start_ns`` to before ``end_ns``; a copy only if the ring wraps there."""
        return self._slice(self._position(start_ns), self._position(end_ns))

    def around(self, start_ns: int, end_ns: int, since_ns: int) -> tuple[Times, Rows]:
        """Return the rows of :meth:`between` and one more on each side, but none before ``since_ns``."""
        oldest = self._position(since_ns) if since_ns else 0
        first = max(oldest, self._position(start_ns) - 1)
        return self._slice(first, max(first, self._position(end_ns)) + 1)

    def truncate(self, time_ns: int) -> None:
        """Discard the rows at ``time_ns`` and later."""
        self._count = len(self.between(0, time_ns)[0])
        self.last_ns = int(self._times[(self._start + self._count - 1) % self._capacity]) if self._count else 0

    def _position(self, time_ns: int) -> int:
        """Return the number of rows before a time."""
        older, newer = self._parts(0, self._count)
        position = int(self._times[older].searchsorted(time_ns))
        if position < older.stop - older.start or newer.stop == 0:
            return position
        return position + int(self._times[newer].searchsorted(time_ns))

    def _slice(self, first: int, last: int) -> tuple[Times, Rows]:
        older, newer = self._parts(first, min(last, self._count))
        if newer.start >= newer.stop:
            return self._times[older], self._rows[older]
        if older.start >= older.stop:
            return self._times[newer], self._rows[newer]
        return (
            np.concatenate((self._times[older], self._times[newer])),
            np.concatenate((self._rows[older], self._rows[newer])),
        )

    def _parts(self, first: int, last: int) -> tuple[slice, slice]:
        """Return the slices of the rows between two positions: up to the end of the arrays, and from their start."""
        start, end, size = self._start + first, self._start + last, self._capacity
        return slice(min(start, size), min(end, size)), slice(max(start - size, 0), max(end - size, 0))
