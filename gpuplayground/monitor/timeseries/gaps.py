"""Finds gaps between samples once, as they arrive, so that every range of a plot shows the same gaps."""

from __future__ import annotations

from array import array
from collections import deque
from typing import TYPE_CHECKING

from gpuplayground.deferred import np

if TYPE_CHECKING:
    import numpy.typing as npt


#: There is a gap between samples further apart than this multiple of their usual spacing, and than the minimum.
GAP_PERIODS = 4
MIN_GAP_NS = 500_000_000
#: The usual spacing is the median of this many.
_RECENT = 8
#: From this number of gaps, those too short for the resolution that still covers their time are discarded.
_THIN_FROM = 1024


class Gaps:
    """The gaps between the samples of one GPU.

    A distance is a gap if it is long compared with the spacing before it and after it; a lower rate is not a gap. So a
    gap is known with the second sample after it.

    Args:
        reaches: pairs of a minimum length and how far back gaps of that length are kept, in ns, the shortest first.
    """

    def __init__(self, reaches: tuple[tuple[int, int], ...]) -> None:
        self._reaches = reaches
        self._spacings: deque[int] = deque(maxlen=_RECENT)
        self._suspect: tuple[int, int] | None = None
        self._starts, self._ends = array("q"), array("q")
        self._thin_at = _THIN_FROM

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        return 2 * self._starts.itemsize * len(self._starts)

    @property
    def tolerated_ns(self) -> int:
        """The current maximum spacing without a gap, in ns."""
        if not self._spacings:
            return MIN_GAP_NS
        from statistics import median  # the window opens sooner without it

        return max(MIN_GAP_NS, GAP_PERIODS * round(median(self._spacings)))

    def add(self, last_ns: int, time_ns: int) -> None:
        """Add the times of the previous and the new sample."""
        spacing = time_ns - last_ns
        self._judge(spacing)
        if spacing <= MIN_GAP_NS or spacing <= self.tolerated_ns:
            self._spacings.append(spacing)
        else:
            self._suspect = (last_ns, time_ns)

    def all(self) -> tuple[tuple[int, int], ...]:
        """Return start and end of each gap, including one that may turn out to be a lower rate."""
        known = zip(self._starts, self._ends, strict=True)
        return (*known, *(() if self._suspect is None else (self._suspect,)))

    def truncate(self, time_ns: int) -> None:
        """Discard gaps that end at ``time_ns`` or later."""
        kept = int(np.searchsorted(np.array(self._ends), time_ns))
        del self._starts[kept:], self._ends[kept:]
        self._suspect = None

    def between(self, start_ns: int, end_ns: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return start and end of each gap that overlaps an interval, oldest first."""
        if not self._starts or self._ends[-1] <= start_ns:
            none = np.empty(0, np.int64)
            return none, none
        starts, ends = np.array(self._starts), np.array(self._ends)
        wanted = (ends > start_ns) & (starts < end_ns)
        return starts[wanted], ends[wanted]

    def _judge(self, spacing: int) -> None:
        """Decide whether the previous long distance is a gap, now that the next one is known."""
        if self._suspect is None:
            return
        (start, end), self._suspect = self._suspect, None
        if end - start <= GAP_PERIODS * spacing:
            # The rate was lowered: the earlier spacing no longer applies.
            self._spacings.clear()
            self._spacings.append(end - start)
            return
        self._starts.append(start)
        self._ends.append(end)
        if len(self) >= self._thin_at:
            self._thin(end)

    def _thin(self, now_ns: int) -> None:
        kept = []
        for start, end in zip(self._starts, self._ends, strict=True):
            reach = max((reach for length, reach in self._reaches if end - start >= length), default=0)
            if now_ns - end <= reach:
                kept.append((start, end))
        self._starts = array("q", (start for start, _ in kept))
        self._ends = array("q", (end for _, end in kept))
        self._thin_at = max(_THIN_FROM, 2 * len(kept))
