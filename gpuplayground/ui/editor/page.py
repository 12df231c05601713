"""One tab: a document, the editor it is edited in, and a bar for what has to be said about it."""

from __future__ import annotations

import time
import uuid
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

#: A text of more lines takes Qt a second or more to lay out: it is shown when it is asked for.
ENORMOUS_LINES = 200_000


class NoticeBar(QWidget):
    """One sentence above the text and the buttons that answer it; hidden until there is something to say."""

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
        """Show a sentence and a button for each choice; any of them hides the bar."""
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
    """A document under edit. ``tab_id`` stays the same as long as the tab lives, over a crash too.

    With ``waits`` the editor gets the text when :meth:`load` is called; :meth:`text` has it at once. Until then
    nothing but this page may touch the editor.
    """

    def __init__(self, theme: Theme, document: Document, tab_id: str | None = None, *, waits: bool = False) -> None:
        super().__init__()
        self.tab_id = tab_id or uuid.uuid4().hex
        self.document = document
        self.notified: Stamp | None = None  # what the notice about the file on disk is about
        self.notice = NoticeBar(self)
        self._offer = NoticeBar(self)  # to show an enormous text
        self.editor = CodeEditor(theme, self)
        self.is_waiting = waits
        self._draft: Draft | None = None  # to be shown by load()
        self._state: TabState | None = None  # where the user was, likewise
        self._top = 0  # the first line to show once there is a place for it
        self.editor.set_text("" if waits else document.text)
        self.setFocusProxy(self.editor)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice)
        layout.addWidget(self._offer)
        layout.addWidget(self.editor, 1)

    @property
    def modified(self) -> bool:
        """Whether there is work that a file does not have."""
        return self._draft is not None or self.editor.document().isModified()

    @property
    def untouched(self) -> bool:
        """Whether this is a new tab in which nothing was ever typed."""
        return self.document.path is None and not self.modified and not self.document.text

    @property
    def needs_draft(self) -> bool:
        """Whether there is text that no file has, be it typed or given, such as an example."""
        return self.modified or (self.document.path is None and bool(self.document.text))

    def text(self) -> str:
        r"""Return all lines, joined by ``\n``, whether the editor shows them yet or not."""
        if not self.is_waiting:
            return self.editor.text()
        return self._draft.text if self._draft is not None else self.document.text

    def load(self) -> None:
        """Give the editor its text, if it is still waiting for it."""
        if not self.is_waiting:
            return
        self.editor.setEnabled(True)
        self._offer.clear()
        draft, state, was_modified = self._draft, self._state, self.modified
        self.editor.set_text(self.document.text)
        self.is_waiting = False
        if draft is not None:
            self.take(draft)
        self._draft = None
        self.mark_modified(was_modified)
        if state is not None:
            self.restore(state)

    def offer(self) -> None:
        """Show a text that takes its time only when it is asked for, any other at once."""
        lines = self.text().count("\n") + 1
        if not self.is_waiting or lines < ENORMOUS_LINES:
            self.load()
            return
        self.editor.setEnabled(False)
        text = self.tr("“{name}” has {lines:,} lines, which take some seconds to show.")
        self._offer.say(text.format(name=self.document.name, lines=lines), (self.tr("Show"), self._show_text))

    def _show_text(self) -> None:
        self.load()
        self.editor.setFocus()

    def state(self) -> TabState:
        """Return what brings the tab back as it is."""
        path = self.document.path
        here = replace(
            self._state or TabState(),
            tab_id=self.tab_id,
            path=str(path) if path is not None else None,
            name=self.document.name,
            modified=self.modified,
        )
        if self.is_waiting:
            return here
        line, column = self.editor.place()
        top = self._top or self.editor.firstVisibleBlock().blockNumber() + 1
        return replace(here, line=line, column=column, top=top)

    def restore(self, state: TabState) -> None:
        """Go to where the user was, now or when the text is shown."""
        self._state = state
        if self.is_waiting:
            return
        self.editor.set_place(state.line, state.column)
        if state.top == 0 or self.isVisible():
            self._scroll(state.top)
        else:
            self._top = state.top

    def showEvent(self, event: QShowEvent) -> None:
        """Scroll to where the user was: before, the editor did not know its height."""
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
        """Say that the text differs from the file, or that it does not."""
        self.editor.document().setModified(modified)

    def save_to(self, path: Path) -> None:
        """Write the text to a file.

        Raises:
            DocumentError: it could not be written.
        """
        # Unedited, the document writes back the very bytes it came from.
        text = self.text() if self.modified else self.document.text
        self.document = documents.write(self.document, text, path)
        self._draft = None
        self.notice.clear()
        self.mark_modified(False)

    def reload(self) -> None:
        """Take the text that the file has now, as a step that can be undone.

        Raises:
            DocumentError: the file cannot be read.
        """
        assert self.document.path is not None
        document = documents.read(self.document.path)
        if not self.is_waiting:
            self.editor.replace_text(document.text)
        self.document, self._draft = document, None
        self.mark_modified(False)

    def changed_on_disk(self) -> bool:
        """Return whether the file is not the one that was read or written last."""
        path = self.document.path
        return path is not None and documents.stamp(path) != self.document.stamp

    def take_disk_state(self, document: Document) -> None:
        """Note that the file has the text that is shown."""
        self.document, self._draft = document, None
        self.notice.clear()
        self.mark_modified(False)

    def accept_disk_state(self) -> None:
        """Keep the text although the file differs: it has to be saved to get there."""
        if self.document.path is not None:
            self.document = replace(self.document, stamp=documents.stamp(self.document.path))
        self.mark_modified(True)

    def draft(self) -> Draft:
        """Return the unsaved text as it stands."""
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

    def take(self, draft: Draft) -> None:
        """Show the text of a draft as unsaved work; undo goes back to the file's."""
        if self.is_waiting:
            self._draft = draft
            return
        self.editor.replace_text(draft.text)
        self.set_cursor(draft.cursor)
        self.mark_modified(True)

    def set_cursor(self, position: int) -> None:
        """Put the cursor at a position, or at the end of a text that is shorter."""
        cursor = self.editor.textCursor()
        cursor.setPosition(min(position, self.editor.document().characterCount() - 1))
        self.editor.setTextCursor(cursor)
        self.editor.centerCursor()
