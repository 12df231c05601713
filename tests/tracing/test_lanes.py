"""Rows for intervals that overlap."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpuplayground.tracing.intervals import Times
from gpuplayground.tracing.lanes import nested, side_by_side

#: No deadline: the machine that runs the tests may be busy.
unhurried = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

Pairs = list[tuple[int, int]]
bounds = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: (min(pair), max(pair)))
intervals = st.lists(bounds, max_size=12).map(lambda pairs: sorted(pairs, key=lambda pair: (pair[0], -pair[1])))


def arrays(pairs: Pairs) -> tuple[Times, Times]:
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])


@unhurried
@given(intervals)
def test_no_two_of_a_row_overlap_and_there_are_no_more_rows_than_at_one_moment(pairs: Pairs) -> None:
    rows = side_by_side(*arrays(pairs)).tolist()
    for (one, first), (other, second) in combinations(zip(pairs, rows, strict=True), 2):
        assert first != second or not overlap(one, other)
    deepest = max((sum(start <= at < end for start, end in pairs) for at in range(41)), default=0)
    assert len({row for row, (start, end) in zip(rows, pairs, strict=True) if end > start}) <= max(deepest, 1)


@unhurried
@given(intervals)
def test_two_of_a_row_are_nested_or_apart(pairs: Pairs) -> None:
    rows = nested(*arrays(pairs)).tolist()
    for (one, first), (other, second) in combinations(zip(pairs, rows, strict=True), 2):
        contains = one[0] <= other[0] and other[1] <= one[1]
        assert first != second or contains or not overlap(one, other)


def test_what_is_nested_takes_one_row() -> None:
    assert nested(*arrays([(0, 100), (10, 50), (10, 20), (20, 30), (60, 70), (100, 120)])).tolist() == [0] * 6
    assert nested(*arrays([(0, 100), (50, 150), (60, 90), (120, 140)])).tolist() == [0, 1, 0, 0]
