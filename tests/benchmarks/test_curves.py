"""Where one implementation of a sweep overtakes another."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gpuplayground.benchmarks.sweep_curves import CurvePoint, crossings

TIMES = st.floats(1.0, 1e12)


def curve(times: dict[float, float]) -> list[CurvePoint]:
    return [CurvePoint(value, time, time, time) for value, time in times.items()]


def test_a_line_crosses_a_constant_where_they_are_equal() -> None:
    numpy = curve({2.0**k: 2.0**k / 10 for k in range(10, 25)})
    cupy = curve({2.0**k: 2.0**17 / 10 for k in range(10, 25)})
    (crossing,) = crossings(numpy, cupy)
    assert crossing.value == pytest.approx(2**17)
    assert crossing.time_ns == pytest.approx(2**17 / 10)
    assert crossing.first_leads_below


def test_a_crossing_between_two_values_is_found_on_straight_lines_of_logarithms() -> None:
    (crossing,) = crossings(curve({1: 1, 100: 100}), curve({1: 10, 100: 10}))
    assert crossing.value == pytest.approx(10)
    assert crossing.time_ns == pytest.approx(10)


def test_curves_that_touch_do_not_cross() -> None:
    assert crossings(curve({1: 1, 2: 5, 4: 1}), curve({1: 5, 2: 5, 4: 5})) == ()
    assert crossings(curve({1: 1, 2: 5, 4: 5, 8: 1}), curve({1: 5, 2: 5, 4: 5, 8: 5})) == ()
    assert crossings(curve({1: 3, 2: 4}), curve({1: 3, 2: 4})) == ()


def test_curves_that_run_together_cross_where_they_meet_first() -> None:
    (crossing,) = crossings(curve({1: 1, 2: 5, 4: 5, 8: 9}), curve({1: 5, 2: 5, 4: 5, 8: 5}))
    assert crossing.value == pytest.approx(2)


def test_a_curve_that_ended_early_is_compared_as_far_as_it_goes() -> None:
    long = curve({1: 8, 2: 8, 4: 8, 8: 8})
    assert len(crossings(long, curve({1: 1, 2: 3, 4: 9}))) == 1
    assert crossings(long, curve({1: 1, 2: 3})) == ()


def test_curves_with_other_values_are_compared_on_the_range_they_share() -> None:
    (crossing,) = crossings(curve({1: 1, 16: 16}), curve({2: 4, 8: 4}))
    assert crossing.value == pytest.approx(4)


def wide(times: dict[float, float], share: float | None) -> list[CurvePoint]:
    """A curve whose intervals reach so far to both sides of each time; None for no intervals."""
    if share is None:
        return [CurvePoint(value, time, None, None) for value, time in times.items()]
    return [CurvePoint(value, time, time * (1 - share), time * (1 + share)) for value, time in times.items()]


def test_curves_whose_intervals_overlap_do_not_cross_however_their_medians_lie() -> None:
    first, second = {1.0: 10.0, 2.0: 11.0, 4.0: 10.0, 8.0: 11.0}, {1.0: 11.0, 2.0: 10.0, 4.0: 11.0, 8.0: 10.0}
    assert len(crossings(wide(first, 0.01), wide(second, 0.01))) == 3
    assert crossings(wide(first, 0.2), wide(second, 0.2)) == ()
    assert crossings(wide(first, None), wide(second, 0.01)) == ()


def test_one_is_ahead_only_where_the_intervals_are_apart_and_the_medians_say_where_they_cross() -> None:
    first, second = {1.0: 1.0, 2.0: 4.1, 4.0: 3.9, 8.0: 9.0}, {1.0: 4.0, 2.0: 4.0, 4.0: 4.0, 8.0: 4.0}
    (crossing,) = crossings(wide(first, 0.1), wide(second, 0.1))
    assert crossing.first_leads_below
    assert 1 < crossing.value < 2


def test_values_without_a_logarithm_are_left_out() -> None:
    assert crossings(curve({0: 1}), curve({0: 2})) == ()
    assert crossings([], curve({1: 2})) == ()
    assert len(crossings(curve({0: 9, 1: 1, 4: 4}), curve({1: 2, 4: 2}))) == 1


@given(st.lists(st.tuples(TIMES, TIMES), min_size=2, max_size=12))
def test_a_crossing_lies_within_the_values_and_between_the_times(times: list[tuple[float, float]]) -> None:
    first = curve({2.0**k: pair[0] for k, pair in enumerate(times)})
    second = curve({2.0**k: pair[1] for k, pair in enumerate(times)})
    every = [time for pair in times for time in pair]
    for crossing in crossings(first, second):
        assert crossing.value * (1 + 1e-9) >= 1
        assert crossing.value <= 2.0 ** (len(times) - 1) * (1 + 1e-9)
        assert min(every) * (1 - 1e-9) <= crossing.time_ns <= max(every) * (1 + 1e-9)


@given(st.lists(st.tuples(TIMES, TIMES), min_size=2, max_size=12))
@example([(2.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 2.0)])
def test_the_order_of_the_curves_changes_only_who_leads(times: list[tuple[float, float]]) -> None:
    first = curve({2.0**k: pair[0] for k, pair in enumerate(times)})
    second = curve({2.0**k: pair[1] for k, pair in enumerate(times)})
    there, back = crossings(first, second), crossings(second, first)
    assert [c.first_leads_below for c in there] == [not c.first_leads_below for c in back]
    assert all(math.isclose(a.value, b.value) for a, b in zip(there, back, strict=True))


@given(st.lists(st.tuples(TIMES, TIMES), min_size=2, max_size=12))
def test_who_leads_alternates_from_crossing_to_crossing(times: list[tuple[float, float]]) -> None:
    first = curve({2.0**k: pair[0] for k, pair in enumerate(times)})
    second = curve({2.0**k: pair[1] for k, pair in enumerate(times)})
    leads = [crossing.first_leads_below for crossing in crossings(first, second)]
    assert all(a != b for a, b in itertools.pairwise(leads))
