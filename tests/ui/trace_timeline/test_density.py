"""Any number of intervals in a bounded number of columns, with nothing lost."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpuplayground.ui.trace_timeline.density import Floats, Integers, Intervals, disjoint, lanes

#: Gap before an interval, and its length.
STEPS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 200)), min_size=1, max_size=60)
#: Start and length of intervals that may overlap.
FREE = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 200)), min_size=1, max_size=60)
VIEWS = st.tuples(st.floats(-100, 2000), st.floats(1, 5000), st.integers(1, 300))
PALETTE: Floats = np.array([[1.0, 0.0, 0.0, 1.0], [0.0, 0.5, 0.0, 0.5]])


def row(steps: list[tuple[int, int]]) -> Intervals:
    table = np.array(steps, np.int64)
    ends = np.cumsum(table.sum(axis=1))
    numbers = np.arange(len(steps))
    return Intervals(ends - table[:, 1], ends, numbers, numbers % 3, numbers % 2)


def edges_of(view: tuple[float, float, int]) -> Floats:
    start, span, columns = view
    edges: Floats = start + np.arange(columns + 1, dtype=np.float64) * (span / columns)
    return edges


def union_ns(starts: Floats, ends: Floats, low: float, high: float) -> float:
    """The time covered by intervals between two moments, counted one after the other."""
    total, reached = 0.0, low
    for start, end in sorted(zip(starts, ends, strict=True)):
        total += max(0.0, min(end, high) - max(start, reached))
        reached = max(reached, end)
    return total


@given(STEPS, VIEWS)
def test_columns_cover_exactly_the_time_that_the_intervals_cover(
    steps: list[tuple[int, int]], view: tuple[float, float, int]
) -> None:
    intervals, edges = row(steps), edges_of(view)
    columns = intervals.columns(edges, PALETTE)
    covered = float((columns.coverage * np.diff(edges)).sum())
    assert np.isclose(covered, union_ns(intervals.starts, intervals.ends, edges[0], edges[-1]), atol=1e-6)
    assert len(columns.coverage) == view[2]
    assert ((columns.coverage >= 0) & (columns.coverage <= 1)).all()


@given(STEPS, VIEWS)
def test_a_column_is_painted_if_and_only_if_something_lies_in_it(
    steps: list[tuple[int, int]], view: tuple[float, float, int]
) -> None:
    intervals, edges = row(steps), edges_of(view)
    columns = intervals.columns(edges, PALETTE)
    for low, high, touched in zip(edges[:-1], edges[1:], columns.touched, strict=True):
        begins = (intervals.starts >= low) & (intervals.starts < high)
        lies = (intervals.starts < high) & (intervals.ends > low) | begins
        # What ends a rounding error behind an edge may or may not be seen there.
        surely = (intervals.starts < high) & (intervals.ends > low + 1e-6) | begins
        assert surely.any() <= touched <= lies.any()


@given(STEPS, VIEWS)
def test_a_column_has_the_mean_colour_of_what_it_holds(
    steps: list[tuple[int, int]], view: tuple[float, float, int]
) -> None:
    intervals, edges = row(steps), edges_of(view)
    columns = intervals.columns(edges, PALETTE)
    for number in np.flatnonzero(columns.coverage > 1e-3):
        low, high = edges[number], edges[number + 1]
        shares = np.clip(np.minimum(intervals.ends, high) - np.maximum(intervals.starts, low), 0, None)
        expected = (shares[:, None] * PALETTE[intervals.colors]).sum(axis=0) / shares.sum()
        assert np.allclose(columns.ink[number], expected, atol=1e-3)


@given(STEPS, VIEWS)
def test_an_interval_that_is_named_alone_is_alone_in_its_column(
    steps: list[tuple[int, int]], view: tuple[float, float, int]
) -> None:
    intervals, edges = row(steps), edges_of(view)
    columns = intervals.columns(edges, PALETTE)
    for number in np.flatnonzero(columns.single >= 0):
        low, high = edges[number], edges[number + 1]
        inside = np.flatnonzero((intervals.starts < high) & (intervals.ends > low + 1e-6))
        assert set(inside) <= {columns.single[number]}


@given(FREE)
def test_lanes_hold_every_interval_once_and_none_that_overlap(free: list[tuple[int, int]]) -> None:
    starts, ends = _sorted(free)
    found = lanes(starts, ends, most=100)
    assert sorted(np.concatenate(found).tolist()) == list(range(len(starts)))
    for lane in found:
        assert (starts[lane[1:]] >= ends[lane[:-1]]).all()


@given(FREE, st.integers(1, 3))
def test_no_more_lanes_are_made_than_asked_for(free: list[tuple[int, int]], most: int) -> None:
    assert len(lanes(*_sorted(free), most=most)) <= most


@given(FREE)
def test_what_overlaps_is_cut_without_changing_the_union(free: list[tuple[int, int]]) -> None:
    starts, ends = _sorted(free)
    cut_starts, cut_ends = disjoint(starts, ends)
    assert (cut_starts[1:] >= cut_ends[:-1]).all()
    assert (cut_ends >= cut_starts).all()
    assert (cut_ends - cut_starts).sum() == union_ns(starts, ends, -1.0, 10_000.0)


def test_nested_ranges_lie_by_their_depth() -> None:
    starts: Floats = np.array([0.0, 0.0, 10.0, 60.0, 100.0])
    ends: Floats = np.array([100.0, 50.0, 20.0, 90.0, 110.0])
    assert [lane.tolist() for lane in lanes(starts, ends)] == [[0, 4], [1, 3], [2]]


def test_a_row_without_intervals_paints_nothing() -> None:
    columns = Intervals([], [], [], [], []).columns(np.arange(11.0), PALETTE)
    assert not columns.touched.any()


def _sorted(free: list[tuple[int, int]]) -> tuple[Floats, Floats]:
    table = np.array(sorted(free), np.float64)
    order: Integers = np.lexsort((-table[:, 1], table[:, 0]))
    return table[order, 0], table[order].sum(axis=1)
