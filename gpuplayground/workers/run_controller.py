"""Runs of the window's tabs: one background thread for each run, at most one run for each tab."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from gpuplayground.playground.events import SessionEvent
from gpuplayground.playground.results import RunRequest
from gpuplayground.playground.session import Launcher
from gpuplayground.workers.run_worker import RunWorker


class _TabRun(QObject):
    """Adds the tab to what a worker reports. A QObject of its own, so that its slots run in the window's thread."""

    happened = Signal(str, object)

    def __init__(self, tab_id: str, worker: RunWorker, parent: QObject) -> None:
        super().__init__(parent)
        self.tab_id, self.worker = tab_id, worker
        for signal in (
            worker.stateChanged,
            worker.outputAppended,
            worker.statementsTimed,
            worker.inputRequested,
            worker.errorRaised,
            worker.runFinished,
        ):
            signal.connect(self.forward)

    def forward(self, event: SessionEvent) -> None:
        """Pass an event on, under its tab."""
        self.happened.emit(self.tab_id, event)


class RunController(QObject):
    """Starts, stops and feeds runs. Nothing here waits for a process: that is what the workers are for."""

    happened = Signal(str, object)  # tab id, SessionEvent

    def __init__(self, launcher: Launcher, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._launcher = launcher
        self._runs: dict[str, _TabRun] = {}
        self._ending: list[_TabRun] = []

    def is_running(self, tab_id: str) -> bool:
        """Whether a tab's worker is still at work."""
        run = self._runs.get(tab_id)
        return run is not None and run.worker.isRunning()

    def start(self, tab_id: str, request: RunRequest) -> None:
        """Run a tab's snippet in a thread of its own. An earlier run of the tab must be over."""
        worker = RunWorker(self._launcher, request)
        run = _TabRun(tab_id, worker, self)
        run.happened.connect(self.happened)
        previous = self._runs.get(tab_id)
        if previous is not None:
            self._retire(previous)
        self._runs[tab_id] = run
        worker.start()

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
            self._ending.append(run)
            self._reap()

    def shutdown(self) -> None:
        """Kill every snippet and end every thread."""
        runs = [*self._runs.values(), *self._ending]
        for run in runs:
            run.worker.kill()
        for run in runs:
            run.worker.wait()
        self._launcher.close()

    def _retire(self, run: _TabRun) -> None:
        self._ending.append(run)
        self._reap()

    def _reap(self) -> None:
        for run in [run for run in self._ending if run.worker.isFinished()]:
            self._ending.remove(run)
            run.worker.deleteLater()
            run.deleteLater()
