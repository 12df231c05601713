"""Formats a benchmark as text: a block of figures, or a table for a sweep."""

from __future__ import annotations

from collections.abc import Sequence

from gpuplayground.benchmarks.figures import figures, half_width_text, median_text, rate_text
from gpuplayground.benchmarks.statistics import summary
from gpuplayground.benchmarks.sweep_curves import rate_gb_per_s
from gpuplayground.cli.columns import labelled
from gpuplayground.model.benchmarks import Benchmark, FlagKind
from gpuplayground.model.results import Run
from gpuplayground.printable import visible, visible_line
from gpuplayground.units import DASH, duration, share_text

_HEADINGS = ("median", "interval", "GPU busy", "rate", "samples", "remark")


def as_text(run: Run) -> str:
    """Return what is printed on stderr after a benchmark.

    Args:
        run: a run with at least one benchmark.
    """
    swept = run.benchmarks[0].parameter is not None
    ending = [f"{run.name}: {run.summary}", *(f"note: {note}" for note in _notes(run))]
    lines = ["", *(_table(run.benchmarks) if swept else _block(run.benchmarks[0]))]
    return visible("\n".join([*lines, "", *map(visible_line, ending), ""]))


def _notes(run: Run) -> list[str]:
    notes = [*run.notes, run.trace_note, *(benchmark.gpu_note for benchmark in run.benchmarks)]
    return [note for note in dict.fromkeys(notes) if note]


def _block(benchmark: Benchmark) -> list[str]:
    """Return a benchmark's figures, one per line, then its verdict."""
    lines = [_title(benchmark)]
    if benchmark.samples_ns:
        rows = [("Median", median_text(benchmark), ""), *_busy(benchmark), *figures(benchmark)]
        lines += labelled(rows)
    for flag in benchmark.verdict:
        lines.append(f"  {'✓' if flag.kind is FlagKind.STEADY else '!'} {flag.sentence}")
    if benchmark.error:
        lines.append(f"  ! {_error(benchmark)}")
    return lines


def _title(benchmark: Benchmark) -> str:
    first, last = benchmark.first_line, benchmark.last_line
    lines = f"line {first}" if first == last else f"lines {first}–{last}"
    return lines if benchmark.label == lines else f"{visible_line(benchmark.label)} ({lines})"


def _busy(benchmark: Benchmark) -> list[tuple[str, str, str]]:
    if benchmark.gpu_busy_ns is None:
        return []
    share = benchmark.gpu_busy_ns / max(1.0, summary(benchmark.samples_ns).median)
    return [("GPU busy", duration(benchmark.gpu_busy_ns), f"{share_text(share)} of the median")]


def _error(benchmark: Benchmark) -> str:
    if benchmark.was_stopped:
        return "Stopped before it finished."
    error = visible_line(benchmark.error)
    return f"Out of memory: {error}" if benchmark.out_of_memory else error


def _table(benchmarks: Sequence[Benchmark]) -> list[str]:
    """Return a table of a sweep with a line per value; figures are right-aligned."""
    variable = benchmarks[0].parameter[0] if benchmarks[0].parameter is not None else ""
    rows = [(variable, *_HEADINGS), *(_cells(benchmark) for benchmark in benchmarks)]
    shown = [column for column in range(len(rows[0])) if any(row[column] not in ("", DASH) for row in rows[1:])]
    widths = {column: max(len(row[column]) for row in rows) for column in shown}
    remark = len(_HEADINGS)

    def padded(row: Sequence[str]) -> str:
        return "  ".join(row[c].ljust(widths[c]) if c == remark else row[c].rjust(widths[c]) for c in shown).rstrip()

    rule = "  ".join("-" * widths[column] for column in shown)
    return [_title(benchmarks[0]), padded(rows[0]), rule, *map(padded, rows[1:])]


def _cells(benchmark: Benchmark) -> tuple[str, ...]:
    value = str(benchmark.parameter[1]) if benchmark.parameter is not None else ""
    doubts = ", ".join(str(flag.kind) for flag in benchmark.verdict if flag.kind is not FlagKind.STEADY)
    remark = _error(benchmark) if benchmark.error else doubts
    if not benchmark.samples_ns:
        return (value, *[DASH] * (len(_HEADINGS) - 1), remark)
    times = summary(benchmark.samples_ns)
    rate = rate_gb_per_s(benchmark, times.median)
    return (
        value,
        duration(times.median),
        half_width_text(times.half_width) if times.has_interval else DASH,
        duration(benchmark.gpu_busy_ns),
        DASH if rate is None else rate_text(rate),
        f"{times.count:,}",
        remark,
    )
