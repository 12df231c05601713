"""GPU usage of a finished run: its receipts, the verdicts on its benchmarks, and its samples.

This may take a second for a long run with many GPUs: call it in a worker thread.
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
    from gpuplayground.receipts.sample_log import (
        SampleLog,
    )  # imports numpy, not needed without a GPU

#: Maximum number of samples kept for a run's curves, for all GPUs together: about 8 MB.
MAX_SAMPLES = 16_000


@dataclass(frozen=True, slots=True)
class RunUsage:
    """A run with the verdicts on its ``benchmarks``, and ``samples`` from shortly before to shortly after it."""

    run: Run
    receipts: tuple[Receipt, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    samples: tuple[GpuSample, ...] = ()
    gpus: tuple[GpuInfo, ...] = ()


def has_used_gpu(run: Run, log: SampleLog) -> bool:
    """Return whether a run used a GPU, as it recorded itself or as the driver listed it.

    The driver's list covers a run whose only GPU call raised.
    """
    return run.used_cuda or log.has_seen(run.pid)


def usage_of(
    run: Run, log: SampleLog, chosen: Sequence[str] = (), others: Sequence[RunSpan] = (), after_ns: int = MARGIN_NS
) -> RunUsage:
    """Combine a run with the samples taken around it.

    Args:
        run: the run, without verdicts.
        log: the samples.
        chosen: the UUIDs of the GPUs chosen for the run; empty: it saw all.
        others: runs that overlap it or are close to it.
        after_ns: time after its end to include.
    """
    start_ns, end_ns = run.start_ns - MARGIN_NS, run.end_ns + after_ns
    whole = log.between(start_ns, end_ns, whole=True)
    # Benchmarks are short and are judged by all of their samples.
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
    return RunUsage(run, made, benchmarks, _thinned(whole.near(run.start_ns, run.end_ns)), whole.gpus)


def _thinned(samples: tuple[GpuSample, ...]) -> tuple[GpuSample, ...]:
    """Return every n-th sample of each GPU, at most :data:`MAX_SAMPLES` in total."""
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
