"""A small rounded status label: green for good, amber for a warning, red for an error."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from gpuplayground.ui.widgets.theme import Theme, ui_font

_PADDING = 10


class Pill(QWidget):
    """One or two words on a tinted, rounded surface; hidden without text."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._role = "good"
        theme.changed.connect(self.update)
        self.setVisible(False)

    @property
    def text(self) -> str:
        """The text."""
        return self._text

    @property
    def role(self) -> str:
        """The colour role."""
        return self._role

    def set(self, text: str, role: str = "good") -> None:
        """Show ``text`` in the colour of a role; an empty text hides the pill."""
        if (text, role) == (self._text, self._role):
            return
        self._text, self._role = text, role
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the text with padding."""
        metrics = QFontMetrics(ui_font(11))
        return QSize(metrics.horizontalAdvance(self._text) + 2 * _PADDING, metrics.height() + 5)

    def minimumSizeHint(self) -> QSize:
        """Return :meth:`sizeHint`: a pill is never clipped."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the surface and the text."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = self.sizeHint()
        box = QRectF(0.5, (self.height() - size.height()) / 2 + 0.5, self.width() - 1, size.height() - 1)
        painter.setBrush(self._theme.color(self._role, 0.14))
        painter.setPen(self._theme.color(self._role, 0.45))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(self._theme.color(self._role))
        painter.setFont(ui_font(11))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text)
