"""Starts, stops and feeds the runs of the window: one thread per run, at most one run per tab."""

from __future__ import annotations

import threading
import time

from PySide6.QtCore import QObject, QThread, Signal

from gpuplayground.model.events import OutputAppended, RunFinished, SessionEvent
from gpuplayground.model.results import RunRequest
from gpuplayground.runs.session import Launcher
from gpuplayground.workers.run_worker import RunWorker
from gpuplayground.workers.threads import Threads


class RunController(QObject):
    """Holds the running workers. Every method returns at once, except :meth:`wait`.

    Runs are known by a key: the ID of their tab, or a key of its own for one that belongs to no tab.
    """

    happened = Signal(str, object)  # key, SessionEvent

    def __init__(self, launcher: Launcher, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._launcher = launcher
        self._runs: dict[str, RunWorker] = {}  # the latest of each key
        self._alive: list[RunWorker] = []  # also those of closed tabs, and those whose thread is tidying up
        self._threads = Threads(self)
        self._threads.ended.connect(self._ended)
        self._closing = threading.Thread(target=launcher.close, name="closing", daemon=True)

    def is_running(self, tab_id: str) -> bool:
        """Return whether a tab has a run whose end has not been reported yet."""
        run = self._runs.get(tab_id)
        return run is not None and not run.is_over

    def start(self, tab_id: str, request: RunRequest) -> None:
        """Run a tab's snippet in a thread. An earlier run of the tab must be over."""
        run = RunWorker(tab_id, self._launcher, request)
        run.happened.connect(self._take)
        self._runs[tab_id] = run
        self._alive.append(run)
        self._threads.start(run)

    def stop(self, tab_id: str) -> None:
        """Interrupt a tab's snippet (KeyboardInterrupt)."""
        if tab_id in self._runs:
            self._runs[tab_id].interrupt()

    def kill(self, tab_id: str) -> None:
        """Kill a tab's process and everything it started."""
        if tab_id in self._runs:
            self._runs[tab_id].kill()

    def send_input(self, tab_id: str, text: str) -> None:
        """Send a line to a snippet's ``input()``."""
        if tab_id in self._runs:
            self._runs[tab_id].send_input(text)

    def close_input(self, tab_id: str) -> None:
        """Signal the end of input to a snippet's ``input()``."""
        if tab_id in self._runs:
            self._runs[tab_id].close_input()

    def forget(self, tab_id: str) -> None:
        """Kill the run of a closed tab."""
        run = self._runs.pop(tab_id, None)
        if run is not None:
            run.kill()

    def end(self) -> None:
        """Kill every snippet and every spare process. Nothing can be started after this."""
        for run in self._alive:
            run.kill()
        if self._closing.ident is None:
            self._closing.start()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long, after :meth:`end`, and return whether every thread has ended."""
        deadline = time.monotonic() + seconds
        have_ended = self._threads.wait(seconds)
        self._closing.join(max(0.0, deadline - time.monotonic()))
        return have_ended and not self._closing.is_alive()

    def _take(self, key: str, event: SessionEvent) -> None:
        # None while the window closes: the thread may have been reaped before its last events arrive.
        run = next((run for run in self._alive if run.request.run_id == event.run_id), None)
        if run is not None and isinstance(event, RunFinished):
            run.is_over = True
        self.happened.emit(key, event)
        if run is not None and isinstance(event, OutputAppended):
            run.acknowledge()

    def _ended(self, worker: QThread) -> None:
        for run in [run for run in self._alive if run is worker]:
            self._alive.remove(run)
            if self._runs.get(run.key) is run:
                del self._runs[run.key]
