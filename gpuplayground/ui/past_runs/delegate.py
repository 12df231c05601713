"""Draws the cells of the history table: pin, state marker, name, figure, and the verdict as a pill."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gpuplayground.model.results import RunState
from gpuplayground.past_runs.entries import HistoryEntry
from gpuplayground.ui.past_runs import entry_text
from gpuplayground.ui.past_runs.model import ENTRY_ROLE, Column
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme, align_right, mono_font, ui_font

ROW_HEIGHT = 28
_PADDING = 8
_MAX_NOTE = 500
_GAP = 8
_MARK_SIZE = 8
#: A text with less room than this is left out, as only an ellipsis would fit.
_LEAST_ROOM = 16
_MIN_NAME_SHARE = 0.45
#: A figure column at least this wide shows the confidence interval too.
_ROOM_FOR_INTERVAL = 140
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
Index = QModelIndex | QPersistentModelIndex


class HistoryDelegate(QStyledItemDelegate):
    """Paints all columns. With ``notes_beside_names`` notes follow the names, because their column is hidden."""

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icons = theme, icons
        self.notes_beside_names = False
        self._name, self._label = ui_font(12, QFont.Weight.Medium), ui_font(12)
        self._figure, self._small, self._pill = mono_font(12), ui_font(11), ui_font(10)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size of a cell's text."""
        return QSize(QFontMetrics(self._label).horizontalAdvance(str(index.data())) + 2 * _PADDING, ROW_HEIGHT)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Return the editor of a note."""
        editor = QLineEdit(parent)
        editor.setFont(self._label)
        editor.setMaxLength(_MAX_NOTE)
        editor.setPlaceholderText(self.tr("Note"))
        editor.setAccessibleName(self.tr("Note"))
        editor.setToolTip(self.tr("Save the note (Enter) or discard the change (Esc)"))
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Use the whole cell, because frame and padding need the height."""
        editor.setGeometry(option.rect.adjusted(2, 0, -2, 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one cell."""
        entry: HistoryEntry = index.data(ENTRY_ROLE)
        area, column = QRect(option.rect), Column(index.column())
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, self._theme.color("selection"))
        painter.setPen(QPen(self._theme.color("border", 0.6), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        inside = area.adjusted(_PADDING, 0, -_PADDING, 0)
        match column:
            case Column.PIN:
                self._draw_pin(painter, area, entry)
            case Column.NAME:
                self._draw_name(painter, inside, entry)
            case Column.FIGURE:
                self._draw_figure(painter, inside, entry)
            case Column.VERDICT:
                self._draw_verdict(painter, inside, entry)
            case _:
                self._draw_text(painter, inside, str(index.data()), self._small, "muted")
        painter.restore()

    def _draw_text(self, painter: QPainter, area: QRect, text: str, font: QFont, role: str) -> int:
        """Draw elided text and return its width."""
        metrics = QFontMetrics(font)
        elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.setFont(font)
        painter.setPen(self._theme.color(role))
        painter.drawText(area, _LEFT, elided)
        return metrics.horizontalAdvance(elided)

    def _draw_pin(self, painter: QPainter, area: QRect, entry: HistoryEntry) -> None:
        """Draw the pin, faint if the entry is not pinned."""
        icon = self._icons.icon("pin", "accent" if entry.pinned else "faint", filled=entry.pinned)
        if not entry.pinned:
            painter.setOpacity(0.45)
        icon.paint(painter, QRect(area.center().x() - 6, area.center().y() - 6, 13, 13))
        painter.setOpacity(1.0)

    def _draw_name(self, painter: QPainter, area: QRect, entry: HistoryEntry) -> None:
        """Draw the state marker, the name, the label in a muted tone, and the note if its column is hidden."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self._theme.color(entry_text.state_role(entry))
        _draw_state_marker(painter, area.left(), area.center().y(), entry.state, color)
        area = area.adjusted(_MARK_SIZE + _GAP, 0, 0, 0)
        name = self._draw_text(painter, self._name_area(area, entry), entry.name, self._name, "text")
        area.setLeft(area.left() + name + _GAP)
        note = entry.note if self.notes_beside_names else ""
        for text, font in ((entry.label, self._label), (note, self._italic())):
            if text and area.width() > _LEAST_ROOM:
                area.setLeft(area.left() + self._draw_text(painter, area, text, font, "muted") + _GAP)

    def _name_area(self, area: QRect, entry: HistoryEntry) -> QRect:
        """Return the area of the name. The name is elided before the label, which tells its benchmarks apart."""
        label = QFontMetrics(self._label).horizontalAdvance(entry.label) + _GAP if entry.label else 0
        width = max(area.width() - label, round(area.width() * _MIN_NAME_SHARE))
        return QRect(area.left(), area.top(), width, area.height())

    def _draw_figure(self, painter: QPainter, area: QRect, entry: HistoryEntry) -> None:
        interval = entry_text.half_width(entry)
        if interval and area.width() + 2 * _PADDING >= _ROOM_FOR_INTERVAL:
            width = QFontMetrics(self._small).horizontalAdvance("± 00.0 %")
            painter.setFont(self._small)
            painter.setPen(self._theme.color("muted"))
            painter.drawText(area, align_right(), interval)
            area = area.adjusted(0, 0, -width - 8, 0)
        elif area.width() + 2 * _PADDING >= _ROOM_FOR_INTERVAL:
            # Align the figure with those that have an interval.
            area = area.adjusted(0, 0, -QFontMetrics(self._small).horizontalAdvance("± 00.0 %") - 8, 0)
        painter.setFont(self._figure)
        painter.setPen(self._theme.color("muted" if entry.median_ns is None else "text"))
        painter.drawText(area, align_right(), entry_text.figure(entry))

    def _draw_verdict(self, painter: QPainter, area: QRect, entry: HistoryEntry) -> None:
        text, role = entry_text.verdict(entry)
        if not text:
            return
        metrics = QFontMetrics(self._pill)
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() - 16)
        box = QRectF(area.left() + 0.5, area.center().y() - 8.5, metrics.horizontalAdvance(text) + 16, 18)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color(role, 0.45), 1))
        painter.setBrush(self._theme.color(role, 0.14))
        painter.drawRoundedRect(box, 9, 9)
        painter.setFont(self._pill)
        painter.setPen(self._theme.color(role))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _italic(self) -> QFont:
        font = QFont(self._small)
        font.setItalic(True)
        return font


def _draw_state_marker(painter: QPainter, left: int, middle: int, state: RunState, color: QColor) -> None:
    """Draw a state as a shape, so that it can be told without its colour.

    A disc is a finished run, a square a stopped one, a ring one that did not start, and a cross a failed one.

    Args:
        painter: must be antialiasing.
        left: left edge of the marker, which is :data:`_MARK_SIZE` pixels wide.
        middle: vertical centre.
        state: how the run ended.
        color: of the marker.
    """
    area = QRectF(left, middle - _MARK_SIZE / 2 + 1, _MARK_SIZE, _MARK_SIZE)
    inside = area.adjusted(1, 1, -1, -1)
    painter.setPen(QPen(color, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    match state:
        case RunState.FINISHED:
            _fill_mark(painter, color)
            painter.drawEllipse(area)
        case RunState.STOPPED:
            _fill_mark(painter, color)
            painter.drawRect(inside)
        case RunState.NOT_STARTED:
            painter.drawEllipse(inside)
        case _:
            painter.drawLine(QLineF(inside.topLeft(), inside.bottomRight()))
            painter.drawLine(QLineF(inside.bottomLeft(), inside.topRight()))


def _fill_mark(painter: QPainter, color: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
