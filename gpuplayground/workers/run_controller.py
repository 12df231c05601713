"""Runs of the window's tabs: one background thread for each run, at most one run for each tab."""

from __future__ import annotations

import threading
import time

from PySide6.QtCore import QObject, QThread, Signal

from gpuplayground.model.events import OutputAppended, RunFinished, SessionEvent
from gpuplayground.model.results import RunRequest
from gpuplayground.runs.session import Launcher
from gpuplayground.workers.run_worker import RunWorker
from gpuplayground.workers.threads import Threads

#: A run that has not ended this long after Stop can be killed.
KILL_AFTER_MS = 2000


class _TabRun(QObject):
    """Adds the tab to what a worker reports. A QObject of its own, so that its slots run in the window's thread."""

    happened = Signal(str, object)

    def __init__(self, tab_id: str, worker: RunWorker, parent: QObject) -> None:
        super().__init__(parent)
        self.tab_id, self.worker = tab_id, worker
        self.is_over = False  # its end has been told, though its thread may still be tidying up
        worker.happened.connect(self.forward)

    def forward(self, event: SessionEvent) -> None:
        """Pass an event on, under its tab."""
        self.happened.emit(self.tab_id, event)
        if isinstance(event, OutputAppended):
            self.worker.acknowledge()


class RunController(QObject):
    """Starts, stops and feeds runs. Nothing here waits for a process: that is what the workers are for."""

    happened = Signal(str, object)  # tab id, SessionEvent

    def __init__(self, launcher: Launcher, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._launcher = launcher
        self._runs: dict[str, _TabRun] = {}  # the last of each tab
        self._alive: list[_TabRun] = []  # also those of closed tabs, and those that are over but for their thread
        self._threads = Threads(self)
        self._threads.ended.connect(self._ended)
        self._closing = threading.Thread(target=launcher.close, name="closing", daemon=True)

    def is_running(self, tab_id: str) -> bool:
        """Whether a tab has a run whose end has not been told yet."""
        run = self._runs.get(tab_id)
        return run is not None and not run.is_over

    def start(self, tab_id: str, request: RunRequest) -> None:
        """Run a tab's snippet in a thread of its own. An earlier run of the tab must be over."""
        run = _TabRun(tab_id, RunWorker(self._launcher, request), self)
        run.happened.connect(self._pass_on)
        self._runs[tab_id] = run
        self._alive.append(run)
        self._threads.start(run.worker)

    def stop(self, tab_id: str) -> None:
        """Interrupt a tab's snippet (KeyboardInterrupt)."""
        if tab_id in self._runs:
            self._runs[tab_id].worker.interrupt()

    def kill(self, tab_id: str) -> None:
        """End a tab's process and all it started, at once."""
        if tab_id in self._runs:
            self._runs[tab_id].worker.kill()

    def send_input(self, tab_id: str, text: str) -> None:
        """Answer a snippet's ``input()``."""
        if tab_id in self._runs:
            self._runs[tab_id].worker.send_input(text)

    def close_input(self, tab_id: str) -> None:
        """Answer a snippet's ``input()`` with the end of the file."""
        if tab_id in self._runs:
            self._runs[tab_id].worker.close_input()

    def forget(self, tab_id: str) -> None:
        """End the run of a tab that is closed."""
        run = self._runs.pop(tab_id, None)
        if run is not None:
            run.worker.kill()

    def end(self) -> None:
        """Kill every snippet and every spare. Returns at once; nothing can be started after it."""
        for run in self._alive:
            run.worker.kill()
        if self._closing.ident is None:
            self._closing.start()

    def wait(self, seconds: float) -> bool:
        """Wait that long in all, after :meth:`end`, and return whether every thread has ended."""
        deadline = time.monotonic() + seconds
        have_ended = self._threads.wait(seconds)
        self._closing.join(max(0.0, deadline - time.monotonic()))
        return have_ended and not self._closing.is_alive()

    def _pass_on(self, tab_id: str, event: SessionEvent) -> None:
        if isinstance(event, RunFinished):
            for run in self._alive:
                run.is_over = run.is_over or run.worker.request.run_id == event.run_id
        self.happened.emit(tab_id, event)

    def _ended(self, worker: QThread) -> None:
        for run in [run for run in self._alive if run.worker is worker]:
            self._alive.remove(run)
            if self._runs.get(run.tab_id) is run:
                del self._runs[run.tab_id]
            run.deleteLater()
