"""The series store: resolutions, gaps and memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from gpuplayground.model.samples import GpuSample
from gpuplayground.monitor.timeseries.gaps import Gaps
from gpuplayground.monitor.timeseries.series import Series
from gpuplayground.monitor.timeseries.store import SeriesStore

S = 1_000_000_000
#: Any whole day, so that buckets begin where the tests expect it.
T0 = 1_795_392_000 * S


def sample(time_ns: int, value: float | None, uuid: str = "GPU-1") -> GpuSample:
    return GpuSample(time_ns, uuid, gpu_util_percent=value, memory_used_bytes=None if value is None else 65536)


def filled(seconds: float, hz: float = 10, value: float = 50, spike_at: float | None = None) -> SeriesStore:
    """A store of a constant, with one sample of 100 somewhere."""
    store = SeriesStore()
    for number in range(round(seconds * hz)):
        time_ns = T0 + round(number / hz * S)
        is_spike = spike_at is not None and number == round(spike_at * hz)
        store.add([sample(time_ns, 100 if is_spike else value)])
    return store


def util(store: SeriesStore, start_s: float, end_s: float, max_points: int = 600) -> Series:
    return store.series("GPU-1", "gpu_util_percent", T0 + round(start_s * S), T0 + round(end_s * S), max_points)


def gaps(series: Series) -> list[float]:
    """Times of the points that are gaps, in seconds."""
    return [round((int(time) - T0) / S, 3) for time in series.times_ns[np.isnan(series.mean)]]


def test_sixteen_gpus_take_at_most_32_mib_and_that_at_once() -> None:
    store = SeriesStore(max_gpus=16)
    assert store.nbytes == 0
    store.add(sample(T0, 1, f"GPU-{number}") for number in range(16))
    full = store.nbytes
    assert full <= 32 << 20
    for second in range(30):
        store.add(sample(T0 + second * S + 1, 1, f"GPU-{number}") for number in range(16))
    assert store.nbytes == full


def test_every_sample_is_kept_as_it_was() -> None:
    store = filled(60)
    series = util(store, 10, 20)
    # Both ends, and the sample beyond each, to which the line goes on.
    assert series.times_ns.tolist() == [T0 + 10 * S + number * S // 10 for number in range(-1, 102)]
    assert (series.minimum == 50).all()
    assert (series.mean == series.maximum).all()


def test_the_latest_sample_has_every_metric() -> None:
    store = SeriesStore()
    newest = GpuSample(T0 + 1, "GPU-1", power_limit_w=700.0, event_reasons=4)
    store.add([sample(T0, 1)])
    store.add([newest])
    assert store.latest("GPU-1") is newest
    assert store.latest("GPU-2") is None


def test_memory_in_bytes_is_exact() -> None:
    store = SeriesStore()
    used = 150_754_820_096 // 65536 * 65536 + 65536
    store.add([GpuSample(T0, "GPU-1", memory_used_bytes=used)])
    assert store.series("GPU-1", "memory_used_bytes", T0, T0 + S).maximum.tolist() == [float(used)]


@pytest.mark.parametrize(("window_s", "hz"), [(60, 10), (600, 10), (3600, 10), (86400, 1)])
def test_a_spike_of_one_sample_survives_in_every_range(window_s: int, hz: float) -> None:
    length = min(window_s, 12000)
    store = filled(length, hz, spike_at=7)
    series = util(store, length - window_s, length, 200)
    assert np.nanmax(series.maximum) == 100
    assert np.nanmin(series.minimum) == 50
    peak = series.times_ns[np.nanargmax(series.maximum)]
    assert abs(int(peak) - T0 - 7 * S) <= max(window_s * S // 190, 10 * S)


@pytest.mark.parametrize("max_points", [4, 10, 100, 599, 600, 1000])
@pytest.mark.parametrize("window_s", [1, 60, 600, 3600, 86400])
def test_there_are_never_more_points_than_asked_for(window_s: int, max_points: int) -> None:
    store = filled(900, 4)
    series = util(store, 900 - window_s, 900, max_points)
    assert 0 < len(series) <= max_points
    assert (np.diff(series.times_ns) > 0).all()


def test_never_more_points_even_with_a_gap_after_every_sample() -> None:
    store = SeriesStore()
    for number in range(200):
        for part in range(3):
            store.add([sample(T0 + number * 5 * S + part * S // 10, 50)])
    for max_points in (10, 50, 300):
        assert len(util(store, 0, 1000, max_points)) <= max_points


def test_stretches_do_not_change_as_the_interval_moves_on() -> None:
    store = SeriesStore()
    random = np.random.default_rng(1)
    for number in range(3000):
        store.add([sample(T0 + number * S // 10, float(random.integers(0, 100)))])
    one, two = util(store, 0, 200, 100), util(store, 7.3, 207.3, 100)
    shared = np.intersect1d(one.times_ns, two.times_ns)
    # All but those cut off by the ends.
    assert len(shared) >= 92
    in_one, in_two = np.isin(one.times_ns, shared), np.isin(two.times_ns, shared)
    assert (one.mean[in_one] == two.mean[in_two]).all()


def test_minimum_mean_and_maximum_are_those_of_the_samples() -> None:
    store = SeriesStore()
    random = np.random.default_rng(2)
    values = random.integers(0, 100, 9000).astype(float)
    for number, value in enumerate(values):
        store.add([sample(T0 + number * S // 10, value)])
    series = util(store, 100, 899.9, 50)
    wanted = values[1000:]
    assert np.nanmin(series.minimum) == wanted.min()
    assert np.nanmax(series.maximum) == wanted.max()
    assert np.nanmean(series.mean) == pytest.approx(wanted.mean(), rel=0.02)
    assert (series.minimum <= series.mean).all()
    assert (series.mean <= series.maximum).all()


def test_what_is_too_old_for_single_samples_comes_from_the_coarser_levels() -> None:
    store = filled(2000)
    series = util(store, 0, 100, 1000)
    # Ten minutes of samples are kept: what is older has a point per second.
    assert np.diff(series.times_ns).tolist() == [S] * 100
    store = filled(9000, 1)
    series = util(store, 0, 100, 1000)
    # Two hours of seconds are kept: what is older has a point per ten seconds.
    assert np.diff(series.times_ns).tolist() == [10 * S] * 10


def test_a_coarse_range_reaches_up_to_the_newest_sample() -> None:
    store = filled(2003.7)
    store.add([sample(T0 + round(2003.75 * S), 99)])
    for window_s in (1800, 3600, 86400):
        series = util(store, 2004 - window_s, 2004, 1000)
        assert series.maximum[-1] == 99


def test_time_without_samples_is_a_gap() -> None:
    store = filled(20)
    for number in range(100):
        store.add([sample(T0 + 25 * S + number * S // 10, 50)])
    assert gaps(util(store, 0, 40)) == [22.45]
    # In a coarse range as well, if a bucket is shorter than the gap.
    assert len(gaps(util(store, 0, 40, 50))) == 1


def test_a_metric_that_is_none_for_a_while_is_a_gap() -> None:
    store = SeriesStore()
    for number in range(300):
        store.add([sample(T0 + number * S // 10, None if 100 <= number < 200 else 50)])
    fine = util(store, 0, 30)
    assert gaps(fine) == [number / 10 for number in range(100, 200)]
    coarse = util(store, 0, 30, 60)
    missing = gaps(coarse)
    assert min(missing) >= 10
    assert max(missing) <= 20
    assert len(missing) >= 15


def test_a_single_missing_value_is_no_gap_in_a_coarser_range() -> None:
    store = SeriesStore()
    for number in range(1000):
        store.add([sample(T0 + number * S // 10, None if number == 500 else 50)])
    assert gaps(util(store, 0, 100, 2000)) == [50.0]
    assert gaps(util(store, 0, 100, 100)) == []


def test_a_metric_that_is_not_supported_is_nothing_but_gaps_without_a_warning() -> None:
    store = filled(1300, 5)
    for window_s in (60, 600, 3600, 86400):
        series = store.series("GPU-1", "fan_percent", T0 + (1300 - window_s) * S, T0 + 1300 * S, 100)
        assert np.isnan(series.mean).all()
        assert np.isnan(series.minimum).all()
        assert np.isnan(series.maximum).all()


def test_a_gap_stays_a_gap_when_the_samples_are_long_gone() -> None:
    store = filled(100)
    for number in range(8000):
        store.add([sample(T0 + 160 * S + number * S // 10, 50)])
    assert gaps(util(store, 0, 300, 1000)) == [pytest.approx(130, abs=1)]


RANGES_S = (60, 600, 3600, 86400)
#: Points requested by the tracks in a window of ordinary width.
POINTS = 640


def every_view(end_s: float) -> Iterator[tuple[float, float]]:
    """Every time range of the tracks, panned back step by step."""
    for range_s in RANGES_S:
        for back_s in np.arange(0, end_s, max(37.3, range_s / 20)):
            yield end_s - back_s - range_s, end_s - back_s


@pytest.mark.parametrize("hz", [10, 1, 0.2, 0.1])
def test_readings_without_a_gap_have_none_in_any_range_wherever_it_is_moved(hz: float) -> None:
    random = np.random.default_rng(3)
    store, length = SeriesStore(), 4000 if hz == 10 else 9000
    for number in range(round(length * hz)):
        store.add([sample(T0 + round((number / hz + random.uniform(0, 0.02)) * S), 50)])
    for start, end in every_view(length):
        assert gaps(util(store, start, end, POINTS)) == []


def test_a_rate_that_was_lowered_and_raised_again_is_no_gap() -> None:
    store, time_s = SeriesStore(), 0.0
    for hz in (10, 1, 10, 0.2, 2, 10):
        for _ in range(round(200 * hz)):
            time_s += 1 / hz
            store.add([sample(T0 + round(time_s * S), 50)])
    for start, end in every_view(time_s):
        assert gaps(util(store, start, end, POINTS)) == []


def test_gaps_are_where_samples_are_missing_in_every_range_wherever_it_is_moved() -> None:
    holes = [(1000.05, 1003.15), (1500.05, 1530.15), (2400.05, 2520.15), (3900.05, 3901.65), (3990.05, 3990.75)]
    store = SeriesStore()
    for number in range(40_000):
        if not any(start < number / 10 < end for start, end in holes):
            store.add([sample(T0 + number * S // 10, 50)])
    for start, end in every_view(4000):
        resolution = max(1.0 if start < 3400 or end - start > 700 else 0.0, (end - start) / (POINTS - 4))
        if end - start > 7200:
            resolution = max(resolution, 10.0)
        found = gaps(util(store, start, end, POINTS))
        must = [hole for hole in holes if hole[1] - hole[0] > 2 * resolution and start < hole[0] and hole[1] < end]
        may = [hole for hole in holes if hole[0] < end and hole[1] > start]
        for hole in must:
            assert any(hole[0] - resolution <= at <= hole[1] + resolution for at in found), (start, end, hole, found)
        for at in found:
            assert any(hole[0] - resolution <= at <= hole[1] + resolution for hole in may), (start, end, at)


@pytest.mark.parametrize(("length", "hz", "view"), [(2000, 10, 5), (9000, 1, 15), (100, 10, 0.3)])
def test_a_curve_reaches_both_edges_of_a_close_view_of_the_past(length: float, hz: float, view: float) -> None:
    store = filled(length, hz)
    for start in np.arange(30, 60, 1.7):
        series = util(store, start, start + view, POINTS)
        assert series.times_ns[0] <= T0 + start * S
        assert series.times_ns[-1] >= T0 + (start + view) * S
        assert not np.isnan(series.mean).any()


def test_what_came_after_a_moment_can_be_left_out() -> None:
    store = filled(50)
    for max_points in (1000, 20):
        before = util(store, 0, 60, max_points)
        store.add([sample(T0 + 51 * S + max_points, 100)])
        after = store.series("GPU-1", "gpu_util_percent", T0, T0 + 60 * S, max_points, until_ns=T0 + 50 * S)
        assert np.abs(after.times_ns - before.times_ns).max() < S  # the last bucket was not complete before
        assert after.times_ns[-1] <= T0 + 50 * S
        assert np.nanmax(after.maximum) == 50
        store = filled(50)


def test_gaps_after_every_third_sample_for_a_day_take_little_room() -> None:
    gaps = Gaps(((0, 600 * S), (S, 7200 * S), (10 * S, 86400 * S)))
    last = T0
    for number in range(120_000):
        time_ns = last + (S // 10 if number % 3 else 7 * S // 10)
        gaps.add(last, time_ns)
        last = time_ns
    assert gaps.nbytes <= 64 << 10
    starts, ends = gaps.between(last - 500 * S, last)
    assert len(starts) == pytest.approx(500 / 0.9, abs=3)
    assert set((ends - starts).tolist()) == {7 * S // 10}


@pytest.mark.parametrize("back_to", [10, 10.75, 14.95])
def test_a_clock_set_back_replaces_what_it_called_the_future(back_to: float) -> None:
    store = filled(30)
    for number in range(500):
        store.add([sample(T0 + round(back_to * S) + number * S // 10, 80)])
    for max_points in (1000, 50, 8):
        series = util(store, 0, 80, max_points)
        assert (np.diff(series.times_ns) > 0).all()
        assert series.maximum[-1] == 80
    assert len(util(store, 0, 80, 1000)) == pytest.approx(500 + 10 * back_to, abs=1)


def test_a_sample_that_comes_twice_counts_once() -> None:
    store = SeriesStore()
    store.add([sample(T0, 50), sample(T0, 50)])
    assert len(util(store, 0, 1)) == 1


def test_the_ring_wraps_without_mixing_old_and_new() -> None:
    store = SeriesStore(hz=1)
    for number in range(1500):
        store.add([sample(T0 + number * S, float(number % 100))])
    for start in (905, 1195, 1200, 1205, 1450):
        series = util(store, start, start + 49, 1000)
        assert series.mean.tolist() == [float(number % 100) for number in range(start - 1, min(start + 51, 1500))]


def test_of_too_many_gpus_the_one_seen_longest_ago_is_forgotten() -> None:
    store = SeriesStore(max_gpus=2)
    for number, uuid in enumerate(("GPU-1", "GPU-2", "GPU-1", "GPU-3")):
        store.add([sample(T0 + number, 1, uuid)])
    assert set(store.uuids) == {"GPU-1", "GPU-3"}


def test_no_gpu_that_is_there_makes_room_for_another() -> None:
    store = SeriesStore(max_gpus=2)
    for number in range(5):
        store.add([sample(T0 + number * S, number, f"GPU-{gpu}") for gpu in range(4)])
    assert set(store.uuids) == {"GPU-0", "GPU-1"}
    assert len(store.series("GPU-0", "gpu_util_percent", T0, T0 + 9 * S)) == 5


def test_clearing_forgets_everything() -> None:
    store = filled(10)
    store.clear()
    assert store.uuids == ()
    assert len(util(store, 0, 10)) == 0


def test_unknown_gpus_and_empty_intervals_give_empty_series() -> None:
    store = filled(10)
    assert len(store.series("GPU-9", "power_w", T0, T0 + S)) == 0
    assert len(util(store, 100, 200)) == 0
    assert len(util(store, 5, 4)) == 0
    assert len(util(store, -100, -50)) == 0


def test_a_metric_that_is_not_kept_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        filled(1).series("GPU-1", "event_reasons", T0, T0 + S)
