"""A run in a thread of its own: what the session reports as a signal, and Stop, Kill and input as plain calls."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, QThread, Signal

from gpuplayground.model.events import OutputAppended, SessionEvent
from gpuplayground.model.results import RunRequest
from gpuplayground.runs.session import Launcher

#: So many batches of output may be on their way to the window; while it is busy, the session collects and cuts more.
_BATCHES_UNDER_WAY = 3


class RunWorker(QThread):
    """Drives one run. ``happened`` carries each event of the session; the last one is a ``RunFinished``.

    Connect it to bound methods of QObjects that live in the window's thread. The other methods return at once and are
    called from there. Whoever has taken an ``OutputAppended`` calls :meth:`acknowledge`, or only the end of the run and
    its changes of state bring more than a few of them.
    """

    happened = Signal(object)  # SessionEvent

    def __init__(self, launcher: Launcher, request: RunRequest, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._request = request
        self._session = launcher.session()
        self._lock = threading.Lock()
        self._under_way = 0

    @property
    def request(self) -> RunRequest:
        """What runs."""
        return self._request

    def run(self) -> None:
        """Run the snippet; called by ``start()`` in the new thread."""
        self._session.run(self._request, self._report, has_room=self._has_room)

    def interrupt(self) -> None:
        """Stop: raise KeyboardInterrupt in the snippet."""
        self._session.interrupt()

    def kill(self) -> None:
        """End the snippet and everything it started, without asking it."""
        self._session.kill()

    def send_input(self, text: str) -> None:
        """Answer an ``input()`` with a line."""
        self._session.send_input(text)

    def close_input(self) -> None:
        """Answer an ``input()`` with the end of input."""
        self._session.send_input(None)

    def acknowledge(self) -> None:
        """A batch of output has arrived in the window, so another may follow."""
        with self._lock:
            self._under_way -= 1

    def _has_room(self) -> bool:
        with self._lock:
            return self._under_way < _BATCHES_UNDER_WAY

    def _report(self, event: SessionEvent) -> None:
        if isinstance(event, OutputAppended):
            with self._lock:
                self._under_way += 1
        self.happened.emit(event)
