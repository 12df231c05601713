"""A message bar across a panel, with buttons for actions and a close button."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme


class Banner(QFrame):
    """Hidden until it has a message. ``actionRequested`` carries the key of a clicked action."""

    actionRequested = Signal(str)
    closeRequested = Signal()

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner")
        self._icons = icons
        self._icon = ("info", "accent")
        self._picture, self._words = PlainLabel(parent=self), PlainLabel(parent=self)
        self._words.setWordWrap(True)
        self._words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._buttons: list[QPushButton] = []
        self._close = QToolButton(self)
        self._close.setAccessibleName(self.tr("Close this message"))
        self._close.setToolTip(self.tr("Close this message"))
        self._close.clicked.connect(self._dismiss)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 6, 8, 6)
        self._row.setSpacing(10)
        for widget in (self._picture, self._words, self._close):
            self._row.addWidget(widget)
        theme.changed.connect(self._draw)
        self._draw()
        self.hide()

    @property
    def text(self) -> str:
        """The current message."""
        return self._words.text()

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """The action buttons."""
        return tuple(self._buttons)

    @property
    def close_button(self) -> QToolButton:
        """The close button."""
        return self._close

    def say(
        self,
        sentence: str,
        *,
        icon: str = "info",
        role: str = "accent",
        detail: str = "",
        actions: Mapping[str, str] | None = None,
    ) -> None:
        """Show a message. ``actions`` has the text of each button by its key; ``detail`` is the tooltip."""
        for button in self._buttons:
            button.deleteLater()
        self._buttons = [self._button(key, words) for key, words in (actions or {}).items()]
        self._words.setText(sentence)
        self._words.setToolTip(plainly(detail))
        self.setAccessibleName(sentence)
        self._icon = (icon, role)
        self._draw()
        self.show()

    def clear(self) -> None:
        """Hide the banner without emitting ``closeRequested``."""
        self._words.clear()
        self.hide()

    def _button(self, key: str, words: str) -> QPushButton:
        button = QPushButton(words, self)
        button.setAccessibleName(words)
        button.clicked.connect(lambda: self.actionRequested.emit(key))
        self._row.insertWidget(self._row.count() - 1, button)
        return button

    def _dismiss(self) -> None:
        self.hide()
        self.closeRequested.emit()

    def _draw(self) -> None:
        name, role = self._icon
        self._picture.setPixmap(self._icons.pixmap(name, role, 16))
        self._close.setIcon(self._icons.icon("x"))
