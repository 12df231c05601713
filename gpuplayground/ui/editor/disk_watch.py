"""Detects changes of open files by other programs, by polling in a thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from gpuplayground.storage import documents
from gpuplayground.storage.documents import Stamp
from gpuplayground.ui.editor.page import EditorPage

#: Polling interval. A change is reported when two polls agree, within 1.4 s, so that a file that is being written or
#: replaced is not reported halfway.
EVERY_MS = 700


class DiskWatch(QObject):
    """Polls the files of all tabs while the application is active.

    System notifications do not work on network file systems, and a missing server can block a stat for minutes, so a
    thread polls.
    """

    changed = Signal(object)  # EditorPage
    _polled = Signal(object)  # dict[Path, Stamp | None]

    def __init__(self, pages: Callable[[], Sequence[EditorPage]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pages = pages
        self._before: dict[Path, Stamp | None] = {}
        self._is_polling = self._is_stopped = False
        # Queued explicitly, because it is emitted by a Python thread.
        self._polled.connect(self._compare, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.poll)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.applicationStateChanged.connect(self._set_state)
        self._timer.start()

    def _set_state(self, state: Qt.ApplicationState) -> None:
        """Poll at once when the user comes back, and not at all while another application is in front."""
        if state == Qt.ApplicationState.ApplicationActive and not self._is_stopped:
            self._timer.start()
            self.poll()
        else:
            self._timer.stop()

    def poll(self) -> None:
        """Poll once, unless the application is inactive or the last poll is still running."""
        if self._is_polling or QGuiApplication.applicationState() != Qt.ApplicationState.ApplicationActive:
            return
        files = [page.document.path for page in self._pages() if page.document.path is not None]
        if files:
            self._is_polling = True
            # A daemon, so that a hanging disk does not delay the exit.
            threading.Thread(target=self._stat_files, args=(files,), name="disk watch", daemon=True).start()

    def stop(self) -> None:
        """Stop polling for good."""
        self._is_stopped = True
        self._timer.stop()

    def _stat_files(self, files: list[Path]) -> None:
        found = {file: documents.stamp(file) for file in files}
        with contextlib.suppress(RuntimeError):  # the window has been closed
            self._polled.emit(found)

    def _compare(self, found: dict[Path, Stamp | None]) -> None:
        self._is_polling = False
        before, self._before = self._before, found
        for page in list(self._pages()):
            path = page.document.path
            if path in found and found[path] != page.document.stamp and before.get(path, ()) == found[path]:
                self.changed.emit(page)
