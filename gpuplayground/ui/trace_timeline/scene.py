"""Paints the timeline without the pointer: what changes only by zooming, panning or selecting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap

from gpuplayground.ui.trace_timeline import palette
from gpuplayground.ui.trace_timeline.axis import View, ticks
from gpuplayground.ui.trace_timeline.curves import CurvePainter, Curves
from gpuplayground.ui.trace_timeline.density import Floats, Intervals
from gpuplayground.ui.trace_timeline.facts import label_of
from gpuplayground.ui.trace_timeline.geometry import PADDING_PX, RULER_PX, Geometry, Slot
from gpuplayground.ui.trace_timeline.raster import Raster, is_wait, shades, wide
from gpuplayground.ui.trace_timeline.rows import Picture, RowKind
from gpuplayground.ui.widgets.theme import Theme, mono_font, ui_font

_LABEL_PX = 34  # narrower intervals have no label
_ROW_INSET = 2
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
#: Height of the marker in the ruler that shows which part of the run is visible.
_OVERVIEW_PX = 2


@dataclass(frozen=True, slots=True)
class Label:
    """The label of an interval, in widget coordinates."""

    text: str
    area: QRectF
    color: QColor


class Scene:
    """Paints a picture of a run into a pixmap.

    Attributes:
        painted: number of non-empty columns over all rows in the last frame, which determines its cost.
    """

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._raster, self._curve_painter = Raster(), CurvePainter()
        self._own: dict[int, Intervals] = {}
        self._own_of = -1
        self.picture = Picture()
        self.curves: Curves | None = None
        self.selected = -1
        self.painted = 0
        self._name_font, self._code_font, self._small_font = ui_font(11), mono_font(11), ui_font(10)
        self._name_metrics = QFontMetrics(self._name_font)
        self.restyle()

    def restyle(self) -> None:
        """Update the colours from the theme."""
        self._colors = palette.colors(self._theme)
        #: The palette for :meth:`.density.Intervals.columns`.
        self.inks: Floats = palette.premultiplied(self._colors)
        self._text_colors = [palette.text_on(color, self._theme) for color in self._colors]

    def set_picture(self, picture: Picture) -> None:
        """Set the run to paint."""
        self.picture, self.selected = picture, -1
        self._own.clear()

    def gutter_width(self) -> int:
        """Return the width of the row names in pixels."""
        names = [row.name for row in self.picture.rows]
        if self.curves is not None:
            pairs = zip(self.curves.strips, self.curves.tops, strict=True)
            names += [f"{strip.label}  {strip.scale(top)}" for strip, top in pairs]
        return max((self._name_metrics.horizontalAdvance(name) for name in names), default=60) + 2 * PADDING_PX

    def render(self, size: QSize, ratio: float, view: View, geometry: Geometry, offset: int) -> QPixmap:
        """Render the timeline; ``size`` is in logical pixels, and ``ratio`` is the device pixel ratio."""
        pixmap = QPixmap(size * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self._theme.color("panel"))
        painter = QPainter(pixmap)
        edges = view.edges(max(1, round(geometry.plot * ratio)))
        self._draw_grid(painter, view, geometry, size.height())
        slots = geometry.slots(offset)
        labels = self._fill_rows(slots, edges, ratio, geometry)
        origin = QPoint(geometry.gutter, RULER_PX)
        painter.drawImage(QRect(origin, QSize(geometry.plot, geometry.rows_bottom - RULER_PX)), self._raster.image)
        self._draw_labels(painter, labels, geometry)
        self._draw_names(painter, slots, geometry)
        self._draw_curves(painter, geometry, edges, ratio)
        painter.end()
        return pixmap

    def _draw_grid(self, painter: QPainter, view: View, geometry: Geometry, height: int) -> None:
        theme = self._theme
        marks = ticks(view, geometry.plot)
        painter.setFont(self._name_font)
        right = geometry.gutter + geometry.plot
        for moment, label in zip(marks.times, marks.labels, strict=True):
            x = geometry.gutter + round((moment - view.start) / view.span * geometry.plot)
            painter.fillRect(x, RULER_PX, 1, height - RULER_PX, theme.color("grid"))
            painter.fillRect(x, RULER_PX - 4, 1, 4, theme.color("border"))
            room = self._name_metrics.horizontalAdvance(label)
            left = max(min(x - room // 2, right - room), geometry.gutter + 2)
            painter.setPen(theme.color("muted"))
            painter.drawText(QRect(left, 0, room + 2, RULER_PX - 3), _LEFT, label)
        if marks.base:
            painter.setPen(theme.color("text"))
            painter.drawText(QRect(PADDING_PX, 0, geometry.gutter - 2 * PADDING_PX, RULER_PX - 3), _RIGHT, marks.base)
        painter.fillRect(0, RULER_PX - 1, geometry.gutter + geometry.plot, 1, theme.color("border"))
        if not view.is_whole:
            low, high = view.whole
            scale = geometry.plot / (high - low)
            edge, wide_px = (view.start - low) * scale, max(view.span * scale, 6.0)
            painter.fillRect(QRectF(geometry.gutter, 0, geometry.plot, _OVERVIEW_PX), theme.color("grid"))
            edge = min(edge, geometry.plot - wide_px)
            painter.fillRect(QRectF(geometry.gutter + edge, 0, wide_px, _OVERVIEW_PX), theme.color("accent"))

    def _fill_rows(self, slots: list[Slot], edges: Floats, ratio: float, geometry: Geometry) -> list[Label]:
        """Fill the image with the visible rows, and return the labels that fit on them."""
        columns_in_all = len(edges) - 1
        self._raster.clear(columns_in_all, max(1, round((geometry.rows_bottom - RULER_PX) * ratio)))
        self.painted = 0
        labels: list[Label] = []
        # Pinned rows cover scrolled ones, so they are filled last.
        for slot in sorted(slots, key=lambda slot: slot in geometry.pinned):
            row = self.picture.rows[slot.number]
            columns = row.intervals.columns(edges, self.inks)
            self.painted += int(np.count_nonzero(columns.touched))
            colors = shades(columns, dimmed=self.selected >= 0)
            if self.selected >= 0:
                own = self._of_selected(slot.number).columns(edges, self.inks)
                colors[own.touched] = shades(own)[own.touched]
            top, bottom = (round((y - RULER_PX) * ratio) for y in (slot.top + _ROW_INSET, slot.bottom - _ROW_INSET))
            least = 0 if slot in geometry.pinned else round((geometry.rows_top - RULER_PX) * ratio)
            self._raster.fill(max(top, least), bottom, colors)
            if row.kind == RowKind.STATEMENTS:
                shift = round(edges[0] / (edges[1] - edges[0]))
                waits = is_wait(columns, row.intervals.colors)
                self._raster.hatch(top, bottom, colors, waits, shift)
            for item in wide(columns, round(_LABEL_PX * ratio)):
                left, right = geometry.gutter + item.first / ratio, geometry.gutter + item.last / ratio
                area = QRectF(left + 4, slot.top, right - left - 6, slot.bottom - slot.top)
                color = self._text_colors[row.intervals.colors[item.index]]
                if self.selected >= 0 and row.intervals.owners[item.index] != self.selected:
                    color = self._theme.color("muted")
                labels.append(Label(label_of(self.picture, row, item.index), area, color))
        return labels

    def _of_selected(self, number: int) -> Intervals:
        if self._own_of != self.selected:
            self._own_of = self.selected
            self._own.clear()
        if number not in self._own:
            self._own[number] = self.picture.rows[number].intervals.owned_by(self.selected)
        return self._own[number]

    def _draw_labels(self, painter: QPainter, labels: list[Label], geometry: Geometry) -> None:
        painter.setFont(self._code_font)
        metrics = painter.fontMetrics()
        for label in labels:
            painter.setClipRect(QRect(geometry.gutter, RULER_PX, geometry.plot, geometry.rows_bottom - RULER_PX))
            text = metrics.elidedText(label.text, Qt.TextElideMode.ElideRight, int(label.area.width()))
            painter.setPen(label.color)
            painter.drawText(label.area, _LEFT, text)
        painter.setClipping(False)

    def _draw_names(self, painter: QPainter, slots: list[Slot], geometry: Geometry) -> None:
        theme = self._theme
        painter.setFont(self._name_font)
        line = theme.color("border")
        for slot in slots:
            is_pinned = slot in geometry.pinned
            top = RULER_PX if is_pinned else geometry.rows_top
            painter.setClipRect(QRect(0, top, geometry.gutter, geometry.rows_bottom - top))
            painter.setPen(theme.color("text" if is_pinned else "muted"))
            room = geometry.gutter - 2 * PADDING_PX
            name = self._name_metrics.elidedText(
                self.picture.rows[slot.number].name, Qt.TextElideMode.ElideMiddle, room
            )
            painter.drawText(QRect(PADDING_PX, slot.top, room, slot.bottom - slot.top), _LEFT, name)
        painter.setClipping(False)
        painter.fillRect(geometry.gutter - 1, 0, 1, geometry.rows_bottom, line)
        if geometry.pinned:
            painter.fillRect(0, geometry.rows_top - 1, geometry.gutter + geometry.plot, 1, line)

    def _draw_curves(self, painter: QPainter, geometry: Geometry, edges: Floats, ratio: float) -> None:
        theme, curves = self._theme, self.curves
        for number, (top, bottom) in enumerate(geometry.strips):
            painter.fillRect(0, top, geometry.gutter + geometry.plot, 1, theme.color("border"))
            painter.fillRect(geometry.gutter - 1, top, 1, bottom - top, theme.color("border"))
            if curves is None:
                continue
            strip = curves.strips[number]
            area = QRect(geometry.gutter, top + 2, geometry.plot, bottom - top - 3)
            self._curve_painter.draw(painter, area, ratio, curves, number, edges, theme)
            words = QRect(PADDING_PX, top + 1, geometry.gutter - 2 * PADDING_PX, bottom - top - 1)
            scale = strip.scale(curves.tops[number])
            painter.setFont(self._small_font)
            painter.setPen(theme.color("muted"))
            painter.drawText(words, _RIGHT, scale)
            room = words.width() - painter.fontMetrics().horizontalAdvance(scale) - 4
            painter.setFont(self._name_font)
            painter.setPen(theme.color(strip.role))
            painter.drawText(
                words, _LEFT, self._name_metrics.elidedText(strip.label, Qt.TextElideMode.ElideRight, room)
            )
