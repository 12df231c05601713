"""Sums statement timings and formats them as an aligned text table."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gpuplayground.model.results import StatementTiming
from gpuplayground.printable import visible_line
from gpuplayground.tracing.gpu_table import busy_text, gpu_remark, with_regions
from gpuplayground.units import duration, share_text

#: Maximum width of a statement in terminal columns; a longer one ends in an ellipsis.
STATEMENT_COLUMNS = 48
_DEFINITIONS = ("def ", "class ", "async def ")


@dataclass(frozen=True, slots=True)
class TimingTotals:
    """Sums over the statements of a run, in nanoseconds. Imports are part of the totals and also summed separately.

    ``cost_ns`` is the time until the GPU was idle, or the wall time of statements without CUDA. ``wall_ns`` and
    ``cost_ns`` include ``ahead_ns``, the cost of imports made before the run. ``gpu_ns`` is the GPU busy time by the
    GPU's own clock.
    """

    statements: int = 0
    imports: int = 0
    wall_ns: int = 0
    cost_ns: int = 0
    import_wall_ns: int = 0
    import_cost_ns: int = 0
    has_idle: bool = False
    gpu_ns: int = 0
    has_gpu: bool = False
    ahead_ns: int = 0

    def plus(self, timings: Iterable[StatementTiming]) -> TimingTotals:
        """Return the sums including more statements."""
        statements, wall_ns, cost_ns, gpu_ns, ahead_ns = 0, 0, 0, 0, 0
        imports, import_wall_ns, import_cost_ns = 0, 0, 0
        has_idle, has_gpu = self.has_idle, self.has_gpu
        # In one go: of very many statements the window waits for this.
        for timing in timings:
            shown_ns, synced_ns, ahead, gpu = timing.wall_ns, timing.synced_ns, timing.prewarmed_ns, timing.gpu
            until_idle_ns = shown_ns
            if synced_ns is not None:
                has_idle = True
                until_idle_ns = max(shown_ns, synced_ns)
            if ahead:
                shown_ns += ahead
                until_idle_ns += ahead
                ahead_ns += ahead
            if gpu is not None:
                gpu_ns += gpu.busy_ns
                has_gpu = has_gpu or gpu.busy_ns > 0
            if timing.is_import:
                imports += 1
                import_wall_ns += shown_ns
                import_cost_ns += until_idle_ns
            statements += 1
            wall_ns += shown_ns
            cost_ns += until_idle_ns
        return TimingTotals(
            statements=self.statements + statements,
            imports=self.imports + imports,
            wall_ns=self.wall_ns + wall_ns,
            cost_ns=self.cost_ns + cost_ns,
            import_wall_ns=self.import_wall_ns + import_wall_ns,
            import_cost_ns=self.import_cost_ns + import_cost_ns,
            has_idle=has_idle,
            gpu_ns=self.gpu_ns + gpu_ns,
            has_gpu=has_gpu,
            ahead_ns=self.ahead_ns + ahead_ns,
        )

    def share(self, cost_ns: int) -> float:
        """Return a cost as a share of the total, 0 to 1."""
        return cost_ns / self.cost_ns if self.cost_ns else 0.0


def shown_wall_ns(timing: StatementTiming) -> int:
    """Return a statement's wall time including imports made before the run."""
    return timing.wall_ns + timing.prewarmed_ns


def shown_idle_ns(timing: StatementTiming) -> int | None:
    """Return the time until the GPU was idle including imports made before the run; None without CUDA."""
    return None if timing.synced_ns is None else timing.synced_ns + timing.prewarmed_ns


def headline(source: str) -> str:
    """Return the line to show for a statement: the ``def`` or ``class`` line of a definition, else the first."""
    lines = source.strip().splitlines() or [""]
    first = lines[0]
    if first.startswith("@"):
        first = next((line for line in lines if line.startswith(_DEFINITIONS)), first)
    text = " ".join(first.split())
    return text if len(lines) == 1 or first.startswith(_DEFINITIONS) else f"{text} …"


def name_of(timing: StatementTiming) -> str:
    """Return the name of a table row."""
    return visible_line(timing.source if timing.is_region else headline(timing.source))


def remark(timing: StatementTiming) -> str:
    """Return a remark on a statement's times, or an empty string."""
    parts = []
    if timing.prewarmed_ns:
        parts.append(f"preloaded: {duration(timing.prewarmed_ns)}")
    if timing.failed:
        parts.append("failed")
    if said := gpu_remark(timing):
        parts.append(said)
    return "; ".join(parts)


def format_timings(timings: Sequence[StatementTiming], rows: Sequence[StatementTiming] | None = None) -> str:
    """Return the timings as an aligned text table with a header, imports and total, without a final newline.

    Args:
        timings: all statements of the run, used for shares and totals.
        rows: the statements to print, in this order; None for all.
    """
    totals = TimingTotals().plus(timings)
    gpu = ["GPU busy"] if totals.has_gpu else []
    header = ["line", "statement", "wall", *(["GPU done"] if totals.has_idle else []), *gpu, "share", ""]
    body = [_cells(timing, totals) for timing in (with_regions(timings) if rows is None else rows)]
    footer = []
    if totals.imports:
        idle = [duration(totals.import_cost_ns)] if totals.has_idle else []
        share = share_text(totals.share(totals.import_cost_ns))
        figures = [duration(totals.import_wall_ns), *idle, *["" for _ in gpu], share]
        footer.append(["", f"imports ({totals.imports})", *figures, ""])
    idle = [duration(totals.cost_ns)] if totals.has_idle else []
    count = "1 statement" if totals.statements == 1 else f"{totals.statements} statements"
    busy = [duration(totals.gpu_ns)] if gpu else []
    footer.append(["", f"total ({count})", duration(totals.wall_ns), *idle, *busy, "", ""])
    return _aligned(header, body, footer)


def _cells(timing: StatementTiming, totals: TimingTotals) -> list[str]:
    """Return one row of the text table."""
    idle = [duration(shown_idle_ns(timing))] if totals.has_idle else []
    gpu = [busy_text(timing)] if totals.has_gpu else []
    share = "" if timing.is_region else share_text(totals.share(timing.cost_ns))
    figures = [duration(shown_wall_ns(timing)), *(["" for _ in idle] if timing.is_region else idle), *gpu, share]
    return ["" if timing.is_region else str(timing.line), _elided(name_of(timing)), *figures, remark(timing)]


def _aligned(header: list[str], body: list[list[str]], footer: list[list[str]]) -> str:
    """Pad every column to its widest cell: numbers right-aligned, statement and remark left-aligned."""
    table = [header, *body, *footer]
    widths = [max(_columns(row[column]) for row in table) for column in range(len(header) - 1)]
    rule = "  ".join("-" * width for width in widths)

    def padded(row: list[str]) -> str:
        cells = [
            cell + " " * (width - _columns(cell)) if column == 1 else " " * (width - _columns(cell)) + cell
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        return "  ".join([*cells, row[-1]]).rstrip()

    lines = [padded(header), rule, *map(padded, body)]
    return "\n".join([*lines, rule, *map(padded, footer)])


def _columns(text: str) -> int:
    """Return the width of a text in terminal columns: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _elided(text: str) -> str:
    """Return the text shortened to :data:`STATEMENT_COLUMNS` columns."""
    if _columns(text) <= STATEMENT_COLUMNS:
        return text
    kept = text[: STATEMENT_COLUMNS - 1]
    while _columns(kept) > STATEMENT_COLUMNS - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
