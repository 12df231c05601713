"""Follows runs beside the GPU samples and works out each run's receipts and benchmark verdicts.

The window and the command line share it. It knows no Qt and starts no thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from gpuplayground.model.benchmarks import Benchmark, Phase
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed, RunFinished, SessionEvent, StateChanged
from gpuplayground.model.results import Run, RunRequest, RunState
from gpuplayground.model.samples import GpuInfo, GpuSample, Inventory, MonitorEvent, RunSpan
from gpuplayground.receipts.receipt import SETTLE_S, Receipt, receipts, window_of
from gpuplayground.receipts.used_gpus import MARGIN_NS
from gpuplayground.receipts.verdicts import judge

if TYPE_CHECKING:
    from gpuplayground.receipts.sample_log import SampleLog  # needs numpy, which a command without a GPU does without

#: How often the monitor lists GPU processes while a run is under way, in seconds.
PROCESS_PERIOD_S = 0.5
#: Maximum number of samples kept for a run's curves: more than a chart has columns, 8 MB.
MAX_SAMPLES = 16_000
#: Finished runs to remember: their memory may still be in use when the memory of a later run is assessed.
MAX_FINISHED_RUNS = 100

_TIMED_PHASES = (Phase.WARMING_UP, Phase.SAMPLING)


class SamplingControl(Protocol):
    """The part of a :class:`~gpuplayground.monitor.sampling.feed.Feed` that a run adjusts."""

    def pause_slow_tier(self) -> None:
        """Stop listing processes until :meth:`resume_slow_tier`."""

    def resume_slow_tier(self) -> None:
        """List processes again."""

    def set_process_period(self, seconds: float | None) -> None:
        """Set how often processes are listed; None restores the default."""


@dataclass(frozen=True, slots=True)
class ObservedRun:
    """A finished run with its receipts, its judged benchmarks, and the samples from its time and shortly around it."""

    run: Run
    receipts: tuple[Receipt, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    samples: tuple[GpuSample, ...] = ()
    gpus: tuple[GpuInfo, ...] = ()


class RunObserver:
    """Tracks which runs are under way, steers the monitor meanwhile, and evaluates each run after its end.

    Not thread-safe, except for :meth:`add` and for what :meth:`evaluation` returns.

    Args:
        sampling: the feed whose samples :meth:`add` takes.
        log: keeps the samples; None on a machine without a driver.
    """

    def __init__(self, sampling: SamplingControl, log: SampleLog | None = None) -> None:
        self._sampling = sampling
        self.log = log
        #: The driver and the GPUs; None without a driver or before it has answered.
        self.inventory: Inventory | None = None
        self._last_sample_ns = 0
        self._requests: dict[str, RunRequest] = {}
        self._timed: set[str] = set()
        self._under_way: dict[str, RunSpan] = {}
        self._finished: deque[RunSpan] = deque(maxlen=MAX_FINISHED_RUNS)
        self._pending: dict[str, tuple[RunRequest, Run]] = {}

    @property
    def is_busy(self) -> bool:
        """Whether a run is under way or not evaluated yet."""
        return bool(self._requests or self._pending)

    @property
    def has_gpus(self) -> bool:
        """Whether GPUs are being sampled."""
        return self.log is not None and bool(self.log.gpus)

    @property
    def pending(self) -> tuple[str, ...]:
        """IDs of the runs that have ended but are not evaluated."""
        return tuple(self._pending)

    def add(self, event: MonitorEvent) -> None:
        """Take an event of the live monitor."""
        if self.log is not None:
            self.log.add(event)
        if isinstance(event, Inventory):
            self.inventory = event
        elif isinstance(event, tuple) and event and isinstance(event[-1], GpuSample):
            self._last_sample_ns = event[-1].time_ns

    def begin(self, request: RunRequest) -> None:
        """Prepare for a run that is about to start."""
        self._requests[request.run_id] = request
        self._adjust_sampling()

    def follow(self, event: SessionEvent) -> RunRequest | None:
        """Take an event of a run; return its request if it has ended and is to be evaluated."""
        if isinstance(event, BenchmarkProgressed):
            self._set_timed(event.run_id, event.phase in _TIMED_PHASES)
        elif isinstance(event, BenchmarkMeasured):
            self._set_timed(event.run_id, False)
        elif isinstance(event, StateChanged) and event.state is RunState.RUNNING:
            chosen = chosen_gpus(self._requests.get(event.run_id))
            self._under_way.setdefault(event.run_id, RunSpan(event.run_id, "", event.time_ns, None, chosen))
        elif isinstance(event, RunFinished):
            return self._finish(event.run)
        return None

    def needs_settling(self, run: Run) -> bool:
        """Return whether a finished run gets a receipt, which needs samples until :data:`SETTLE_S` after its end."""
        return self.log is not None and bool(self.log.gpus) and has_used_gpu(run, self.log)

    def is_settled(self, run: Run) -> bool:
        """Return whether every sample that a finished run's receipt needs has arrived."""
        return not self.needs_settling(run) or self._last_sample_ns >= run.end_ns + round(SETTLE_S * 1e9)

    def evaluation(self, run_id: str, now_ns: int | None = None) -> Callable[[], ObservedRun]:
        """Return a call that joins a finished run with what was sampled around it.

        The call may take a second for a long run with many GPUs and may be made in any thread.

        Args:
            run_id: one of :attr:`pending`.
            now_ns: the time, in ``clock.now_ns()``, when no further samples can be waited for; None otherwise.
        """
        request, run = self._pending[run_id]
        # Less than SETTLE_S after the end a GPU may not have returned the memory yet: the run must not be blamed.
        is_too_early = now_ns is not None and now_ns - run.end_ns < SETTLE_S * 1e9
        others = [each for each in (*self._finished, *self._under_way.values()) if each.run_id != run_id]
        return partial(observe, run, self.log, chosen_gpus(request), others, 0 if is_too_early else MARGIN_NS)

    def set_evaluated(self, run_id: str) -> bool:
        """Note that a run is evaluated; return False if it already was."""
        return self._pending.pop(run_id, None) is not None

    def _finish(self, run: Run) -> RunRequest | None:
        self._timed.discard(run.run_id)
        self._under_way.pop(run.run_id, None)
        request = self._requests.pop(run.run_id, None)
        if run.state is not RunState.NOT_STARTED:
            self._finished.append(RunSpan(run.run_id, "", run.start_ns, run.end_ns, chosen_gpus(request)))
        self._adjust_sampling()
        if request is not None:
            self._pending[run.run_id] = request, run
        return request

    def _set_timed(self, run_id: str, is_timed: bool) -> None:
        if is_timed != (run_id in self._timed):
            (self._timed.add if is_timed else self._timed.discard)(run_id)
            self._adjust_sampling()

    def _adjust_sampling(self) -> None:
        """List processes more often while something runs, and not at all while a benchmark is timed."""
        self._sampling.set_process_period(PROCESS_PERIOD_S if self._requests else None)
        if self._timed:
            self._sampling.pause_slow_tier()
        else:
            self._sampling.resume_slow_tier()


def chosen_gpus(request: RunRequest | None) -> tuple[str, ...]:
    """Return the UUID of the GPU that a run was given; empty where it sees all of them."""
    chosen = (request.cuda_visible_devices if request is not None else None) or ""
    return (chosen,) if chosen.startswith("GPU-") else ()


def has_used_gpu(run: Run, log: SampleLog) -> bool:
    """Return whether a run used a GPU, by its own timings or because the driver listed its process.

    The latter covers a run whose only CUDA call raised.
    """
    return run.used_cuda or log.has_seen(run.pid)


def observe(
    run: Run,
    log: SampleLog | None,
    chosen: Sequence[str] = (),
    others: Sequence[RunSpan] = (),
    after_ns: int = MARGIN_NS,
) -> ObservedRun:
    """Join a finished run with what was sampled around it.

    Args:
        run: the run, whose benchmarks have not been judged.
        log: the samples; None where there are none.
        chosen: the UUID of the GPU that it was given; empty where it saw all of them.
        others: runs that overlap it or came shortly before or after.
        after_ns: how far beyond its end samples count, in nanoseconds.
    """
    if log is None:
        return ObservedRun(
            run, benchmarks=tuple(replace(each, verdict=judge(each, (), (), ())) for each in run.benchmarks)
        )
    start_ns, end_ns = run.start_ns - MARGIN_NS, run.end_ns + after_ns
    whole = log.between(start_ns, end_ns, whole=True)
    # A benchmark is short: it is judged by every sample, not by one a second.
    seen = log.between(start_ns, end_ns) if run.benchmarks else whole
    made: tuple[Receipt, ...] = ()
    if whole.samples and has_used_gpu(run, log):
        window = window_of(run, chosen)
        made = receipts(window, whole.samples, whole.processes, run.allocator_peaks, whole.gpus, others, whole.unlisted)
    pids = seen.family(run.pid)
    benchmarks = tuple(
        replace(each, verdict=judge(each, seen.samples, seen.processes, pids, chosen, seen.gpus, seen.unlisted))
        for each in run.benchmarks
    )
    return ObservedRun(run, made, benchmarks, _thinned(whole.near(run.start_ns, run.end_ns)), whole.gpus)


def _thinned(samples: tuple[GpuSample, ...]) -> tuple[GpuSample, ...]:
    """Return every n-th sample of each GPU, at most :data:`MAX_SAMPLES` in all."""
    step = -(-len(samples) // MAX_SAMPLES)
    if step <= 1:
        return samples
    counts: dict[str, int] = {}
    kept = []
    for sample in samples:
        number = counts.get(sample.gpu_uuid, 0)
        counts[sample.gpu_uuid] = number + 1
        if number % step == 0:
            kept.append(sample)
    return tuple(kept)
