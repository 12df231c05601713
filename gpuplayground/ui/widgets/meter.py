"""A thin progress bar with a name at the left and a few words at the right."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from gpuplayground.ui.widgets.chart_surface import Surface
from gpuplayground.ui.widgets.theme import Theme, align_right, ui_font

_BAR = 6.0
_HEIGHT = 34


class Meter(Surface):
    """Shows a name, a few words, and a bar below them."""

    def __init__(self, name: str, role: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, QSize(260, _HEIGHT), parent)
        self._name, self._role = name, role
        self._share, self._words = 0.0, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    @property
    def words(self) -> str:
        """The text at the right."""
        return self._words

    @property
    def share(self) -> float:
        """How much of the bar is filled, 0 to 1."""
        return self._share

    def set(self, share: float, words: str) -> None:
        """Fill the bar to a share from 0 to 1 and show ``words`` at the right."""
        self._share, self._words = min(max(share, 0.0), 1.0), words
        self.setAccessibleDescription(words)
        self.update()

    def words_within(self, width: float) -> str:
        """Return the words or, if they do not fit into ``width`` pixels, those before the first comma."""
        has_room = QFontMetricsF(ui_font(11)).horizontalAdvance(self._words) <= width
        return self._words if has_room else self._words.partition(", ")[0]

    def draw(self, painter: QPainter, area: QRectF) -> None:
        """Paint both texts and the bar."""
        text = area.adjusted(0, 0, 0, -_BAR - 6)
        painter.setPen(self.theme.color("muted"))
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._name)
        painter.setPen(self.theme.color("text"))
        metrics = QFontMetricsF(painter.font())
        words = text.adjusted(metrics.horizontalAdvance(self._name) + 12, 0, 0, 0)
        painter.drawText(words, align_right(), self.words_within(words.width()))
        bar = QRectF(area.left(), area.bottom() - _BAR - 2, area.width(), _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("grid"))
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
        if self._share > 0:
            painter.setBrush(self.theme.color("good" if self._share >= 1 and self._role == "accent" else self._role))
            bar.setWidth(max(_BAR, bar.width() * self._share))
            painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
