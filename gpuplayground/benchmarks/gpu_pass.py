"""The GPU's part of benchmarks, from the trace of their process."""

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
    """Return the benchmarks with what the GPU did in the traced pass of each, and a note where records were lost.

    Of which pass these were is not known, so that every one gets the note.

    Args:
        benchmarks: without it; those that had no traced pass stay so.
        passes: one for each benchmark. What begins within a window of it counts, nothing between windows does.
        trace: of the process that ran them.
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


def of_no_statement(trace: Trace) -> Trace:
    """Return a trace whose operations belong to no statement of the set-up: they are of the benchmark's own pass."""
    operations = trace.operations.copy()
    operations["statement"] = -1
    return replace(trace, operations=operations)


def _with_pass(benchmark: Benchmark, of_it: GpuPass, gpu: GpuTiming, loss: str) -> Benchmark:
    repeats = sum(window.repeats for window in of_it.windows)
    note = " ".join(filter(None, (benchmark.gpu_note, loss)))
    return replace(benchmark, gpu=gpu, gpu_repeats=repeats, gpu_note=note)
