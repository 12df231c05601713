"""Legend, axes and grid of the sweep chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from gpuplayground.benchmarks.figures import rate_text
from gpuplayground.ui.widgets.chart_axis import Axis, padded
from gpuplayground.ui.widgets.chart_surface import solid
from gpuplayground.ui.widgets.series_colors import repeats, series_role
from gpuplayground.ui.widgets.theme import Theme, ui_font
from gpuplayground.ui.widgets.ticks import duration_tick, natural_base, power_text, value_text
from gpuplayground.units import duration

_LEGEND_ROW, _BOTTOM, _RIGHT = 20.0, 38.0, 14.0
_TICK_WIDTH, _TICK_HEIGHT = 58.0, 34.0
#: Up to this many values get a tick each; more get ticks at round numbers.
_FEW_VALUES = 8
#: Least distance between two tick labels, in pixels.
_LEAST_GAP = 6.0


class Quantity(StrEnum):
    """The quantity on the y axis."""

    TIME = "time"
    RATE = "rate"


def quantity_text(quantity: Quantity, value: float) -> str:
    """Format a time in nanoseconds or a rate in GB/s with three digits and its unit."""
    return duration(value) if quantity is Quantity.TIME else rate_text(value)


@dataclass(frozen=True, slots=True)
class Frame:
    """The plot area with its axes, and the rectangles of the legend entries."""

    plot: QRectF
    legend: tuple[tuple[QRectF, str], ...]
    x: Axis
    y: Axis
    quantity: Quantity

    @classmethod
    def around(
        cls,
        area: QRectF,
        labels: Sequence[str],
        values: Sequence[float],
        spans: Sequence[tuple[float, float, float]],
        quantity: Quantity,
    ) -> Frame | None:
        """Return the frame for values and (low, middle, high) spans, or None if there is nothing to draw."""
        if not spans or not values:
            return None
        legend = _legend(area, labels)
        bottom = legend[-1][0].bottom() if legend else area.top()
        plot = QRectF(area.left() + 62, bottom + 8, 0, 0)
        plot.setRight(area.right() - _RIGHT)
        plot.setBottom(area.bottom() - _BOTTOM)
        if plot.width() < 40 or plot.height() < 40:
            return None
        log_x, log_y = min(values) > 0, min(span[0] for span in spans) > 0
        x = Axis(*padded(min(values), max(values), 0.03, log=log_x), plot.left(), plot.right(), log=log_x)
        low, high = min(span[0] for span in spans), max(span[2] for span in spans)
        # Leave room at the top for the labels of crossings.
        y = Axis(*padded(low, high, 0.09, log=log_y), plot.bottom(), plot.top(), log=log_y)
        return cls(plot, legend, x, y, quantity)


def _legend(area: QRectF, labels: Sequence[str]) -> tuple[tuple[QRectF, str], ...]:
    """Return the rectangle of each label, in as many rows as needed."""
    metrics = QFontMetricsF(ui_font(12))
    entries = []
    left, top = area.left() + 62, area.top()
    for label in labels:
        text = metrics.elidedText(label, Qt.TextElideMode.ElideMiddle, 220)
        width = metrics.horizontalAdvance(text) + 22
        if left + width > area.right() and left > area.left() + 62:
            left, top = area.left() + 62, top + _LEGEND_ROW
        entries.append((QRectF(left, top, width, _LEGEND_ROW), text))
        left += width + 10
    return tuple(entries)


def value_marks(axis: Axis, values: Sequence[float], width: float) -> list[tuple[float, str]]:
    """Return positions and labels of the ticks of an axis that is ``width`` pixels long: the values if they are few."""
    base = natural_base(values)
    few = sorted(set(values))
    if len(few) > _FEW_VALUES:
        few = axis.ticks(max(2, int(width / _TICK_WIDTH)), base)
    return [
        (value, power_text(value, base) if axis.log and _is_power(value, base) else value_text(value)) for value in few
    ]


def draw_frame(painter: QPainter, theme: Theme, frame: Frame, variable: str, values: Sequence[float]) -> None:
    """Paint legend, grid, ticks and axis labels. ``values`` are those of the variable, in any order."""
    _draw_legend(painter, theme, frame)
    painter.setFont(ui_font(11))
    plot = frame.plot
    for value in frame.y.ticks(max(2, int(plot.height() / _TICK_HEIGHT))):
        y = frame.y.pixel(value)
        painter.setPen(solid(theme.color("grid")))
        painter.drawLine(QLineF(plot.left(), y, plot.right(), y))
        painter.setPen(theme.color("muted"))
        text = duration_tick(value) if frame.quantity is Quantity.TIME else f"{value:,.4g}"
        box = QRectF(plot.left() - 62, y - 8, 56, 16)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
    label_end = -_LEAST_GAP
    for value, text in value_marks(frame.x, values, plot.width()):
        x = frame.x.pixel(value)
        painter.setPen(solid(theme.color("grid")))
        painter.drawLine(QLineF(x, plot.top(), x, plot.bottom()))
        half = QFontMetricsF(painter.font()).horizontalAdvance(text) / 2
        if x - half >= label_end + _LEAST_GAP:
            painter.setPen(theme.color("muted"))
            painter.drawText(QRectF(x - 40, plot.bottom() + 4, 80, 16), Qt.AlignmentFlag.AlignCenter, text)
            label_end = x + half
    painter.setPen(solid(theme.color("border")))
    painter.drawLine(plot.bottomLeft(), plot.bottomRight())
    painter.setPen(theme.color("muted"))
    below = QRectF(plot.left(), plot.bottom() + 20, plot.width(), 16)
    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, variable)
    if frame.quantity is Quantity.RATE:
        corner = QRectF(plot.left() - 62, plot.top() - 26, 56, 16)
        painter.drawText(corner, Qt.AlignmentFlag.AlignRight, "GB/s")


def _draw_legend(painter: QPainter, theme: Theme, frame: Frame) -> None:
    painter.setFont(ui_font(12))
    for number, (box, text) in enumerate(frame.legend):
        color = theme.color(series_role(number))
        painter.setPen(color)
        painter.setBrush(Qt.BrushStyle.NoBrush if repeats(number) else color)
        painter.drawRoundedRect(QRectF(box.left(), box.center().y() - 4, 9, 9), 2, 2)
        painter.setPen(theme.color("text"))
        painter.drawText(box.adjusted(16, 0, 4, 0), Qt.AlignmentFlag.AlignVCenter, text)


def _is_power(value: float, base: int) -> bool:
    while value > 1 and value % base == 0:
        value /= base
    return value == 1
