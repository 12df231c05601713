"""Formats a comparison as table cells, as an aligned text table and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gpuplayground.benchmarks.figures import half_width_text
from gpuplayground.comparison.agreement import Agreement
from gpuplayground.comparison.comparison import Difference, Row
from gpuplayground.units import DASH, duration

HEADINGS = ("name", "median", "95 % interval", "speed-up", "GPU busy", "result", "remark")


def interval_text(row: Row) -> str:
    """Return half the interval in percent: ``± 0.3 %``."""
    return DASH if row.half_width is None else half_width_text(row.half_width)


def factor_text(factor: float) -> str:
    """Return a speed-up with three digits: ``3.05×``, ``12.4×``, ``341,000×``; a very small one as ``1/341,000×``."""
    if factor == 0 or math.isinf(factor):
        return f"{factor:.0f}×"  # one of the times is below the resolution of the clock
    if factor < 0.00995:
        return f"1/{_three_digits(1 / factor)}×"
    if factor >= 99.95:
        return f"{_three_digits(factor)}×"
    return f"{factor:.{4 if factor < 0.0995 else 2 if factor < 9.995 else 1}f}×"


def _three_digits(value: float) -> str:
    """Return a value of 99.5 or more, rounded to three digits."""
    return f"{round(value, 2 - math.floor(math.log10(value))):,.0f}"


def speed_up_text(row: Row) -> str:
    """Return the speed-up with its interval, ``no difference (1.01×)``, or a dash."""
    if row.is_baseline:
        return "baseline"
    if row.speed_up is None:
        return DASH
    factor = factor_text(row.speed_up)
    if row.difference is Difference.NONE:
        return f"no difference ({factor})"
    if row.speed_up_low is None or row.speed_up_high is None:
        return factor
    low, high = factor_text(row.speed_up_low), factor_text(row.speed_up_high)
    return factor if low == high else f"{factor} ({low} to {high})"


def result_text(row: Row) -> str:
    """Return how the result agrees with the baseline's, with the largest relative difference if there is one."""
    check = row.result
    if check.agreement is Agreement.NONE or (row.is_baseline and check.agreement is Agreement.EQUAL):
        return DASH if check.agreement is Agreement.NONE else "baseline"
    if check.agreement is Agreement.NOT_COMPARABLE:
        return "not comparable (shape or type)"
    if check.largest_difference:
        return f"{check.agreement} ({check.largest_difference:.1e})"
    return str(check.agreement)


def cells(row: Row) -> tuple[str, ...]:
    """Return the texts of a row, one for each of :data:`HEADINGS`."""
    return (
        row.name,
        duration(row.median_ns),
        interval_text(row),
        speed_up_text(row),
        duration(row.subject.gpu_busy_ns),
        result_text(row),
        row.remark,
    )


def text_table(rows: Sequence[Row]) -> str:
    """Return an aligned table without trailing spaces or a final newline."""
    table = [HEADINGS, *map(cells, rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
    rule = tuple("-" * width for width in widths)
    # Right-aligned columns.
    figures = {1, 2, 4}

    def padded(line: Sequence[str]) -> str:
        texts = (
            text.rjust(width) if column in figures else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        return "  ".join(texts).rstrip()

    return "\n".join(map(padded, [table[0], rule, *table[1:]]))


def markdown_table(rows: Sequence[Row]) -> str:
    """Return the table in GitHub-flavoured Markdown, without a final newline."""

    def line(texts: Sequence[str]) -> str:
        return "| " + " | ".join(text.replace("|", "\\|").replace("\n", " ") for text in texts) + " |"

    rule = "| --- | ---: | ---: | --- | ---: | --- | --- |"
    return "\n".join([line(HEADINGS), rule, *(line(cells(row)) for row in rows)])
