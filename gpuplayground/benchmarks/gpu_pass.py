"""Adds the GPU times of the traced passes to benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gpuplayground.benchmarks.frames import GpuPass
from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.model.gpu_timing import GpuTiming
from gpuplayground.model.trace import Trace
from gpuplayground.tracing.gpu_totals import totals


def with_gpu(benchmarks: Sequence[Benchmark], passes: Sequence[GpuPass], trace: Trace) -> tuple[Benchmark, ...]:
    """Return the benchmarks with the GPU times of their traced passes, and a note if records were lost.

    It is unknown which pass lost records, so every benchmark gets the note.

    Args:
        benchmarks: benchmarks without GPU times; those without a traced pass are returned as they are.
        passes: one for each benchmark; only operations that begin within its windows count.
        trace: trace of the process that ran them.
    """
    windows = sorted(
        (window.start_ns, window.end_ns, number) for number, each in enumerate(passes) for window in each.windows
    )
    if not windows:
        return tuple(benchmarks)
    starts, ends, owners = (np.array(column, np.int64) for column in zip(*windows, strict=True))
    begun = trace.operations["start_ns"]
    place = np.searchsorted(starts, begun, "right") - 1
    is_inside = (place >= 0) & (begun <= ends[place])
    found = totals(trace, np.where(is_inside, owners[place], -1), len(passes))
    return tuple(
        _with_pass(benchmark, each, gpu, trace.loss) if each.windows else benchmark
        for benchmark, each, gpu in zip(benchmarks, passes, found, strict=True)
    )


def without_statements(trace: Trace) -> Trace:
    """Return the trace without its links to statements: its operations belong to the traced pass, not the set-up."""
    operations = trace.operations.copy()
    operations["statement"] = -1
    return replace(trace, operations=operations)


def _with_pass(benchmark: Benchmark, of_it: GpuPass, gpu: GpuTiming, loss: str) -> Benchmark:
    repeats = sum(window.repeats for window in of_it.windows)
    note = " ".join(filter(None, (benchmark.gpu_note, loss)))
    return replace(benchmark, gpu=gpu, gpu_repeats=repeats, gpu_note=note)
