"""Assigns overlapping intervals to rows."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from gpuplayground.tracing.intervals import Times


def side_by_side(starts: Times, ends: Times) -> npt.NDArray[np.int64]:
    """Return a row from 0 for each interval, so that none overlap within a row; the starts are ascending."""
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
    """Return a row from 0 for each interval, so that intervals of a row are nested or disjoint.

    The intervals are ordered by start; of those that start together the longest comes first.
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
    """Return whether an interval fits inside the innermost open one; pops those that have ended."""
    while stack and stack[-1] <= start:
        stack.pop()
    return not stack or end <= stack[-1]
