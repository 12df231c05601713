"""The layout of a GPU card, in full and compact form."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect

from gpuplayground.metrics import CARD

FULL_HEIGHT = 186
LEAST_FULL_HEIGHT = 150
COMPACT_HEIGHT = 56

_MARGIN = 14
_KEYS = tuple(metric.role for metric in CARD)
#: Preferred column widths in pixels; a metric without an entry gets the default.
_FULL_DEFAULT, _COMPACT_DEFAULT = 76, 62
_FULL = dict.fromkeys(_KEYS, _FULL_DEFAULT) | {"utilization": 70, "memory": 104, "temperature": 46, "power": 86}
_COMPACT = dict.fromkeys(_KEYS, _COMPACT_DEFAULT) | {"utilization": 40, "memory": 80, "temperature": 40, "power": 66}
#: The widths without the limits, which are left out first when the card is narrow.
_FULL_SHORT = _FULL | {"memory": 74, "power": 58}
_COMPACT_SHORT = _COMPACT | {"memory": 52, "power": 42}
#: Figures dropped from a card that is narrower still, in this order. Utilization and memory always stay.
_DROP_ORDER = _KEYS[:1:-1]


@dataclass(frozen=True, slots=True)
class Column:
    """The place of one figure: heading (None in the compact form), value and unit, and bar.

    ``area`` includes the gap to the right, for long figures.
    """

    key: str
    area: QRect
    heading: QRect | None
    baseline: int
    bar: QRect


@dataclass(frozen=True, slots=True)
class CardGeometry:
    """The places of everything on a card. ``plot`` is the chart without the lane for run names above it."""

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
    """Lay out a card; sizes are in pixels."""
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
    """Return (key, x, width) of the columns that fit; spare room is shared equally."""
    without_last = {key: width for key, width in natural.items() if key != _DROP_ORDER[0]}
    widths = natural if _total(natural, gap) <= room else without_last
    if _total(widths, gap) > room:
        widths = dict(short)
    for key in _DROP_ORDER:
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
