"""Benchmarks of snippets in tests: short ones, as nothing here is about their figures."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan, SweepPlan
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed
from tests.support.snippets import Played, Playground

SHORT_S = 0.3


def measure(
    playground: Playground,
    source: str,
    first_line: int,
    last_line: int | None = None,
    *,
    sweep: tuple[str, tuple[int | float, ...]] | None = None,
    max_time_s: float = SHORT_S,
    cold_l2: bool = False,
    **play: Any,
) -> Played:
    """Measure some lines of a snippet, the first of which is 1."""
    plan = BenchmarkPlan(
        first_line,
        first_line if last_line is None else last_line,
        "a label",
        max_time_s,
        cold_l2,
        None if sweep is None else SweepPlan(*sweep),
    )
    return playground.play(dedent(source), benchmark=plan, **play)


def only(played: Played) -> Benchmark:
    """The one benchmark of a run."""
    (benchmark,) = played.result.benchmarks
    return benchmark


def progress(played: Played) -> list[BenchmarkProgressed]:
    return [event for event in played.events if isinstance(event, BenchmarkProgressed)]


def measured(played: Played) -> list[BenchmarkMeasured]:
    return [event for event in played.events if isinstance(event, BenchmarkMeasured)]
