"""Breaks the time of statements down into waits, from the intervals of a trace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gpuplayground.model.gpu_timing import Wait
from gpuplayground.model.results import StatementTiming
from gpuplayground.model.trace import OpKind, SpanKind, Trace
from gpuplayground.tracing.intervals import Times, Union, join, partition, union
from gpuplayground.tracing.notes import LATEST_NS

#: Maximum idle time of the GPU that counts as launch overhead: frameworks take 5 to 100 µs per launch. In longer gaps
#: the CPU was busy with something else.
LAUNCH_GAP_NS = 1_000_000


def time_breakdown(
    trace: Trace, groups: npt.NDArray[np.int64], timings: Sequence[StatementTiming]
) -> list[tuple[tuple[Wait, int], ...]]:
    """Return the parts of each statement's time until idle, in the order of :class:`Wait`, without empty ones.

    The parts add up to ``max(wall_ns, synced_ns)``, without imports made ahead of the run. Of simultaneous activities,
    on any thread, the first counts: context creation, compilation, kernels (and memory sets), copies. Short idle times
    of the GPU between the first and the last operation of a statement are launch overhead (:data:`LAUNCH_GAP_NS`). The
    rest is CPU time, or import in an import statement. A statement with an unknown start has no parts.

    Args:
        trace: the trace of the run.
        groups: for each operation the index of its statement in ``timings``, or -1.
        timings: the statements.
    """
    if not timings:
        return []
    starts, ends = windows(timings)
    is_import = np.array([timing.is_import for timing in timings])
    layers = [_spans(trace, SpanKind.CONTEXT), _spans(trace, SpanKind.COMPILE, SpanKind.LOAD), *_busy(trace)]
    shares = partition(layers, starts, ends)
    rest = shares[-1]
    parts = dict(zip((Wait.CONTEXT, Wait.COMPILATION, Wait.KERNELS, Wait.COPIES), shares[:-1], strict=True))
    gaps = join(*layers[2:]).gaps(LAUNCH_GAP_NS)
    launches = partition([*layers, gaps], *_hulls(trace, groups, starts, ends))[len(layers)]
    parts[Wait.IMPORT] = np.where(is_import, rest, 0)
    parts[Wait.LAUNCHES] = np.where(is_import, 0, launches)
    parts[Wait.CPU] = np.where(is_import, 0, rest - launches)
    table = np.array([parts[wait] for wait in Wait]).T.tolist()
    return [tuple((wait, part) for wait, part in zip(Wait, row, strict=True) if part) for row in table]


def windows(timings: Sequence[StatementTiming]) -> tuple[Times, Times]:
    """Return when each statement began and when its GPUs were idle; both are 0 if the start is unknown."""
    starts = np.array([min(max(timing.start_ns, 0), LATEST_NS) for timing in timings], np.int64)
    took = np.array([min(max(timing.wall_ns, timing.synced_ns or 0, 0), LATEST_NS - 1) for timing in timings], np.int64)
    return starts, starts + np.where(starts > 0, took, 0)


def _spans(trace: Trace, *kinds: SpanKind) -> Union:
    bounds = np.array([(span.start_ns, span.end_ns) for span in trace.spans if span.kind in kinds], np.int64)
    bounds = bounds.reshape(-1, 2)
    return union(bounds[:, 0], bounds[:, 1])


def _busy(trace: Trace) -> tuple[Union, Union]:
    """Return the times of kernels and memory sets, and those of copies."""
    operations = trace.operations
    is_copy = operations["kind"] == OpKind.COPY
    kernels, copies = operations[~is_copy], operations[is_copy]
    return union(kernels["start_ns"], kernels["end_ns"]), union(copies["start_ns"], copies["end_ns"])


def _hulls(trace: Trace, groups: npt.NDArray[np.int64], starts: Times, ends: Times) -> tuple[Times, Times]:
    """Return the start of each statement's first operation and the end of its last, within the statement."""
    first, last = ends.copy(), starts.copy()
    mine = groups >= 0
    np.minimum.at(first, groups[mine], trace.operations["start_ns"][mine])
    np.maximum.at(last, groups[mine], trace.operations["end_ns"][mine])
    return np.maximum(first, starts), np.minimum(last, ends)
