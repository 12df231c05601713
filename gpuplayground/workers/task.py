"""Calls in background threads, their results delivered to the window's."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal, SignalInstance

from gpuplayground.workers.threads import Threads


class Task(QThread):
    """Calls ``work`` once. ``succeeded`` carries what it returned, ``failed`` the message of what it raised."""

    succeeded = Signal(object)
    failed = Signal(str)

    def __init__(self, work: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work

    def run(self) -> None:
        """Run in the thread: do the work and report."""
        try:
            result = self._work()
        except Exception as error:  # whatever went wrong is the user's to read, not this thread's to die of
            self.failed.emit(str(error))
        else:
            self.succeeded.emit(result)


class Tasks(QObject):
    """Starts tasks and holds each until it is done."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads = Threads(self)

    def __len__(self) -> int:
        return len(self._threads)

    def start(self, work: Callable[[], object], done: Callable[..., None] | None, failed: SignalInstance) -> None:
        """Call ``work`` in a thread, then ``done``, a method of a QObject of the window, or emit ``failed``."""
        task = Task(work)
        if done is not None:
            task.succeeded.connect(done)
        task.failed.connect(failed)
        self._threads.start(task)

    def wait(self, seconds: float) -> bool:
        """Wait that long in all and return whether everything is done."""
        return self._threads.wait(seconds)
