"""Where things lie on a timeline's canvas, and what a user does there."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gpuplayground.ui.trace_timeline.canvas import TimelineCanvas


def row_y(canvas: TimelineCanvas, name: str) -> int:
    """The middle of the row of that name."""
    slots = canvas.probe.geometry.slots(canvas.bar.value())
    slot = next(slot for slot in slots if canvas.picture.rows[slot.number].name == name)
    return (slot.top + slot.bottom) // 2


def at(canvas: TimelineCanvas, name: str, moment: float) -> QPoint:
    """The place of a moment in a row."""
    return QPoint(int(canvas.probe.x_of(moment)), row_y(canvas, name))


def hover(canvas: TimelineCanvas, point: QPoint) -> str:
    """Move the pointer there and return what is told of it."""
    QTest.mouseMove(canvas, QPoint(1, 1))  # it may be there already, from the test before: that would be no movement
    QTest.mouseMove(canvas, point)
    QApplication.processEvents()
    return canvas.readout.facts.text if canvas.readout.isVisible() else ""


def click(canvas: TimelineCanvas, point: QPoint) -> None:
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=point)


def drag(canvas: TimelineCanvas, start: QPoint, by: QPoint) -> None:
    """Press, move in two steps and release."""
    button = Qt.MouseButton.LeftButton
    QTest.mousePress(canvas, button, pos=start)
    QTest.mouseMove(canvas, start + by / 2)
    QTest.mouseMove(canvas, start + by)
    QTest.mouseRelease(canvas, button, pos=start + by)


def wheel(
    canvas: TimelineCanvas,
    point: QPoint,
    angle: QPoint,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    pixels: QPoint | None = None,
) -> None:
    """Turn the wheel; ``pixels`` is what a touchpad adds."""
    event = QWheelEvent(
        QPointF(point),
        QPointF(canvas.mapToGlobal(point)),
        pixels or QPoint(),
        angle,
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)
