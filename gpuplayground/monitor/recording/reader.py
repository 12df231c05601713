"""Reads recordings for replay and export.

For the format see :mod:`gpuplayground.monitor.recording.schema`.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from gpuplayground.metrics import FIELDS
from gpuplayground.model.samples import (
    DriverInfo,
    GpuInfo,
    GpuSample,
    ProcessPass,
    ProcessSample,
    RunSpan,
    UnlistedProcesses,
)
from gpuplayground.monitor.recording.schema import APPLICATION_ID, VERSION, RecordingError
from gpuplayground.monitor.recording.validation import check_tables, damaged
from gpuplayground.monitor.recording.writer import RecordingWriter

__all__ = ["Recording", "RecordingError", "RecordingWriter"]

_MAGIC = b"SQLite format 3\x00"
_TABLES = frozenset({"meta", "devices", "samples", "passes", "processes", "runs"})
#: Time span fetched per query. No transaction stays open in between, so that a writer can continue.
_CHUNK_NS = 10_000_000_000


class Recording:
    """A recording opened for reading. Use :meth:`open`; one thread at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        # One snapshot of the file, which may still be written, so that GPUs and samples match.
        connection.execute("BEGIN")
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        #: Start of the recording in UTC, None if the file does not contain it.
        self.recorded_at = datetime.fromisoformat(meta["recorded_at"]) if "recorded_at" in meta else None
        self.driver = DriverInfo(meta.get("driver_version"), meta.get("cuda_version"), meta.get("nvml_version"))
        self._uuids: dict[int, str] = dict(connection.execute("SELECT id, uuid FROM devices"))
        self.gpus = self._read_gpus()
        present = {row[1] for row in connection.execute("PRAGMA table_info(samples)")}
        # Files from before a metric was added lack its column.
        self._columns = ", ".join(metric if metric in present else f"NULL AS {metric}" for metric in FIELDS)
        #: Whether the file has the table of unlisted processes; files of earlier versions do not.
        self._has_unlisted = bool(connection.execute("PRAGMA table_info(unlisted)").fetchall())
        # With both in one SELECT, SQLite would read every row instead of the two ends of the index.
        first, last = connection.execute(
            "SELECT (SELECT min(time_ns) FROM samples), (SELECT max(time_ns) FROM samples)"
        ).fetchone()
        #: Whether there are no samples; ``first_ns`` and ``last_ns`` are then 0.
        self.is_empty = first is None
        self.first_ns: int = first or 0
        self.last_ns: int = last or 0
        self.runs = self._read_runs()
        connection.execute("COMMIT")

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a recording after checking every row. Works on read-only media.

        Raises:
            RecordingError: it is missing, truncated, not a recording, of a newer version, or has invalid content.
        """
        _check_file(path)
        # A transaction interrupted by a killed writer must be rolled back, which needs write access.
        has_journal = Path(f"{path}-journal").exists() and os.access(path, os.W_OK)
        connection = None
        try:
            uri = f"{path.resolve().as_uri()}?mode={'rw' if has_journal else 'ro'}"
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            _check_content(path, connection)
            return cls(path, connection)
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            _close(connection)
            raise damaged(path, str(error)) from error
        except RecordingError:
            _close(connection)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def recorded_on(self) -> date | None:
        """The day it was recorded."""
        return self.recorded_at.date() if self.recorded_at else None

    @property
    def title(self) -> str:
        """The GPUs and the day, such as ``NVIDIA H200, 2026-11-23``."""
        names = list(dict.fromkeys(gpu.name for gpu in self.gpus))
        count = f"{len(self.gpus)} × " if len(names) == 1 < len(self.gpus) else ""
        day = [self.recorded_on.isoformat()] if self.recorded_on else []
        return ", ".join([count + (names[0] if names else "no GPU"), *names[1:], *day])

    def require_samples(self) -> None:
        """Check that there is anything to show or export.

        Raises:
            RecordingError: there are no samples.
        """
        if self.is_empty:
            raise RecordingError(f"“{self.path.name}” contains no samples: choose another recording.")

    def samples(self, start_ns: int | None = None, end_ns: int | None = None) -> Iterator[GpuSample]:
        """Yield the samples from ``start_ns`` to before ``end_ns``, by time; by default all."""
        query = (
            f"SELECT time_ns, device_id, {self._columns} FROM samples "  # noqa: S608 - column names of our own
            "WHERE time_ns >= ? AND time_ns < ? ORDER BY time_ns, device_id"
        )
        start = self.first_ns if start_ns is None else max(start_ns, self.first_ns)
        end = self.last_ns + 1 if end_ns is None else min(end_ns, self.last_ns + 1)
        while start < end:
            stop = min(start + _CHUNK_NS, end)
            for time_ns, device, *values in self._fetch(query, start, stop):
                yield GpuSample(time_ns, self._uuids[device], *values)
            start = stop if stop >= end else self.next_ns(stop) or end

    def next_ns(self, time_ns: int) -> int | None:
        """Return the time of the first sample at ``time_ns`` or later, None after the last."""
        query = "SELECT min(time_ns) FROM samples WHERE time_ns >= ? AND time_ns <= ?"
        found: int | None = self._fetch(query, time_ns, self.last_ns)[0][0]
        return found

    def passes(self, start_ns: int, end_ns: int) -> list[tuple[int, ProcessPass]]:
        """Return the time and the result of each pass over the processes in an interval."""
        times = self._fetch(
            "SELECT time_ns FROM passes WHERE time_ns >= ? AND time_ns < ? ORDER BY 1", start_ns, end_ns
        )
        found: dict[int, list[ProcessSample | UnlistedProcesses]] = {time_ns: [] for (time_ns,) in times}
        query = (
            "SELECT time_ns, device_id, pid, name, kind, memory_used_bytes, sm_util_percent FROM processes "
            "WHERE time_ns >= ? AND time_ns < ? ORDER BY time_ns, device_id, pid"
        )
        for time_ns, device, *values in self._fetch(query, start_ns, end_ns):
            if time_ns in found:
                found[time_ns].append(ProcessSample(time_ns, self._uuids[device], *values))
        if self._has_unlisted:
            query = "SELECT time_ns, device_id, reason FROM unlisted WHERE time_ns >= ? AND time_ns < ? ORDER BY 1, 2"
            for time_ns, device, reason in self._fetch(query, start_ns, end_ns):
                if device in self._uuids and time_ns in found:
                    found[time_ns].append(UnlistedProcesses(time_ns, self._uuids[device], str(reason)))
        return [(time_ns, tuple(rows)) for time_ns, rows in sorted(found.items())]

    def _fetch(self, query: str, start_ns: int, end_ns: int) -> list[tuple[Any, ...]]:
        try:
            with closing(self._connection.execute(query, (start_ns, end_ns))) as cursor:
                return cursor.fetchall()
        except sqlite3.Error as error:
            raise damaged(self.path, str(error)) from error

    def _read_gpus(self) -> tuple[GpuInfo, ...]:
        rows = self._connection.execute(
            "SELECT gpu_index, uuid, name, memory_total_bytes, compute_capability_major, compute_capability_minor, "
            "power_limit_w, max_sm_clock_mhz, max_memory_clock_mhz, pcie_generation_max, pcie_width_max "
            "FROM devices ORDER BY gpu_index, id"
        )
        return tuple(
            GpuInfo(index, uuid, name, total, None if major is None else (major, minor), *rest)
            for index, uuid, name, total, major, minor, *rest in rows
        )

    def _read_runs(self) -> tuple[RunSpan, ...]:
        rows = self._connection.execute("SELECT run_id, label, start_ns, end_ns, gpu_uuids FROM runs ORDER BY start_ns")
        return tuple(
            RunSpan(run_id, label, start_ns, end_ns, self._uuids_of(run_id, uuids))
            for run_id, label, start_ns, end_ns, uuids in rows
        )

    def _uuids_of(self, run_id: str, text: str) -> tuple[str, ...]:
        try:
            uuids = json.loads(text)
        except (ValueError, RecursionError):
            uuids = None
        if not isinstance(uuids, list) or not all(isinstance(each, str) for each in uuids):
            raise damaged(
                self.path, f"in table runs the row with run_id “{run_id}” has no list of strings for gpu_uuids"
            )
        return tuple(uuids)


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except FileNotFoundError as error:
        raise RecordingError(f"There is no file “{path}”: check the name.") from error
    except OSError as error:
        raise RecordingError(
            f"“{path}” cannot be read ({error.strerror}): check what it is and who may read it."
        ) from error
    if not head:
        raise RecordingError(f"“{path.name}” is empty: choose another recording.")
    if head != _MAGIC:
        if _MAGIC.startswith(head):
            raise _truncated(path)
        raise _foreign(path)


def _check_content(path: Path, connection: sqlite3.Connection) -> None:
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("rb") as file:
        head = file.read(100)
    # The header has the number of pages: "In-header database size" in SQLite's file format.
    if len(head) < 100 or int.from_bytes(head[28:32]) * page_size > path.stat().st_size:
        raise _truncated(path)
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id != APPLICATION_ID:
        raise _foreign(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise RecordingError(
            f"“{path.name}” was written by a newer version of GPU Playground (format {version}): update to open it."
        )
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if missing := sorted(_TABLES - tables):
        raise damaged(path, f"it has no table {missing[0]}")
    check_tables(path, connection)


def _truncated(path: Path) -> RecordingError:
    return RecordingError(f"“{path.name}” is truncated: copy it again.")


def _foreign(path: Path) -> RecordingError:
    return RecordingError(f"“{path.name}” is not a recording of GPU Playground: choose a .gpurec file.")


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        connection.close()
