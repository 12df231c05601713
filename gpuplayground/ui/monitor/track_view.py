"""The plots of the timeline: pyqtgraph's view boxes, stacked in one view and linked to one time axis.

One view and curves without Python in their painting, because each plot widget of pyqtgraph costs half a millisecond a
redraw and each of its curve items as much again. Grid, runs and cursor are painted under and over the scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QRegion, QResizeEvent
from PySide6.QtWidgets import QFrame, QGraphicsPathItem, QGraphicsView, QWidget

from gpuplayground.ui.monitor.bands import Band, name_in
from gpuplayground.ui.monitor.track_specs import TrackSpec
from gpuplayground.ui.monitor.track_strip import STRIP_PX, TrackStrip
from gpuplayground.ui.widgets.theme import Theme, ui_font

#: Room for the figures left of the plots, and to their right, in pixels.
LEFT_PX, RIGHT_PX = 44, 12
#: Height of the lane above the first plot in which the runs' names are written.
_LANE_PX = 15
_GAP_PX = 3
_LEAST_PLOT_PX = 24
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Track:
    """One plot: its strip, its view box, its curves by metric, and where it lies."""

    def __init__(self, spec: TrackSpec) -> None:
        self.spec = spec
        self.strip = TrackStrip(spec)
        self.view = pg.ViewBox(enableMenu=False, defaultPadding=0.0)
        self.view.setMouseEnabled(x=True, y=False)
        self.view.disableAutoRange()
        self.curves = {curve.field: QGraphicsPathItem() for curve in spec.curves}
        # The first curve of a track is the one people look for: it lies on top.
        for curve in reversed(self.curves.values()):
            curve.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
            self.view.addItem(curve, ignoreBounds=True)
        self.area = QRect()
        self.top = 1.0
        self.mark: float | None = None
        self.limit: float | None = None

    def restyle(self, theme: Theme) -> None:
        """Take the colours of the theme in force."""
        for curve in self.spec.curves:
            # Wider or anti-aliased pens cost ten times as much.
            self.curves[curve.field].setPen(pg.mkPen(theme.color(curve.metric.role), width=1))

    def row_of(self, value: float) -> int:
        """Return the row of pixels in which a value is drawn."""
        return round(self.area.bottom() - value / self.top * (self.area.height() - 1))


class TrackView(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """Five plots over one another. Nothing in it is drawn anew before :meth:`redraw` says so."""

    hovered = Signal(float)
    left = Signal()
    moved = Signal(float, float)

    def __init__(self, theme: Theme, specs: Sequence[TrackSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self._theme = theme
        self._ticks: tuple[float, ...] = ()
        self._bands: Sequence[Band] = ()
        self._cursor: float | None = None
        self._backdrop: QPixmap | None = None
        self._exposed = QRegion()
        self._setting = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        # The timeline around it takes the keys.
        for widget in (self, self.viewport()):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # Everything is covered: Qt need not draw the rounded frame behind it first.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.viewport().setAutoFillBackground(False)
        self.setAntialiasing(False)
        # pyqtgraph has Qt keep the background, but runs move through this one.
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        # Items that change would each have the view painted, before and after the background.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.NoViewportUpdate)
        self.tracks = {spec.key: Track(spec) for spec in specs}
        self._first = next(iter(self.tracks.values()))
        for track in self.tracks.values():
            self.scene().addItem(track.view)
            if track is not self._first:
                track.view.setXLink(self._first.view)
            track.view.sigRangeChangedManually.connect(self._report)
        self.setMinimumHeight(len(specs) * (STRIP_PX + _LEAST_PLOT_PX + _GAP_PX) + _LANE_PX)
        self.setMinimumWidth(160)
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme in force."""
        for track in self.tracks.values():
            track.restyle(self._theme)
        self.redraw()

    def redraw(self) -> None:
        """Have everything painted anew at the next chance."""
        self._backdrop = None
        self.viewport().update()

    def set_limits(self, oldest: float, newest: float, least_span: float) -> None:
        """Say how far the mouse may move and zoom, in seconds."""
        for track in self.tracks.values():
            track.view.setLimits(xMin=oldest, xMax=newest, minXRange=least_span, maxXRange=newest - oldest)

    def set_span(self, start: float, end: float) -> None:
        """Show the seconds from ``start`` to ``end``."""
        self._setting = True
        for track in self.tracks.values():
            track.view.setXRange(start, end, padding=0)
        self._setting = False

    def set_axis(self, key: str, top: float, mark: float | None, limit: float | None) -> None:
        """Set the upper end of a track's axis, the value to write beside it, and where to draw a limit."""
        track = self.tracks[key]
        if (top, mark, limit) != (track.top, track.mark, track.limit):
            track.top, track.mark, track.limit = top, mark, limit
            track.view.setYRange(0, top, padding=0)
            self._backdrop = None

    def set_curve(self, key: str, field: str, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> None:
        """Draw other points; NaN breaks the line."""
        path = pg.arrayToQPath(x, y, connect="finite") if len(x) else QPainterPath()
        self.tracks[key].curves[field].setPath(path)

    def set_values(self, key: str, values: tuple[str, ...], suffix: str) -> None:
        """Write other figures above a track."""
        strip = self.tracks[key].strip
        if strip.set_values(values, suffix):
            self.viewport().update(strip.area)

    def set_backdrop(self, ticks: tuple[float, ...], bands: Sequence[Band]) -> None:
        """Take the places of the vertical lines, as shares of the width, and the runs; then paint everything."""
        if ticks != self._ticks:
            self._ticks, self._backdrop = ticks, None
        self._bands = bands
        self.viewport().update()

    def set_cursor(self, share: float | None) -> None:
        """Draw the cursor's line at a share of the width, or none."""
        if share != self._cursor:
            self._cursor = share
            self.viewport().update()

    def _report(self) -> None:
        if not self._setting:
            start, end = self._first.view.viewRange()[0]
            self.moved.emit(float(start), float(end))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Share the height among the plots."""
        super().resizeEvent(event)
        if event is None:  # pyqtgraph calls it itself once, before there are plots
            return
        room = self.height() - len(self.tracks) * (STRIP_PX + _GAP_PX) - _LANE_PX
        height = max(_LEAST_PLOT_PX, room // len(self.tracks))
        width = max(1, self.width() - LEFT_PX - RIGHT_PX)
        y = 0
        for track in self.tracks.values():
            track.strip.area = QRect(0, y, self.width(), STRIP_PX)
            y += STRIP_PX + (_LANE_PX if track is self._first else 0)
            track.area = QRect(LEFT_PX, y, width, height)
            track.view.setGeometry(QRectF(track.area))
            y += height + _GAP_PX
        self.redraw()

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the surface, the grid and the figures of the axes from a picture, then the runs."""
        painter.drawPixmap(0, 0, self._still())
        color = self._theme.color("band", 0.11)
        for band in self._bands:
            for box in self._boxes(band):
                painter.fillRect(box, color)

    def _still(self) -> QPixmap:
        if self._backdrop is None:
            self._backdrop = self._draw_backdrop()
        return self._backdrop

    def _draw_strips(self, painter: QPainter) -> None:
        for track in self.tracks.values():
            if self._exposed.intersects(track.strip.area):
                track.strip.paint(painter, self._theme)

    def _draw_backdrop(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self._theme.color("panel"))
        painter = QPainter(pixmap)
        painter.setFont(ui_font(10))
        for track in self.tracks.values():
            self._draw_grid(painter, track)
        painter.end()
        return pixmap

    def _draw_grid(self, painter: QPainter, track: Track) -> None:
        theme, area = self._theme, track.area
        painter.fillRect(area, theme.color("card", 0.6))
        painter.setPen(theme.color("grid"))
        for share in self._ticks:
            x = round(area.left() + share * area.width())
            painter.drawLine(x, area.top(), x, area.bottom())
        for value in (0.0,) if track.mark is None else (track.mark, 0.0):
            y = track.row_of(value)
            painter.setPen(theme.color("grid" if value else "border"))
            painter.drawLine(area.left(), y, area.right(), y)
            painter.setPen(theme.color("muted"))
            box = QRect(0, min(max(y - 6, area.top() - 2), area.bottom() - 10), LEFT_PX - 6, 12)
            painter.drawText(box, _RIGHT, f"{value:.0f}" if value >= 1 else f"{value:g}")
        if track.limit:
            y = track.row_of(track.limit)
            painter.setPen(QPen(theme.color("warning", 0.8), 1, Qt.PenStyle.DashLine))
            painter.drawLine(area.left(), y, area.right(), y)

    def _boxes(self, band: Band) -> list[QRect]:
        """Return the rectangles of a run, one in each track; the first reaches up into the lane for names."""
        area = self._first.area
        left = round(area.left() + band.left * area.width())
        width = max(1, round(area.left() + band.right * area.width()) - left)
        lanes = [_LANE_PX if track is self._first else 0 for track in self.tracks.values()]
        return [
            QRect(left, track.area.top() - lane, width, track.area.height() + lane)
            for track, lane in zip(self.tracks.values(), lanes, strict=True)
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint plots by way of the scene, but mere figures above them without: that costs a quarter."""
        self._exposed = event.region()
        if any(self._exposed.intersects(track.area) for track in self.tracks.values()):
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        painter.drawPixmap(0, 0, self._still())
        self._draw_strips(painter)
        painter.end()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the figures, the runs' edges and names, and the cursor."""
        theme, area = self._theme, self._first.area
        self._draw_strips(painter)
        painter.setFont(ui_font(10))
        edge = theme.color("band", 0.55)
        named_to = 0  # where the last name's room ends: runs of several tabs overlap
        for band in self._bands:
            boxes = self._boxes(band)
            # Rectangles one pixel wide: lines of a translucent pen cost fifty times as much.
            for box in boxes:
                if band.starts:
                    painter.fillRect(box.left(), box.top(), 1, box.height(), edge)
                if band.ends:
                    painter.fillRect(box.right(), box.top(), 1, box.height(), edge)
            if boxes[0].width() > 16 and boxes[0].left() >= named_to:
                named_to = boxes[0].right()
                painter.setPen(theme.color("muted"))
                words = QRect(boxes[0].left() + 4, boxes[0].top(), boxes[0].width() - 5, _LANE_PX)
                name = name_in(painter.fontMetrics(), band.label, words.width())
                painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, name)
        if self._cursor is not None:
            x = round(area.left() + self._cursor * area.width())
            painter.fillRect(x, area.top(), 1, self.height() - area.top(), theme.color("text", 0.6))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say where the pointer is, as a share of the width."""
        super().mouseMoveEvent(event)
        area = self._first.area
        share = (event.position().x() - area.left()) / max(1, area.width())
        if 0.0 <= share <= 1.0:
            self.hovered.emit(share)
        else:
            self.left.emit()

    def leaveEvent(self, event: QEvent) -> None:
        """Say that the pointer is gone."""
        super().leaveEvent(event)
        self.left.emit()
