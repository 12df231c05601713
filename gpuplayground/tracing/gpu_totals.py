"""Sums GPU operations by group: busy time, kernels and copies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gpuplayground.model.gpu_timing import CopyTotals, Direction, GpuTiming, KernelTotals
from gpuplayground.model.trace import OpKind, Trace
from gpuplayground.tracing.intervals import Mask, Times, sums, union_lengths

#: Number of kernels listed per group.
TOP_KERNELS = 5
#: Names for a kernel whose name was lost, and for a graph, which CUPTI reports as one operation.
UNKNOWN_KERNEL = "unknown kernel"
GRAPH = "CUDA graph"

_PAGEABLE, _PINNED = 1, 2  # CUpti_ActivityMemoryKind
_DIRECTIONS = tuple(Direction)
#: Direction for each CUpti_ActivityMemcpyKind; arrays are device memory.
_BY_COPY_KIND = {
    1: Direction.HOST_TO_DEVICE,
    2: Direction.DEVICE_TO_HOST,
    3: Direction.HOST_TO_DEVICE,
    4: Direction.DEVICE_TO_HOST,
    9: Direction.HOST_TO_HOST,
    10: Direction.PEER_TO_PEER,
}
_DIRECTION_OF_KIND = np.array(
    [_DIRECTIONS.index(_BY_COPY_KIND.get(kind, Direction.DEVICE_TO_DEVICE)) for kind in range(256)]
)


class Columns:
    """The grouped operations as columns, ordered by group and then by time.

    Args:
        trace: trace with the operations.
        groups: the group of each operation, from 0; negative for none.
    """

    def __init__(self, trace: Trace, groups: npt.NDArray[np.int64]) -> None:
        rows = np.flatnonzero(groups >= 0)
        if (np.diff(groups[rows]) < 0).any():
            rows = rows[np.argsort(groups[rows], kind="stable")]
        operations = trace.operations
        self.group = groups[rows]
        self.start: Times = operations["start_ns"][rows]
        self.end: Times = operations["end_ns"][rows]
        self.kind = operations["kind"][rows]
        self.rows = rows
        #: A graph counts as one kernel.
        self.is_kernel: Mask = (self.kind == OpKind.KERNEL) | (self.kind == OpKind.GRAPH)


def totals(trace: Trace, groups: npt.NDArray[np.int64], count: int) -> list[GpuTiming]:
    """Return the GPU timing of each of ``count`` groups, without waits and regions."""
    columns = Columns(trace, groups)
    group, start, end = columns.group, columns.start, columns.end
    is_kernel, is_copy = columns.is_kernel, columns.kind == OpKind.COPY
    busy = union_lengths(start, end, group, count).tolist()
    kernel_busy = union_lengths(start[is_kernel], end[is_kernel], group[is_kernel], count).tolist()
    copy_busy = union_lengths(start[is_copy], end[is_copy], group[is_copy], count).tolist()
    kernels = np.bincount(group[is_kernel], minlength=count).tolist()
    memsets = np.bincount(group[columns.kind == OpKind.MEMSET], minlength=count).tolist()
    top, copies = _top_kernels(trace, columns, count), _copies(trace, columns, count)
    return [
        GpuTiming(
            busy_ns=busy[number],
            kernels=kernels[number],
            memsets=memsets[number],
            kernel_busy_ns=kernel_busy[number],
            copy_busy_ns=copy_busy[number],
            top_kernels=tuple(top[number]),
            copies=tuple(copies[number]),
        )
        for number in range(count)
    ]


def kernel_names(trace: Trace) -> tuple[str, ...]:
    """Return the kernel names by name index, followed by the name of graphs."""
    return (*(name or UNKNOWN_KERNEL for name in trace.names), GRAPH)


def _top_kernels(trace: Trace, columns: Columns, count: int) -> list[list[KernelTotals]]:
    """Return the kernels of each group with the largest totals, always including the one with the longest launch."""
    found: list[list[KernelTotals]] = [[] for _ in range(count)]
    chosen = columns.is_kernel
    if not chosen.any():
        return found
    labels = kernel_names(trace)
    name = trace.operations["name"][columns.rows[chosen]].astype(np.int64)
    name[columns.kind[chosen] == OpKind.GRAPH] = len(labels) - 1
    key = columns.group[chosen] * len(labels) + name
    order = np.argsort(key, kind="stable")
    first = _firsts(key[order])
    took = (columns.end - columns.start)[chosen][order]
    total, longest = np.add.reduceat(took, first), np.maximum.reduceat(took, first)
    launches = np.diff(np.append(first, len(took)))
    group, name = np.divmod(key[order][first], len(labels))
    for entry in _chosen(group, total, longest).tolist():
        kernel = KernelTotals(labels[name[entry]], int(launches[entry]), int(total[entry]), int(longest[entry]))
        found[group[entry]].append(kernel)
    return found


def _chosen(group: npt.NDArray[np.int64], total: Times, longest: Times) -> npt.NDArray[np.intp]:
    """Return the entries to list, by group and descending total; the longest takes the last place if needed."""
    order = np.lexsort((-total, group))
    begins = _firsts(group[order])
    sizes = np.diff(np.append(begins, len(order)))
    place = np.arange(len(order)) - np.repeat(begins, sizes)
    by_longest = np.lexsort((place, -longest[order], group[order]))
    place_of_longest = np.repeat(place[by_longest[begins]], sizes)
    keep = np.where(place_of_longest < TOP_KERNELS, place < TOP_KERNELS, place < TOP_KERNELS - 1)
    chosen: npt.NDArray[np.intp] = order[keep | (place == place_of_longest)]
    return chosen


def _firsts(ordered: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Return where each run of equal values begins."""
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))


def _copies(trace: Trace, columns: Columns, count: int) -> list[list[CopyTotals]]:
    chosen = columns.kind == OpKind.COPY
    rows = trace.operations[columns.rows[chosen]]
    direction = directions(rows)
    size = rows["bytes"].astype(np.int64)
    is_pageable = (rows["source_memory"] == _PAGEABLE) | (rows["target_memory"] == _PAGEABLE)
    key = columns.group[chosen] * len(_DIRECTIONS) + direction
    order = np.argsort(key, kind="stable")
    key, size, start, end = key[order], size[order], columns.start[chosen][order], columns.end[chosen][order]
    keys = count * len(_DIRECTIONS)
    busy, moved = union_lengths(start, end, key, keys), sums(size, key, keys)
    pageable = sums(np.where(is_pageable[order], size, 0), key, keys)
    number = np.bincount(key, minlength=keys)
    found: list[list[CopyTotals]] = [[] for _ in range(count)]
    for each in np.flatnonzero(number).tolist():
        group, way = divmod(each, len(_DIRECTIONS))
        found[group].append(
            CopyTotals(_DIRECTIONS[way], int(number[each]), int(moved[each]), int(busy[each]), int(pageable[each]))
        )
    return found


def directions(copies: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
    """Return the direction of each copy, as its index in :class:`Direction`.

    If CUPTI does not report it, it follows from the kinds of memory.
    """
    from_host = (copies["source_memory"] == _PAGEABLE) | (copies["source_memory"] == _PINNED)
    to_host = (copies["target_memory"] == _PAGEABLE) | (copies["target_memory"] == _PINNED)
    by_memory = np.full(len(copies), _DIRECTIONS.index(Direction.DEVICE_TO_DEVICE))
    by_memory[from_host & ~to_host] = _DIRECTIONS.index(Direction.HOST_TO_DEVICE)
    by_memory[to_host & ~from_host] = _DIRECTIONS.index(Direction.DEVICE_TO_HOST)
    by_memory[from_host & to_host] = _DIRECTIONS.index(Direction.HOST_TO_HOST)
    return np.where(copies["copy_kind"] == 0, by_memory, _DIRECTION_OF_KIND[copies["copy_kind"]])
