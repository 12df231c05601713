"""What the monitor saw of a run that is over: its receipts, the verdicts of its benchmarks, and the curves of its time.

May take a second for a long run with many GPUs: call it in a worker thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.model.results import Run
from gpuplayground.model.samples import GpuInfo, GpuSample, RunSpan
from gpuplayground.receipts.receipt import Receipt, receipts, window_of
from gpuplayground.receipts.used_gpus import MARGIN_NS
from gpuplayground.receipts.verdicts import judge

if TYPE_CHECKING:
    from gpuplayground.receipts.sample_log import SampleLog  # needs numpy, which a command without a GPU does without

#: Samples kept for the curves of a run, in all: more than a picture has columns, and 8 MB.
MAX_SAMPLES = 16_000


@dataclass(frozen=True, slots=True)
class Account:
    """A run with ``benchmarks`` as they were judged, and ``samples`` of its time and a little beyond."""

    run: Run
    receipts: tuple[Receipt, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    samples: tuple[GpuSample, ...] = ()
    gpus: tuple[GpuInfo, ...] = ()


def has_used_gpu(run: Run, log: SampleLog) -> bool:
    """Return whether a run used a GPU, by itself or by what the driver says: a call that raises may be its only one."""
    return run.used_cuda or log.has_seen(run.pid)


def account_for(
    run: Run, log: SampleLog, chosen: Sequence[str] = (), others: Sequence[RunSpan] = (), after_ns: int = MARGIN_NS
) -> Account:
    """Join a run with what was seen around it.

    Args:
        run: the run, whose benchmarks have not been judged.
        log: of the samples.
        chosen: the UUID of the GPU that it was given, none where it saw all.
        others: runs beside it and near it.
        after_ns: how long after its end is looked at.
    """
    start_ns, end_ns = run.start_ns - MARGIN_NS, run.end_ns + after_ns
    whole = log.between(start_ns, end_ns, whole=True)
    # A benchmark is judged by every sample of its own short time.
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
    return Account(run, made, benchmarks, _thinned(whole.near(run.start_ns, run.end_ns)), whole.gpus)


def _thinned(samples: tuple[GpuSample, ...]) -> tuple[GpuSample, ...]:
    """Return every n-th sample of each GPU, so that they are not too many."""
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
