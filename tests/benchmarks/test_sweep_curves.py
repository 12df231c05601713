"""A sweep as curves and as CSV."""

from __future__ import annotations

import csv
import io

from gpuplayground.benchmarks.sweep_curves import COLUMNS, bytes_per_repeat, curve_of, sweep_csv
from gpuplayground.model.benchmarks import Benchmark, Flag, FlagKind
from gpuplayground.model.gpu_timing import CopyTotals, Direction, GpuTiming


def benchmark(value: float | None, *samples: float, **more: object) -> Benchmark:
    parameter = None if value is None else ("n", value)
    return Benchmark("add", 1, 1, "x", samples, parameter=parameter, **more)  # type: ignore[arg-type]


def test_a_curve_has_a_point_for_each_value_in_ascending_order() -> None:
    curve = curve_of("numpy", [benchmark(4, 50.0, 30.0, 40.0, 50.0, 30.0, 50.0, 30.0), benchmark(2, 20.0)])
    assert [(point.value, point.median_ns) for point in curve.points] == [(2, 20), (4, 40)]
    assert (curve.points[1].low_ns, curve.points[1].high_ns) == (30, 50)


def test_a_point_without_an_interval_has_no_ends_on_the_curve_nor_in_the_csv() -> None:
    few = benchmark(4, 30.0, 40.0, 50.0)
    (point,) = curve_of("numpy", [few]).points
    assert (point.low_ns, point.high_ns) == (None, None)
    line = dict(zip(COLUMNS, list(csv.reader(io.StringIO(sweep_csv({"numpy": [few]}))))[1], strict=True))
    assert (line["median_ns"], line["low_ns"], line["high_ns"]) == ("40.0", "", "")


def test_memory_that_ran_out_ends_a_curve_and_is_told_apart_from_other_failures() -> None:
    full = benchmark(8, error="out of memory", out_of_memory=True)
    curve = curve_of("cupy", [benchmark(2, 1.0), benchmark(4, error="ValueError: no"), full])
    assert len(curve.points) == 1
    assert curve.out_of_memory_at == 8
    assert curve.failed_at == ((4, "ValueError: no"),)


def test_a_benchmark_outside_a_sweep_has_no_place_on_a_curve() -> None:
    assert curve_of("a", [benchmark(None, 1.0)]).points == ()


def test_bytes_are_those_the_snippet_names_before_those_of_the_copies() -> None:
    gpu = GpuTiming(copies=(CopyTotals(Direction.HOST_TO_DEVICE, 5, 500, 100),))
    assert bytes_per_repeat(benchmark(1, 1.0, gpu=gpu, gpu_repeats=5)) == 100
    assert bytes_per_repeat(benchmark(1, 1.0, gpu=gpu, gpu_repeats=5, bytes_moved=7)) == 7
    assert bytes_per_repeat(benchmark(1, 1.0, gpu=GpuTiming())) is None


def test_the_rate_is_bytes_over_the_median() -> None:
    (point,) = curve_of("a", [benchmark(1, 2.0, bytes_moved=48)]).points
    assert point.gb_per_s == 24


def test_the_csv_has_a_line_for_each_benchmark_also_for_those_that_failed() -> None:
    steady = (Flag(FlagKind.STEADY, "nothing found"),)
    results = {"a, b": [benchmark(2, 1.0, 2.0, 3.0, verdict=steady), benchmark(4, error="out of memory")]}
    rows = list(csv.reader(io.StringIO(sweep_csv(results))))
    assert tuple(rows[0]) == COLUMNS
    first, second = (dict(zip(COLUMNS, row, strict=True)) for row in rows[1:])
    assert (first["implementation"], first["value"], first["median_ns"]) == ("a, b", "2", "2.0")
    assert first["verdict"] == "steady"
    assert (second["median_ns"], second["error"]) == ("", "out of memory")
