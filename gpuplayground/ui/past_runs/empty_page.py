"""The placeholder of an empty history: no runs yet, none found, or why they cannot be shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme, ui_font


class EmptyPage(QWidget):
    """Shows an icon, a headline, a sentence and, for a search without results, a button that clears it."""

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
        self.clear_button = QPushButton(self.tr("Show all runs"))
        self.clear_button.setToolTip(self.tr("Clear the search and the filters"))
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
        """Show that the history is being read."""
        self._show("history", "muted", self.tr("Reading the history…"), "")

    def show_nothing_yet(self) -> None:
        """Show how runs get into the history."""
        text = self.tr("Run a snippet (F5) or benchmark it (Shift+F5): its source and results are kept here.")
        self._show("history", "muted", self.tr("No runs yet"), text)

    def show_nothing_found(self, text: str) -> None:
        """Show that no run passes the filter; ``text`` is the search text."""
        headline = self.tr("No runs found for “{0}”").format(text) if text else self.tr("No such runs")
        hint = self.tr("Every word must occur in a name, label, note, verdict, GPU or framework.") if text else ""
        self._show("search", "muted", headline, hint, can_clear=True)

    def show_problem(self, sentence: str) -> None:
        """Show why the history cannot be read."""
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
