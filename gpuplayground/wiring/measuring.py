"""Joins what snippets report with what the monitor sees of them: receipts, verdicts, and an entry in the history."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from gpuplayground.monitor.samples import Inventory, RunSpan
from gpuplayground.playground.benchmark_results import Phase
from gpuplayground.playground.events import (
    BenchmarkMeasured,
    BenchmarkProgressed,
    RunFinished,
    SessionEvent,
    StateChanged,
)
from gpuplayground.playground.receipt import SETTLE_S, Receipt, receipts, window_of
from gpuplayground.playground.results import Run, RunRequest, RunState
from gpuplayground.playground.sample_log import SampleLog, Watched
from gpuplayground.playground.used_gpus import MARGIN_NS
from gpuplayground.playground.verdicts import judge
from gpuplayground.ui.playground.panel import PlaygroundPanel
from gpuplayground.workers.history_keeper import HistoryKeeper
from gpuplayground.workers.monitor_controller import UNWATCHED_BATCH_S, MonitorController

#: The last sample that a receipt needs has arrived by then, also while samples are only reported once a second.
COMPLETE_AFTER_MS = round((SETTLE_S + UNWATCHED_BATCH_S) * 1000)
#: Runs that are over and remembered, because their memory may be in use while that of another run is looked for.
MAX_PAST_RUNS = 100


class Measuring(QObject):
    """Watches the live GPUs all the time, and accounts for each run a moment after its end."""

    judged = Signal(str, object)  # run id, its benchmarks with their verdicts

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
        monitor.liveSeen.connect(self._log.add)
        monitor.liveInventoried.connect(self._inventoried)

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
        wait_ms = COMPLETE_AFTER_MS if self._log.gpus and run.used_cuda else 0
        QTimer.singleShot(wait_ms, self, lambda: self._complete(tab_id, request, run))

    def _complete(self, tab_id: str, request: RunRequest, run: Run) -> None:
        start_ns, end_ns = run.start_ns - MARGIN_NS, run.end_ns + MARGIN_NS
        whole = self._log.between(start_ns, end_ns, whole=True)
        # A benchmark is judged by every sample of its own short time.
        seen = self._log.between(start_ns, end_ns) if run.benchmarks else whole
        chosen = _chosen(request)
        made = self._receipts(run, whole, chosen)
        pids = seen.family(run.pid)
        benchmarks = tuple(
            replace(each, verdict=judge(each, seen.samples, seen.processes, pids, chosen, seen.gpus))
            for each in run.benchmarks
        )
        self.judged.emit(run.run_id, benchmarks)
        around = whole.near(run.start_ns, run.end_ns)
        if self._playground.tabs.page(tab_id) is not None:
            names = {gpu.uuid: gpu.label for gpu in seen.gpus}
            self._playground.pages(tab_id).complete(run.run_id, around, names, made, benchmarks)
        self._keeper.complete(run.run_id, made, [each.verdict for each in benchmarks], around)

    def _receipts(self, run: Run, seen: Watched, chosen: tuple[str, ...]) -> tuple[Receipt, ...]:
        if not run.used_cuda or not seen.samples:
            return ()
        others = [each for each in (*self._past, *self._under_way.values()) if each.run_id != run.run_id]
        window = window_of(run, chosen)
        return receipts(window, seen.samples, seen.processes, run.allocator_peaks, seen.gpus, others)


def _chosen(request: RunRequest | None) -> tuple[str, ...]:
    """Return the GPU that was chosen for a run, if one was."""
    return () if request is None or not request.cuda_visible_devices else (request.cuda_visible_devices,)
