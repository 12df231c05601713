"""The samples of a benchmark in the order they were taken, which shows drift, steps and outliers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from gpuplayground.benchmarks.statistics import Summary
from gpuplayground.ui.widgets.chart_surface import Surface, dashed, draw_tip
from gpuplayground.ui.widgets.theme import Theme, ui_font
from gpuplayground.units import duration

_TITLE = 16.0
#: Width of a sample in pixels. Samples that would be narrower are drawn as the range of each column.
_DOT = 2.5


class SampleStrip(Surface):
    """The median is a line, the quartiles are a band; distant outliers are drawn at the edge."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, QSize(320, 84), parent)
        self._samples: npt.NDArray[np.float64] = np.empty(0)
        self._summary: Summary | None = None
        self._low = self._high = 0.0
        self.setMinimumHeight(72)
        self.setAccessibleName(self.tr("Samples over time"))

    def show_samples(self, samples_ns: tuple[float, ...], summary: Summary) -> None:
        """Show samples in nanoseconds."""
        self._samples, self._summary = np.array(samples_ns), summary
        # Up to four times the IQR beyond the quartiles; samples further away are outliers.
        reach = 4 * max(summary.iqr, summary.median * 0.005)
        self._low = max(float(self._samples.min()), summary.q1 - reach)
        self._high = min(float(self._samples.max()), summary.q3 + reach)
        if self._high <= self._low:
            self._low, self._high = self._low * 0.99 - 1e-3, self._high * 1.01 + 1e-3
        self.setAccessibleDescription(self.drift())
        self.update()

    def drift(self) -> str:
        """Return in words how the median of the last tenth of the samples compares with that of the first."""
        tenth = max(1, len(self._samples) // 10)
        if len(self._samples) < 20:
            return ""
        change = float(np.median(self._samples[-tenth:]) / np.median(self._samples[:tenth]) - 1)
        if abs(change) < 0.005:
            return self.tr("no drift")
        words = self.tr("last tenth {change} slower than the first") if change > 0 else None
        words = words or self.tr("last tenth {change} faster than the first")
        return words.format(change=f"{abs(change) * 100:.1f} %")

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint title, quartile band, median and samples."""
        if self._summary is None:
            return
        painter.setPen(self.theme.color("muted"))
        title = area.adjusted(0, 0, 0, _TITLE - area.height())
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft, self.tr("Samples over time"))
        painter.drawText(title, Qt.AlignmentFlag.AlignRight, self.drift())
        plot = area.adjusted(0, _TITLE + 2, 0, -2)
        self._draw_levels(painter, plot, self._summary)
        painter.setPen(self.theme.color("utilization"))
        columns = int(plot.width() / _DOT)
        if len(self._samples) <= columns:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color("utilization"))
            for index in range(len(self._samples)):
                painter.drawEllipse(self._point(plot, index), 1.6, 1.6)
        else:
            self._draw_ranges(painter, plot, columns)
        self._draw_hover(painter, plot)

    def _draw_levels(self, painter: QPainter, plot: QRectF, summary: Summary) -> None:
        top, bottom = self._y(plot, summary.q3), self._y(plot, summary.q1)
        painter.fillRect(QRectF(plot.left(), top, plot.width(), max(1.0, bottom - top)), self.theme.color("band", 0.13))
        middle = self._y(plot, summary.median)
        painter.setPen(dashed(self.theme.color("text", 0.55)))
        painter.drawLine(QLineF(plot.left(), middle, plot.right(), middle))

    def _draw_ranges(self, painter: QPainter, plot: QRectF, columns: int) -> None:
        edges = np.linspace(0, len(self._samples), columns + 1).astype(int)[:-1]
        lows = np.minimum.reduceat(self._samples, edges)
        highs = np.maximum.reduceat(self._samples, edges)
        lines = []
        for column in range(columns):
            x = plot.left() + (column + 0.5) / columns * plot.width()
            lines.append(QLineF(x, self._y(plot, lows[column]) + 0.7, x, self._y(plot, highs[column]) - 0.7))
        painter.drawLines(lines)

    def _draw_hover(self, painter: QPainter, plot: QRectF) -> None:
        if self.mouse is None or not plot.contains(self.mouse) or not len(self._samples):
            return
        index = min(int((self.mouse.x() - plot.left()) / plot.width() * len(self._samples)), len(self._samples) - 1)
        point = self._point(plot, index)
        painter.setPen(self.theme.color("text"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(point, 3.5, 3.5)
        painter.setFont(ui_font(11))
        words = self.tr("sample {number}: {time}").format(number=index + 1, time=duration(self._samples[index]))
        draw_tip(painter, self.theme, plot, point, words)

    def _point(self, plot: QRectF, index: int) -> QPointF:
        x = plot.left() + (index + 0.5) / len(self._samples) * plot.width()
        return QPointF(x, self._y(plot, self._samples[index]))

    def _y(self, plot: QRectF, value: float) -> float:
        share = (min(max(value, self._low), self._high) - self._low) / (self._high - self._low)
        return float(plot.bottom() - 3 - share * (plot.height() - 6))
