"""Exact arithmetic on arrays of half-open intervals ``[start, end)`` in integer nanoseconds.

Starts and ends are int64 arrays of equal length, with ``0 <= start <= end < 2**62``. An interval that is empty, or
that ends before it starts, covers nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Union:
    """A union of intervals: disjoint, in order, none empty or adjacent to the next."""

    starts: Times
    ends: Times

    @property
    def length(self) -> int:
        """Total length covered."""
        return int((self.ends - self.starts).sum())

    def covered_before(self, times: Times) -> Times:
        """Return the length covered before each time."""
        if not len(self.starts):
            return np.zeros(len(times), np.int64)
        lengths = self.ends - self.starts
        before = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
        index = np.searchsorted(self.starts, times, side="right")
        # The last interval that starts at or before a time is counted in full, minus its part after that time.
        ahead = np.where(index > 0, np.maximum(self.ends[np.maximum(index, 1) - 1] - times, 0), 0)
        return before[index] - ahead

    def covered_within(self, starts: Times, ends: Times) -> Times:
        """Return the length covered within each window; 0 for a window that ends before it starts."""
        return self.covered_before(np.maximum(starts, ends)) - self.covered_before(starts)

    def gaps(self, longest: int) -> Union:
        """Return the gaps between neighbouring intervals that are at most ``longest`` long."""
        starts, ends = self.ends[:-1], self.starts[1:]
        near = ends - starts <= longest
        return Union(starts[near], ends[near])


def union(starts: Times, ends: Times) -> Union:
    """Return the union of intervals, given in any order."""
    keep = ends > starts
    starts, ends = starts[keep], ends[keep]
    if not len(starts):
        return Union(starts, ends)
    if (starts[1:] < starts[:-1]).any():
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], ends[order]
    reach = np.maximum.accumulate(ends)
    opens = np.concatenate(([True], starts[1:] > reach[:-1]))
    closes = np.concatenate((opens[1:], [True]))
    return Union(starts[opens], reach[closes])


def join(*unions: Union) -> Union:
    """Return the union of unions."""
    starts = np.concatenate([each.starts for each in unions])
    return union(starts, np.concatenate([each.ends for each in unions]))


def union_lengths(starts: Times, ends: Times, groups: npt.NDArray[np.int64], count: int) -> Times:
    """Return the length of the union of each group's intervals.

    Args:
        starts: ascending within each group.
        ends: one for each start.
        groups: the group of each interval, from 0, ascending.
        count: number of groups.
    """
    if not len(starts):
        return np.zeros(count, np.int64)
    origin = int(starts.min())
    span = max(int(ends.max()) - origin, int(starts.max()) - origin) + 1
    if count > 1 and span * count > _LARGEST:
        half = count // 2
        cut = int(np.searchsorted(groups, half))
        return np.concatenate(
            (
                union_lengths(starts[:cut], ends[:cut], groups[:cut], half),
                union_lengths(starts[cut:], ends[cut:], groups[cut:] - half, count - half),
            )
        )
    # Each group is shifted to its own part of the axis, so that a single pass handles all groups.
    shift = groups * span - origin
    shifted_starts, shifted_ends = starts + shift, ends + shift
    reach = np.maximum.accumulate(shifted_ends)
    begun = np.concatenate((shifted_starts[:1], np.maximum(shifted_starts[1:], reach[:-1])))
    added = np.maximum(shifted_ends - begun, 0)
    return sums(added, groups, count)


def sums(values: Times, groups: npt.NDArray[np.int64], count: int) -> Times:
    """Return the exact sum of the values of each group; ``groups`` are ascending from 0."""
    total = np.concatenate((np.zeros(1, np.int64), np.cumsum(values)))
    borders = np.searchsorted(groups, np.arange(count + 1))
    return total[borders[1:]] - total[borders[:-1]]


def partition(layers: Sequence[Union], starts: Times, ends: Times) -> npt.NDArray[np.int64]:
    """Divide windows among layers; time covered by several layers belongs to the first.

    Returns:
        One row per layer and a last row for uncovered time, one column per window. Each column adds up exactly to the
        length of its window.
    """
    shares, claimed = [], np.zeros(len(starts), np.int64)
    so_far = Union(np.empty(0, np.int64), np.empty(0, np.int64))
    for layer in layers:
        so_far = join(so_far, layer)
        covered = so_far.covered_within(starts, ends)
        shares.append(covered - claimed)
        claimed = covered
    shares.append(np.maximum(ends - starts, 0) - claimed)
    return np.array(shares)
