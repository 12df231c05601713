"""Joins what snippets report with what the monitor sees of them: receipts, verdicts, and an entry in the history."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from gpuplayground.monitor.samples import Inventory
from gpuplayground.playground.benchmark_results import Phase
from gpuplayground.playground.events import BenchmarkMeasured, BenchmarkProgressed, RunFinished, SessionEvent
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


class Measuring(QObject):
    """Watches the live GPUs all the time, and accounts for each run a moment after its end."""

    def __init__(
        self, monitor: MonitorController, playground: PlaygroundPanel, keeper: HistoryKeeper, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._monitor, self._playground, self._keeper = monitor, playground, keeper
        self._log = SampleLog()
        self._inventory: Inventory | None = None
        self._requests: dict[str, RunRequest] = {}
        self._timed: set[str] = set()
        self._due: dict[str, tuple[str, RunRequest, Run]] = {}  # over, but not accounted for: tab id and run by run id
        monitor.liveSeen.connect(self._log.add)
        monitor.liveInventoried.connect(self._inventoried)

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
        elif isinstance(event, RunFinished):
            self._timed.discard(event.run_id)
            request = self._requests.pop(event.run_id, None)
            self._tell_monitor()
            if request is not None:
                self._account(tab_id, request, event.run)

    def complete_now(self) -> None:
        """Account for the runs that are over as far as can be: nothing comes after it."""
        for run_id, (_, _, run) in tuple(self._due.items()):
            is_settled = time.time_ns() - run.end_ns >= SETTLE_S * 1e9
            # Until then a GPU may not have given back the memory: that it did not would be said of the run.
            self._complete(run_id, MARGIN_NS if is_settled else 0)

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
        wait_ms = COMPLETE_AFTER_MS if self._log.gpus and _has_used_cuda(run) else 0
        self._due[run.run_id] = tab_id, request, run
        QTimer.singleShot(wait_ms, self, lambda: self._complete(run.run_id))

    def _complete(self, run_id: str, after_ns: int = MARGIN_NS) -> None:
        """Join a run with what was seen until so long after it, once."""
        due = self._due.pop(run_id, None)
        if due is None:
            return
        tab_id, request, run = due
        seen = self._log.between(run.start_ns - MARGIN_NS, run.end_ns + after_ns)
        chosen = (request.cuda_visible_devices,) if request.cuda_visible_devices else ()
        made = self._receipts(run, seen, chosen)
        pids = () if run.pid is None else (run.pid,)
        benchmarks = tuple(
            replace(each, verdict=judge(each, seen.samples, seen.processes, pids, chosen)) for each in run.benchmarks
        )
        around = seen.near(run.start_ns, run.end_ns)
        if self._playground.tabs.page(tab_id) is not None:
            names = {gpu.uuid: gpu.label for gpu in seen.gpus}
            self._playground.pages(tab_id).complete(run.run_id, around, names, made, benchmarks)
        self._keeper.complete(run.run_id, made, [each.verdict for each in benchmarks], around)

    def _receipts(self, run: Run, seen: Watched, chosen: tuple[str, ...]) -> tuple[Receipt, ...]:
        if not _has_used_cuda(run) or not seen.samples:
            return ()
        return receipts(window_of(run, chosen), seen.samples, seen.processes, run.allocator_peaks, seen.gpus)


def _has_used_cuda(run: Run) -> bool:
    return any(timing.synced_ns is not None for timing in run.timings) or any(b.uses_gpu for b in run.benchmarks)
