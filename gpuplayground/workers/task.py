"""One call in a background thread, its result delivered to the window's."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal


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
