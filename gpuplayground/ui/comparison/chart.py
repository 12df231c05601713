"""The comparison chart: bars of wall time with its interval, and GPU busy time below, on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpuplayground.comparison.comparison import Difference, Row
from gpuplayground.comparison.text import interval_text, speed_up_text
from gpuplayground.ui.widgets.chart_axis import Axis
from gpuplayground.ui.widgets.chart_surface import Surface, dashed, draw_tip, solid
from gpuplayground.ui.widgets.theme import Theme, align_right, ui_font
from gpuplayground.ui.widgets.ticks import duration_tick
from gpuplayground.units import duration

ROW_PX = 44.0
_BAR, _THIN, _CAP = 14.0, 6.0, 4.0
_TOP, _BOTTOM = 26.0, 24.0
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_FASTER, _SLOWER = "good", "warning"


class ComparisonChart(Surface):
    """One row per subject. A click on a row makes it the baseline."""

    baselineChosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, QSize(560, 240), parent)
        self._rows: tuple[Row, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setAccessibleName(self.tr("Chart of the comparison"))

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show rows."""
        self._rows = tuple(rows)
        height = int(_TOP + _BOTTOM + ROW_PX * max(1, len(rows)))
        self._hint = QSize(560, height)
        self.setMinimumHeight(height)
        self.setAccessibleDescription(
            "; ".join(
                f"{row.name}: {duration(row.median_ns)}, " + (speed_up_text(row) if row.is_comparable else row.remark)
                for row in rows
            )
        )
        self.updateGeometry()
        self.update()

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint legend, grid, baseline and the rows."""
        if not self._rows:
            return
        names, words = self._name_width(area), self._words_width(area)
        plot = QRectF(area.left() + names, area.top() + _TOP, 0, len(self._rows) * ROW_PX)
        plot.setRight(max(plot.left() + 40, area.right() - words))
        longest = max((self._longest(row) for row in self._rows), default=0.0)
        axis = Axis(0.0, longest * 1.04 or 1.0, plot.left(), plot.right(), log=False)
        self._draw_legend(painter, area)
        self._draw_grid(painter, plot, axis)
        for number, row in enumerate(self._rows):
            line = QRectF(area.left(), plot.top() + number * ROW_PX, area.width(), ROW_PX)
            self._draw_row(painter, line, plot, axis, row)
        self._draw_tip(painter, area)

    def _longest(self, row: Row) -> float:
        return max((row.interval_ns or (0.0, 0.0))[1], row.median_ns or 0.0, row.subject.gpu_busy_ns or 0.0)

    def _name_width(self, area: QRectF) -> float:
        metrics = QFontMetricsF(ui_font(12))
        widest = max(metrics.horizontalAdvance(row.name) for row in self._rows)
        return min(widest + 14, area.width() * 0.32)

    def _words_width(self, area: QRectF) -> float:
        metrics = QFontMetricsF(ui_font(12, QFont.Weight.DemiBold))
        widest = max(metrics.horizontalAdvance(self._words(row)[0]) for row in self._rows)
        return min(widest + 16, area.width() * 0.4)

    def _words(self, row: Row) -> tuple[str, str]:
        """Return the text at the right of a row and its colour role."""
        if not row.is_comparable:
            return row.remark, "error"
        role = {Difference.FASTER: _FASTER, Difference.SLOWER: _SLOWER, Difference.BASELINE: "muted"}
        text = speed_up_text(row)
        # The table has the interval of the factor; here the factor alone is enough.
        return text if row.difference is Difference.NONE else text.partition(" (")[0], role.get(row.difference, "text")

    def _draw_legend(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(ui_font(11))
        left = area.left()
        for role, text in (
            ("utilization", self.tr("Wall time until GPU done, 95 % interval")),
            ("power", self.tr("GPU busy")),
        ):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color(role))
            painter.drawRoundedRect(QRectF(left, area.top() + 5, 9, 9), 2, 2)
            painter.setPen(self.theme.color("muted"))
            width = QFontMetricsF(ui_font(11)).horizontalAdvance(text) + 4
            painter.drawText(QRectF(left + 14, area.top(), width, 19), _LEFT, text)
            left += width + 30

    def _draw_grid(self, painter: QPainter, plot: QRectF, axis: Axis) -> None:
        painter.setFont(ui_font(11))
        for value in axis.ticks(max(2, int(plot.width() / 80))):
            x = axis.pixel(value)
            painter.setPen(solid(self.theme.color("grid")))
            painter.drawLine(QLineF(x, plot.top(), x, plot.bottom()))
            painter.setPen(self.theme.color("muted"))
            box = QRectF(x - 40, plot.bottom() + 4, 80, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, duration_tick(value) if value else "0")
        baseline = next((row for row in self._rows if row.is_baseline), None)
        if baseline is not None and baseline.median_ns is not None:
            x = axis.pixel(baseline.median_ns)
            painter.setPen(dashed(self.theme.color("text", 0.6)))
            painter.drawLine(QLineF(x, plot.top(), x, plot.bottom()))

    def _draw_row(self, painter: QPainter, line: QRectF, plot: QRectF, axis: Axis, row: Row) -> None:
        weight = QFont.Weight.DemiBold if row.is_baseline else QFont.Weight.Normal
        painter.setFont(ui_font(12, weight))
        painter.setPen(self.theme.color("text"))
        name = QRectF(line.left(), line.top(), plot.left() - line.left() - 10, line.height())
        metrics = QFontMetricsF(ui_font(12, weight))
        painter.drawText(name, _LEFT, metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, name.width()))
        words, role = self._words(row)
        font = ui_font(12, QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(self.theme.color(role))
        room = QRectF(plot.right() + 8, line.top(), line.right() - plot.right() - 8, line.height())
        words = QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, align_right(), words)
        if row.median_ns is None:
            return
        wall = QRectF(plot.left(), line.top() + 9, max(1.0, axis.pixel(row.median_ns) - plot.left()), _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("utilization", 1.0 if row.interval_ns is not None else 0.45))
        painter.drawRoundedRect(wall, 2, 2)
        if row.subject.gpu_busy_ns is not None:
            busy = QRectF(plot.left(), wall.bottom() + 2, axis.pixel(row.subject.gpu_busy_ns) - plot.left(), _THIN)
            painter.setBrush(self.theme.color("power"))
            painter.drawRoundedRect(busy, 2, 2)
        if row.interval_ns is not None:
            low, high = row.interval_ns
            self._draw_interval(painter, axis.pixel(low), axis.pixel(high), wall.center().y())

    def _draw_interval(self, painter: QPainter, left: float, right: float, y: float) -> None:
        painter.setPen(solid(self.theme.color("text"), 1.3))
        painter.drawLine(QLineF(left, y, right, y))
        for x in (left, right):
            painter.drawLine(QLineF(x, y - _CAP, x, y + _CAP))

    def row_at(self, point: QPointF) -> int | None:
        """Return the index of the row at a point, if any."""
        number = int((point.y() - _TOP) // ROW_PX)
        return number if 0 <= number < len(self._rows) else None

    def _draw_tip(self, painter: QPainter, area: QRectF) -> None:
        number = None if self.mouse is None else self.row_at(self.mouse)
        if number is None or self.mouse is None:
            return
        row = self._rows[number]
        lines = [row.name]
        if row.median_ns is not None:
            lines.append(self.tr("median {time} {interval}").format(
                time=duration(row.median_ns), interval=interval_text(row) if row.half_width is not None else ""
            ).rstrip())  # fmt: skip
        if row.subject.gpu_busy_ns is not None:
            lines.append(self.tr("GPU busy {time}").format(time=duration(row.subject.gpu_busy_ns)))
        lines += filter(None, [speed_up_text(row) if row.speed_up is not None else "", row.remark])
        draw_tip(painter, self.theme, area, self.mouse, "\n".join(lines))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Make the clicked row the baseline."""
        super().mouseReleaseEvent(event)
        number = self.row_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and number is not None:
            self.baselineChosen.emit(number)
