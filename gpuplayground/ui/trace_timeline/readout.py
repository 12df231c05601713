"""The floating readout of exact figures beside the pointer."""

from __future__ import annotations

import re

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gpuplayground.ui.trace_timeline.facts import Facts
from gpuplayground.ui.widgets.theme import Theme, ui_font

_PADDING, _LINE_PX, _GAP = 8, 17, 12
_LEAST_WIDTH, _MOST_WIDTH = 180, 420
_WRAP = Qt.TextFlag.TextWordWrap
#: C++ names have few spaces: further points at which a line may break.
_BREAKS = re.compile(r"(::|[,<>(_])(?=\w)")
#: Offset of the readout from the pointer.
_BESIDE = QPoint(14, 18)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class Readout(QWidget):
    """A tool-tip window that ignores the mouse and never takes the focus."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.ToolTip | Qt.WindowType.WindowTransparentForInput)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._theme = theme
        self._title_font, self._font = ui_font(12, QFont.Weight.DemiBold), ui_font(12)
        self._metrics = QFontMetrics(self._font)
        self._title_metrics = QFontMetrics(self._title_font)
        self._labels_px = 0
        self._title_height = _LINE_PX
        self.facts = Facts("")
        theme.changed.connect(self.update)

    def show_facts(self, facts: Facts, pointer: QPoint) -> None:
        """Show figures beside the pointer, which is in screen coordinates."""
        if facts != self.facts or not self.isVisible():
            self.facts = facts
            self.resize(self._measure())
            self.update()
        self.move(self._beside(pointer))
        self.show()

    def _title(self) -> str:
        return _BREAKS.sub("\\1\N{ZERO WIDTH SPACE}", self.facts.title)

    def _measure(self) -> QSize:
        measure = self._metrics.horizontalAdvance
        self._labels_px = max((measure(label) for label, _ in self.facts.lines), default=0)
        values = max((measure(value) for _, value in self.facts.lines), default=0)
        title = self._title_metrics.horizontalAdvance(self.facts.title) + 1
        width = min(max(self._labels_px + _GAP + values, title, _LEAST_WIDTH), _MOST_WIDTH)
        wrapped = self._title_metrics.boundingRect(QRect(0, 0, width, 1000), int(_WRAP), self._title())
        self._title_height = max(_LINE_PX, wrapped.height()) + 3
        return QSize(width + 2 * _PADDING, self._title_height + len(self.facts.lines) * _LINE_PX + 2 * _PADDING)

    def _beside(self, pointer: QPoint) -> QPoint:
        """Return a position that fits the screen: below and to the right of the pointer, else on the other side."""
        screen = self.screen().availableGeometry()
        corner = pointer + _BESIDE
        if corner.x() + self.width() > screen.right():
            corner.setX(max(screen.left(), pointer.x() - _BESIDE.x() - self.width()))
        if corner.y() + self.height() > screen.bottom():
            corner.setY(max(screen.top(), pointer.y() - _BESIDE.y() - self.height()))
        return corner

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the title, then labels and values in two columns."""
        theme, painter = self._theme, QPainter(self)
        painter.fillRect(self.rect(), theme.color("border"))
        painter.fillRect(self.rect().adjusted(1, 1, -1, -1), theme.color("card"))
        inside = self.rect().adjusted(_PADDING, _PADDING, -_PADDING, -_PADDING)
        painter.setFont(self._title_font)
        painter.setPen(theme.color("text"))
        painter.drawText(QRect(inside.topLeft(), QSize(inside.width(), self._title_height)), int(_WRAP), self._title())
        painter.setFont(self._font)
        top = inside.top() + self._title_height
        for label, value in self.facts.lines:
            painter.setPen(theme.color("muted"))
            painter.drawText(QRect(inside.left(), top, self._labels_px, _LINE_PX), _LEFT, label)
            room = inside.width() - self._labels_px - _GAP
            painter.setPen(theme.color("text"))
            value = self._metrics.elidedText(value, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(inside.right() + 1 - room, top, room, _LINE_PX), _LEFT, value)
            top += _LINE_PX
