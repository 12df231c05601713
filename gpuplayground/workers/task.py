"""Runs calls in background threads and delivers their results in the window's thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal, SignalInstance

from gpuplayground.workers.threads import Threads


class Task(QThread):
    """Calls ``work`` once; ``succeeded`` carries its result, ``failed`` the message of its exception."""

    succeeded = Signal(object)
    failed = Signal(str)

    def __init__(self, work: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work

    def run(self) -> None:
        """Call ``work``; called by ``start()`` in the new thread."""
        try:
            result = self._work()
        except Exception as error:  # reported to the user
            self.failed.emit(str(error))
        else:
            self.succeeded.emit(result)


class Tasks(QObject):
    """Starts tasks and keeps each alive until it is done."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads = Threads(self)

    def __len__(self) -> int:
        return len(self._threads)

    def start(self, work: Callable[[], object], done: Callable[..., None] | None, failed: SignalInstance) -> None:
        """Call ``work`` in a thread, then ``done`` with its result, or emit ``failed``.

        ``done`` must be a method of a QObject of the window's thread.
        """
        task = Task(work)
        if done is not None:
            task.succeeded.connect(done)
        task.failed.connect(failed)
        self._threads.start(task)

    def wait(self, seconds: float) -> bool:
        """Wait at most that long and return whether everything is done."""
        return self._threads.wait(seconds)
