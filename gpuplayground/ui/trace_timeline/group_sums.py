"""Counts and sums by group over any range of a row, in time independent of the range's length."""

from __future__ import annotations

import numpy as np

from gpuplayground.ui.trace_timeline.density import Floats, Integers

#: Prefix sums are kept for every so many elements; the rest is added on request.
_BLOCK = 4096


class GroupSums:
    """Counts elements and sums their weights by group. Memory is linear in the row, even with thousands of groups.

    Args:
        groups: the group of each element, from 0.
        weights: the weight of each element, such as a duration.
        least: least number of groups.
    """

    def __init__(self, groups: Integers, weights: Floats, least: int = 1) -> None:
        self._groups, self._weights = groups.astype(np.int32), weights
        self._size = max(int(groups.max(initial=0)) + 1, least)
        self._block = max(_BLOCK, self._size)
        blocks = len(groups) // self._block
        whole = slice(0, blocks * self._block)
        cells = np.repeat(np.arange(blocks) * self._size, self._block) + groups[whole]
        shape = (blocks, self._size)
        counts = np.bincount(cells, minlength=blocks * self._size).reshape(shape)
        sums = np.bincount(cells, weights[whole], minlength=blocks * self._size).reshape(shape)
        #: Prefix sums at the start of each block, including a last partial one.
        self._counts: Integers = np.vstack((np.zeros((1, self._size), np.int64), np.cumsum(counts, axis=0)))
        self._sums: Floats = np.vstack((np.zeros((1, self._size)), np.cumsum(sums, axis=0)))

    def within(self, indices: slice) -> tuple[Integers, Floats]:
        """Return for each group the number of elements in a range and the sum of their weights."""
        counts, sums = self._before(indices.stop)
        counts_before, sums_before = self._before(indices.start)
        return counts - counts_before, sums - sums_before

    def _before(self, index: int) -> tuple[Integers, Floats]:
        block = index // self._block
        rest = slice(block * self._block, index)
        counts: Integers = self._counts[block] + np.bincount(self._groups[rest], minlength=self._size)
        sums: Floats = self._sums[block] + np.bincount(self._groups[rest], self._weights[rest], self._size)
        return counts, sums
