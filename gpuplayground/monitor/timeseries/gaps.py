"""Where the samples of a GPU are missing, found once as they arrive: a gap is the same in every range of a plot."""

from __future__ import annotations

from array import array
from collections import deque
from statistics import median
from typing import TYPE_CHECKING

from gpuplayground.deferred import np

if TYPE_CHECKING:
    import numpy.typing as npt


#: Samples further apart than so many times their usual spacing, and than this at least, have a gap between them.
GAP_PERIODS = 4
MIN_GAP_NS = 500_000_000
#: The usual spacing is the median of so many.
_RECENT = 8
#: From this many gaps on, those that no level of the history can draw any more are forgotten.
_MANY = 1024


class Gaps:
    """The gaps between the samples of one GPU.

    A distance is a gap if it is long compared with the spacing before it and with the one after it: a lower rate is
    none. So a gap is known with the second sample after it.

    Args:
        reaches: how far back, in ns, gaps of at least so many ns are kept, the shortest first.
    """

    def __init__(self, reaches: tuple[tuple[int, int], ...]) -> None:
        self._reaches = reaches
        self._spacings: deque[int] = deque(maxlen=_RECENT)
        self._suspect: tuple[int, int] | None = None
        self._starts, self._ends = array("q"), array("q")
        self._thin_at = _MANY

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        return 2 * self._starts.itemsize * len(self._starts)

    @property
    def tolerated_ns(self) -> int:
        """How far apart samples may be now without a gap."""
        return max(MIN_GAP_NS, GAP_PERIODS * round(median(self._spacings))) if self._spacings else MIN_GAP_NS

    def add(self, last_ns: int, time_ns: int) -> None:
        """Take the times of a sample and of the one before."""
        spacing = time_ns - last_ns
        self._judge(spacing)
        if spacing <= MIN_GAP_NS or spacing <= self.tolerated_ns:
            self._spacings.append(spacing)
        else:
            self._suspect = (last_ns, time_ns)

    def all(self) -> tuple[tuple[int, int], ...]:
        """Return begin and end of every gap, also of one that may still turn out to be a lower rate."""
        known = zip(self._starts, self._ends, strict=True)
        return (*known, *(() if self._suspect is None else (self._suspect,)))

    def truncate(self, time_ns: int) -> None:
        """Forget the gaps that end at ``time_ns`` or later."""
        kept = int(np.searchsorted(np.array(self._ends), time_ns))
        del self._starts[kept:], self._ends[kept:]
        self._suspect = None

    def between(self, start_ns: int, end_ns: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return begin and end of each gap that reaches into an interval, oldest first."""
        if not self._starts or self._ends[-1] <= start_ns:
            none = np.empty(0, np.int64)
            return none, none
        starts, ends = np.array(self._starts), np.array(self._ends)
        wanted = (ends > start_ns) & (starts < end_ns)
        return starts[wanted], ends[wanted]

    def _judge(self, spacing: int) -> None:
        """Decide on the distance before the last sample, now that the one after it is known."""
        if self._suspect is None:
            return
        (start, end), self._suspect = self._suspect, None
        if end - start <= GAP_PERIODS * spacing:
            # The rate was lowered. What was usual before it says nothing any more.
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
        self._thin_at = max(_MANY, 2 * len(kept))
