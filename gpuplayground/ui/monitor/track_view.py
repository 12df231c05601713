"""The plots of the tracks: pyqtgraph view boxes stacked in one view and linked to one time axis.

There is one view, and the curves are plain ``QGraphicsPathItem``, because each pyqtgraph plot widget costs half a
millisecond per redraw and each of its curve items as much again. Grid, runs and cursor are painted under and over the
scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QRegion,
    QResizeEvent,
    QStaticText,
)
from PySide6.QtWidgets import QFrame, QGraphicsPathItem, QGraphicsView, QWidget

from gpuplayground.ui.monitor.bands import Band, name_in
from gpuplayground.ui.monitor.track_specs import TrackSpec
from gpuplayground.ui.widgets.theme import Theme, ui_font

#: Space for the axis labels left of the plots, and the margin to their right, in pixels.
LEFT_PX, RIGHT_PX = 44, 12
#: Height of the lane for run names above the first plot.
_LANE_PX = 15
_GAP_PX = 3
_LEAST_PLOT_PX = 24
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


#: Height of the line in pixels.
STRIP_PX = 17
_CHIP = 7


class TrackStrip:
    """The line above a track: its title at the left, its curves with their values at the right.

    It is not a widget, because a widget would cut a hole into the view of the plots.
    """

    def __init__(self, spec: TrackSpec) -> None:
        self._spec = spec
        self._suffix = spec.unit
        self._title_font, self._label_font = ui_font(11, QFont.Weight.Medium), ui_font(11)
        self._value_font = ui_font(12, QFont.Weight.DemiBold)
        self._metrics, self._value_metrics = QFontMetrics(self._label_font), QFontMetrics(self._value_font)
        self._title_width = QFontMetrics(self._title_font).horizontalAdvance(spec.title)
        self._label_widths = tuple(self._metrics.horizontalAdvance(curve.label) for curve in spec.curves)
        # Constant text is shaped once; digits are cheap to shape.
        self._title = _static(spec.title, self._title_font)
        self._labels = tuple(_static(curve.label, self._label_font) for curve in spec.curves)
        self.area = QRect()
        self.values: tuple[str, ...] = ("",) * len(spec.curves)

    @property
    def spoken(self) -> str:
        """The figures as a sentence for a screen reader."""
        pairs = zip(self._spec.curves, self.values, strict=True)
        return f"{self._spec.title}: " + ", ".join(f"{curve.label} {value} {self._suffix}" for curve, value in pairs)

    def set_values(self, values: tuple[str, ...], suffix: str) -> bool:
        """Set the values and their unit, as in ``/ 700 W``; return whether any text has changed."""
        if (values, suffix) == (self.values, self._suffix):
            return False
        self.values, self._suffix = values, suffix
        return True

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """Paint the title, then the curves from the right while there is room."""
        area, baseline = self.area, self.area.top() + STRIP_PX - 5
        top = baseline - self._metrics.ascent()
        text, muted = theme.color("text"), theme.color("muted")
        painter.setFont(self._title_font)
        painter.setPen(muted)
        painter.drawStaticText(area.left() + 10, top, self._title)
        least = area.left() + 20 + self._title_width
        x = area.right() - 11 - self._metrics.horizontalAdvance(self._suffix)
        painter.setFont(self._label_font)
        painter.drawText(x, baseline, self._suffix)
        for number in reversed(range(len(self.values))):
            x -= 4 + self._value_metrics.horizontalAdvance(self.values[number])
            painter.setFont(self._value_font)
            painter.setPen(text)
            painter.drawText(x, baseline, self.values[number])
            if x - self._label_widths[number] - 2 * _CHIP > least:
                x -= 5 + self._label_widths[number]
                painter.setFont(self._label_font)
                painter.setPen(muted)
                painter.drawStaticText(x, top, self._labels[number])
            x -= 5 + _CHIP
            painter.fillRect(x, baseline - _CHIP, _CHIP, _CHIP, theme.color(self._spec.curves[number].metric.role))
            x -= 10


def _static(words: str, font: QFont) -> QStaticText:
    text = QStaticText(words)
    text.setTextFormat(Qt.TextFormat.PlainText)
    text.prepare(font=font)
    return text


class Track:
    """One plot: its strip, its view box, its curves by field, and its place."""

    def __init__(self, spec: TrackSpec) -> None:
        self.spec = spec
        self.strip = TrackStrip(spec)
        self.view = pg.ViewBox(enableMenu=False, defaultPadding=0.0)
        self.view.setMouseEnabled(x=True, y=False)
        self.view.disableAutoRange()
        self.curves = {curve.field: QGraphicsPathItem() for curve in spec.curves}
        # The first curve of a track is the main one and is drawn on top.
        for curve in reversed(self.curves.values()):
            curve.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
            self.view.addItem(curve, ignoreBounds=True)
        self.area = QRect()
        self.top = 1.0
        self.mark: float | None = None
        self.limit: float | None = None

    def restyle(self, theme: Theme) -> None:
        """Apply the colours of the current theme."""
        for curve in self.spec.curves:
            # Wider or antialiased pens take ten times as long.
            self.curves[curve.field].setPen(pg.mkPen(theme.color(curve.metric.role), width=1))

    def row_of(self, value: float) -> int:
        """Return the y coordinate of a value in pixels."""
        return round(self.area.bottom() - value / self.top * (self.area.height() - 1))


class TrackView(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph has no types
    """The stacked plots. Changes become visible with the next :meth:`redraw` or :meth:`set_backdrop`."""

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
        # The panel around it handles the keys.
        for widget in (self, self.viewport()):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # The view is opaque: Qt need not draw the rounded frame behind it.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.viewport().setAutoFillBackground(False)
        self.setAntialiasing(False)
        # pyqtgraph caches the background, but run bands move through this one.
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        # Otherwise each changed item repaints the view, before and after the background.
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
        """Apply the colours of the current theme."""
        for track in self.tracks.values():
            track.restyle(self._theme)
        self.redraw()

    def redraw(self) -> None:
        """Schedule a full repaint."""
        self._backdrop = None
        self.viewport().update()

    def set_limits(self, oldest: float, newest: float, least_span: float) -> None:
        """Limit how far the mouse can pan and zoom, in seconds."""
        for track in self.tracks.values():
            track.view.setLimits(xMin=oldest, xMax=newest, minXRange=least_span, maxXRange=newest - oldest)

    def set_span(self, start: float, end: float) -> None:
        """Show the time from ``start`` to ``end``, in seconds."""
        self._setting = True
        for track in self.tracks.values():
            track.view.setXRange(start, end, padding=0)
        self._setting = False

    def set_axis(self, key: str, top: float, mark: float | None, limit: float | None) -> None:
        """Set the upper end of a track's axis, the value to label on it, and the limit to draw as a line."""
        track = self.tracks[key]
        if (top, mark, limit) != (track.top, track.mark, track.limit):
            track.top, track.mark, track.limit = top, mark, limit
            track.view.setYRange(0, top, padding=0)
            self._backdrop = None

    def set_curve(self, key: str, field: str, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> None:
        """Set the points of a curve; NaN breaks the line."""
        path = pg.arrayToQPath(x, y, connect="finite") if len(x) else QPainterPath()
        self.tracks[key].curves[field].setPath(path)

    def set_values(self, key: str, values: tuple[str, ...], suffix: str) -> None:
        """Set the values above a track."""
        strip = self.tracks[key].strip
        if strip.set_values(values, suffix):
            self.viewport().update(strip.area)

    def set_backdrop(self, ticks: tuple[float, ...], bands: Sequence[Band]) -> None:
        """Set the vertical grid lines, as fractions of the width, and the runs; then repaint."""
        if ticks != self._ticks:
            self._ticks, self._backdrop = ticks, None
        self._bands = bands
        self.viewport().update()

    def set_cursor(self, share: float | None) -> None:
        """Draw the cursor line at a fraction of the width, or none."""
        if share != self._cursor:
            self._cursor = share
            self.viewport().update()

    def _report(self) -> None:
        if not self._setting:
            start, end = self._first.view.viewRange()[0]
            self.moved.emit(float(start), float(end))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Divide the height among the plots."""
        super().resizeEvent(event)
        if event is None:  # pyqtgraph calls this once before there are plots
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
        """Paint the cached surface, grid and axis labels, then the runs."""
        painter.drawPixmap(0, 0, self._cached_backdrop())
        color = self._theme.color("band", 0.11)
        for band in self._bands:
            for box in self._boxes(band):
                painter.fillRect(box, color)

    def _cached_backdrop(self) -> QPixmap:
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
        """Return the rectangles of a run, one per track; the first includes the lane for names."""
        area = self._first.area
        left = round(area.left() + band.left * area.width())
        width = max(1, round(area.left() + band.right * area.width()) - left)
        lanes = [_LANE_PX if track is self._first else 0 for track in self.tracks.values()]
        return [
            QRect(left, track.area.top() - lane, width, track.area.height() + lane)
            for track, lane in zip(self.tracks.values(), lanes, strict=True)
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the plots through the scene, but changed values alone without it, which takes a quarter of the time."""
        self._exposed = event.region()
        if any(self._exposed.intersects(track.area) for track in self.tracks.values()):
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        painter.drawPixmap(0, 0, self._cached_backdrop())
        self._draw_strips(painter)
        painter.end()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the values, the edges and names of runs, and the cursor."""
        theme, area = self._theme, self._first.area
        self._draw_strips(painter)
        painter.setFont(ui_font(10))
        edge = theme.color("band", 0.55)
        named_to = 0  # right end of the last name: runs of several tabs overlap
        for band in self._bands:
            boxes = self._boxes(band)
            # One-pixel rectangles: lines drawn with a translucent pen take fifty times as long.
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
        """Report where the pointer is, as a fraction of the width."""
        super().mouseMoveEvent(event)
        area = self._first.area
        share = (event.position().x() - area.left()) / max(1, area.width())
        if 0.0 <= share <= 1.0:
            self.hovered.emit(share)
        else:
            self.left.emit()

    def leaveEvent(self, event: QEvent) -> None:
        """Report that the pointer has left."""
        super().leaveEvent(event)
        self.left.emit()
