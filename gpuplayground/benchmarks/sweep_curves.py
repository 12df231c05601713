"""Turns the benchmarks of a sweep into curves and their crossings, and into CSV."""

from __future__ import annotations

import csv
import io
import itertools
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gpuplayground.benchmarks.statistics import summary
from gpuplayground.model.benchmarks import Benchmark

COLUMNS = (
    "implementation", "variable", "value", "median_ns", "low_ns", "high_ns", "q1_ns", "q3_ns", "min_ns", "max_ns",
    "samples", "repeats", "gpu_busy_ns", "bytes", "gb_per_s", "converged", "verdict", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The median of one repeat at one value of the swept variable, with its 95 % interval, in nanoseconds.

    The ends are None without an interval. ``gb_per_s`` is None if the bytes moved are unknown.
    """

    value: float
    median_ns: float
    low_ns: float | None
    high_ns: float | None
    gb_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where two curves cross. Below ``value`` the first is faster if ``first_leads_below``, else the second."""

    value: float
    time_ns: float
    first_leads_below: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Logarithms of the median time at a value and of the ends of its interval, if there is one."""

    median: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SweepCurve:
    """The times of one implementation by ascending value.

    ``out_of_memory_at`` is the value at which memory ran out. ``failed_at`` has the values that failed for another
    reason, with the reason.
    """

    label: str
    points: tuple[CurvePoint, ...] = ()
    out_of_memory_at: float | None = None
    failed_at: tuple[tuple[float, str], ...] = ()


def bytes_per_repeat(benchmark: Benchmark) -> float | None:
    """Return the bytes that one repeat moves: as the snippet states, else those of its copies; None if unknown."""
    if benchmark.bytes_moved is not None:
        return benchmark.bytes_moved
    if benchmark.gpu is None or not benchmark.gpu.copies:
        return None
    return sum(copies.bytes for copies in benchmark.gpu.copies) / benchmark.gpu_repeats


def rate_gb_per_s(benchmark: Benchmark, median_ns: float) -> float | None:
    """Return the throughput of a repeat in 10^9 bytes per second; None if the bytes moved are unknown."""
    moved = bytes_per_repeat(benchmark)
    return moved / median_ns if moved and median_ns > 0 else None


def point_of(benchmark: Benchmark) -> CurvePoint | None:
    """Return a benchmark as a point of a curve; None without samples or without a value."""
    if not benchmark.samples_ns or benchmark.parameter is None:
        return None
    times = summary(benchmark.samples_ns)
    rate = rate_gb_per_s(benchmark, times.median)
    low, high = (times.low, times.high) if times.has_interval else (None, None)
    return CurvePoint(float(benchmark.parameter[1]), times.median, low, high, rate)


def curve_of(
    label: str, benchmarks: Sequence[Benchmark], known: Mapping[float, CurvePoint | None] | None = None
) -> SweepCurve:
    """Return the benchmarks of one implementation as a curve. Those without a value of a sweep are left out.

    ``known`` caches :func:`point_of` by value, which sorts all samples.
    """
    swept = [(float(each.parameter[1]), each) for each in benchmarks if each.parameter is not None]
    points = filter(None, (point_of(each) if known is None else known.get(value) for value, each in swept))
    return SweepCurve(
        label,
        tuple(sorted(points, key=lambda point: point.value)),
        min((value for value, each in swept if each.out_of_memory), default=None),
        tuple((value, each.error) for value, each in swept if each.error and not each.out_of_memory),
    )


def crossings(first: Sequence[CurvePoint], second: Sequence[CurvePoint]) -> tuple[Crossing, ...]:
    """Return where two curves cross, by ascending value.

    Curves and the ends of their intervals are interpolated linearly in the logarithms of value and time, within the
    range that both cover. Values and times that are not positive are left out. A curve leads only where the intervals
    do not overlap: curves that meet and part again on the same sides do not cross.
    """
    first_logs, second_logs = _logs(first), _logs(second)
    if not (first_logs and second_logs):
        return ()
    low = max(first_logs[0][0], second_logs[0][0])
    high = min(first_logs[-1][0], second_logs[-1][0])
    grid = sorted({value for value, _ in (*first_logs, *second_logs) if low <= value <= high})
    pairs = [(_at(first_logs, value), _at(second_logs, value)) for value in grid]
    gaps = [one.median - other.median for one, other in pairs]
    apart = [index for index, (one, other) in enumerate(pairs) if _are_apart(one, other)]
    found = []
    for before, after in itertools.pairwise(apart):
        if (gaps[before] < 0) == (gaps[after] < 0):
            continue
        # The first place where the medians meet, at a measured value or between two.
        is_first = gaps[before] < 0
        sign = -1 if is_first else 1
        start = next(i for i in range(before, after) if sign * gaps[i] > 0 >= sign * gaps[i + 1])
        share = gaps[start] / (gaps[start] - gaps[start + 1])
        place = grid[start] + share * (grid[start + 1] - grid[start])
        time = pairs[start][0].median + share * (pairs[start + 1][0].median - pairs[start][0].median)
        found.append(Crossing(math.exp(place), math.exp(time), is_first))
    return tuple(found)


def _are_apart(one: _Place, other: _Place) -> bool:
    """Return whether two times have intervals that do not overlap."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.high < other.low or other.high < one.low


def _logs(curve: Sequence[CurvePoint]) -> list[tuple[float, _Place]]:
    """Return the logarithms of values and times that have one, by ascending value."""
    found: dict[float, _Place] = {}
    for point in curve:
        if point.value > 0 and point.median_ns > 0:
            has_interval = point.low_ns is not None and point.high_ns is not None and point.low_ns > 0
            low = math.log(point.low_ns) if has_interval and point.low_ns is not None else None
            high = math.log(point.high_ns) if has_interval and point.high_ns is not None else None
            found[math.log(point.value)] = _Place(math.log(point.median_ns), low, high)
    return sorted(found.items(), key=lambda item: item[0])


def _at(logs: Sequence[tuple[float, _Place]], value: float) -> _Place:
    """Return a curve interpolated at a value within its range."""
    index = bisect_left(logs, value, key=lambda item: item[0])
    right_value, right = logs[index]
    if right_value == value:
        return right
    left_value, left = logs[index - 1]
    share = (value - left_value) / (right_value - left_value)

    def between(start: float | None, end: float | None) -> float | None:
        return None if start is None or end is None else start + share * (end - start)

    median = left.median + share * (right.median - left.median)
    return _Place(median, between(left.low, right.low), between(left.high, right.high))


def sweep_csv(results: Mapping[str, Sequence[Benchmark]]) -> str:
    """Return the benchmarks of a sweep as CSV (RFC 4180) with a header, one line each, by implementation."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for label, benchmarks in results.items():
        writer.writerows(_line(label, benchmark) for benchmark in benchmarks)
    return text.getvalue()


def _line(label: str, benchmark: Benchmark) -> list[object]:
    variable, value = benchmark.parameter or ("", "")
    figures: list[object] = [""] * 7
    rate = None
    if benchmark.samples_ns:
        times = summary(benchmark.samples_ns)
        ends = (times.low, times.high) if times.has_interval else ("", "")
        figures = [times.median, *ends, times.q1, times.q3, times.minimum, times.maximum]
        rate = rate_gb_per_s(benchmark, times.median)
    known = (benchmark.gpu_busy_ns, bytes_per_repeat(benchmark), rate)
    verdict = "; ".join(str(flag.kind) for flag in benchmark.verdict)
    return [
        label, variable, value, *figures, len(benchmark.samples_ns), benchmark.repeats,
        *("" if figure is None else figure for figure in known), benchmark.converged, verdict, benchmark.error,
    ]  # fmt: skip
