"""Gives each GPU operation of a trace to the statement that launched it, and each statement its GPU time."""

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
from gpuplayground.tracing.wall_time import waits, windows


def with_trace(run: Run, path: Path) -> Run:
    """Return the run with the GPU's own times for its statements.

    Args:
        run: the run, without them.
        path: the file its process wrote.
    """
    try:
        read = read_trace(path)
    except TraceError as error:
        return replace(run, trace_note=" ".join(filter(None, (run.trace_note, str(error)))))
    trace, timings = attribute(read.trace, read.first_correlations, run.timings)
    note, notes = " ".join(filter(None, (run.trace_note, trace.loss))), run.notes
    if read.left_out:
        # No GPU time is missing by them, which is all that a trace note says.
        notes = (*notes, f"{read.left_out:,} NVTX ranges are more than can be shown.")
    return replace(run, trace=trace, timings=timings, trace_note=note, notes=notes)


def attribute(
    trace: Trace, first_correlations: Mapping[int, int], timings: Sequence[StatementTiming]
) -> tuple[Trace, tuple[StatementTiming, ...]]:
    """Return the trace with the statement of each operation, and the statements with their GPU time.

    CUPTI numbers the calls of a whole process in order, whatever the thread. So an operation belongs to the last
    statement whose first number is not above its own. Among statements without a number, and for an operation without
    one, the last that began before the operation is taken. See :func:`.wall_time.waits` and
    :func:`.nvtx_regions.region_timings` for those parts.

    Args:
        trace: from :func:`.reader.read_trace`; it is left as it is.
        first_correlations: for statements by their index the first correlation number.
        timings: the statements in the order of their execution.
    """
    starts, _ = windows(timings)
    operations = trace.operations.copy()
    groups = _launched_by(operations, first_correlations, timings, starts)
    indexes = np.array([*(timing.index for timing in timings), -1], np.int32)
    operations["statement"] = indexes[groups]  # -1 takes the last one
    begun = np.array([region.start_ns for region in trace.regions], np.int64)
    count = len(timings)
    gpus = totals(trace, groups, count)
    spent = waits(trace, groups, timings)
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
    """Return for each operation the place of its statement in ``timings``, or -1 for none."""
    places: list[int] = []
    numbers: list[int] = []
    for place, timing in enumerate(timings):
        number = first_correlations.get(timing.index)
        # A number that is not above an earlier statement's says nothing, because nothing was waited for between the
        # two, or cannot be: such a statement is placed by time.
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
    """Return for each moment the place of the last statement that had begun, or -1 for none."""
    known = np.flatnonzero(starts > 0)
    begun = np.maximum.accumulate(starts[known])
    return np.append(known, -1)[np.searchsorted(begun, times, side="right") - 1]
