"""A drop-down list with items styled like menus."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QWheelEvent
from PySide6.QtWidgets import QComboBox, QStyledItemDelegate, QStyleOptionViewItem, QWidget

Index = QModelIndex | QPersistentModelIndex
_SEPARATOR_HEIGHT = 9


class DropDown(QComboBox):
    """A QComboBox with a styled popup that ignores the wheel while closed.

    The style sheet only applies to items with a QStyledItemDelegate. Ignoring the wheel prevents accidental selection.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(_Items(self))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pass the wheel to the widget below."""
        event.ignore()


class _Items(QStyledItemDelegate):
    """Draws items with the style sheet, and separators as lines."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size of an item."""
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
    """Return whether an item was added by ``QComboBox.insertSeparator``."""
    return bool(index.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "separator")
