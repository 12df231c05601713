"""What the editor's gutter shows of a run: each statement's share of the time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gpuplayground import units
from gpuplayground.model.results import StatementTiming


def line_shares(timings: Iterable[StatementTiming], total_ns: int) -> Iterator[tuple[int, int, float, str]]:
    """Yield (first line, last line, share of the total from 0 to 1, time as text) of every statement."""
    for timing in timings:
        cost_ns = timing.cost_ns
        yield timing.line, timing.end_line, cost_ns / (total_ns or 1), units.duration(cost_ns)
