"""Assigns NVTX ranges to statements and computes their GPU times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gpuplayground.model.gpu_timing import RegionTiming
from gpuplayground.model.trace import OpKind, Region, Trace
from gpuplayground.tracing.intervals import Times, union


def region_timings(trace: Trace, groups: npt.NDArray[np.int64], count: int) -> list[tuple[RegionTiming, ...]]:
    """Return the ranges of each of ``count`` statements, in order, grouped by thread and domain.

    A range belongs to the statement in which it begins, and is nested in enclosing ranges of the same statement, thread
    and domain. CUPTI does not report in which range an operation was launched, so the operations count that start
    between push and pop, on any stream. An operation launched in a range that starts after the pop is not counted; one
    launched before the push that starts in the range is. A range that waits for the GPU before its pop is exact.

    Args:
        trace: trace with ranges and operations, both ordered by start.
        groups: statement number of each range, or -1.
        count: number of statements.
    """
    found: list[list[RegionTiming]] = [[] for _ in range(count)]
    if not trace.regions:
        return [()] * count
    starts = np.array([region.start_ns for region in trace.regions], np.int64)
    ends = np.array([region.end_ns for region in trace.regions], np.int64)
    busy, kernels = _started_within(trace, starts, ends)
    tracks: dict[tuple[int, int, str], list[int]] = {}
    for number, group in enumerate(groups.tolist()):
        region = trace.regions[number]
        if group >= 0:
            tracks.setdefault((group, region.thread, region.domain), []).append(number)
    for (group, _, _), numbers in tracks.items():
        for number, depth in zip(*_nested(numbers, trace.regions), strict=True):
            region = trace.regions[number]
            wall = region.end_ns - region.start_ns
            found[group].append(
                RegionTiming(region.name, depth, region.start_ns, wall, int(busy[number]), int(kernels[number]))
            )
    return [tuple(regions) for regions in found]


def _nested(numbers: Sequence[int], regions: Sequence[Region]) -> tuple[list[int], list[int]]:
    """Return the ranges of one track by start, outer ranges first, and the depth of each."""
    ordered = sorted(numbers, key=lambda number: (regions[number].start_ns, -regions[number].end_ns))
    depths, around = [], list[int]()
    for number in ordered:
        region = regions[number]
        while around and around[-1] < region.end_ns:
            around.pop()
        depths.append(len(around))
        around.append(region.end_ns)
    return ordered, depths


def _started_within(trace: Trace, starts: Times, ends: Times) -> tuple[Times, Times]:
    """Return the busy time and the number of kernels of the operations that start in each window."""
    begun, ended = trace.operations["start_ns"].copy(), trace.operations["end_ns"].copy()
    is_kernel = (trace.operations["kind"] == OpKind.KERNEL) | (trace.operations["kind"] == OpKind.GRAPH)
    low, high = np.searchsorted(begun, starts), np.searchsorted(begun, ends)
    kernels = np.concatenate((np.zeros(1, np.int64), np.cumsum(is_kernel)))
    if not len(begun):
        return np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    reach = np.maximum.accumulate(ended)
    # The length that each operation adds to the union of those before it. Its sum over a sequence of operations is
    # their union, unless an earlier operation is still running at its start.
    before = np.concatenate((begun[:1], reach[:-1]))
    added = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.maximum(ended - np.maximum(begun, before), 0))))
    busy: Times = added[high] - added[low]
    inside = high > low
    overhung = inside & (before[np.minimum(low, len(begun) - 1)] > begun[np.minimum(low, len(begun) - 1)])
    for number in np.flatnonzero(overhung).tolist():
        stretch = slice(low[number], high[number])
        busy[number] = union(begun[stretch], ended[stretch]).length
    return busy, kernels[high] - kernels[low]
