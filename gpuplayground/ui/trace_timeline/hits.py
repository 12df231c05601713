"""Finds the intervals under the pointer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gpuplayground.ui.trace_timeline.rows import Picture, Row

#: Search distance beside the pointer, in pixels, if nothing is directly under it.
_NEAR_PX = 2
#: An interval at least this wide, in pixels, is hit alone.
_WIDE_PX = 2.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A range of intervals of a row, with the start of the first and the end of the last.

    A column may hold a million intervals, so nothing here loops over them.
    """

    number: int
    row: Row
    indices: slice
    start: float
    end: float

    @property
    def ref(self) -> int:
        """The ref of the first interval."""
        return int(self.row.intervals.refs[self.indices.start])

    @property
    def is_merged(self) -> bool:
        """Whether the intervals stand for several things; parts of one thing are adjacent."""
        return int(self.row.intervals.refs[self.indices.stop - 1]) != self.ref

    @property
    def owner(self) -> int:
        """The first statement that any of the intervals belongs to, or -1."""
        owners = self.row.intervals.owners[self.indices]
        return int(owners[0] if owners[0] >= 0 else owners[np.argmax(owners >= 0)])


def hit(picture: Picture, number: int, moment: float, per_pixel: float) -> Hit | None:
    """Return what a row shows in the pixel column that starts at ``moment``, or close beside it."""
    row = picture.rows[number]
    intervals = row.intervals
    middle = moment + per_pixel / 2
    for reach in (0.0, _NEAR_PX * per_pixel):
        found = intervals.within(moment - reach, moment + per_pixel + reach)
        if found.start == found.stop:
            continue
        under = intervals.within(middle, middle)
        is_wide = intervals.ends[under] - intervals.starts[under] >= _WIDE_PX * per_pixel
        if is_wide.any():
            index = under.start + int(np.argmax(is_wide))
            found = slice(index, index + 1)
        if intervals.refs[found.start] == intervals.refs[found.stop - 1]:
            found = _whole(intervals.refs, found.start, found.stop - 1)
        return Hit(number, row, found, float(intervals.starts[found.start]), float(intervals.ends[found.stop - 1]))
    return None


def _whole(refs: npt.NDArray[np.int32], first: int, last: int) -> slice:
    """Extend a range of indices to all parts of the same thing: a statement may have two."""
    while first > 0 and refs[first - 1] == refs[first]:
        first -= 1
    while last + 1 < len(refs) and refs[last + 1] == refs[last]:
        last += 1
    return slice(first, last + 1)
