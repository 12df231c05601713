"""The intervals of one row, and how densely they fill pixel columns.

Each column needs one colour, however many operations it holds. Prefix sums over all intervals are computed once, and a
column is the difference of two of them, so the cost of a frame depends on its columns and not on the operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a row shows in each column.

    Attributes:
        coverage: covered share of the column's time, from 0 to 1.
        touched: whether the column holds any interval, even one of zero length.
        ink: mean colour of the covered part as premultiplied red, green, blue and alpha; shape (columns, 4).
        single: index of the only interval in the column, or -1.
    """

    coverage: Floats
    touched: npt.NDArray[np.bool_]
    ink: Floats
    single: Integers


class Intervals:
    """Ascending intervals without overlap, in nanoseconds from the run's start.

    ``refs`` are the indices of what they stand for, ``owners`` those of their statements (-1 for none), and ``colors``
    are palette entries. Floats hold nanoseconds exactly up to 104 days.
    """

    __slots__ = ("_busy", "_busy_ink", "_palette", "colors", "ends", "owners", "refs", "starts")

    def __init__(
        self,
        starts: npt.ArrayLike,
        ends: npt.ArrayLike,
        refs: npt.ArrayLike,
        owners: npt.ArrayLike,
        colors: npt.ArrayLike,
    ) -> None:
        self.starts = np.asarray(starts, np.float64)
        self.ends = np.asarray(ends, np.float64)
        self.refs = np.asarray(refs, np.int32)
        self.owners = np.asarray(owners, np.int32)
        self.colors = np.asarray(colors, np.uint8)
        #: Covered time before each interval.
        self._busy: Floats = np.concatenate(([0.0], np.cumsum(self.ends - self.starts)))
        self._palette: Floats | None = None
        self._busy_ink: Floats = np.empty((0, 4))

    def __len__(self) -> int:
        return len(self.starts)

    def owned_by(self, owner: int) -> Intervals:
        """Return the intervals of a statement."""
        own = self.owners == owner
        return Intervals(self.starts[own], self.ends[own], self.refs[own], self.owners[own], self.colors[own])

    def within(self, start: float, end: float) -> slice:
        """Return the indices of the intervals that overlap a time range or touch its edges."""
        first = int(np.searchsorted(self.ends, start, "left"))
        return slice(first, max(first, int(np.searchsorted(self.starts, end, "right"))))

    def lasting(self, indices: slice) -> float:
        """Return the total duration of some intervals."""
        return float(self._busy[indices.stop] - self._busy[indices.start])

    def columns(self, edges: Floats, palette: Floats) -> Columns:
        """Return what lies in each column.

        Args:
            edges: ascending times of the column edges.
            palette: premultiplied red, green, blue and alpha from 0 to 1; shape (colours, 4).
        """
        if not len(self):
            count = len(edges) - 1
            nothing = np.zeros(count)
            return Columns(nothing, nothing > 0, np.zeros((count, 4)), np.full(count, -1))
        busy, busy_ink = self._busy, self.prepare(palette)
        begun = np.searchsorted(self.starts, edges, "left")
        last = np.maximum(begun - 1, 0)
        unfinished = np.where(begun > 0, np.maximum(self.ends[last] - edges, 0.0), 0.0)
        covered = np.maximum(np.diff(busy[begun] - unfinished), 0.0)
        coverage = np.minimum(covered / np.diff(edges), 1.0)
        inked = np.diff(busy_ink[begun] - unfinished[:, None] * palette[self.colors[last]], axis=0)
        ink = np.clip(inked / np.maximum(covered, 1e-9)[:, None], 0.0, 1.0)
        started = np.diff(begun)
        touched = (covered > 0) | (started > 0)
        # Only one interval: it reaches in from an earlier column, or is the only one that starts here.
        alone = touched & ((started == 0) | ((started == 1) & (unfinished[:-1] == 0)))
        single = np.where(alone, begun[1:] - 1, -1)
        ink[alone] = palette[self.colors[single[alone]]]
        # Intervals of zero length have the colour of the last one that starts in the column.
        bare = touched & (covered <= 0)
        ink[bare] = palette[self.colors[begun[1:][bare] - 1]]
        return Columns(coverage, touched, ink, single)

    def prepare(self, palette: Floats) -> Floats:
        """Return the prefix sums of colour times duration, which are cached for the palette."""
        if self._palette is not palette:
            self._palette = palette
            self._busy_ink = np.zeros((len(self) + 1, palette.shape[1]))
            np.cumsum((self.ends - self.starts)[:, None] * palette[self.colors], axis=0, out=self._busy_ink[1:])
        return self._busy_ink


def lanes(starts: Floats, ends: Floats, most: int = 8) -> list[Integers]:
    """Distribute intervals, ascending by start, over lanes without overlap; return the indices in each lane.

    An interval that overlaps an earlier one moves down a lane, so nested ranges are ordered by depth. At most ``most``
    lanes are used; intervals in the last one may overlap.
    """
    rest: Integers = np.arange(len(starts))
    found: list[Integers] = []
    while len(rest) and len(found) < most - 1:
        reached = np.maximum.accumulate(ends[rest])
        free = np.ones(len(rest), bool)
        free[1:] = starts[rest[1:]] >= reached[:-1]
        found.append(rest[free])
        rest = rest[~free]
    if len(rest):
        found.append(rest)
    return found


def disjoint(starts: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """Trim each interval, ascending by start, where an earlier one covers it; the union stays the same."""
    ends = np.maximum(ends, starts)
    reached = np.maximum.accumulate(ends)
    cut = np.maximum(starts, np.concatenate((starts[:1], reached[:-1])))
    return cut, np.maximum(ends, cut)
