"""Check boxes in the colours of the theme; Qt's own are invisible on a dark surface."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gpuplayground.ui.widgets.theme import Theme, ui_font

_BOX, _GAP, _ROW = 15, 8, 26
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def _draw_box(painter: QPainter, theme: Theme, at: QPointF, *, ticked: bool, enabled: bool) -> None:
    box = QRectF(at.x() + 0.5, at.y() + 0.5, _BOX - 1, _BOX - 1)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    filled = theme.color("accent" if enabled else "faint")
    painter.setPen(filled if ticked else theme.color("muted" if enabled else "faint"))
    painter.setBrush(filled if ticked else theme.color("card"))
    painter.drawRoundedRect(box, 3, 3)
    if ticked:
        pen = QPen(theme.color("on_accent"), 1.8)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        tick = ((3.5, 7.5), (6.5, 10.5), (11.5, 4.5))
        painter.drawPolyline(QPolygonF([at + QPointF(x, y) for x, y in tick]))


class TickBox(QCheckBox):
    """A check box with its text."""

    def __init__(self, text: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._theme = theme
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Return the size of the box and the text."""
        return QSize(_BOX + _GAP + QFontMetrics(ui_font()).horizontalAdvance(self.text()) + 8, _ROW)

    def hitButton(self, place: QPoint) -> bool:
        """Accept clicks on the text too."""
        return self.rect().contains(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box and the text, underlined while it has the focus."""
        painter = QPainter(self)
        top = (self.height() - _BOX) / 2
        _draw_box(painter, self._theme, QPointF(1, top), ticked=self.isChecked(), enabled=self.isEnabled())
        words = self.rect().adjusted(_BOX + _GAP, 0, 0, 0)
        painter.setFont(ui_font())
        painter.setPen(self._theme.color("text" if self.isEnabled() else "faint"))
        painter.drawText(words, _LEFT, self.text())
        if self.hasFocus():
            painter.setPen(self._theme.color("accent"))
            right = words.left() + QFontMetrics(ui_font()).horizontalAdvance(self.text())
            painter.drawLine(words.left(), self.height() - 4, right, self.height() - 4)
        painter.end()


class TickDelegate(QStyledItemDelegate):
    """Draws checkable items of a list."""

    def __init__(self, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._theme = theme
        theme.changed.connect(view.viewport().update)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the height of a row."""
        return QSize(0, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row."""
        area, state = QRect(option.rect), option.state
        enabled = bool(state & QStyle.StateFlag.State_Enabled)
        painter.save()
        if state & QStyle.StateFlag.State_HasFocus and enabled:
            painter.fillRect(area, self._theme.color("selection"))
        ticked = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked
        corner = QPointF(area.left() + 4, area.center().y() - _BOX / 2)
        _draw_box(painter, self._theme, corner, ticked=ticked, enabled=enabled)
        words = area.adjusted(_BOX + _GAP + 4, 0, -4, 0)
        painter.setFont(ui_font())
        painter.setPen(self._theme.color("text" if enabled else "faint"))
        text = QFontMetrics(ui_font()).elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, words.width())
        painter.drawText(words, _LEFT, text)
        painter.restore()
