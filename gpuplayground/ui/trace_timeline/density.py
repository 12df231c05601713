"""Intervals of one row, and how densely they fill columns of pixels.

A picture needs one colour for each column, however many operations lie in it. Sums over all intervals are taken once;
what lies in a column is then the difference of two sums: a frame costs as much as there are columns, whether they hold
a thousand operations or a million.
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

    ``coverage`` is the share of a column's time that is covered, from 0 to 1; ``touched`` tells which columns hold
    anything at all, be it shorter than any share; ``ink`` is the covered parts' mean colour as premultiplied red,
    green, blue and alpha; ``single`` is the interval that fills a column alone, or -1.
    """

    coverage: Floats
    touched: npt.NDArray[np.bool_]
    ink: Floats
    single: Integers


class Intervals:
    """Intervals that do not overlap, in ascending order, in nanoseconds from the beginning of a run.

    ``refs`` says what each stands for, ``owners`` to which statement it belongs (-1 to none) and ``colors`` which
    entry of a palette it is drawn in. Nanoseconds are kept as floats: they are exact up to 104 days.
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
        #: The covered time before each interval.
        self._busy: Floats = np.concatenate(([0.0], np.cumsum(self.ends - self.starts)))
        self._palette: Floats | None = None
        self._busy_ink: Floats = np.empty((0, 4))

    def __len__(self) -> int:
        return len(self.starts)

    def owned_by(self, owner: int) -> Intervals:
        """Return those that belong to a statement."""
        own = self.owners == owner
        return Intervals(self.starts[own], self.ends[own], self.refs[own], self.owners[own], self.colors[own])

    def within(self, start: float, end: float) -> slice:
        """Return the places of the intervals that reach into a stretch of time or touch its edges."""
        first = int(np.searchsorted(self.ends, start, "left"))
        return slice(first, max(first, int(np.searchsorted(self.starts, end, "right"))))

    def lasting(self, places: slice) -> float:
        """Return how long the intervals at some places last in all."""
        return float(self._busy[places.stop] - self._busy[places.start])

    def columns(self, edges: Floats, palette: Floats) -> Columns:
        """Return what lies between each two of the ascending ``edges``.

        ``palette`` holds premultiplied red, green, blue and alpha from 0 to 1, a row for each colour.
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
        # One interval alone: it began before the column and lasts into it, or is the only one that began there.
        alone = touched & ((started == 0) | ((started == 1) & (unfinished[:-1] == 0)))
        single = np.where(alone, begun[1:] - 1, -1)
        ink[alone] = palette[self.colors[single[alone]]]
        # What is too short to cover anything is shown in the colour of the last that began there.
        bare = touched & (covered <= 0)
        ink[bare] = palette[self.colors[begun[1:][bare] - 1]]
        return Columns(coverage, touched, ink, single)

    def prepare(self, palette: Floats) -> Floats:
        """Return the colour of the covered time before each interval, which is kept for the next time."""
        if self._palette is not palette:
            self._palette = palette
            self._busy_ink = np.zeros((len(self) + 1, palette.shape[1]))
            np.cumsum((self.ends - self.starts)[:, None] * palette[self.colors], axis=0, out=self._busy_ink[1:])
        return self._busy_ink


def lanes(starts: Floats, ends: Floats, most: int = 8) -> list[Integers]:
    """Share intervals, ascending by start, among lanes in which none overlap; return the places of each lane's.

    Whatever overlaps an earlier one goes a lane down, so that nested ranges lie by their depth. In the last lane of
    ``most`` intervals may overlap.
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
    """Cut off of each interval, ascending by start, what an earlier one covers: their union stays as it is."""
    ends = np.maximum(ends, starts)
    reached = np.maximum.accumulate(ends)
    cut = np.maximum(starts, np.concatenate((starts[:1], reached[:-1])))
    return cut, np.maximum(ends, cut)
