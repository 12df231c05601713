"""Entries for lists."""

from __future__ import annotations

import time
from typing import Any

from gpuplayground.model.results import RunState
from gpuplayground.past_runs.entries import EntryKind, HistoryEntry

SECOND = 1_000_000_000


def entry(number: int, **changes: Any) -> HistoryEntry:
    """A plain run; the larger its number, the later it was."""
    values: dict[str, Any] = {
        "id": number,
        "run_id": f"run-{number}",
        "kind": EntryKind.RUN,
        "name": f"snippet{number}.py",
        "label": "",
        "start_ns": time.time_ns() - (10_000 - number) * SECOND,
        "duration_ns": 3_410_000_000,
        "state": RunState.FINISHED,
        "summary": "exit 0 · 3.41 s",
        "device": "NVIDIA H200",
    }
    return HistoryEntry(**values | changes)


def benchmark(number: int, verdict: str = "steady", **changes: Any) -> HistoryEntry:
    """A benchmark of 184 µs."""
    figures = {"median_ns": 184_000.0, "low_ns": 183_000.0, "high_ns": 185_000.0, "verdict": verdict, "label": "fused"}
    return entry(number, kind=EntryKind.BENCHMARK, **figures | changes)
