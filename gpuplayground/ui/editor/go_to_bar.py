"""The go-to-line bar of the editor."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from gpuplayground.ui.editor.editing import parse_place
from gpuplayground.ui.editor.editor import CodeEditor
from gpuplayground.ui.widgets.plain_text import PlainLabel


class GoToBar(QWidget):
    """Accepts ``line`` or ``line:column``. Enter jumps, Esc closes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor: CodeEditor | None = None
        self.label = PlainLabel(self.tr("Go to"), self)
        self.label.setProperty("role", "muted")
        self.edit = QLineEdit(self)
        self.edit.setAccessibleName(self.tr("Line, or line and column"))
        self.edit.setToolTip(self.tr("A line such as 12, or a line and column such as 12:5 (Enter jumps)"))
        self.edit.setPlaceholderText(self.tr("line or line:column"))
        self.edit.setFixedWidth(160)
        self.status = PlainLabel(parent=self)
        self.status.setProperty("role", "error")
        self.edit.textChanged.connect(lambda: self.status.clear())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout.addWidget(self.label)
        layout.addWidget(self.edit)
        layout.addWidget(self.status, 1)
        self.hide()

    def set_editor(self, editor: CodeEditor | None) -> None:
        """Set the editor to jump in."""
        self._editor = editor

    def open(self) -> None:
        """Show the bar with the current line number."""
        if self._editor is None:
            return
        self.edit.setText(str(self._editor.line_and_column()[0]))
        self.show()
        self.edit.setFocus()
        self.edit.selectAll()

    def close_bar(self) -> None:
        """Hide the bar and return the focus to the text."""
        self.hide()
        if self._editor is not None:
            self._editor.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Jump on Enter, close on Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._jump()
        else:
            super().keyPressEvent(event)

    def _jump(self) -> None:
        place = parse_place(self.edit.text())
        if self._editor is None:
            return
        last = self._editor.blockCount()
        if place is None or place[0] > last:
            self.status.setText(self.tr("Enter a line from 1 to {last}, such as 12 or 12:5.").format(last=f"{last:,}"))
            return
        self.hide()
        self._editor.go_to_line(*place)
