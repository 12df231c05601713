"""One run in its own thread: the session's events as a signal; Stop, Kill and input as plain calls."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, QThread, Signal

from gpuplayground.model.events import OutputAppended, SessionEvent
from gpuplayground.model.results import RunRequest
from gpuplayground.runs.session import Launcher

#: Maximum number of output batches on their way to the window; while it is busy, the session collects and drops output.
_MAX_BATCHES = 3


class RunWorker(QThread):
    """Drives one run. ``happened`` carries the run's key and each event of its session, the last a ``RunFinished``.

    Connect it to bound methods of QObjects that live in the window's thread. The other methods return at once and are
    called from there. Call :meth:`acknowledge` for each ``OutputAppended``; after three that are not acknowledged the
    run reports only changes of its state and its end.

    Args:
        key: whose run it is, such as the ID of a tab.
        launcher: starts the process.
        request: what to run.
        parent: the thread's owner.
    """

    happened = Signal(str, object)  # key, SessionEvent

    def __init__(self, key: str, launcher: Launcher, request: RunRequest, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.key = key
        self.request = request
        #: Whether the window knows of the run's end, though the thread may still be tidying up.
        self.is_over = False
        self._session = launcher.session()
        self._lock = threading.Lock()
        self._under_way = 0

    def run(self) -> None:
        """Run the snippet; called by ``start()`` in the new thread."""
        self._session.run(self.request, self._report, has_room=self._has_room)

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the snippet."""
        self._session.interrupt()

    def kill(self) -> None:
        """Kill the snippet and everything it started."""
        self._session.kill()

    def send_input(self, text: str) -> None:
        """Send a line to the snippet's ``input()``."""
        self._session.send_input(text)

    def close_input(self) -> None:
        """Signal the end of input to the snippet's ``input()``."""
        self._session.send_input(None)

    def acknowledge(self) -> None:
        """Note that a batch of output has arrived in the window, so that another may follow."""
        with self._lock:
            self._under_way -= 1

    def _has_room(self) -> bool:
        with self._lock:
            return self._under_way < _MAX_BATCHES

    def _report(self, event: SessionEvent) -> None:
        if isinstance(event, OutputAppended):
            with self._lock:
                self._under_way += 1
        self.happened.emit(self.key, event)
