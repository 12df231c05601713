"""One plot of the timeline: pyqtgraph's view and curves, with a background that is cheap to paint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QLineF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from gpuplayground.ui.monitor.bands import Band
from gpuplayground.ui.monitor.track_specs import TrackSpec
from gpuplayground.ui.theme import Theme, ui_font

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

#: Room for the figures left of a plot, and to its right, in pixels; the same for all, so that their times line up.
LEFT_PX, RIGHT_PX = 44, 12
#: Height of the lane above the first plot in which the runs' names are written.
BAND_LANE_PX = 14


class TrackPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Curves over time. Grid, figures, runs and cursor are painted under and over the scene instead of being items."""

    hovered = Signal(float)
    left = Signal()

    def __init__(self, theme: Theme, spec: TrackSpec, parent: QWidget | None = None, *, lane: int = 0) -> None:
        super().__init__(parent, background=None, enableMenu=False)
        self._theme, self._spec, self._lane = theme, spec, lane
        self._bands: Sequence[Band] = ()
        self._ticks: tuple[float, ...] = ()
        self._top, self._mark = 1.0, 1.0
        self._limit: float | None = None
        self._cursor: float | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(28 + lane)
        item = self.getPlotItem()
        item.hideButtons()
        item.hideAxis("bottom")
        item.hideAxis("left")
        item.setContentsMargins(LEFT_PX, lane, RIGHT_PX, 0)
        self.view = item.getViewBox()
        self.view.setMouseEnabled(x=True, y=False)
        self.view.disableAutoRange()
        self.view.setDefaultPadding(0.0)
        self.curves = {curve.metric: pg.PlotCurveItem(connect="finite", antialias=False) for curve in spec.curves}
        for curve in reversed(self.curves.values()):
            item.addItem(curve)
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme in force."""
        for curve in self._spec.curves:
            self.curves[curve.metric].setPen(pg.mkPen(self._theme.color(curve.role), width=1))
        self.viewport().update()

    def set_top(self, top: float, mark: float, *, limit: float | None) -> None:
        """Set the upper end of the axis, the value to write beside it, and where to draw a limit."""
        if (top, mark, limit) == (self._top, self._mark, self._limit):
            return
        self._top, self._mark, self._limit = top, mark, limit
        self.view.setYRange(0, top, padding=0)
        self.viewport().update()

    def set_span(self, start: float, end: float) -> None:
        """Show the seconds from ``start`` to ``end``."""
        self.view.setXRange(start, end, padding=0)

    def set_backdrop(self, ticks: tuple[float, ...], bands: Sequence[Band]) -> None:
        """Take the places of the vertical lines, as shares of the width, and the runs."""
        if (ticks, bands) != (self._ticks, self._bands):
            self._ticks, self._bands = ticks, bands
            self.viewport().update()

    def set_cursor(self, share: float | None) -> None:
        """Draw the cursor's line at a share of the width, or none."""
        if share != self._cursor:
            self._cursor = share
            self.viewport().update()

    def set_curve(self, metric: str, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> None:
        """Draw other points; NaN breaks the line."""
        self.curves[metric].setData(x, y)

    def plot_area(self) -> QRectF:
        """Return the part of the widget that the curves lie in."""
        width, height = self.width() - LEFT_PX - RIGHT_PX, self.height() - self._lane
        return QRectF(LEFT_PX, self._lane, max(1, width), max(1, height))

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the surface, the grid, the runs and the figures of the axis."""
        theme, area = self._theme, self.plot_area()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(rect, theme.color("panel"))
        painter.fillRect(area, theme.color("card", 0.6))
        for band in self._bands:
            painter.fillRect(self._box(band, area), theme.color("band", 0.11))
        painter.setPen(theme.color("grid"))
        xs = [round(area.left() + share * area.width()) for share in self._ticks]
        painter.drawLines([QLineF(x, area.top(), x, area.bottom()) for x in xs])
        bottom = area.bottom() - 1
        marks = [(value, round(bottom - value / self._top * (area.height() - 1))) for value in (self._mark, 0.0)]
        painter.drawLines([QLineF(area.left(), y, area.right(), y) for _, y in marks])
        if self._limit:
            y = round(bottom - self._limit / self._top * (area.height() - 1))
            painter.setPen(pg.mkPen(theme.color("warning", 0.8), width=1, style=Qt.PenStyle.DashLine))
            painter.drawLine(QLineF(area.left(), y, area.right(), y))
        painter.setPen(theme.color("muted"))
        painter.setFont(ui_font(10))
        for value, y in marks:
            # The outermost figures stay inside the widget instead of being cut in half by its edge.
            top = min(max(y - 6, 0), self.height() - 12)
            painter.drawText(QRectF(0, top, LEFT_PX - 6, 12), _RIGHT, f"{value:.0f}")

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the runs' edges and names, and the cursor."""
        theme, area = self._theme, self.plot_area()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(ui_font(10))
        for band in self._bands:
            box = self._box(band, area)
            painter.setPen(theme.color("band", 0.55))
            if band.starts:
                painter.drawLine(box.topLeft(), box.bottomLeft())
            if band.ends:
                painter.drawLine(box.topRight(), box.bottomRight())
            if self._lane and box.width() > 16:
                painter.setPen(theme.color("muted"))
                words = QRectF(box.left() + 4, 0, box.width() - 5, self._lane)
                painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, band.label)
        if self._cursor is not None:
            painter.setPen(theme.color("text", 0.6))
            x = round(area.left() + self._cursor * area.width())
            painter.drawLine(QLineF(x, area.top(), x, area.bottom()))

    def _box(self, band: Band, area: QRectF) -> QRectF:
        left = round(area.left() + band.left * area.width())
        right = round(area.left() + band.right * area.width())
        return QRectF(left, 0, max(1, right - left), self.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say where the pointer is, as a share of the width."""
        super().mouseMoveEvent(event)
        area = self.plot_area()
        share = (event.position().x() - area.left()) / area.width()
        if 0.0 <= share <= 1.0:
            self.hovered.emit(share)
        else:
            self.left.emit()

    def leaveEvent(self, event: QEvent) -> None:
        """Say that the pointer is gone."""
        super().leaveEvent(event)
        self.left.emit()
