"""A drop-down list whose items look like those of the menus."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QWheelEvent
from PySide6.QtWidgets import QComboBox, QStyledItemDelegate, QStyleOptionViewItem, QWidget

Index = QModelIndex | QPersistentModelIndex
_SEPARATOR_HEIGHT = 9


class DropDown(QComboBox):
    """Qt's own, but for its popup and the wheel.

    The style sheet reaches the items only through a delegate of the plain kind. The wheel over the closed list scrolls
    what is below it: nothing is chosen unseen.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(_Items(self))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to what is below."""
        event.ignore()


class _Items(QStyledItemDelegate):
    """Draws the items as the style sheet says, and separators as lines."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the room of an item."""
        return QSize(0, _SEPARATOR_HEIGHT) if _is_separator(index) else super().sizeHint(option, index)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw an item."""
        if not _is_separator(index):
            super().paint(painter, option, index)
            return
        area = option.rect
        painter.setPen(option.palette.color(QPalette.ColorRole.Mid))
        painter.drawLine(area.left() + 8, area.center().y(), area.right() - 8, area.center().y())


def _is_separator(index: Index) -> bool:
    """Return whether an item is one of ``QComboBox.insertSeparator``, which marks it so."""
    return bool(index.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "separator")
