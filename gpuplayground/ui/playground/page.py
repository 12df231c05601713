"""One tab: a document, the editor it is edited in, and a bar for what has to be said about it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gpuplayground import documents
from gpuplayground.documents import Document, Stamp
from gpuplayground.drafts import Draft
from gpuplayground.ui.plain_text import PlainLabel
from gpuplayground.ui.playground.editor import CodeEditor
from gpuplayground.ui.theme import Theme


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
    """A document under edit. ``tab_id`` stays the same as long as the tab lives, over a crash too."""

    def __init__(self, theme: Theme, document: Document, tab_id: str | None = None) -> None:
        super().__init__()
        self.tab_id = tab_id or uuid.uuid4().hex
        self.document = document
        self.notified: Stamp | None = None  # what the notice about the file on disk is about
        self.notice = NoticeBar(self)
        self.editor = CodeEditor(theme, self)
        self.editor.set_text(document.text)
        self.setFocusProxy(self.editor)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice)
        layout.addWidget(self.editor, 1)

    @property
    def modified(self) -> bool:
        """Whether there is work that a file does not have."""
        return self.editor.document().isModified()

    @property
    def untouched(self) -> bool:
        """Whether this is a new tab in which nothing was ever typed."""
        return self.document.path is None and not self.modified and not self.document.text

    def mark_modified(self, modified: bool) -> None:
        """Say that the text differs from the file, or that it does not."""
        self.editor.document().setModified(modified)

    def save_to(self, path: Path) -> None:
        """Write the text to a file.

        Raises:
            DocumentError: it could not be written.
        """
        # Unedited, the document writes back the very bytes it came from.
        text = self.editor.text() if self.modified else self.document.text
        self.document = documents.write(self.document, text, path)
        self.notice.clear()
        self.mark_modified(False)

    def reload(self) -> None:
        """Take the text that the file has now, as a step that can be undone.

        Raises:
            DocumentError: the file cannot be read.
        """
        assert self.document.path is not None
        self.document = documents.read(self.document.path)
        self.editor.replace_text(self.document.text)
        self.mark_modified(False)

    def changed_on_disk(self) -> bool:
        """Return whether the file is not the one that was read or written last."""
        path = self.document.path
        return path is not None and documents.stamp(path) != self.document.stamp

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
            text=self.editor.text(),
            cursor=self.editor.textCursor().position(),
            newline=document.newline,
            bom=document.bom,
            stamp=document.stamp,
            saved_at=time.time(),
        )

    def take(self, draft: Draft) -> None:
        """Show the text of a draft as unsaved work; undo goes back to the file's."""
        self.editor.replace_text(draft.text)
        self.set_cursor(draft.cursor)
        self.mark_modified(True)

    def set_cursor(self, position: int) -> None:
        """Put the cursor at a position, or at the end of a text that is shorter."""
        cursor = self.editor.textCursor()
        cursor.setPosition(min(position, self.editor.document().characterCount() - 1))
        self.editor.setTextCursor(cursor)
        self.editor.centerCursor()
