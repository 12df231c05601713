"""Keeps QThreads alive until they have ended, and waits for them with a timeout."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QThread, Signal
from shiboken6 import isValid


class Threads(QObject):
    """Starts threads without a parent, and deletes each after it has ended."""

    ended = Signal(object)  # QThread, just before it is deleted

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads: list[QThread] = []

    def __len__(self) -> int:
        return len(self._threads)

    def start(self, thread: QThread) -> None:
        """Start a thread."""
        self._threads.append(thread)
        thread.finished.connect(self._reap)
        thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long and return whether every thread has ended. Others are released, not destroyed.

        Qt aborts the process when the object of a running thread is destroyed.
        """
        deadline = time.monotonic() + seconds
        # At the end of the process Qt may have deleted them already.
        self._threads = [thread for thread in self._threads if isValid(thread)]
        for thread in self._threads:
            thread.wait(max(0, round((deadline - time.monotonic()) * 1000)))
        running = [thread for thread in self._threads if thread.isRunning()]
        for thread in running:
            self._threads.remove(thread)
            _release(thread)
        self._reap()
        return not running

    def _reap(self) -> None:
        for thread in [thread for thread in self._threads if thread.isFinished()]:
            self._threads.remove(thread)
            self.ended.emit(thread)
            thread.deleteLater()


def _release(thread: QThread) -> None:
    # From here on only this connection keeps the thread alive until it ends.
    thread.finished.connect(lambda: thread.deleteLater())
