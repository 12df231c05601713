"""The words below the chart of a sweep, which never take its room: many of them scroll."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gpuplayground.ui.widgets.plain_text import PlainLabel

#: More lines than this scroll.
MOST_LINES = 5


class Note(QScrollArea):
    """What there is to say, and below it in the colour of errors what failed; hidden while there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words, self._failures = PlainLabel(), PlainLabel()
        self._words.setProperty("role", "muted")
        self._failures.setProperty("role", "error")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for label in (self._words, self._failures):
            label.setWordWrap(True)
            column.addWidget(label)
        column.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        # The panel's surface shows through: a scroll area fills both of them with another one.
        for surface in (inside, self.viewport()):
            surface.setAutoFillBackground(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Findings of the sweep"))
        self.show_words("")

    def text(self) -> str:
        """Return all of it, a line for each sentence."""
        return "\n".join(filter(None, (self._words.text(), self._failures.text())))

    def show_words(self, words: str, failures: str = "") -> None:
        """Show other words; both texts may have several lines."""
        for label, text in ((self._words, words), (self._failures, failures)):
            label.setText(text)
            label.setVisible(bool(text))
        self.setAccessibleDescription(self.text())
        self.setVisible(bool(self.text()))
        self._fit()

    def sizeHint(self) -> QSize:
        """Return the room of the words as far as they do not scroll."""
        return QSize(0, self.maximumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take the height that the words need at another width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = [label for label in (self._words, self._failures) if label.text()]
        wanted = sum(label.heightForWidth(max(self.width(), 1)) for label in shown)
        most = MOST_LINES * self.fontMetrics().lineSpacing()
        self.setFixedHeight(min(wanted, most))
        # Only what scrolls takes the keyboard.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if wanted > most else Qt.FocusPolicy.NoFocus)
