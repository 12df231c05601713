"""The mouse over a chart: without a screen there is no cursor to move, so that the event itself is sent."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget


def hover(widget: QWidget, x: float, y: float) -> None:
    """Move the mouse to a point of a widget."""
    place, none = QPointF(x, y), Qt.MouseButton.NoButton
    kind, keys = QEvent.Type.MouseMove, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, place, widget.mapToGlobal(place), none, none, keys)
    QApplication.sendEvent(widget, event)


def leave(widget: QWidget) -> None:
    """Take the mouse away."""
    QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))
