"""What lies under the pointer: one interval, or all that a column of pixels holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gpuplayground.ui.timeline.density import Integers
from gpuplayground.ui.timeline.rows import Picture, Row

#: How far beside the pointer to look, in pixels, where there is nothing right under it.
_NEAR_PX = 2
#: An interval this wide, in pixels, has the pointer for itself.
_WIDE_PX = 2.0


@dataclass(frozen=True, slots=True)
class Hit:
    """Intervals of a row, by their places in it, and the stretch of time from the first to the last."""

    number: int
    row: Row
    places: Integers
    start: float
    end: float

    @property
    def refs(self) -> Integers:
        """What the intervals stand for."""
        found: Integers = self.row.intervals.refs[self.places].astype(np.int64)
        return found

    @property
    def is_merged(self) -> bool:
        """Whether the column stands for several."""
        return len(np.unique(self.refs)) > 1

    @property
    def owner(self) -> int:
        """The statement of the first one that has any, or -1."""
        owners = self.row.intervals.owners[self.places]
        known = owners[owners >= 0]
        return int(known[0]) if len(known) else -1


def hit(picture: Picture, number: int, moment: float, per_pixel: float) -> Hit | None:
    """Return what a row shows in the column of pixels that begins at ``moment``, or right beside it."""
    row = picture.rows[number]
    intervals = row.intervals
    middle = moment + per_pixel / 2
    for reach in (0.0, _NEAR_PX * per_pixel):
        found = intervals.within(moment - reach, moment + per_pixel + reach)
        places: Integers = np.arange(found.start, found.stop)
        if not len(places):
            continue
        starts, ends = intervals.starts[places], intervals.ends[places]
        under = (starts <= middle) & (ends >= middle) & (ends - starts >= _WIDE_PX * per_pixel)
        if under.any():
            places = places[under][:1]
        if len(np.unique(intervals.refs[places])) == 1:
            places = _whole(intervals.refs, int(places[0]), int(places[-1]))
        return Hit(number, row, places, float(intervals.starts[places[0]]), float(intervals.ends[places[-1]]))
    return None


def _whole(refs: npt.NDArray[np.int32], first: int, last: int) -> Integers:
    """Return the places of all parts of what the given places are parts of: a statement may have two."""
    while first > 0 and refs[first - 1] == refs[first]:
        first -= 1
    while last + 1 < len(refs) and refs[last + 1] == refs[last]:
        last += 1
    return np.arange(first, last + 1)
