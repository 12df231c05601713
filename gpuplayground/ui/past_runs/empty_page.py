"""What stands where the list would be: nothing kept yet, nothing found, or the reason why nothing can be shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme, ui_font


class EmptyPage(QWidget):
    """A picture, a headline, a sentence, and a button where there is a way out."""

    clearRequested = Signal()

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._icon = ("history", "muted")
        self.picture, self.headline, self.sentence = PlainLabel(), PlainLabel(), PlainLabel()
        self.headline.setProperty("role", "title")
        self.headline.setFont(ui_font(14))
        self.sentence.setProperty("role", "muted")
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.clear_button = QPushButton(self.tr("Show everything"))
        self.clear_button.setToolTip(self.tr("Empty the search and show runs of every kind"))
        self.clear_button.clicked.connect(self.clearRequested)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 8, 24, 8)
        column.setSpacing(6)
        column.addStretch(2)
        for label in (self.picture, self.headline, self.sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addWidget(self.clear_button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        theme.changed.connect(self._draw)
        self.show_reading()

    def show_reading(self) -> None:
        """Say that the file is being read."""
        self._show("history", "muted", self.tr("Reading the history…"), "")

    def show_nothing_yet(self) -> None:
        """Say how something gets here."""
        words = self.tr("Run a snippet (F5) or benchmark it (Shift+F5): each is kept here, with its source and result.")
        self._show("history", "muted", self.tr("Nothing was run yet"), words)

    def show_nothing_found(self, text: str) -> None:
        """Say that a filter lets nothing pass; ``text`` is what was searched for."""
        headline = self.tr("Nothing found for “{0}”").format(text) if text else self.tr("No such runs")
        words = self.tr("Every word must occur in a name, label, note, verdict, GPU or framework.") if text else ""
        self._show("search", "muted", headline, words, can_clear=True)

    def show_problem(self, sentence: str) -> None:
        """Say why the history cannot be shown."""
        self._show("triangle-alert", "warning", self.tr("The history cannot be shown"), sentence)

    def _show(self, icon: str, role: str, headline: str, sentence: str, *, can_clear: bool = False) -> None:
        self._icon = (icon, role)
        self.headline.setText(headline)
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        self.clear_button.setVisible(can_clear)
        self.setAccessibleName(headline)
        self.setAccessibleDescription(sentence)
        self._draw()

    def _draw(self) -> None:
        name, role = self._icon
        self.picture.setPixmap(self._icons.pixmap(name, role, 28))
