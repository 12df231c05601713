"""What the editor's gutter shows of a run: each statement's share of the time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gpuplayground import units
from gpuplayground.playground.results import StatementTiming


def line_shares(timings: Iterable[StatementTiming]) -> Iterator[tuple[int, int, float, str]]:
    """Yield (first line, last line, share of the total from 0 to 1, time as text) of every statement."""
    timed = tuple(timings)
    total = sum(timing.cost_ns for timing in timed) or 1
    return ((timing.line, timing.end_line, timing.cost_ns / total, units.duration(timing.cost_ns)) for timing in timed)
