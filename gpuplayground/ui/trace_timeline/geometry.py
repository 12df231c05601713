"""The layout of the timeline: names at the left, the ruler on top, rows, and curves at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gpuplayground.ui.trace_timeline.rows import Row, RowKind

RULER_PX = 22
PADDING_PX = 8
#: Width reserved for the scroll bar even while hidden, so that the axis does not move.
RIGHT_PX = 10
_HEIGHTS = {RowKind.STATEMENTS: 24, RowKind.REGIONS: 16, RowKind.SPANS: 16, RowKind.STREAM: 20, RowKind.COPIES: 16}
_LEAST_STRIP, _MOST_STRIP = 22, 44
#: Space above a group of rows of another kind.
_GAP = 3
#: Curves are left out if fewer pixels than this would remain for the rows.
_ROOM_FOR_ROWS = 60


@dataclass(frozen=True, slots=True)
class Slot:
    """A row's index, top and bottom in pixels; those of scrolled rows are relative to the content."""

    number: int
    top: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Geometry:
    """Positions in pixels. ``pinned`` rows are always visible, ``scrolled`` rows are below them."""

    gutter: int
    plot: int
    rows_top: int
    rows_bottom: int
    content: int
    pinned: tuple[Slot, ...]
    scrolled: tuple[Slot, ...]
    strips: tuple[tuple[int, int], ...]

    @property
    def overflow(self) -> int:
        """The scroll range of the rows."""
        return max(0, self.content - (self.rows_bottom - self.rows_top))

    def slots(self, offset: int) -> list[Slot]:
        """Return the visible rows when scrolled by ``offset``, in widget coordinates."""
        moved = [
            Slot(slot.number, *(self.rows_top + y - offset for y in (slot.top, slot.bottom))) for slot in self.scrolled
        ]
        return [*self.pinned, *(s for s in moved if s.bottom > self.rows_top and s.top < self.rows_bottom)]

    def slot_at(self, y: int, offset: int) -> Slot | None:
        """Return the row at a y coordinate, if any."""
        for slot in self.slots(offset):
            if slot.top <= y < slot.bottom and (y < self.rows_bottom):
                is_pinned = slot in self.pinned
                if is_pinned or y >= self.rows_top:
                    return slot
        return None


def geometry(width: int, height: int, gutter: int, rows: Sequence[Row], strips: int) -> Geometry:
    """Lay out rows and up to ``strips`` curves."""
    gutter = min(gutter, width // 3)
    pinned, scrolled = [], []
    top, content = RULER_PX, 0
    before: RowKind | None = None
    for number, row in enumerate(rows):
        tall = _HEIGHTS[row.kind]
        if row.kind == RowKind.STATEMENTS:
            pinned.append(Slot(number, top, top + tall))
            top += tall
        else:
            content += _GAP if row.kind != before else 0
            scrolled.append(Slot(number, content, content + tall))
            content += tall
        before = row.kind
    room = height - top - content - PADDING_PX
    each = min(max(room // max(strips, 1), _LEAST_STRIP), _MOST_STRIP)
    while strips and height - top - strips * each < min(content, _ROOM_FOR_ROWS):
        strips -= 1
    bottom = height - strips * each
    strip_bounds = tuple((bottom + number * each, bottom + (number + 1) * each) for number in range(strips))
    plot = max(1, width - gutter - RIGHT_PX)
    return Geometry(gutter, plot, top, max(bottom, top), content + _GAP, tuple(pinned), tuple(scrolled), strip_bounds)
