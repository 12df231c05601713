"""The mark of how a run ended: a shape of its own for each state, so that it can be told without its colour."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from gpuplayground.model.results import RunState

SIZE = 8


def draw_state(painter: QPainter, left: int, middle: int, state: RunState, color: QColor) -> None:
    """Draw a disc for a run that finished, a square for a stopped one, a ring for none, and else a cross.

    Args:
        painter: Draws without sharp edges.
        left: Where the mark, :data:`SIZE` pixels wide, begins.
        middle: The height of its centre.
        state: How the run ended.
        color: Of the mark.
    """
    area = QRectF(left, middle - SIZE / 2 + 1, SIZE, SIZE)
    inside = area.adjusted(1, 1, -1, -1)
    painter.setPen(QPen(color, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    match state:
        case RunState.FINISHED:
            _fill(painter, color)
            painter.drawEllipse(area)
        case RunState.STOPPED:
            _fill(painter, color)
            painter.drawRect(inside)
        case RunState.NOT_STARTED:
            painter.drawEllipse(inside)
        case _:
            painter.drawLine(QLineF(inside.topLeft(), inside.bottomRight()))
            painter.drawLine(QLineF(inside.bottomLeft(), inside.topRight()))


def _fill(painter: QPainter, color: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
