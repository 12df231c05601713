"""Interval arithmetic against the plainest model there is: one cell of a list for each nanosecond."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpuplayground.tracing.intervals import Times, Union, join, partition, sums, union, union_lengths

TOP = 60
#: Where times really are: the model's moments are moved there, so that an overflow or a float would be seen.
LATE = 2**62 - 1000

#: No deadline: the machine that runs the tests may be busy.
unhurried = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

Pairs = list[tuple[int, int]]
moments = st.integers(0, TOP)
pairs = st.lists(st.tuples(moments, moments), max_size=12)
windows = st.lists(st.tuples(moments, moments), min_size=1, max_size=6)


def arrays(intervals: Pairs, offset: int = LATE) -> tuple[Times, Times]:
    starts = np.array([start for start, _ in intervals], np.int64) + offset
    return starts, np.array([end for _, end in intervals], np.int64) + offset


def cells(intervals: Pairs) -> set[int]:
    """The nanoseconds that intervals cover."""
    return {cell for start, end in intervals for cell in range(start, end)}


def groups_of(values: list[int]) -> npt.NDArray[np.int64]:
    return np.array(values, np.int64)


def united(intervals: Pairs) -> Union:
    return union(*arrays(intervals))


@unhurried
@given(pairs)
def test_a_union_counts_what_overlaps_once(intervals: Pairs) -> None:
    assert united(intervals).length == len(cells(intervals))


@unhurried
@given(pairs)
def test_a_union_is_in_order_and_no_two_of_its_intervals_touch(intervals: Pairs) -> None:
    result = united(intervals)
    assert (result.ends > result.starts).all()
    assert (result.starts[1:] > result.ends[:-1]).all()
    pieces = [(int(a) - LATE, int(b) - LATE) for a, b in zip(result.starts, result.ends, strict=True)]
    assert cells(pieces) == cells(intervals)


@unhurried
@given(st.lists(pairs, min_size=1, max_size=4))
def test_joined_unions_cover_what_any_of_them_covers(several: list[Pairs]) -> None:
    assert join(*map(united, several)).length == len(set().union(*map(cells, several)))


@unhurried
@given(pairs, windows)
def test_a_window_holds_what_is_covered_inside_it(intervals: Pairs, around: Pairs) -> None:
    covered = united(intervals).covered_within(*arrays(around))
    assert covered.tolist() == [len(cells(intervals) & set(range(*window))) for window in around]


@unhurried
@given(pairs, st.integers(0, 20))
def test_gaps_are_what_lies_between_neighbours_that_are_near(intervals: Pairs, longest: int) -> None:
    covered = sorted(cells(intervals))
    expected = [b - a - 1 for a, b in pairwise(covered) if 1 < b - a <= longest + 1]
    gaps = united(intervals).gaps(longest)
    assert (gaps.ends - gaps.starts).tolist() == expected


@unhurried
@given(st.lists(pairs, min_size=1, max_size=5), st.sampled_from([1, 2**58]))
def test_each_group_has_a_union_of_its_own(several: list[Pairs], scale: int) -> None:
    """With moments so far apart that the groups do not fit on one axis of 64 bits too."""
    ordered = [sorted(intervals) for intervals in several]
    numbers = groups_of([number for number, intervals in enumerate(ordered) for _ in intervals])
    starts, ends = arrays([pair for intervals in ordered for pair in intervals], 0)
    scale //= TOP + 1 if scale > 1 else 1
    lengths = union_lengths(starts * scale, ends * scale, numbers, len(ordered))
    assert lengths.tolist() == [len(cells(intervals)) * scale for intervals in ordered]


@unhurried
@given(st.lists(st.lists(st.integers(-(2**50), 2**50), max_size=5), min_size=1, max_size=5))
def test_sums_of_groups_are_exact(several: list[list[int]]) -> None:
    numbers = groups_of([number for number, values in enumerate(several) for _ in values])
    values = np.array([value for values in several for value in values], np.int64)
    assert sums(values, numbers, len(several)).tolist() == [sum(values) for values in several]


@unhurried
@given(st.lists(pairs, max_size=4), windows)
def test_a_partition_gives_each_nanosecond_to_the_first_layer_that_covers_it(
    layers: list[Pairs], around: Pairs
) -> None:
    shares = partition([united(layer) for layer in layers], *arrays(around))
    for column, window in enumerate(around):
        left, expected = set(range(*window)), []
        for layer in layers:
            expected.append(len(left & cells(layer)))
            left -= cells(layer)
        assert shares[:, column].tolist() == [*expected, len(left)]


@unhurried
@given(st.lists(pairs, max_size=4), windows)
def test_the_shares_of_a_window_add_up_to_it(layers: list[Pairs], around: Pairs) -> None:
    shares = partition([united(layer) for layer in layers], *arrays(around))
    assert shares.sum(axis=0).tolist() == [max(end - start, 0) for start, end in around]
    assert (shares >= 0).all()


def test_nothing_covers_nothing() -> None:
    nothing = united([])
    assert nothing.length == 0
    assert nothing.gaps(5).length == 0
    assert nothing.covered_before(np.array([0, 5])).tolist() == [0, 0]
    assert union_lengths(*arrays([]), groups_of([]), 3).tolist() == [0, 0, 0]
