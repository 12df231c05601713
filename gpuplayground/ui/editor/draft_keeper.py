"""Keeps drafts of what is being typed: see :class:`Saver` for when they are written."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from gpuplayground.storage.drafts import DraftStore
from gpuplayground.storage.open_tabs import Session
from gpuplayground.ui.editor.page import EditorPage
from gpuplayground.workers.saver import Saver

#: What the session is called among the ids of tabs.
_SESSION = "session"


class DraftKeeper(QObject):
    """Keeps the drafts of the pages it is told about. Writing never waits in the window's thread."""

    failed = Signal(str)  # a sentence
    recovered = Signal(str, str)  # the last sentence of failed, which holds no longer, and one that says so

    def __init__(self, store: DraftStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._problem = ""
        self._saver = Saver("drafts", self)
        self._saver.failed.connect(self._say)
        self._saver.recovered.connect(self._take_back)

    def touch(self, page: EditorPage) -> None:
        """Note that a page has changed."""
        self._saver.want(page.tab_id, lambda: partial(self._store.save, page.draft()) if page.needs_draft else None)

    def write_now(self) -> None:
        """Hand the drafts of all pages that changed to the thread."""
        self._saver.write_now()

    def forget(self, tab_id: str) -> None:
        """Remove the draft of a page that was saved or closed."""
        self._saver.want_now(tab_id, lambda: partial(self._store.remove, tab_id))

    def keep_session(self, session: Session) -> None:
        """Write what is open."""
        self._saver.want_now(_SESSION, lambda: partial(self._store.save_session, session))

    def close(self) -> None:
        """Write what was typed last, unless it was given up, and let go of the folder."""
        self._saver.close()
        self._store.close()

    def _say(self, reason: str) -> None:
        sentence = self.tr("Unsaved work cannot be kept safe ({reason}): save your files, or mend that.")
        self._problem = sentence.format(reason=reason)
        self.failed.emit(self._problem)

    def _take_back(self) -> None:
        self.recovered.emit(self._problem, self.tr("Unsaved work is safe again."))
