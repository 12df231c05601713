"""The input line for ``input()``, and the find bar of the output."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QToolButton, QWidget

from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, mono_font


class InputLine(QFrame):
    """Shown while the snippet waits for input. Enter sends the line, Ctrl+D on an empty line sends end of file."""

    entered = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self.edit = QLineEdit()
        self.edit.setFont(mono_font(12))
        self.edit.setPlaceholderText(self.tr("Type the input, then press Enter"))
        self.edit.setToolTip(self.tr("Enter sends the line to the snippet; Ctrl+D ends the input"))
        self.edit.setAccessibleName(self.tr("Input for the snippet"))
        self.edit.returnPressed.connect(self._send)
        self.edit.installEventFilter(self)
        self._mark = PlainLabel()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self._mark)
        layout.addWidget(self.edit)
        theme.changed.connect(self._theme_changed)
        self._theme_changed()
        self.hide()

    def ask(self) -> None:
        """Show the empty line and focus it."""
        self.edit.clear()
        self.show()
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Send end of file on Ctrl+D in an empty line."""
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride) and isinstance(event, QKeyEvent):
            control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
            if control and event.key() == Qt.Key.Key_D and not self.edit.text():
                if event.type() == QEvent.Type.KeyPress:
                    self.closed.emit()
                event.accept()
                return True
        return False

    def _send(self) -> None:
        self.entered.emit(self.edit.text())

    def _theme_changed(self) -> None:
        self._mark.setPixmap(self._icons.pixmap("chevron-right", "warning", 16))


class FindBar(QFrame):
    """Searches backwards or forwards. Esc closes it."""

    textChanged = Signal(str)
    nextRequested = Signal(bool)  # backwards
    closed = Signal()

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(self.tr("Find in the output"))
        self.edit.setAccessibleName(self.tr("Find in the output"))
        self.edit.textChanged.connect(self.textChanged)
        self.edit.installEventFilter(self)
        self._message = PlainLabel()
        self._message.setProperty("role", "muted")
        self._buttons = {
            "chevron-up": self._button(self.tr("Previous match"), "Shift+Enter", lambda: self.nextRequested.emit(True)),
            "chevron-down": self._button(self.tr("Next match"), "Enter", lambda: self.nextRequested.emit(False)),
            "x": self._button(self.tr("Close"), "Esc", self.closed.emit),
        }
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 2)
        layout.setSpacing(4)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self._message)
        for button in self._buttons.values():
            layout.addWidget(button)
        theme.changed.connect(self._theme_changed)
        self._theme_changed()
        self.hide()

    def open(self) -> None:
        """Show the bar with its text selected."""
        self.show()
        self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.edit.selectAll()

    def message(self) -> str:
        """Return the message beside the field."""
        return self._message.text()

    def show_message(self, message: str) -> None:
        """Show a message beside the field, such as “Not found”."""
        self._message.setText(message)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Search on Enter and Shift+Enter, close on Esc."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.nextRequested.emit(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            return True
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return True
        return False

    def _button(self, name: str, key: str, action: object) -> QToolButton:
        button = QToolButton()
        button.setAccessibleName(name)
        button.setToolTip(plainly(f"{name} ({key})"))
        button.clicked.connect(action)
        return button

    def _theme_changed(self) -> None:
        for icon, button in self._buttons.items():
            button.setIcon(self._icons.icon(icon))
