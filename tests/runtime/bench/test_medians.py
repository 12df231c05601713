"""Median, interval and stop rule, on samples whose truth is known."""

from __future__ import annotations

import math
import random
import statistics
import subprocess
import sys
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuplayground.runtime.bench import medians
from gpuplayground.runtime.bench.medians import (
    Convergence,
    has_interval,
    inflation,
    interval,
    lower_rank,
    median,
    quantile,
)

SAMPLES = st.lists(st.floats(1, 1e12), min_size=1, max_size=200)


@settings(deadline=None)
@given(SAMPLES)
def test_the_median_is_that_of_the_standard_library(samples: list[float]) -> None:
    assert median(sorted(samples)) == pytest.approx(statistics.median(samples))


@settings(deadline=None)
@given(SAMPLES, st.floats(0, 1))
def test_a_quantile_is_that_of_numpy(samples: list[float], share: float) -> None:
    assert quantile(sorted(samples), share) == pytest.approx(float(np.quantile(samples, share)))


@pytest.mark.parametrize("call", [median, interval, lambda none: quantile(none, 0.25)])
def test_without_samples_there_is_nothing_to_say(call: object) -> None:
    with pytest.raises(ValueError, match="at least one"):
        call([])  # type: ignore[operator]


def coverage(count: int, rank: int) -> Fraction:
    """The chance that the median lies between the rank-th smallest and the rank-th largest."""
    below = sum(math.comb(count, number) for number in range(rank))
    return 1 - Fraction(2 * below, 2**count)


@pytest.mark.parametrize("count", [*range(6, 130), 499, 500, 501, 502, 777, 1000, 2001])
def test_the_interval_holds_the_median_in_95_of_100_cases_and_is_not_wider_than_it_must_be(count: int) -> None:
    rank = lower_rank(count)
    assert coverage(count, rank) >= Fraction(95, 100)
    spare = 1 if count <= 500 else 2
    assert coverage(count, rank + spare) < Fraction(95, 100)


@pytest.mark.parametrize("count", range(1, 6))
def test_up_to_five_samples_have_no_such_interval_and_show_their_range(count: int) -> None:
    assert lower_rank(count) == 0
    assert interval(sorted(float(value) for value in range(count))) == (0, count - 1)


@settings(deadline=None)
@given(SAMPLES, st.floats(1, 1e6))
def test_the_interval_encloses_the_median_and_widening_it_never_narrows_it(samples: list[float], factor: float) -> None:
    by_size = sorted(samples)
    low, high = interval(by_size)
    wide_low, wide_high = interval(by_size, factor)
    assert by_size[0] <= wide_low <= low <= median(by_size) <= high <= wide_high <= by_size[-1]


@settings(deadline=None)
@given(SAMPLES, st.floats(0.001, 1000))
def test_the_half_width_is_relative(samples: list[float], scale: float) -> None:
    scaled = [value * scale for value in samples]
    one = medians.relative_half_width(samples, sorted(samples))
    other = medians.relative_half_width(scaled, sorted(scaled))
    assert one == pytest.approx(other, rel=1e-6, abs=1e-9) or _differs_by_rounding_only(samples)


def _differs_by_rounding_only(samples: list[float]) -> bool:
    """Neighbours that are equal once scaled may change sides of the median."""
    by_size = sorted(samples)
    return any(0 < high - low < 1e-9 * high for low, high in pairwise(by_size))


@settings(deadline=None)
@given(SAMPLES, st.floats(1, 1e6))
def test_what_is_no_interval_is_the_range(samples: list[float], factor: float) -> None:
    by_size = sorted(samples)
    if not has_interval(len(samples), factor):
        assert interval(by_size, factor) == (by_size[0], by_size[-1])
    assert not has_interval(len(samples), max(factor, len(samples) / 5))
    assert not has_interval(len(samples), math.inf)


def test_independent_samples_are_hardly_inflated() -> None:
    randomness = random.Random(1)
    factors = []
    for _ in range(200):
        samples = [randomness.lognormvariate(0, 0.1) for _ in range(400)]
        factors.append(inflation(samples, sorted(samples)))
    assert min(factors) >= 1
    # The width goes with the square root.
    assert statistics.mean(map(math.sqrt, factors)) < 1.15
    assert statistics.median(factors) < 1.2


def correlated(randomness: random.Random, count: int, memory: float) -> list[float]:
    """Samples around 1000 that each remember the one before: an autoregression of first order."""
    state, samples = randomness.gauss(0, 1), []
    for _ in range(count):
        samples.append(1000 + 10 * state)
        state = memory * state + math.sqrt(1 - memory * memory) * randomness.gauss(0, 1)
    return samples


def claims(series: Iterable[list[float]]) -> tuple[int, int]:
    """In how many series around 1000 there is an interval, and how many of these hold the median."""
    claimed = held = 0
    for samples in series:
        by_size = sorted(samples)
        factor = inflation(samples, by_size)
        if has_interval(len(samples), factor):
            low, high = interval(by_size, factor)
            claimed += 1
            held += low <= 1000 <= high
    return claimed, held


@pytest.mark.parametrize(("count", "least"), [(20, 0.9), (50, 0.99), (300, 1), (1000, 1)])
def test_the_interval_of_independent_samples_holds_the_median_as_often_as_it_says(count: int, least: float) -> None:
    randomness = random.Random(2)
    series = 400
    claimed, held = claims([1000 * randomness.lognormvariate(0, 0.1) for _ in range(count)] for _ in range(series))
    assert claimed >= least * series
    assert held >= 0.94 * claimed


@pytest.mark.parametrize("memory", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("count", [50, 100, 200, 1000])
def test_an_interval_of_samples_that_depend_on_each_other_holds_the_median(count: int, memory: float) -> None:
    randomness = random.Random(3)
    series = 150 if count == 1000 else 600
    claimed, held = claims(correlated(randomness, count, memory) for _ in range(series))
    assert held >= 0.9 * claimed
    assert claimed >= 30


@pytest.mark.parametrize(("count", "memory"), [(20, 0.8), (20, 0.95), (50, 0.95), (400, 0.98)])
def test_samples_worth_less_than_a_few_independent_ones_hardly_ever_have_an_interval(count: int, memory: float) -> None:
    randomness = random.Random(4)
    claimed, held = claims(correlated(randomness, count, memory) for _ in range(300))
    assert claimed < 0.25 * 300
    assert claimed - held < 0.05 * 300


def test_a_slow_wander_below_quick_noise_widens_the_interval() -> None:
    """A fifth of the variance: neighbours hardly show it."""
    randomness = random.Random(5)
    slow = (correlated(randomness, 1000, 0.99) for _ in range(200))
    claimed, held = claims([value + 20 * randomness.gauss(0, 1) for value in samples] for samples in slow)
    assert claimed > 0.8 * 200
    assert held > 0.85 * claimed


def test_many_equal_samples_need_no_widening() -> None:
    samples = [5.0, 5.0, 5.0, 6.0] * 50
    assert inflation(samples, sorted(samples)) == 1
    assert inflation([5.0] * 100, [5.0] * 100) == 1


def feed(rule: Convergence, samples: Iterable[float], repeats: int = 1) -> int | None:
    """After how many samples the rule stops."""
    for number, sample in enumerate(samples, 1):
        if rule.add(sample, repeats):
            return number
    return None


MS = 1e6


def test_steady_samples_converge_as_soon_as_the_least_time_was_measured() -> None:
    assert feed(Convergence(), [10 * MS] * 100) == 50
    assert feed(Convergence(), [200 * MS] * 100) == medians.LEAST_SAMPLES
    assert feed(Convergence(), [10.0] * 1000, repeats=10_000_000) == medians.LEAST_SAMPLES


def test_many_quick_samples_are_not_enough_before_the_clocks_had_time_to_change() -> None:
    rule = Convergence()
    assert feed(rule, [1000.0] * 10_000) is None
    rule.evaluate()
    assert rule.half_width == 0
    assert not rule.converged


def test_noisy_samples_converge_later_and_to_the_true_median() -> None:
    randomness = random.Random(4)
    stops = []
    for _ in range(20):
        rule = Convergence()
        stops.append(feed(rule, [100 * MS * randomness.lognormvariate(0, 0.1) for _ in range(5000)]))
        assert rule.median_ns == pytest.approx(100 * MS, rel=0.03)
        assert rule.half_width is not None
        assert rule.half_width <= 0.01
    assert min(stop or 0 for stop in stops) > 50
    assert None not in stops


def test_samples_that_drift_do_not_converge() -> None:
    assert feed(Convergence(), [100 * MS * (1 + number / 100) for number in range(200)]) is None
    # Ten thousand samples within a second or two: as if they were independent, their interval would be narrow.
    quick = [0.1 * MS * (1 + number / 100_000) for number in range(10_000)]
    low, high = interval(sorted(quick))
    assert (high - low) / 2 / median(sorted(quick)) < 0.0015
    assert feed(Convergence(), quick) is None


def test_samples_that_jump_to_another_level_stop_being_converged_late() -> None:
    """Half at one clock and half at another has no median worth a number."""
    rule = Convergence(least_time_ns=1e12)
    feed(rule, [100 * MS] * 100 + [110 * MS] * 100)
    rule.evaluate()
    assert rule.half_width == math.inf


@pytest.mark.parametrize(("memory", "percent", "least"), [(0.8, 3, 0.9), (0.9, 3, 0.9), (0.95, 2, 0.8)])
def test_what_converged_is_near_the_true_median_also_where_samples_depend_on_each_other(
    memory: float, percent: float, least: float
) -> None:
    randomness = random.Random(6)
    near = stopped = 0
    for _ in range(150):
        rule = Convergence()
        series = (100 * MS * (1 + percent * (value / 1000 - 1)) for value in correlated(randomness, 4000, memory))
        if feed(rule, series) is not None:
            stopped += 1
            near += abs((rule.median_ns or 0) / (100 * MS) - 1) <= medians.HALF_WIDTH
    assert stopped >= 140
    assert near >= least * stopped


@pytest.mark.parametrize(("deviation", "most"), [(0.002, 13), (0.005, 15), (0.01, 19)])
def test_few_independent_samples_that_agree_are_soon_enough(deviation: float, most: float) -> None:
    randomness = random.Random(7)
    stops = [feed(Convergence(), [100 * MS * randomness.gauss(1, deviation) for _ in range(99)]) for _ in range(100)]
    assert statistics.mean(stop or 99 for stop in stops) < most


def test_the_rule_says_where_it_stands() -> None:
    rule = Convergence()
    rule.evaluate()
    assert (rule.median_ns, rule.half_width) == (None, None)
    for sample in (3.0, 1.0, 2.0):
        assert not rule.add(sample)
    rule.evaluate()
    assert rule.median_ns == 2
    assert rule.half_width == math.inf
    assert rule.samples_ns == [3, 1, 2]
    assert rule.time_ns == 6


def test_asking_after_each_sample_sorts_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    rule = Convergence(half_width=-1, least_time_ns=0)
    original = rule.evaluate

    def look() -> None:
        looks.append(len(rule.samples_ns))
        original()

    monkeypatch.setattr(rule, "evaluate", look)
    feed(rule, [float(number % 7 + 1) for number in range(20_000)])
    assert len(looks) < 90


def test_the_median_of_nothing_but_zeros_is_certain_and_of_mostly_zeros_is_not() -> None:
    assert medians.relative_half_width([0.0] * 9, [0.0] * 9) == 0
    mixed = [0.0] * 7 + [1.0] * 6
    assert medians.relative_half_width(mixed, sorted(mixed)) == math.inf


def test_it_runs_without_the_rest_of_the_package() -> None:
    file = Path(medians.__file__)
    script = "import medians, sys; assert not any(name.startswith(('gpuplayground', 'numpy')) for name in sys.modules)"
    subprocess.run([sys.executable, "-S", "-c", script], cwd=file.parent, check=True)
