"""Assigns each GPU operation of a trace to the statement that launched it, and adds GPU times to statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gpuplayground.model.results import Run, StatementTiming
from gpuplayground.model.trace import Trace
from gpuplayground.tracing.gpu_totals import totals
from gpuplayground.tracing.intervals import Times
from gpuplayground.tracing.nvtx_regions import region_timings
from gpuplayground.tracing.reader import TraceError, read_trace
from gpuplayground.tracing.wall_time import time_breakdown, windows


def with_trace(run: Run, path: Path) -> Run:
    """Return the run with its trace and the GPU times of its statements.

    Args:
        run: the run without a trace.
        path: the trace file that its process wrote.
    """
    try:
        read = read_trace(path)
    except TraceError as error:
        return replace(run, trace_note=" ".join(filter(None, (run.trace_note, str(error)))))
    trace, timings = attribute(read.trace, read.first_correlations, run.timings)
    note, notes = " ".join(filter(None, (run.trace_note, trace.loss))), run.notes
    if read.left_out:
        # Not a trace note, because no GPU times are missing.
        notes = (*notes, f"{read.left_out:,} NVTX ranges are not shown: there are too many.")
    return replace(run, trace=trace, timings=timings, trace_note=note, notes=notes)


def attribute(
    trace: Trace, first_correlations: Mapping[int, int], timings: Sequence[StatementTiming]
) -> tuple[Trace, tuple[StatementTiming, ...]]:
    """Return the trace with the statement of each operation, and the statements with their GPU times.

    CUPTI numbers the calls of a process in order, across threads. So an operation belongs to the last statement whose
    first number is not above the operation's. Among statements without a number, or for an operation without one, it
    is the last statement that began before the operation. :func:`.wall_time.time_breakdown` and
    :func:`.nvtx_regions.region_timings` compute the waits and regions.

    Args:
        trace: from :func:`.reader.read_trace`; it is not modified.
        first_correlations: first correlation number of statements, by index.
        timings: the statements in execution order.
    """
    starts, _ = windows(timings)
    operations = trace.operations.copy()
    groups = _launched_by(operations, first_correlations, timings, starts)
    indexes = np.array([*(timing.index for timing in timings), -1], np.int32)
    operations["statement"] = indexes[groups]  # -1 takes the last one
    begun = np.array([region.start_ns for region in trace.regions], np.int64)
    count = len(timings)
    gpus = totals(trace, groups, count)
    spent = time_breakdown(trace, groups, timings)
    regions = region_timings(trace, _begun_before(begun, starts), count)
    timed = tuple(
        replace(timing, gpu=replace(gpus[number], waits=spent[number], regions=regions[number]))
        for number, timing in enumerate(timings)
    )
    return replace(trace, operations=operations), timed


def _launched_by(
    operations: npt.NDArray[np.void],
    first_correlations: Mapping[int, int],
    timings: Sequence[StatementTiming],
    starts: Times,
) -> npt.NDArray[np.int64]:
    """Return for each operation the index of its statement in ``timings``, or -1 for none."""
    places: list[int] = []
    numbers: list[int] = []
    for place, timing in enumerate(timings):
        number = first_correlations.get(timing.index)
        # A number that is not above an earlier statement's is useless: the GPU was not waited for in between, or the
        # number is invalid. Such a statement is assigned by time.
        if number is not None and (not numbers or number > numbers[-1]):
            places.append(place)
            numbers.append(number)
    correlation = operations["correlation"].astype(np.int64)
    block = np.searchsorted(np.array(numbers, np.int64), correlation, side="right")
    lowest = np.array([-1, *places])[block]
    highest = np.array([*(place - 1 for place in places), len(timings) - 1])[block]
    by_time = _begun_before(operations["start_ns"], starts)
    return np.where(correlation > 0, np.clip(by_time, lowest, highest), by_time)


def _begun_before(times: Times, starts: Times) -> npt.NDArray[np.int64]:
    """Return for each time the index of the last statement that had begun, or -1 for none."""
    known = np.flatnonzero(starts > 0)
    begun = np.maximum.accumulate(starts[known])
    return np.append(known, -1)[np.searchsorted(begun, times, side="right") - 1]
