"""Feeds the run observer from the window's signals and shows its receipts and verdicts when a run has settled."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from gpuplayground.model.events import RunFinished, SessionEvent
from gpuplayground.model.results import Run, RunRequest, RunState
from gpuplayground.model.samples import Inventory
from gpuplayground.receipts.receipt import SETTLE_S
from gpuplayground.receipts.run_observer import ObservedRun, RunObserver
from gpuplayground.receipts.sample_log import SampleLog
from gpuplayground.runtime.clock import now_ns
from gpuplayground.ui.window.playground import PlaygroundPanel
from gpuplayground.workers.monitor_controller import UNWATCHED_BATCH_S, MonitorController
from gpuplayground.workers.past_runs_keeper import HistoryKeeper
from gpuplayground.workers.task import Tasks

#: When the last sample that a receipt needs has arrived, even while a hidden window gets samples once a second.
SETTLED_AFTER_MS = round((SETTLE_S + UNWATCHED_BATCH_S) * 1000)
#: When a sample beyond the end of a run without a receipt has arrived, so that its curves reach its end.
CURVES_AFTER_MS = 400


class Observing(QObject):
    """Observes every run of the window and evaluates it once its samples have arrived."""

    judged = Signal(str, object)  # run ID, its benchmarks with their verdicts
    failed = Signal(str)  # a sentence

    def __init__(
        self, monitor: MonitorController, playground: PlaygroundPanel, keeper: HistoryKeeper, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._playground, self._keeper = playground, keeper
        self.observer = RunObserver(monitor.feed, SampleLog())
        self._tab_ids: dict[str, str] = {}  # of the runs not evaluated, by run ID
        self._tasks = Tasks(self)
        for signal in (monitor.inventoried, monitor.sampled, monitor.processesSampled):
            signal.connect(self.observer.add)
        monitor.inventoried.connect(self._show_whether_there_are_gpus)

    @property
    def is_busy(self) -> bool:
        """Whether a run is under way or not evaluated yet."""
        return self.observer.is_busy

    def begin(self, request: RunRequest) -> None:
        """Prepare for a run that is about to start."""
        self.observer.begin(request)

    def follow(self, tab_id: str, event: SessionEvent) -> None:
        """Take an event of a run."""
        request = self.observer.follow(event)
        if request is not None and isinstance(event, RunFinished):
            self._schedule(tab_id, request, event.run)

    def evaluate_now(self) -> None:
        """Evaluate the runs that have ended with the samples at hand, because the window is closing."""
        for run_id in self.observer.pending:
            self._show(self.observer.evaluation(run_id, now_ns())())

    def wait(self, seconds: float) -> bool:
        """Wait at most that long, after :meth:`evaluate_now`, and return whether every thread has ended."""
        return self._tasks.wait(seconds)

    def _show_whether_there_are_gpus(self, inventory: Inventory) -> None:
        self._playground.set_has_gpus(bool(inventory.gpus))

    def _schedule(self, tab_id: str, request: RunRequest, run: Run) -> None:
        """Keep a run that has ended, and evaluate it once its last sample has arrived."""
        if run.state is not RunState.NOT_STARTED:
            self._keeper.keep(request, run, self.observer.inventory)
        self._tab_ids[run.run_id] = tab_id
        wait_ms = 0
        if self.observer.has_gpus:
            wait_ms = SETTLED_AFTER_MS if self.observer.needs_settling(run) else CURVES_AFTER_MS
        QTimer.singleShot(wait_ms, self, lambda: self._evaluate(run.run_id))

    def _evaluate(self, run_id: str) -> None:
        """Evaluate a run in a thread: a run of hours takes a while."""
        if run_id in self.observer.pending:
            self._tasks.start(self.observer.evaluation(run_id), self._show, self.failed)

    def _show(self, observed: ObservedRun) -> None:
        run_id = observed.run.run_id
        if not self.observer.set_evaluated(run_id):
            return
        tab_id = self._tab_ids.pop(run_id)
        self.judged.emit(run_id, observed.benchmarks)
        if self._playground.tabs.page(tab_id) is not None:
            self._playground.pages(tab_id).set_observed(observed)
        verdicts = [each.verdict for each in observed.benchmarks]
        self._keeper.complete(run_id, observed.receipts, verdicts, observed.samples)
