"""Notices that open files were changed by other programs, on any file system, without waiting for one."""

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

#: How often files are looked at. A change is told at the second look that finds it, within 1.4 s: a file that is just
#: being written, or is gone for a moment while another takes its place, is let alone until that is over.
EVERY_MS = 700


class DiskWatch(QObject):
    """Looks at the files of all tabs while the application has the keyboard; ``changed`` carries the page.

    System notifications do not reach over network file systems. Looking is done by a thread: a server that is gone
    holds it up for minutes.
    """

    changed = Signal(object)  # EditorPage
    _looked = Signal(object)  # dict[Path, Stamp | None]

    def __init__(self, pages: Callable[[], Sequence[EditorPage]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pages = pages
        self._before: dict[Path, Stamp | None] = {}
        self._is_looking = False
        # Queued explicitly: it is emitted by a thread that Qt does not know.
        self._looked.connect(self._compare, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Look at the files once, unless nobody is there or the last look is not over."""
        if self._is_looking or QGuiApplication.applicationState() != Qt.ApplicationState.ApplicationActive:
            return
        files = [page.document.path for page in self._pages() if page.document.path is not None]
        if files:
            self._is_looking = True
            # A daemon: where the disk hangs, the end of the program does not.
            threading.Thread(target=self._look, args=(files,), name="disk watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _look(self, files: list[Path]) -> None:
        found = {file: documents.stamp(file) for file in files}
        with contextlib.suppress(RuntimeError):  # the window is gone
            self._looked.emit(found)

    def _compare(self, found: dict[Path, Stamp | None]) -> None:
        self._is_looking = False
        before, self._before = self._before, found
        for page in list(self._pages()):
            path = page.document.path
            if path in found and found[path] != page.document.stamp and before.get(path, ()) == found[path]:
                self.changed.emit(page)
