"""The notice below the history table: the last action with Undo, or an error."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font

#: How long a deletion can be undone.
UNDO_MS = 8000


class NoticeBar(QFrame):
    """Hidden while empty. An action becomes final after :data:`UNDO_MS`, or with the next action."""

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._settle: Callable[[], None] | None = None
        self._undo: Callable[[], None] | None = None
        self.label = PlainLabel()
        self.label.setFont(ui_font(12))
        # A long sentence wraps instead of widening the window.
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.label.setWordWrap(True)
        self.undo_button = QPushButton(self.tr("Undo"))
        self.undo_button.setToolTip(self.tr("Undo the deletion (Ctrl+Z)"))
        self.undo_button.clicked.connect(self.undo)
        self.close_button = QToolButton()
        self.close_button.setAccessibleName(self.tr("Close the notice"))
        self.close_button.setToolTip(self.tr("Close the notice"))
        self.close_button.clicked.connect(self.settle)
        self._timer = QTimer(self, singleShot=True, interval=UNDO_MS)
        self._timer.timeout.connect(self.settle)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 6, 3)
        row.addWidget(self.label, 1)
        row.addWidget(self.undo_button)
        row.addWidget(self.close_button)
        theme.changed.connect(self._draw_icon)
        self._draw_icon()
        self.hide()

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return self._undo is not None

    def offer_undo(self, text: str, undo: Callable[[], None], settle: Callable[[], None]) -> None:
        """Show what was done. ``undo`` reverts it; without an undo, ``settle`` makes it final."""
        self.settle()
        self._undo, self._settle = undo, settle
        self._show(text, "")
        self._timer.start()

    def say(self, sentence: str, role: str = "error") -> None:
        """Show a sentence until it is closed or something else happens."""
        self.settle()
        self._show(sentence, role)

    def dismiss(self) -> None:
        """Hide the notice, unless it offers Undo."""
        if not self.can_undo:
            self.hide()

    def undo(self) -> None:
        """Undo the last action, if possible."""
        undo, self._undo, self._settle = self._undo, None, None
        self.settle()
        if undo is not None:
            undo()

    def settle(self) -> None:
        """Make the last action final, and hide."""
        settle, self._settle, self._undo = self._settle, None, None
        self._timer.stop()
        self.hide()
        if settle is not None:
            settle()

    def _show(self, text: str, role: str) -> None:
        self.label.setText(text)
        self.label.setToolTip(plainly(text))
        self.label.setProperty("role", role)
        self.label.style().unpolish(self.label)
        self.label.style().polish(self.label)
        self.undo_button.setVisible(self.can_undo)
        self.setAccessibleName(text)
        self.show()

    def _draw_icon(self) -> None:
        self.close_button.setIcon(self._icons.icon("x"))
