"""The benchmarks of a sweep as curves, and as a table of comma-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gpuplayground.benchmarks.curves import CurvePoint
from gpuplayground.benchmarks.statistics import summary
from gpuplayground.model.benchmarks import Benchmark

COLUMNS = (
    "implementation", "variable", "value", "median_ns", "low_ns", "high_ns", "q1_ns", "q3_ns", "min_ns", "max_ns",
    "samples", "repeats", "gpu_busy_ns", "bytes", "gb_per_s", "converged", "verdict", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SweepCurve:
    """One implementation over the values, ascending.

    ``out_of_memory_at`` is the value at which memory ran out; ``failed_at`` those that have no time for another
    reason, with it.
    """

    label: str
    points: tuple[CurvePoint, ...] = ()
    out_of_memory_at: float | None = None
    failed_at: tuple[tuple[float, str], ...] = ()


def bytes_per_repeat(benchmark: Benchmark) -> float | None:
    """Return the bytes one repeat moves: as the snippet says, else those of its copies; None where not known."""
    if benchmark.bytes_moved is not None:
        return benchmark.bytes_moved
    if benchmark.gpu is None or not benchmark.gpu.copies:
        return None
    return sum(copies.bytes for copies in benchmark.gpu.copies) / benchmark.gpu_repeats


def rate_gb_per_s(benchmark: Benchmark, median_ns: float) -> float | None:
    """Return the bytes of a repeat over the time of one, in 10^9 bytes a second, or None where it is not known."""
    moved = bytes_per_repeat(benchmark)
    return moved / median_ns if moved and median_ns > 0 else None


def point_of(benchmark: Benchmark) -> CurvePoint | None:
    """Return a benchmark's place on a curve; None where it has no samples or no value."""
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

    ``known`` holds what :func:`point_of` returned for their values, where that was asked before: it sorts all samples.
    """
    swept = [(float(each.parameter[1]), each) for each in benchmarks if each.parameter is not None]
    points = filter(None, (point_of(each) if known is None else known.get(value) for value, each in swept))
    return SweepCurve(
        label,
        tuple(sorted(points, key=lambda point: point.value)),
        min((value for value, each in swept if each.out_of_memory), default=None),
        tuple((value, each.error) for value, each in swept if each.error and not each.out_of_memory),
    )


def sweep_csv(results: Mapping[str, Sequence[Benchmark]]) -> str:
    """Return every benchmark of a sweep as a line of CSV below a heading (RFC 4180), by implementation."""
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
