"""A benchmark in words and figures: the line that sums it up."""

from __future__ import annotations

from collections.abc import Sequence

from gpuplayground.benchmarks.statistics import summary
from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.units import duration


def summary_of(benchmarks: Sequence[Benchmark], duration_ns: int) -> str:
    """Return ``7.42 µs (95 % CI 7.41 to 7.43) · 1,204 samples``, or how many values of a sweep were measured."""
    last = benchmarks[-1]
    if last.parameter is None:
        return f"{median_text(last)} · {count_text(len(last.samples_ns), 'sample')}"
    measured = [benchmark for benchmark in benchmarks if benchmark.samples_ns and not benchmark.error]
    text = f"{count_text(len(measured), 'value')} of {last.parameter[0]} measured"
    if last.out_of_memory:
        text += f", out of memory at {last.parameter[1]}"
    return f"{text} · {duration(duration_ns)}"


def median_text(benchmark: Benchmark) -> str:
    """Return the median and its interval in the same unit: ``7.42 µs (95 % CI 7.41 to 7.43)``, or ``(no interval)``."""
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
