"""Writes drafts of what is being typed: a second after the last key, at least every five seconds, on a thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from PySide6.QtCore import QObject, QTimer, Signal

from gpuplayground.drafts import DraftStore
from gpuplayground.ui.playground.page import EditorPage

PAUSE_MS = 1_000
LONGEST_MS = 5_000


class DraftKeeper(QObject):
    """Keeps the drafts of the pages it is told about. Writing never waits in the window's thread."""

    failed = Signal(str)

    def __init__(self, store: DraftStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        # One thread: a removal can never overtake the write before it.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drafts")
        self._waiting: dict[str, EditorPage] = {}
        self._since = 0.0
        self._told = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.write_now)

    def touch(self, page: EditorPage) -> None:
        """Note that a page has changed."""
        now = time.monotonic()
        if not self._waiting:
            self._since = now
        self._waiting[page.tab_id] = page
        left = LONGEST_MS - int((now - self._since) * 1000)
        self._timer.start(max(min(PAUSE_MS, left), 0))

    def write_now(self) -> None:
        """Hand the drafts of all pages that changed to the thread."""
        self._timer.stop()
        for page in self._waiting.values():
            if page.modified:
                self._submit(self._store.save, page.draft())
        self._waiting.clear()

    def forget(self, tab_id: str) -> None:
        """Remove the draft of a page that was saved or closed."""
        self._waiting.pop(tab_id, None)
        self._submit(self._store.remove, tab_id)

    def close(self) -> None:
        """Write what was typed last, unless it was given up, and let go of the folder."""
        self.write_now()
        self._thread.shutdown(wait=True)
        self._store.close()

    def _submit(self, act: Callable[..., None], *arguments: object) -> None:
        self._thread.submit(act, *arguments).add_done_callback(self._done)

    def _done(self, future: Future[None]) -> None:
        # Runs in the thread; the signal carries it over. Told once: the disk stays full for every draft.
        error = future.exception()
        if error is not None and not self._told:
            self._told = True
            reason = getattr(error, "strerror", None) or str(error)
            self.failed.emit(self.tr("Unsaved work cannot be kept safe: {reason}.").format(reason=reason))
