"""Joins what snippets report with what the monitor sees of them: receipts, verdicts, and an entry in the history."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from gpuplayground.model.benchmarks import Phase
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed, RunFinished, SessionEvent, StateChanged
from gpuplayground.model.results import Run, RunRequest, RunState
from gpuplayground.model.samples import Inventory, RunSpan
from gpuplayground.receipts.receipt import SETTLE_S
from gpuplayground.receipts.run_usage import RunUsage, has_used_gpu, usage_of
from gpuplayground.receipts.sample_log import SampleLog
from gpuplayground.receipts.used_gpus import MARGIN_NS
from gpuplayground.runtime.clock import now_ns
from gpuplayground.ui.window.playground import PlaygroundPanel
from gpuplayground.workers.monitor_controller import UNWATCHED_BATCH_S, MonitorController
from gpuplayground.workers.past_runs_keeper import HistoryKeeper
from gpuplayground.workers.task import Tasks

#: The last sample that a receipt needs has arrived by then, also while samples are only reported once a second.
COMPLETE_AFTER_MS = round((SETTLE_S + UNWATCHED_BATCH_S) * 1000)
#: By then there is a sample beyond the end of a run that needs no receipt: its curves reach as far as it did.
CURVES_AFTER_MS = 400
#: Runs that are over and remembered, because their memory may be in use while that of another run is looked for.
MAX_PAST_RUNS = 100


class Measuring(QObject):
    """Watches the live GPUs all the time, and accounts for each run a moment after its end."""

    judged = Signal(str, object)  # run id, its benchmarks with their verdicts
    failed = Signal(str)  # a sentence

    def __init__(
        self, monitor: MonitorController, playground: PlaygroundPanel, keeper: HistoryKeeper, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._monitor, self._playground, self._keeper = monitor, playground, keeper
        self._log = SampleLog()
        self._inventory: Inventory | None = None
        self._requests: dict[str, RunRequest] = {}
        self._timed: set[str] = set()
        self._under_way: dict[str, RunSpan] = {}
        self._past: deque[RunSpan] = deque(maxlen=MAX_PAST_RUNS)
        self._due: dict[str, tuple[str, RunRequest, Run]] = {}  # over, but not accounted for: tab id and run by run id
        self._tasks = Tasks(self)
        monitor.liveSeen.connect(self._log.add)
        monitor.inventoried.connect(self._inventoried)

    @property
    def is_waiting(self) -> bool:
        """Whether there is still something to come of a run."""
        return bool(self._requests or self._due)

    def begin(self, request: RunRequest) -> None:
        """Get ready for a run that is about to start."""
        self._requests[request.run_id] = request
        self._tell_monitor()

    def follow(self, tab_id: str, event: SessionEvent) -> None:
        """Take what a run reports."""
        if isinstance(event, BenchmarkProgressed):
            self._set_timed(event.run_id, event.phase in (Phase.WARMING_UP, Phase.SAMPLING))
        elif isinstance(event, BenchmarkMeasured):
            self._set_timed(event.run_id, False)
        elif isinstance(event, StateChanged) and event.state is RunState.RUNNING:
            chosen = _chosen(self._requests.get(event.run_id))
            self._under_way.setdefault(event.run_id, RunSpan(event.run_id, "", event.time_ns, None, chosen))
        elif isinstance(event, RunFinished):
            self._timed.discard(event.run_id)
            self._under_way.pop(event.run_id, None)
            request = self._requests.pop(event.run_id, None)
            run = event.run
            if run.state is not RunState.NOT_STARTED:
                self._past.append(RunSpan(run.run_id, "", run.start_ns, run.end_ns, _chosen(request)))
            self._tell_monitor()
            if request is not None:
                self._account(tab_id, request, run)

    def complete_now(self) -> None:
        """Account for the runs that are over as far as can be: nothing comes after it."""
        for run_id, (_, _, run) in tuple(self._due.items()):
            is_settled = now_ns() - run.end_ns >= SETTLE_S * 1e9
            # Until then a GPU may not have given back the memory: that it did not would be said of the run.
            self._accounted(self._work(run_id, MARGIN_NS if is_settled else 0)())

    def wait(self, seconds: float) -> bool:
        """Wait that long in all, after :meth:`complete_now`, and return whether every thread has ended."""
        return self._tasks.wait(seconds)

    def _set_timed(self, run_id: str, is_timed: bool) -> None:
        if is_timed != (run_id in self._timed):
            (self._timed.add if is_timed else self._timed.discard)(run_id)
            self._tell_monitor()

    def _tell_monitor(self) -> None:
        self._monitor.set_measuring(runs=bool(self._requests), times=bool(self._timed))

    def _inventoried(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._playground.set_has_gpus(bool(inventory.gpus))

    def _account(self, tab_id: str, request: RunRequest, run: Run) -> None:
        if run.state is not RunState.NOT_STARTED:
            self._keeper.keep(request, run, self._inventory)
        wait_ms = 0
        if self._log.gpus:
            wait_ms = COMPLETE_AFTER_MS if has_used_gpu(run, self._log) else CURVES_AFTER_MS
        self._due[run.run_id] = tab_id, request, run
        QTimer.singleShot(wait_ms, self, lambda: self._complete(run.run_id))

    def _complete(self, run_id: str) -> None:
        """Have a run joined with what was seen, in a thread: hours of samples take a while."""
        if run_id in self._due:
            self._tasks.start(self._work(run_id), self._accounted, self.failed)

    def _work(self, run_id: str, after_ns: int = MARGIN_NS) -> Callable[[], RunUsage]:
        """Return what joins a run with what was seen until so long after it; it may be called in any thread."""
        _, request, run = self._due[run_id]
        others = [each for each in (*self._past, *self._under_way.values()) if each.run_id != run_id]
        return partial(usage_of, run, self._log, _chosen(request), others, after_ns)

    def _accounted(self, account: RunUsage) -> None:
        """Tell what was found of a run, once."""
        run_id = account.run.run_id
        due = self._due.pop(run_id, None)
        if due is None:
            return
        tab_id = due[0]
        self.judged.emit(run_id, account.benchmarks)
        if self._playground.tabs.page(tab_id) is not None:
            names = {gpu.uuid: gpu.label for gpu in account.gpus}
            pages = self._playground.pages(tab_id)
            pages.complete(run_id, account.samples, names, account.receipts, account.benchmarks)
        verdicts = [each.verdict for each in account.benchmarks]
        self._keeper.complete(run_id, account.receipts, verdicts, account.samples)


def _chosen(request: RunRequest | None) -> tuple[str, ...]:
    """Return the GPU that was chosen for a run, if one was."""
    return () if request is None or not request.cuda_visible_devices else (request.cuda_visible_devices,)
