"""Puts intervals that overlap into rows in which none do."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from gpuplayground.tracing.intervals import Times


def side_by_side(starts: Times, ends: Times) -> npt.NDArray[np.int64]:
    """Return a row from 0 for each interval so that none overlaps another of its row; the intervals are in order."""
    rows = np.zeros(len(starts), np.int64)
    if not len(starts) or (starts[1:] >= np.maximum.accumulate(ends)[:-1]).all():
        return rows
    free: list[int] = []
    taken: list[tuple[int, int]] = []
    count = 0
    for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        while taken and taken[0][0] <= start:
            heappush(free, heappop(taken)[1])
        if free:
            row = heappop(free)
        else:
            row, count = count, count + 1
        rows[number] = row
        heappush(taken, (end, row))
    return rows


def nested(starts: Times, ends: Times) -> npt.NDArray[np.int64]:
    """Return a row from 0 for each interval so that two of a row are nested or apart.

    The intervals are in order of their starts, of those that start together the longest first.
    """
    rows = np.zeros(len(starts), np.int64)
    around: list[list[int]] = []
    for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        row = next((row for row, stack in enumerate(around) if _has_room(stack, start, end)), len(around))
        if row == len(around):
            around.append([])
        around[row].append(end)
        rows[number] = row
    return rows


def _has_room(stack: list[int], start: int, end: int) -> bool:
    """Whether an interval fits inside the innermost of those that still run; the others are taken off the stack."""
    while stack and stack[-1] <= start:
        stack.pop()
    return not stack or end <= stack[-1]
