"""The figures of a benchmark in words."""

from __future__ import annotations

from gpuplayground.benchmarks.figures import figures, half_width_text, interval_sentence, rate_text, report, summary_of
from gpuplayground.benchmarks.statistics import summary
from gpuplayground.model.benchmarks import Benchmark, Flag, FlagKind
from gpuplayground.model.gpu_timing import CopyTotals, Direction, GpuTiming, KernelTotals

SAMPLES = tuple(7400.0 + number * 17 % 41 for number in range(41))
GPU = GpuTiming(
    busy_ns=30_000,
    kernels=10,
    top_kernels=(KernelTotals("add", 10, 20_000, 2_500),),
    copies=(CopyTotals(Direction.HOST_TO_DEVICE, 5, 500_000, 20_000, 500_000),),
)


def benchmark(**more: object) -> Benchmark:
    given = {"samples_ns": SAMPLES, "repeats": 64, "warmup_repeats": 340, "warmup_ns": 8_000_000, "overhead": 0.004}
    return Benchmark("add", 3, 4, "c = a + b", **{**given, **more})  # type: ignore[arg-type]


def values(measured: Benchmark) -> dict[str, str]:
    return {figure.label: figure.value for figure in figures(measured)}


def test_the_figures_say_how_it_was_measured() -> None:
    shown = values(benchmark())
    assert shown["Samples"] == "41 × 64 repeats"
    assert (shown["Min"], shown["Max"], shown["Mean"]) == ("7.40 µs", "7.44 µs", "7.42 µs")
    assert shown["IQR"] == "20 ns"
    assert shown["Overhead"] == "0.4 %"
    assert shown["Warm-up"] == "8.00 ms"


def test_what_is_not_known_is_left_out() -> None:
    assert not {"Throughput", "Kernels / repeat", "Longest kernel", "L2 cache"} & set(values(benchmark()))


def test_the_traced_pass_is_counted_for_one_repeat() -> None:
    shown = values(benchmark(gpu=GPU, gpu_repeats=5))
    assert shown["Kernels / repeat"] == "2"
    assert shown["Longest kernel"] == "2.50 µs"
    assert shown["Host to device"] == "25.0 GB/s"
    remarks = {figure.label: figure.remark for figure in figures(benchmark(gpu=GPU, gpu_repeats=5))}
    assert remarks["Host to device"] == "100 kB per repeat, by the GPU's clock, from or to pageable memory"
    assert remarks["Longest kernel"] == "add"


def test_bytes_that_the_snippet_names_give_a_throughput() -> None:
    assert values(benchmark(bytes_moved=7420 * 24))["Throughput"] == "24.0 GB/s"


def test_without_samples_there_are_no_figures() -> None:
    assert figures(benchmark(samples_ns=())) == []


def test_an_interval_is_never_said_to_be_nothing() -> None:
    assert [half_width_text(value) for value in (0.0, 0.0001, 0.003, 0.25)] == [
        "± 0.0 %", "± < 0.1 %", "± 0.3 %", "± 25 %",
    ]  # fmt: skip


def test_the_interval_is_said_in_words() -> None:
    assert interval_sentence(summary(SAMPLES)).startswith("The median lies between 7.41 µs and 7.43 µs")
    assert "too few" in interval_sentence(summary((1.0, 2.0)))
    assert interval_sentence(summary(sorted(SAMPLES))) == (
        "The 41 samples may be correlated: no confidence interval. Measure for longer."
    )
    assert "three digits" in interval_sentence(summary((7400.0,) * 9))


def test_the_line_of_a_benchmark_says_where_there_is_no_interval() -> None:
    assert summary_of([benchmark(samples_ns=(7400.0,) * 9)], 0) == "7.40 µs (95 % CI 7.40 to 7.40) · 9 samples"
    assert summary_of([benchmark(samples_ns=(7400.0,) * 5)], 0) == "7.40 µs (no interval) · 5 samples"


def test_rates_change_their_unit() -> None:
    assert [rate_text(value) for value in (0.001, 24.3, 2920.0)] == ["1.0e-03 GB/s", "24.3 GB/s", "2.92 TB/s"]


def test_the_report_has_the_median_its_doubts_and_aligned_figures() -> None:
    flags = (Flag(FlagKind.LAUNCH_BOUND, "The GPU was busy for 40 % of the time."),)
    lines = report(benchmark(gpu=GPU, gpu_repeats=5, parameter=("n", 1024), verdict=flags)).splitlines()
    assert lines[0] == "add · n = 1,024: 7.42 µs ± 0.1 %"
    assert lines[2] == "launch-bound: The GPU was busy for 40 % of the time."
    assert lines[3].split()[:4] == ["GPU", "busy", "6.00", "µs"]


def test_the_report_of_what_failed_says_why() -> None:
    assert report(benchmark(samples_ns=(), error="ValueError: no")) == "add: ValueError: no"
    assert report(benchmark(error="stopped")).splitlines()[2] == "stopped"
