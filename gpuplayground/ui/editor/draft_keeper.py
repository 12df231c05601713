"""Writes drafts of unsaved text in the background; see :class:`Saver` for when."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from gpuplayground.storage.drafts import DraftStore
from gpuplayground.storage.open_tabs import Session
from gpuplayground.ui.editor.page import EditorPage
from gpuplayground.workers.saver import Saver

#: The saver's key of the session, beside the ids of tabs.
_SESSION = "session"


class DraftKeeper(QObject):
    """Keeps the drafts of the pages it is told about. Writing never blocks the window's thread."""

    failed = Signal(str)  # a sentence
    recovered = Signal(str, str)  # the last sentence of failed, which no longer applies, and one that says so

    def __init__(self, store: DraftStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._problem = ""
        self._saver = Saver("drafts", self)
        self._saver.failed.connect(self._report_failure)
        self._saver.recovered.connect(self._report_recovery)

    def touch(self, page: EditorPage) -> None:
        """Schedule the draft of a page that has changed."""
        self._saver.want(page.tab_id, lambda: partial(self._store.save, page.draft()) if page.needs_draft else None)

    def write_now(self) -> None:
        """Start writing all changed drafts now."""
        self._saver.write_now()

    def forget(self, tab_id: str) -> None:
        """Delete the draft of a page that was saved or closed."""
        self._saver.want_now(tab_id, lambda: partial(self._store.remove, tab_id))

    def keep_session(self, session: Session) -> None:
        """Write the list of open tabs."""
        self._saver.want_now(_SESSION, lambda: partial(self._store.save_session, session))

    def close(self) -> None:
        """Write the last changes and release the folder."""
        self._saver.close()
        self._store.close()

    def _report_failure(self, reason: str) -> None:
        sentence = self.tr("Unsaved work cannot be backed up ({reason}). Save your files, or fix the cause.")
        self._problem = sentence.format(reason=reason)
        self.failed.emit(self._problem)

    def _report_recovery(self) -> None:
        self.recovered.emit(self._problem, self.tr("Unsaved work is backed up again."))
