"""The histogram of a benchmark's samples with median and quartiles; outliers get a bar of their own at each end."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from gpuplayground.benchmarks.statistics import Histogram, Summary, histogram
from gpuplayground.ui.widgets.chart_axis import Axis
from gpuplayground.ui.widgets.chart_surface import Surface, dashed, draw_tip, solid
from gpuplayground.ui.widgets.theme import Theme, ui_font
from gpuplayground.ui.widgets.ticks import duration_tick
from gpuplayground.units import duration

_TITLE, _LABELS = 18.0, 18.0
_BAR_PX = 7.0  # least width of a bin
_GAP = 1.0
_OUTLIERS_PX = 12.0


class HistogramView(Surface):
    """Bins of equal width in time; an extra bar at each end counts the outliers."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, QSize(320, 150), parent)
        self._samples: tuple[float, ...] = ()
        self._summary: Summary | None = None
        self._bins = Histogram((), ())
        self._room = 0
        self.setMinimumHeight(110)
        self.setAccessibleName(self.tr("Histogram of the samples"))

    @property
    def bins(self) -> Histogram:
        """The bins as drawn."""
        return self._bins

    def show_samples(self, samples_ns: tuple[float, ...], summary: Summary) -> None:
        """Show other samples."""
        self._samples, self._summary, self._room = samples_ns, summary, 0
        self._fit(self.width())
        self.setAccessibleDescription(self.outliers())
        self.update()

    def outliers(self) -> str:
        """Return in words how many samples lie outside the bins; an empty text if none do."""
        bins = self._bins
        parts = []
        if bins.below:
            parts.append(self.tr("{count} below {time}").format(count=bins.below, time=duration(bins.edges[0])))
        if bins.above:
            parts.append(self.tr("{count} above {time}").format(count=bins.above, time=duration(bins.edges[-1])))
        return self.tr("outliers: {list}").format(list=", ".join(parts)) if parts else ""

    def _fit(self, width: int) -> None:
        """Use as many bins as fit."""
        room = max(5, int(width / _BAR_PX))
        if room != self._room:
            self._room = room
            self._bins = histogram(self._samples, min(room, 60))

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint title, bars, markers and the axis."""
        if self._summary is None or not self._bins.counts:
            return
        self._fit(int(area.width()))
        bins = self._bins
        self._draw_title(painter, area)
        plot = area.adjusted(0, _TITLE + 14, 0, -_LABELS)
        inner = plot.adjusted(_OUTLIERS_PX if bins.below else 0, 0, -_OUTLIERS_PX if bins.above else 0, 0)
        axis = Axis(bins.edges[0], bins.edges[-1], inner.left(), inner.right(), log=False)
        tallest = max(*bins.counts, bins.below, bins.above)
        quartiles = QRectF(axis.pixel(self._summary.q1), plot.top(), 0, plot.height())
        quartiles.setRight(max(quartiles.left() + 1, axis.pixel(self._summary.q3)))
        painter.fillRect(quartiles, self.theme.color("band", 0.13))
        for box, count, is_outlier in self._bars(plot, axis):
            height = max(1.5, count / tallest * plot.height()) if count else 0.0
            bar = QRectF(box.left(), plot.bottom() - height, box.width(), height)
            painter.fillRect(bar, self.theme.color("warning" if is_outlier else "utilization"))
        painter.setPen(solid(self.theme.color("border")))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        self._draw_marks(painter, plot, axis, self._summary)
        self._draw_axis(painter, plot, axis)
        self._draw_hover(painter, area, plot, axis)

    def _bars(self, plot: QRectF, axis: Axis) -> list[tuple[QRectF, int, bool]]:
        """Return each bar's rectangle, its count, and whether it counts outliers."""
        bins = self._bins
        bars = []
        if bins.below:
            bars.append((QRectF(plot.left(), plot.top(), _OUTLIERS_PX - 3, plot.height()), bins.below, True))
        for number, count in enumerate(bins.counts):
            left, right = axis.pixel(bins.edges[number]), axis.pixel(bins.edges[number + 1])
            bars.append((QRectF(left, plot.top(), max(1.0, right - left - _GAP), plot.height()), count, False))
        if bins.above:
            box = QRectF(plot.right() - _OUTLIERS_PX + 3, plot.top(), _OUTLIERS_PX - 3, plot.height())
            bars.append((box, bins.above, True))
        return bars

    def _draw_title(self, painter: QPainter, area: QRectF) -> None:
        title = QRectF(area.left(), area.top(), area.width(), _TITLE)
        painter.setFont(ui_font(11))
        painter.setPen(self.theme.color("muted"))
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft, self.tr("Histogram"))
        words = self.outliers()
        if words:
            painter.setPen(self.theme.color("warning"))
            painter.drawText(title, Qt.AlignmentFlag.AlignRight, words)

    def _draw_marks(self, painter: QPainter, plot: QRectF, axis: Axis, summary: Summary) -> None:
        x = axis.pixel(summary.median)
        painter.setPen(dashed(self.theme.color("text", 0.8), 1.2))
        painter.drawLine(QLineF(x, plot.top() - 2, x, plot.bottom()))
        words = self.tr("median {time}").format(time=duration(summary.median))
        width = QFontMetricsF(ui_font(11)).horizontalAdvance(words) + 4
        left = min(max(plot.left(), x - width / 2), plot.right() - width)
        painter.setPen(self.theme.color("text"))
        painter.drawText(QRectF(left, plot.top() - 17, width, 15), Qt.AlignmentFlag.AlignCenter, words)

    def _draw_axis(self, painter: QPainter, plot: QRectF, axis: Axis) -> None:
        painter.setPen(self.theme.color("muted"))
        for value in axis.ticks(max(2, int(plot.width() / 78))):
            x = min(max(axis.pixel(value), plot.left() + 26), plot.right() - 26)
            box = QRectF(x - 40, plot.bottom() + 3, 80, 15)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, duration_tick(value))

    def _draw_hover(self, painter: QPainter, area: QRectF, plot: QRectF, axis: Axis) -> None:
        if self.mouse is None or not plot.contains(self.mouse):
            return
        place = self.mouse.x()
        box, count, is_outlier = min(self._bars(plot, axis), key=lambda bar: abs(bar[0].center().x() - place))
        samples = self.tr("1 sample") if count == 1 else self.tr("{count} samples").format(count=f"{count:,}")
        if is_outlier:
            words = self.tr("outliers: {samples}").format(samples=samples)
        else:
            low, high = self._bins.edges[0], self._bins.edges[-1]
            step = (high - low) / len(self._bins.counts)
            number = round((box.left() - axis.pixel(low)) / (axis.pixel(high) - axis.pixel(low)) * (high - low) / step)
            words = self.tr("{samples}\n{low} to {high}").format(
                samples=samples, low=duration(low + number * step), high=duration(low + (number + 1) * step)
            )
        draw_tip(painter, self.theme, area, QPointF(box.center().x(), self.mouse.y()), words)
