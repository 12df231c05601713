"""What lies under the pointer: one interval, or all that a column of pixels holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gpuplayground.ui.trace_timeline.rows import Picture, Row

#: How far beside the pointer to look, in pixels, where there is nothing right under it.
_NEAR_PX = 2
#: An interval this wide, in pixels, has the pointer for itself.
_WIDE_PX = 2.0


@dataclass(frozen=True, slots=True)
class Hit:
    """Intervals of a row, by their places in it, and the stretch of time from the first to the last.

    A million of them may lie in one column: what the pointer asks for at each of its moves looks at none of them alone.
    """

    number: int
    row: Row
    places: slice
    start: float
    end: float

    @property
    def ref(self) -> int:
        """What the first interval stands for."""
        return int(self.row.intervals.refs[self.places.start])

    @property
    def is_merged(self) -> bool:
        """Whether the column stands for several. Parts of one thing lie side by side."""
        return int(self.row.intervals.refs[self.places.stop - 1]) != self.ref

    @property
    def owner(self) -> int:
        """The statement of the first one that has any, or -1."""
        owners = self.row.intervals.owners[self.places]
        return int(owners[0] if owners[0] >= 0 else owners[np.argmax(owners >= 0)])


def hit(picture: Picture, number: int, moment: float, per_pixel: float) -> Hit | None:
    """Return what a row shows in the column of pixels that begins at ``moment``, or right beside it."""
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
            place = under.start + int(np.argmax(is_wide))
            found = slice(place, place + 1)
        if intervals.refs[found.start] == intervals.refs[found.stop - 1]:
            found = _whole(intervals.refs, found.start, found.stop - 1)
        return Hit(number, row, found, float(intervals.starts[found.start]), float(intervals.ends[found.stop - 1]))
    return None


def _whole(refs: npt.NDArray[np.int32], first: int, last: int) -> slice:
    """Return the places of all parts of what the given places are parts of: a statement may have two."""
    while first > 0 and refs[first - 1] == refs[first]:
        first -= 1
    while last + 1 < len(refs) and refs[last + 1] == refs[last]:
        last += 1
    return slice(first, last + 1)
