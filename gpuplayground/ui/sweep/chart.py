"""The sweep chart: time or rate over the values, with logarithmic axes and a curve for each implementation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from gpuplayground.benchmarks.sweep_curves import Crossing, CurvePoint, SweepCurve, crossings
from gpuplayground.ui.sweep.chart_frame import Frame, Quantity, draw_frame, quantity_text
from gpuplayground.ui.widgets.chart_surface import Surface, dashed, draw_tip, solid
from gpuplayground.ui.widgets.series_colors import repeats, series_role
from gpuplayground.ui.widgets.theme import Theme, ui_font
from gpuplayground.ui.widgets.ticks import about_text, number_text

#: More crossings than this come from the noise of curves that coincide; they are counted, not marked.
MAX_MARKS = 6
_CAP, _DOT, _CROSS = 3.0, 2.6, 4.5


@dataclass(frozen=True, slots=True)
class Mark:
    """Where two curves cross, and which is faster for larger values."""

    crossing: Crossing
    faster: str
    slower: str


class SweepChart(Surface):
    """Draws medians with their confidence intervals, crossings, and where memory ran out."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, QSize(560, 380), parent)
        self._variable = "n"
        self._curves: tuple[SweepCurve, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._quantity = Quantity.TIME
        self._has_failed = False
        self.setMinimumSize(280, 200)
        self.setAccessibleName(self.tr("Chart of the sweep"))

    @property
    def quantity(self) -> Quantity:
        """The quantity on the y axis."""
        return self._quantity

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The crossings of all pairs of curves, by ascending value."""
        return self._marks

    def show_curves(self, variable: str, curves: Sequence[SweepCurve], *, has_failed: bool = False) -> None:
        """Show curves over the values of a variable.

        With ``has_failed`` an empty chart refers to the reason, which is shown below it.
        """
        self._variable, self._curves, self._has_failed = variable, tuple(curves), has_failed
        found = [
            _mark(first, second, crossing)
            for first, second in combinations(self._curves, 2)
            for crossing in crossings(first.points, second.points)
        ]
        self._marks = tuple(sorted(found, key=lambda mark: mark.crossing.value))
        self.setAccessibleDescription(self.crossing_text())
        self.update()

    def show_quantity(self, quantity: Quantity) -> None:
        """Draw times or rates."""
        self._quantity = quantity
        self.update()

    def crossing_text(self) -> str:
        """Return a line for each crossing that says which implementation is faster from there on."""
        if len(self._marks) > MAX_MARKS:
            return self.tr("The curves cross {count} times: they are too close to tell apart.").format(
                count=len(self._marks)
            )
        template = self.tr("{faster} is faster than {slower} from {variable} ≈ {value}")
        return "\n".join(
            template.format(
                faster=mark.faster,
                slower=mark.slower,
                variable=self._variable,
                value=about_text(mark.crossing.value),
            )
            for mark in self._marks
        )

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint legend, axes, curves, crossings and the figures under the pointer."""
        values = [point.value for curve in self._curves for point in curve.points]
        values += [curve.out_of_memory_at for curve in self._curves if curve.out_of_memory_at is not None]
        spans = [span for curve in self._curves for point in curve.points if (span := self._span(point)) is not None]
        labels = [curve.label for curve in self._curves]
        frame = Frame.around(area, labels, values, spans, self._quantity)
        if frame is None:
            painter.setPen(self.theme.color("muted"))
            painter.setFont(ui_font(13))
            painter.drawText(
                area.adjusted(24, 0, -24, 0), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.hint()
            )
            return
        draw_frame(painter, self.theme, frame, self._variable, values)
        if self._quantity is Quantity.TIME and len(self._marks) <= MAX_MARKS:
            self._draw_marks(painter, frame)
        for number, curve in enumerate(self._curves):
            self._draw_curve(painter, frame, curve, number)
        self._draw_hover(painter, frame)

    def hint(self) -> str:
        """Return the text shown while there is nothing to draw."""
        if self._quantity is Quantity.RATE and any(curve.points for curve in self._curves):
            return self.tr(
                "The bytes moved are unknown. In the snippet, set bytes_moved to what one repeat reads and writes."
            )
        if self._has_failed:
            return self.tr("Nothing was measured; see the reason below.")
        return self.tr("The curves appear here, one point per value.")

    def _span(self, point: CurvePoint) -> tuple[float, float, float] | None:
        """Return low, middle and high of a point in the quantity drawn; all equal if it has no interval."""
        middle = point.median_ns if self._quantity is Quantity.TIME else point.gb_per_s
        if middle is None:
            return None
        if point.low_ns is None or point.high_ns is None:
            return middle, middle, middle
        if self._quantity is Quantity.TIME:
            return point.low_ns, middle, point.high_ns
        # The longest time gives the lowest rate.
        rate = middle * point.median_ns
        return rate / point.high_ns, middle, rate / point.low_ns

    def _draw_curve(self, painter: QPainter, frame: Frame, curve: SweepCurve, number: int) -> None:
        role, is_dashed = series_role(number), repeats(number)
        color = self.theme.color(role)
        spans = [(frame.x.pixel(point.value), span) for point in curve.points if (span := self._span(point))]
        dots = [QPointF(x, frame.y.pixel(middle)) for x, (_, middle, _) in spans]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # Colours repeat; lines of the second round are dashed.
        painter.setPen(dashed(color, 1.6) if is_dashed else solid(color, 1.6))
        painter.drawPolyline(QPolygonF(dots))
        painter.setPen(solid(color))
        for x, (low, _, high) in spans:
            top, bottom = frame.y.pixel(high), frame.y.pixel(low)
            if bottom - top > 2 * _DOT:
                painter.drawLine(QLineF(x, top, x, bottom))
                painter.drawLine(QLineF(x - _CAP, top, x + _CAP, top))
                painter.drawLine(QLineF(x - _CAP, bottom, x + _CAP, bottom))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        for dot in dots:
            painter.drawEllipse(dot, _DOT, _DOT)
        if curve.out_of_memory_at is not None and dots:
            self._draw_out_of_memory(painter, frame, dots[-1], frame.x.pixel(curve.out_of_memory_at), role)

    def _draw_out_of_memory(self, painter: QPainter, frame: Frame, last: QPointF, x: float, role: str) -> None:
        """Draw a cross at the value for which memory ran out, level with the curve's last point."""
        end = QPointF(x, last.y())
        painter.setPen(dashed(self.theme.color(role, 0.6)))
        painter.drawLine(last, end)
        painter.setPen(solid(self.theme.color("error"), 1.8))
        painter.drawLine(end + QPointF(-_CROSS, -_CROSS), end + QPointF(_CROSS, _CROSS))
        painter.drawLine(end + QPointF(-_CROSS, _CROSS), end + QPointF(_CROSS, -_CROSS))
        words = self.tr("out of memory")
        width = QFontMetricsF(ui_font(11)).horizontalAdvance(words)
        left = min(x - width / 2, frame.plot.right() - width)
        above = last.y() - 24 > frame.plot.top()
        text = QRectF(left, last.y() - 24 if above else last.y() + 8, width + 2, 16)
        painter.setFont(ui_font(11))
        self._write(painter, text, words)

    def _draw_marks(self, painter: QPainter, frame: Frame) -> None:
        painter.setFont(ui_font(11))
        ends: list[float] = []  # right end of each row of labels
        for mark in self._marks:
            point = QPointF(frame.x.pixel(mark.crossing.value), frame.y.pixel(mark.crossing.time_ns))
            painter.setPen(dashed(self.theme.color("text", 0.45)))
            painter.drawLine(QLineF(point.x(), frame.plot.top(), point.x(), frame.plot.bottom()))
            painter.setPen(solid(self.theme.color("text"), 1.4))
            painter.setBrush(self.theme.color("panel"))
            painter.drawEllipse(point, 5, 5)
            words = f"{self._variable} ≈ {about_text(mark.crossing.value)}"
            width = QFontMetricsF(ui_font(11)).horizontalAdvance(words) + 4
            left = point.x() + 6 if point.x() + 6 + width <= frame.plot.right() else point.x() - 6 - width
            # Labels of close crossings go below each other.
            row = next((number for number, end in enumerate(ends) if end <= left), len(ends))
            ends[row : row + 1] = [left + width]
            self._write(painter, QRectF(left, frame.plot.top() + 15 * row, width, 15), words)

    def _write(self, painter: QPainter, box: QRectF, words: str) -> None:
        """Write on a patch of background, so that no line crosses the text."""
        painter.fillRect(box.adjusted(-2, 0, 2, 0), self.theme.color("panel", 0.8))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _draw_hover(self, painter: QPainter, frame: Frame) -> None:
        values = sorted({point.value for curve in self._curves for point in curve.points})
        if self.mouse is None or not frame.plot.contains(self.mouse) or not values:
            return
        place = self.mouse.x()
        value = min(values, key=lambda each: abs(frame.x.pixel(each) - place))
        x = frame.x.pixel(value)
        painter.setPen(solid(self.theme.color("text", 0.35)))
        painter.drawLine(QLineF(x, frame.plot.top(), x, frame.plot.bottom()))
        draw_tip(painter, self.theme, frame.plot, QPointF(x, self.mouse.y()), self.figures_at(value))

    def figures_at(self, value: float) -> str:
        """Return the figures of all curves at a value, one per line."""
        lines = [f"{self._variable} = {number_text(value)}"]
        for curve in self._curves:
            point = next((point for point in curve.points if point.value == value), None)
            if point is not None and (span := self._span(point)) is not None:
                width = f"± {(span[2] - span[0]) / 2 / span[1] * 100:.1f} %"
                if point.low_ns is None:
                    width = self.tr("(no interval)")
                lines.append(f"{curve.label}: {quantity_text(self._quantity, span[1])} {width}")
            elif curve.out_of_memory_at == value:
                lines.append(self.tr("{name}: out of memory").format(name=curve.label))
        return "\n".join(lines)


def _mark(first: SweepCurve, second: SweepCurve, crossing: Crossing) -> Mark:
    names = (second.label, first.label) if crossing.first_leads_below else (first.label, second.label)
    return Mark(crossing, *names)
