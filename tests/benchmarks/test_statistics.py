"""The samples in short, their histogram, and what can be said of two benchmarks."""

from __future__ import annotations

import math
import random
import statistics
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gpuplayground.benchmarks.statistics import Summary, histogram, overlap, speed_up, summary

SAMPLES = st.lists(st.floats(1, 1e12), min_size=1, max_size=300)


@settings(deadline=None)
@given(SAMPLES)
def test_a_summary_agrees_with_the_standard_library_and_numpy(samples: list[float]) -> None:
    found = summary(samples)
    assert found.count == len(samples)
    assert found.median == pytest.approx(statistics.median(samples))
    assert found.mean == pytest.approx(statistics.fmean(samples))
    assert (found.minimum, found.maximum) == (min(samples), max(samples))
    assert [found.q1, found.q3] == pytest.approx([float(np.quantile(samples, share)) for share in (0.25, 0.75)])
    assert found.iqr == found.q3 - found.q1
    if len(samples) > 1:
        assert found.stddev == pytest.approx(statistics.stdev(samples), rel=1e-6, abs=1e-3)


@settings(deadline=None)
@given(SAMPLES)
def test_the_figures_of_a_summary_are_in_their_order(samples: list[float]) -> None:
    found = summary(samples)
    assert found.minimum <= found.q1 <= found.median <= found.q3 <= found.maximum
    assert found.minimum <= found.low <= found.median <= found.high <= found.maximum
    assert found.half_width >= 0
    assert found.spread >= 0


def test_one_sample_is_all_there_is_and_has_no_interval() -> None:
    found = summary([7.0])
    assert (found.median, found.low, found.high, found.stddev, found.iqr) == (7, 7, 7, 0, 0)
    assert not found.has_interval
    assert found.lacks_samples
    assert summary([1.0] * 6).has_interval


def test_samples_that_drift_have_a_range_and_no_interval() -> None:
    found = summary([1000.0 + number for number in range(400)])
    assert (found.low, found.high) == (1000, 1399)
    assert not found.has_interval
    assert not found.lacks_samples


def test_two_series_of_one_process_are_hardly_ever_told_apart() -> None:
    randomness = random.Random(8)

    def series(count: int, memory: float) -> Summary:
        state, samples = randomness.gauss(0, 1), []
        for _ in range(count):
            state = memory * state + math.sqrt(1 - memory * memory) * randomness.gauss(0, 1)
            samples.append(1000 + 10 * state)
        return summary(samples)

    for count, memory in ((20, 0.0), (20, 0.9), (50, 0.9), (400, 0.98)):
        differ = sum(speed_up(series(count, memory), series(count, memory)).is_difference for _ in range(200))
        assert differ <= 4, (count, memory)


def test_without_samples_there_is_no_summary() -> None:
    with pytest.raises(ValueError, match="at least one"):
        summary([])


def test_samples_that_drift_have_a_wider_interval_than_the_same_in_random_order() -> None:
    drifting = [1000.0 + number for number in range(400)]
    shuffled = random.Random(5).sample(drifting, len(drifting))
    assert summary(drifting).half_width > 2 * summary(shuffled).half_width
    assert summary(drifting).median == summary(shuffled).median


def test_a_median_of_zero_has_no_relative_spread_unless_nothing_varies() -> None:
    assert summary([0.0] * 10).spread == 0
    mixed = summary([0.0] * 7 + [1.0] * 4 + [-1.0])
    assert (mixed.spread, mixed.half_width) == (math.inf, math.inf)


@settings(deadline=None)
@given(SAMPLES, st.integers(5, 60))
def test_every_sample_is_in_one_bin_or_an_outlier(samples: list[float], most: int) -> None:
    found = histogram(samples, most)
    assert sum(found.counts) + found.below + found.above == len(samples)
    assert len(found.edges) == len(found.counts) + 1
    assert list(found.edges) == sorted(found.edges)
    assert 1 <= len(found.counts) <= most
    inside = [each for each in samples if found.edges[0] <= each <= found.edges[-1]]
    assert sum(found.counts) == len(inside)


@settings(deadline=None)
@given(SAMPLES)
def test_the_bins_count_as_numpy_counts(samples: list[float]) -> None:
    assume(len(set(samples)) > 1)
    found = histogram(samples)
    assume(all(low < high for low, high in pairwise(found.edges)))
    counts, _ = np.histogram(samples, found.edges)
    assert list(counts) == list(found.counts)


def test_few_outliers_do_not_squeeze_the_rest_into_one_bin() -> None:
    randomness = random.Random(6)
    usual = [randomness.gauss(1000, 10) for _ in range(500)]
    found = histogram([*usual, 50_000.0, 60_000.0, 1.0])
    assert (found.below, found.above) == (1, 2)
    assert found.edges[-1] < 1200
    assert max(found.counts) < 150


def test_the_bins_follow_the_rule_of_freedman_and_diaconis() -> None:
    randomness = random.Random(7)
    samples = [randomness.gauss(1000, 10) for _ in range(500)]
    width = 2 * summary(samples).iqr / 500 ** (1 / 3)
    found = histogram(samples)
    assert found.edges[1] - found.edges[0] == pytest.approx(width, rel=0.1)


def test_equal_samples_are_one_bin_around_them_and_none_are_no_bins() -> None:
    found = histogram([200.0] * 9)
    assert (found.edges, found.counts) == ((199, 201), (9,))
    assert histogram([0.0]).edges == (-0.5, 0.5)
    assert (histogram([]).edges, histogram([]).counts) == ((), ())


def test_samples_without_a_spread_between_the_quartiles_still_have_bins() -> None:
    found = histogram([10.0] * 90 + [20.0] * 10)
    assert sum(found.counts) == 100
    assert len(found.counts) >= 5


def of(median: float, low: float, high: float, count: int = 100) -> Summary:
    return Summary(count, median, low, high, low, high, high - low, low, high, median, 0.0, has_interval=count > 5)


def test_intervals_that_touch_tell_no_difference() -> None:
    assert overlap(of(10, 9, 11), of(12, 11, 13))
    assert overlap(of(12, 11, 13), of(10, 9, 11))
    assert not overlap(of(10, 9, 10.9), of(12, 11, 13))
    assert overlap(of(10, 9, 11), of(10, 5, 15))


def test_too_few_samples_tell_no_difference() -> None:
    assert overlap(of(10, 9, 11), of(100, 99, 101, count=5))


def test_a_speed_up_has_the_bounds_its_intervals_allow() -> None:
    found = speed_up(of(100, 98, 102), of(50, 49, 52))
    assert found.ratio == 2
    assert found.low == pytest.approx(98 / 52)
    assert found.high == pytest.approx(102 / 49)
    assert found.is_difference
    assert not speed_up(of(100, 98, 102), of(101, 99, 103)).is_difference


@settings(deadline=None)
@given(SAMPLES, SAMPLES)
def test_a_speed_up_turned_round_is_its_inverse(one: list[float], other: list[float]) -> None:
    there, back = speed_up(summary(one), summary(other)), speed_up(summary(other), summary(one))
    assert there.low <= there.ratio <= there.high
    assert there.ratio == pytest.approx(1 / back.ratio)
    assert there.low == pytest.approx(1 / back.high)
    assert there.is_difference == back.is_difference


def test_against_no_time_at_all_everything_is_infinitely_slower() -> None:
    assert speed_up(of(1, 1, 1), of(0, 0, 0)).ratio == math.inf
    assert speed_up(of(0, 0, 0), of(0, 0, 0)).ratio == 1
