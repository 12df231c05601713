"""Converts runs to rows of the history's table, rows to entries, and filters to SQL conditions."""

from __future__ import annotations

import sqlite3
from typing import Any

from gpuplayground.model.results import RunState
from gpuplayground.past_runs.details import KeptRun
from gpuplayground.past_runs.entries import (
    EntryKind,
    HistoryEntry,
    HistoryFilter,
    clean,
    device_of,
    figures_of,
    kind_of,
    label_of,
    remarks_of,
    short,
    verdict_of,
    words_of,
)

#: Columns in the order of the fields of :class:`HistoryEntry`.
COLUMNS = (
    "id, run_id, kind, name, label, start_ns, duration_ns, state, summary, device, median_ns, low_ns, high_ns, "
    "measured, verdict, pinned, note"
)
INSERT = (
    "INSERT INTO entries (run_id, kind, name, label, start_ns, duration_ns, state, summary, device, median_ns, "
    "low_ns, high_ns, measured, verdict, words, remarks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
NEWEST_FIRST = "ORDER BY pinned DESC, start_ns DESC, id DESC"


def condition(wanted: HistoryFilter) -> tuple[str, tuple[Any, ...]]:
    """Return a filter as an SQL expression that the index alone can answer, and its parameters."""
    parts: list[str] = ["1"]
    values: list[Any] = []
    if wanted.kinds:
        parts.append(f"kind IN ({', '.join('?' * len(wanted.kinds))})")
        values += [kind.value for kind in wanted.kinds]
    if wanted.pinned_only:
        parts.append("pinned = 1")
    for term in wanted.terms:
        parts.append("(words LIKE ? ESCAPE '\\' OR remarks LIKE ? ESCAPE '\\')")
        escaped = term.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        values += [f"%{escaped}%"] * 2
    return " AND ".join(parts), tuple(values)


def row_of(kept: KeptRun) -> tuple[Any, ...]:
    """Return the values of :data:`INSERT` for a run."""
    request, run = kept.request, kept.run
    kind = kind_of(request)
    device = clean(device_of(request, kept.gpus))
    figures = figures_of(run.benchmarks[0] if run.benchmarks and kind is EntryKind.BENCHMARK else None)
    verdict = verdict_of([benchmark.verdict for benchmark in run.benchmarks])
    return (
        run.run_id, kind.value, short(run.name), short(label_of(request)), run.start_ns, run.duration_ns,
        run.state.value, short(run.summary), device, figures.median_ns, figures.low_ns, figures.high_ns,
        len(run.benchmarks), verdict, words_of(request, run, device, kept.driver), remarks_of(verdict, ""),
    )  # fmt: skip


def first_entry(connection: sqlite3.Connection, column: str, value: object) -> HistoryEntry | None:
    """Return the entry with a value in a column, or None."""
    query = f"SELECT {COLUMNS} FROM entries WHERE {column} = ?"  # noqa: S608 - made of names of columns
    row = connection.execute(query, (value,)).fetchone()
    return None if row is None else entry_of(row)


def entry_of(row: tuple[Any, ...]) -> HistoryEntry:
    """Return the entry of a row of :data:`COLUMNS`."""
    values = dict(zip(HistoryEntry.__dataclass_fields__, row, strict=True))
    values["kind"], values["state"] = EntryKind(values["kind"]), RunState(values["state"])
    values["pinned"] = bool(values["pinned"])
    return HistoryEntry(**values)
