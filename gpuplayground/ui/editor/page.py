"""The page of one tab: a document, its editor, and a notice bar."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gpuplayground.storage import documents
from gpuplayground.storage.documents import Document, Stamp
from gpuplayground.storage.drafts import Draft
from gpuplayground.storage.open_tabs import TabState
from gpuplayground.ui.editor.editor import CodeEditor
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme

#: Qt needs a second or more to lay out a longer text, so it is shown only on request.
ENORMOUS_LINES = 200_000


class NoticeBar(QWidget):
    """A sentence above the text with buttons; hidden while there is no notice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = PlainLabel(parent=self)
        self.label.setWordWrap(True)
        self.buttons: list[QPushButton] = []
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(12, 6, 8, 6)
        self._layout.addWidget(self.label, 1)
        self.setAutoFillBackground(True)
        self.hide()

    def say(self, text: str, *choices: tuple[str, Callable[[], object]]) -> None:
        """Show a sentence and a button for each choice. Every button hides the bar."""
        self.clear()
        self.label.setText(text)
        for label, act in choices:
            button = QPushButton(label, self)
            button.setAccessibleName(label)
            button.clicked.connect(self.clear)
            button.clicked.connect(act)
            self._layout.addWidget(button)
            self.buttons.append(button)
        self.show()

    def clear(self) -> None:
        """Hide the bar."""
        for button in self.buttons:
            self._layout.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = []
        self.hide()


class EditorPage(QWidget):
    """An open document. ``tab_id`` stays the same as long as the tab exists, even across a crash.

    With ``deferred`` the editor gets its text only in :meth:`load`, while :meth:`text` returns it at once. Until then
    only this page may use the editor.
    """

    def __init__(self, theme: Theme, document: Document, tab_id: str | None = None, *, deferred: bool = False) -> None:
        super().__init__()
        self.tab_id = tab_id or os.urandom(16).hex()
        self.document = document
        self.python = ""  # the Python chosen for this tab; empty if none was
        self.notified: Stamp | None = None  # the file state that the notice is about
        self.notice = NoticeBar(self)
        self._offer = NoticeBar(self)  # offers to show an enormous text
        self.editor = CodeEditor(theme, self)
        self.is_deferred = deferred
        self._draft: Draft | None = None  # applied by load()
        self._state: TabState | None = None  # scroll and cursor position, applied by load()
        self._top = 0  # first visible line, to be applied when the page is shown
        self.editor.set_text("" if deferred else document.text)
        self.setFocusProxy(self.editor)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice)
        layout.addWidget(self._offer)
        layout.addWidget(self.editor, 1)

    @property
    def modified(self) -> bool:
        """Whether there are unsaved changes."""
        return self._draft is not None or self.editor.document().isModified()

    @property
    def untouched(self) -> bool:
        """Whether this is an empty new tab."""
        return self.document.path is None and not self.modified and not self.document.text

    @property
    def needs_draft(self) -> bool:
        """Whether there is text that is in no file: unsaved changes, or an unsaved document such as an example."""
        return self.modified or (self.document.path is None and bool(self.document.text))

    def text(self) -> str:
        r"""Return the text with ``\n`` as line ends, even if the editor is not loaded yet."""
        if not self.is_deferred:
            return self.editor.text()
        return self._draft.text if self._draft is not None else self.document.text

    def load(self) -> None:
        """Load the text into the editor, if that was deferred."""
        if not self.is_deferred:
            return
        self.editor.setEnabled(True)
        self._offer.clear()
        draft, state, was_modified = self._draft, self._state, self.modified
        self.editor.set_text(self.document.text)
        self.is_deferred = False
        if draft is not None:
            self.apply_draft(draft)
        self._draft = None
        self.mark_modified(was_modified)
        if state is not None:
            self.restore(state)

    def offer(self) -> None:
        """Load the text, or offer to load an enormous one."""
        lines = self.text().count("\n") + 1
        if not self.is_deferred or lines < ENORMOUS_LINES:
            self.load()
            return
        self.editor.setEnabled(False)
        text = self.tr("“{name}” has {lines:,} lines, which take a few seconds to show.")
        self._offer.say(text.format(name=self.document.name, lines=lines), (self.tr("Show"), self._show_text))

    def _show_text(self) -> None:
        self.load()
        self.editor.setFocus()

    def state(self) -> TabState:
        """Return the state needed to restore the tab."""
        path = self.document.path
        here = replace(
            self._state or TabState(),
            tab_id=self.tab_id,
            path=str(path) if path is not None else None,
            name=self.document.name,
            modified=self.modified,
            python=self.python,
        )
        if self.is_deferred:
            return here
        line, column = self.editor.line_and_column()
        top = self._top or self.editor.firstVisibleBlock().blockNumber() + 1
        return replace(here, line=line, column=column, top=top)

    def restore(self, state: TabState) -> None:
        """Restore cursor and scroll position, now or when the text is shown."""
        self._state, self.python = state, state.python
        if self.is_deferred:
            return
        self.editor.set_line_and_column(state.line, state.column)
        if state.top == 0 or self.isVisible():
            self._scroll(state.top)
        else:
            self._top = state.top

    def showEvent(self, event: QShowEvent) -> None:
        """Restore the scroll position; before, the editor did not know its height."""
        super().showEvent(event)
        if self._top:
            QTimer.singleShot(0, self, lambda: self._scroll(self._top))

    def _scroll(self, top: int) -> None:
        self._top = 0
        if top:
            self.editor.verticalScrollBar().setValue(top - 1)
        else:
            self.editor.centerCursor()

    def mark_modified(self, modified: bool) -> None:
        """Set whether the text differs from the file."""
        self.editor.document().setModified(modified)

    def save_to(self, path: Path) -> None:
        """Write the text to a file.

        Raises:
            DocumentError: it could not be written.
        """
        # An unmodified document is written back byte for byte.
        text = self.text() if self.modified else self.document.text
        self.document = documents.write(self.document, text, path)
        self._draft = None
        self.notice.clear()
        self.mark_modified(False)

    def reload(self) -> None:
        """Replace the text by that of the file, as one undo step.

        Raises:
            DocumentError: the file cannot be read.
        """
        assert self.document.path is not None
        document = documents.read(self.document.path)
        if not self.is_deferred:
            self.editor.replace_text(document.text)
        self.document, self._draft = document, None
        self.mark_modified(False)

    def changed_on_disk(self) -> bool:
        """Return whether the file has changed since it was last read or written."""
        path = self.document.path
        return path is not None and documents.stamp(path) != self.document.stamp

    def take_disk_state(self, document: Document) -> None:
        """Record that the file has the text that is shown."""
        self.document, self._draft = document, None
        self.notice.clear()
        self.mark_modified(False)

    def accept_disk_state(self) -> None:
        """Keep the text although the file differs, and mark it as modified."""
        if self.document.path is not None:
            self.document = replace(self.document, stamp=documents.stamp(self.document.path))
        self.mark_modified(True)

    def draft(self) -> Draft:
        """Return a draft of the current text."""
        document = self.document
        return Draft(
            tab_id=self.tab_id,
            name=document.name,
            path=str(document.path) if document.path is not None else None,
            text=self.text(),
            cursor=self._draft.cursor if self._draft is not None else self.editor.textCursor().position(),
            newline=document.newline,
            bom=document.bom,
            stamp=document.stamp,
            saved_at=time.time(),
        )

    def apply_draft(self, draft: Draft) -> None:
        """Show the text of a draft as unsaved changes; undo restores the file's text."""
        if self.is_deferred:
            self._draft = draft
            return
        self.editor.replace_text(draft.text)
        self.set_cursor(draft.cursor)
        self.mark_modified(True)

    def set_cursor(self, position: int) -> None:
        """Put the cursor at a position, clamped to the text."""
        cursor = self.editor.textCursor()
        cursor.setPosition(min(position, self.editor.document().characterCount() - 1))
        self.editor.setTextCursor(cursor)
        self.editor.centerCursor()
