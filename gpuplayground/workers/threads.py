"""Threads that are neither waited for without end nor destroyed while they run."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QThread, Signal


class Threads(QObject):
    """Starts threads, which have no parent, and holds each until it has ended; then it is deleted."""

    ended = Signal(object)  # QThread; the last moment to drop what refers to it

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
        """Wait that long in all and return whether every thread has ended. One that has not is let go, not destroyed.

        Qt ends the whole process when a running thread's object is destroyed.
        """
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.wait(max(0, round((deadline - time.monotonic()) * 1000)))
        running = [thread for thread in self._threads if thread.isRunning()]
        for thread in running:
            self._threads.remove(thread)
            _let_go(thread)
        self._reap()
        return not running

    def _reap(self) -> None:
        for thread in [thread for thread in self._threads if thread.isFinished()]:
            self._threads.remove(thread)
            self.ended.emit(thread)
            thread.deleteLater()


def _let_go(thread: QThread) -> None:
    # The connection holds the thread for as long as it runs: nothing else does from here on.
    thread.finished.connect(lambda: thread.deleteLater())
