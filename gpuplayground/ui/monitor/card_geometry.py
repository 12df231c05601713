"""Where everything on a GPU card lies, in its full form and in the compact one for many GPUs."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect

FULL_HEIGHT = 186
LEAST_FULL_HEIGHT = 150
COMPACT_HEIGHT = 56

_MARGIN = 14
#: Natural widths of the figures' columns, in the full form at a value font of 18 pixels.
_FULL = {"utilization": 70, "memory": 104, "temperature": 46, "power": 86, "clock": 76}
_COMPACT = {"utilization": 40, "memory": 80, "temperature": 40, "power": 66, "clock": 62}
#: The same without the total and the limit, which give way when there is no room for them.
_FULL_SHORT = _FULL | {"memory": 74, "power": 58}
_COMPACT_SHORT = _COMPACT | {"memory": 52, "power": 42}
#: Figures that give way, one after the other, on a card that is narrower still.
_FIRST_TO_GO = ("clock", "power", "temperature")


@dataclass(frozen=True, slots=True)
class Column:
    """The place of one figure: its heading (None in the compact form), its value and unit, and its bar.

    ``area`` reaches into the gap to the right: a long figure may use it.
    """

    key: str
    area: QRect
    heading: QRect | None
    baseline: int
    bar: QRect


@dataclass(frozen=True, slots=True)
class CardGeometry:
    """The places on a card. ``plot`` is the chart without the lane above it that carries the runs' names."""

    width: int
    height: int
    compact: bool
    dot: tuple[int, int]
    title_baseline: int
    title_left: int
    header_right: int
    columns: tuple[Column, ...]
    plot: QRect
    band_lane: int
    value_pixels: int
    unit_pixels: int
    has_axes: bool

    @property
    def chart(self) -> QRect:
        """The plot together with the lane above it."""
        return self.plot.adjusted(0, -self.band_lane, 0, 0)


def geometry(width: int, height: int, *, compact: bool) -> CardGeometry:
    """Lay out a card of a size in pixels."""
    return _compact(width, height) if compact else _full(width, height)


def _full(width: int, height: int) -> CardGeometry:
    value_pixels = 20 if width >= 520 else 18
    places = _spread(_FULL, _FULL_SHORT, _MARGIN, width - 2 * _MARGIN, gap=12)
    columns = tuple(
        Column(key, QRect(x, 51, w + 8, 28), QRect(x, 33, w, 16), 69, QRect(x, 75, w, 4)) for key, x, w in places
    )
    left, top, bottom = 46, 100, height - 24
    plot = QRect(left, top, width - _MARGIN - left, max(8, bottom - top))
    return CardGeometry(
        width, height, False, (22, 19), 24, 38, width - _MARGIN, columns, plot, 14, value_pixels, 11, True
    )


def _compact(width: int, height: int) -> CardGeometry:
    spark = 100 if width >= 440 else max(64, width // 5)
    plot = QRect(width - 12 - spark, 8, spark, height - 16)
    room = plot.left() - 14 - 12
    places = _spread(_COMPACT, _COMPACT_SHORT, 12, room, gap=8)
    columns = tuple(Column(key, QRect(x, 26, w + 6, 25), None, 41, QRect(x, 46, w, 3)) for key, x, w in places)
    return CardGeometry(width, height, True, (18, 15), 20, 30, plot.left() - 12, columns, plot, 0, 14, 10, False)


def _spread(
    natural: dict[str, int], short: dict[str, int], left: int, room: int, *, gap: int
) -> list[tuple[str, int, int]]:
    """Return (key, x, width) of the columns that fit, sharing what room is left over."""
    without_clock = {key: width for key, width in natural.items() if key != "clock"}
    widths = natural if _total(natural, gap) <= room else without_clock
    if _total(widths, gap) > room:
        widths = dict(short)
    for key in _FIRST_TO_GO:
        if _total(widths, gap) > room:
            del widths[key]
    extra = max(0, (room - _total(widths, gap)) // len(widths))
    places, x = [], left
    for key, width in widths.items():
        places.append((key, x, width + extra))
        x += width + extra + gap
    return places


def _total(widths: dict[str, int], gap: int) -> int:
    return sum(widths.values()) + gap * (len(widths) - 1)
