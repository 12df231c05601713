"""The mark that says that the values beside it come from a recording."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font

_PADDING = 9


class RecordingMark(QWidget):
    """A pill that shortens its text where there is little room, so that it never widens the window."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._font = ui_font(11)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        self.hide()

    @property
    def text(self) -> str:
        """The whole text, shortened or not."""
        return self._text

    def set_text(self, text: str, tooltip: str = "") -> None:
        """Show a text; hide when it is empty. The tooltip is the text itself unless it says more."""
        self._text = text
        self.setAccessibleName(tooltip or text)
        self.setToolTip(plainly(tooltip or text))
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the whole text."""
        metrics = QFontMetrics(self._font)
        return QSize(metrics.horizontalAdvance(self._text) + 2 * _PADDING + 1, metrics.height() + 6)

    def minimumSizeHint(self) -> QSize:
        """Return the size in which the text's beginning can be read."""
        return QSize(min(84, self.sizeHint().width()), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(self._theme.color("warning", 0.10))
        painter.setPen(self._theme.color("warning", 0.38))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(self._theme.color("warning"))
        painter.setFont(self._font)
        room = self.width() - 2 * _PADDING
        words = QFontMetrics(self._font).elidedText(self._text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
