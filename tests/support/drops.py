"""Drag and drop onto a widget, as the window system sends it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QLibraryInfo, QMimeData, QPoint, QPointF, Qt, QVersionNumber
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

_HOW = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)


def drop(widget: QWidget, data: QMimeData, place: QPoint) -> None:
    """Drag ``data`` over a widget and drop it there; the widget must accept it."""
    action = Qt.DropAction.CopyAction
    # Qt 6.12 deprecates the whole-pixel position, and 6.11 takes nothing else.
    position: Any = QPointF(place) if QLibraryInfo.version() >= QVersionNumber(6, 12) else place
    enter = QDragEnterEvent(position, action, data, *_HOW)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(QPointF(place), action, data, *_HOW))
