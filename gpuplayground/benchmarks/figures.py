"""Formats the figures of a benchmark: median, interval, spread, throughput and the GPU's part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gpuplayground.benchmarks.statistics import Summary, summary
from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.model.gpu_timing import GpuTiming
from gpuplayground.runtime.bench import medians
from gpuplayground.units import data_size, duration, share_text, significant

#: Half-width of the interval, relative to the median, at which a benchmark stops.
TARGET_HALF_WIDTH = medians.HALF_WIDTH


class Figure(NamedTuple):
    """A short label, the value with its unit, and an optional remark."""

    label: str
    value: str
    remark: str = ""


def half_width_text(half_width: float) -> str:
    """Return half an interval relative to its middle: ``± 0.3 %``, or ``± < 0.1 %`` instead of zero."""
    percent = half_width * 100
    if 0 < percent < 0.05:
        return "± < 0.1 %"
    return f"± {percent:.1f} %" if percent < 10 else f"± {percent:.0f} %"


def interval_sentence(times: Summary) -> str:
    """Return a sentence with the interval of the median, or the reason why there is none."""
    if times.lacks_samples:
        return f"{times.count:,} samples are too few for a confidence interval of the median."
    if not times.has_interval:
        return f"The {times.count:,} samples may be correlated: no confidence interval. Measure for longer."
    low, high = duration(times.low), duration(times.high)
    if low == high:
        return f"The median is {low} to three digits with 95 % confidence."
    return f"The median lies between {low} and {high} with 95 % confidence."


def figures(benchmark: Benchmark) -> list[Figure]:
    """Return the figures of a benchmark that are known; none if nothing was measured."""
    if not benchmark.samples_ns:
        return []
    times = summary(benchmark.samples_ns)
    repeats = "1 repeat" if benchmark.repeats == 1 else f"{benchmark.repeats:,} repeats"
    shown = [
        Figure("IQR", duration(times.iqr), f"{share_text(times.spread)} of the median, between the quartiles"),
        Figure("Min", duration(times.minimum)),
        Figure("Max", duration(times.maximum)),
        Figure("Mean", duration(times.mean)),
        Figure("Samples", f"{times.count:,} × {repeats}", "each sample is the mean of its repeats"),
        Figure("Overhead", share_text(benchmark.overhead), "of a sample, by clock and synchronisation"),
        Figure(
            "Warm-up", duration(benchmark.warmup_ns), f"{benchmark.warmup_repeats:,} repeats before the first sample"
        ),
    ]
    if benchmark.cold_l2:
        shown.append(Figure("L2 cache", "cold", "overwritten before each sample"))
    if benchmark.bytes_moved is not None and times.median > 0:
        remark = f"bytes_moved, {data_size(benchmark.bytes_moved)} per repeat, over the median"
        shown.append(Figure("Throughput", rate_text(benchmark.bytes_moved / times.median), remark))
    return shown + _gpu_figures(benchmark.gpu, benchmark.gpu_repeats)


def _gpu_figures(gpu: GpuTiming | None, repeats: int) -> list[Figure]:
    """Return the figures of the traced pass."""
    if gpu is None:
        return []
    shown = [
        Figure("Kernels / repeat", _per_repeat(gpu.kernels / repeats), "launched in one repeat of the traced pass")
    ]
    longest = gpu.longest_kernel
    if longest is not None:
        shown.append(Figure("Longest kernel", duration(longest.longest_ns), longest.name))
    for copies in gpu.copies:
        if copies.gb_per_s is not None:
            moved = f"{data_size(copies.bytes / repeats)} per repeat, by the GPU's clock"
            pageable = ", from or to pageable memory" if copies.pageable_bytes else ""
            label = str(copies.direction).capitalize()
            shown.append(Figure(label, rate_text(copies.gb_per_s), f"{moved}{pageable}"))
    return shown


def rate_text(gb_per_s: float) -> str:
    """Return a rate given in 10^9 bytes per second: ``24.3 GB/s``, ``2.92 TB/s``."""
    if gb_per_s >= 999.5:
        return f"{significant(gb_per_s / 1000)} TB/s"
    return f"{significant(gb_per_s)} GB/s" if gb_per_s >= 0.00995 else f"{gb_per_s:.1e} GB/s"


def _per_repeat(count: float) -> str:
    return f"{count:,.0f}" if count >= 1 and abs(count - round(count)) < 0.01 else f"{count:.2f}"


def report(benchmark: Benchmark) -> str:
    """Return a benchmark as text: its median, its verdict and its figures, aligned."""
    if not benchmark.samples_ns:
        return f"{title(benchmark)}: {benchmark.error or 'nothing was measured'}"
    times = summary(benchmark.samples_ns)
    width = f" {half_width_text(times.half_width)}" if times.has_interval else ""
    busy = Figure("GPU busy", duration(benchmark.gpu_busy_ns), benchmark.gpu_note)
    rows = (
        [busy, *figures(benchmark)] if benchmark.gpu_busy_ns is not None or benchmark.gpu_note else figures(benchmark)
    )
    labels, values = max(len(row.label) for row in rows), max(len(row.value) for row in rows)
    lines = [
        f"{title(benchmark)}: {duration(times.median)}{width}",
        interval_sentence(times),
        *(f"{flag.kind}: {flag.sentence}" for flag in benchmark.verdict),
        *([benchmark.error] if benchmark.error else []),
        *(f"{row.label:<{labels}}  {row.value:>{values}}  {row.remark}".rstrip() for row in rows),
    ]
    return "\n".join(lines)


def title(benchmark: Benchmark) -> str:
    """Return the label of a benchmark, with its value in a sweep."""
    if benchmark.parameter is None:
        return benchmark.label
    name, value = benchmark.parameter
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return f"{benchmark.label} · {name} = {text}"


def summary_of(benchmarks: Sequence[Benchmark], duration_ns: int) -> str:
    """Return ``7.42 µs (95 % CI 7.41 to 7.43) · 1,204 samples``, or the number of values that a sweep measured."""
    last = benchmarks[-1]
    if last.parameter is None:
        return f"{median_text(last)} · {count_text(len(last.samples_ns), 'sample')}"
    measured = [benchmark for benchmark in benchmarks if benchmark.samples_ns and not benchmark.error]
    text = f"{count_text(len(measured), 'value')} of {last.parameter[0]} measured"
    if last.out_of_memory:
        text += f", out of memory at {last.parameter[1]}"
    return f"{text} · {duration(duration_ns)}"


def median_text(benchmark: Benchmark) -> str:
    """Return the median with its interval: ``7.42 µs (95 % CI 7.41 to 7.43)`` or ``7.42 µs (no interval)``."""
    times = summary(benchmark.samples_ns)
    if not times.has_interval:
        return f"{duration(times.median)} (no interval)"
    texts = [duration(value) for value in (times.low, times.median, times.high)]
    units = {text.partition(" ")[2] for text in texts}
    if len(units) == 1:
        texts[0], texts[2] = texts[0].partition(" ")[0], texts[2].partition(" ")[0]
    return f"{texts[1]} (95 % CI {texts[0]} to {texts[2]})"


def count_text(count: int, thing: str) -> str:
    """Return ``1 sample``, ``1,204 samples``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
