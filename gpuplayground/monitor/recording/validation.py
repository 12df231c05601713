"""Validates the content of a recording before it is read.

SQLite stores any kind of value in any column, and other tools may have changed the file. The checks are SQL conditions,
which take about a second for a million samples.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gpuplayground.metrics import FIELDS, METRICS, Kind
from gpuplayground.model.samples import MAX_GPUS
from gpuplayground.monitor.recording.schema import RecordingError

#: Times are between 1970 and 2200; SQLite's integers end in 2262.
MAX_TIME_NS = 7_258_118_400_000_000_000
#: A longer recording means that the clock was set meanwhile.
MAX_SPAN_NS = 366 * 86_400_000_000_000
#: Maximum text length: that of a path on Linux.
MAX_CHARACTERS = 4096
#: No metric reaches this value in its base unit.
MAX_VALUE = 1e18


@dataclass(frozen=True, slots=True)
class _Kind:
    """The valid values of a column: an SQL condition on ``{0}``, and its name for messages."""

    condition: str
    name: str
    optional: bool = False

    @property
    def sql(self) -> str:
        """The condition, including NULL if it is allowed."""
        return f"({{0}} IS NULL OR {self.condition})" if self.optional else f"({{0}} IS NOT NULL AND {self.condition})"

    def or_none(self) -> _Kind:
        """Return this kind with NULL allowed."""
        return _Kind(self.condition, self.name, optional=True)


_TEXT = _Kind(f"(typeof({{0}}) = 'text' AND length({{0}}) <= {MAX_CHARACTERS})", "a text")
_LONG_TEXT = _Kind("typeof({0}) = 'text'", "a text")
_COUNT = _Kind(f"(typeof({{0}}) = 'integer' AND {{0}} BETWEEN 0 AND {MAX_VALUE:.0f})", "a whole number from 0 on")
_TIME = _Kind(f"(typeof({{0}}) = 'integer' AND {{0}} BETWEEN 0 AND {MAX_TIME_NS})", "a time in ns from 1970 to 2200")
_NUMBER = _Kind(f"(typeof({{0}}) IN ('integer', 'real') AND {{0}} BETWEEN 0 AND {MAX_VALUE:.0f})", "a number from 0 on")
_CELSIUS = _Kind("(typeof({0}) IN ('integer', 'real') AND {0} BETWEEN -274 AND 1000)", "a temperature in °C")
_METRIC_KINDS = {Kind.QUANTITY: _NUMBER, Kind.TEMPERATURE: _CELSIUS, Kind.CODE: _COUNT}


#: What must be in each column; those of metrics that were added later may be missing.
_COLUMNS: dict[str, dict[str, _Kind]] = {
    "meta": {"key": _TEXT, "value": _TEXT},
    "devices": {
        "id": _COUNT,
        "uuid": _TEXT,
        "gpu_index": _COUNT,
        "name": _TEXT,
        "memory_total_bytes": _COUNT.or_none(),
        "compute_capability_major": _COUNT.or_none(),
        "compute_capability_minor": _COUNT.or_none(),
        "power_limit_w": _NUMBER.or_none(),
        "max_sm_clock_mhz": _NUMBER.or_none(),
        "max_memory_clock_mhz": _NUMBER.or_none(),
        "pcie_generation_max": _COUNT.or_none(),
        "pcie_width_max": _COUNT.or_none(),
    },
    "samples": {"time_ns": _TIME, "device_id": _COUNT}
    | {metric.field: _METRIC_KINDS[metric.kind].or_none() for metric in METRICS},
    "passes": {"time_ns": _TIME},
    "processes": {
        "time_ns": _TIME,
        "device_id": _COUNT,
        "pid": _COUNT,
        "name": _TEXT.or_none(),
        "kind": _TEXT,
        "memory_used_bytes": _COUNT.or_none(),
        "sm_util_percent": _NUMBER.or_none(),
    },
    "runs": {
        "run_id": _TEXT,
        "label": _TEXT,
        "start_ns": _TIME,
        "end_ns": _TIME.or_none(),
        "gpu_uuids": _LONG_TEXT,
    },
}
#: Conditions on several columns or tables, and the fault of a row that fails them.
_RELATIONS: tuple[tuple[str, str, str], ...] = (
    ("samples", "device_id IN (SELECT id FROM devices)", "belongs to GPU {device_id}, which is not in table devices"),
    ("processes", "device_id IN (SELECT id FROM devices)", "belongs to GPU {device_id}, which is not in table devices"),
    ("processes", "time_ns IN (SELECT time_ns FROM passes)", "belongs to a pass that is not in table passes"),
    ("devices", "uuid IN (SELECT uuid FROM devices GROUP BY uuid HAVING count(*) = 1)", "has the uuid of another row"),
    (
        "devices",
        "(compute_capability_major IS NULL) = (compute_capability_minor IS NULL)",
        "has one half of the compute capability",
    ),
    ("runs", "end_ns IS NULL OR end_ns >= start_ns", "ends before it starts"),
)


def check_tables(path: Path, connection: sqlite3.Connection) -> None:
    """Check every row.

    Raises:
        RecordingError: a table, row or column is invalid; the message names it.
        sqlite3.Error: the file cannot be read.
    """
    connection.row_factory = sqlite3.Row
    try:
        for table, kinds in _COLUMNS.items():
            _check_table(path, connection, table, kinds)
        for table, condition, fault in _RELATIONS:
            row = connection.execute(f"SELECT * FROM {table} WHERE NOT ({condition}) LIMIT 1").fetchone()  # noqa: S608
            if row is not None:
                raise damaged(path, f"{_named(table, row)} {fault.format_map(dict(row))}")
        _check_extent(path, connection)
    finally:
        connection.row_factory = None


def damaged(path: Path, fault: str) -> RecordingError:
    """Return the error for a recording with a fault."""
    return RecordingError(f"“{path.name}” is damaged and cannot be read ({fault}): use another copy.")


def _check_table(path: Path, connection: sqlite3.Connection, table: str, kinds: dict[str, _Kind]) -> None:
    present = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
    missing = [column for column in kinds if column not in present and (table != "samples" or column not in FIELDS)]
    if missing:
        raise damaged(path, f"table {table} has no column {missing[0]}")
    checked = {column: kind for column, kind in kinds.items() if column in present}
    condition = " AND ".join(kind.sql.format(column) for column, kind in checked.items())
    row = connection.execute(f"SELECT * FROM {table} WHERE NOT ({condition}) LIMIT 1").fetchone()  # noqa: S608
    if row is None:
        return
    for column, kind in checked.items():
        test = f"SELECT {kind.sql.format('?1')}"
        if not connection.execute(test, (row[column],)).fetchone()[0]:
            found = "nothing" if row[column] is None else _shortened(row[column])
            raise damaged(path, f"{_named(table, row)} has {found} for {column} instead of {kind.name}")


def _check_extent(path: Path, connection: sqlite3.Connection) -> None:
    (gpus,) = connection.execute("SELECT count(*) FROM devices").fetchone()
    if gpus > MAX_GPUS:
        raise damaged(path, f"table devices has {gpus:,} GPUs; {MAX_GPUS} is the most there can be")
    first, last = connection.execute(
        "SELECT (SELECT min(time_ns) FROM samples), (SELECT max(time_ns) FROM samples)"
    ).fetchone()
    if first is not None and last - first > MAX_SPAN_NS:
        days = (last - first) // 86_400_000_000_000
        raise damaged(path, f"its first and last sample are {days:,} days apart")


def _named(table: str, row: sqlite3.Row) -> str:
    """Return the name of a row for messages: its table and keys."""
    values = dict(row)
    keys = {
        "meta": ("key",),
        "devices": ("id",),
        "samples": ("time_ns", "device_id"),
        "passes": ("time_ns",),
        "processes": ("time_ns", "device_id", "pid"),
        "runs": ("run_id",),
    }[table]
    identity = ", ".join(f"{key} {_shortened(values[key])}" for key in keys)
    when = values.get("time_ns")
    clock = ""
    if isinstance(when, int) and 0 <= when <= MAX_TIME_NS:
        clock = f" of {datetime.fromtimestamp(when // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"in table {table} the row{clock} with {identity}"


def _shortened(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    printable = "".join(character if character.isprintable() else "?" for character in text[:61])
    text = printable if len(printable) <= 60 else f"{printable[:60]}…"
    return f"“{text}”" if isinstance(value, str) else text
