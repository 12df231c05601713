"""Damaged recordings: how each is made, and what its error must name."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from gpuplayground.model.samples import DriverInfo, GpuInfo, GpuSample, Inventory, ProcessSample, RunSpan
from gpuplayground.monitor.recording.reader import RecordingWriter

S = 1_000_000_000
T0 = 1_795_420_734 * S
#: SQL that damages a recording, and words of the sentence.
BY_SQL: dict[str, tuple[str, tuple[str, ...]]] = {
    "text for a number": (f"UPDATE samples SET power_w = 'n/a' WHERE time_ns = {T0}", ("samples", "“n/a”", "power_w")),
    "a blob for a number": ("UPDATE samples SET energy_j = x'00'", ("samples", "energy_j")),
    "a fraction for flags": ("UPDATE samples SET event_reasons = 1.5", ("samples", "1.5 for event_reasons")),
    "an infinite number": ("UPDATE samples SET power_w = 9e999", ("samples", "inf for power_w")),
    "a negative number": ("UPDATE samples SET gpu_util_percent = -1", ("samples", "-1 for gpu_util_percent")),
    "text for the memory of a GPU": ("UPDATE devices SET memory_total_bytes = 'much'", ("devices", "“much”")),
    "half a compute capability": ("UPDATE devices SET compute_capability_minor = NULL", ("devices", "capability")),
    "a GPU without a row": ("DELETE FROM devices WHERE id = 2", ("samples", "device_id 2", "table devices")),
    "no GPU at all": ("DELETE FROM devices", ("samples", "table devices")),
    "two GPUs of one name": (
        (
            "CREATE TABLE d AS SELECT * FROM devices; DROP TABLE devices; ALTER TABLE d RENAME TO devices;"
            "UPDATE devices SET uuid = 'GPU-1'"
        ),
        ("devices", "uuid of another row"),
    ),
    "GPUs without end": (
        (
            "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
            "INSERT INTO devices (id, uuid, gpu_index, name) SELECT i, i || '', i, 'x' FROM n"
        ),
        ("devices", "256 is the most"),
    ),
    "a text without end": ("UPDATE devices SET name = hex(zeroblob(5000)) WHERE id = 1", ("devices", "name")),
    "a negative time": (f"UPDATE samples SET time_ns = -5 WHERE time_ns = {T0}", ("samples", "-5 for time_ns")),
    "a time in the year 9999": (
        f"UPDATE samples SET time_ns = 253370764800000000000 WHERE time_ns = {T0}",
        ("samples", "time_ns", "from 1970 to 2200"),
    ),
    "the last time there is": (
        f"UPDATE samples SET time_ns = {2**63 - 1} WHERE time_ns = {T0}",
        ("samples", f"{2**63 - 1} for time_ns"),
    ),
    "a time as text": (f"UPDATE samples SET time_ns = 'noon' WHERE time_ns = {T0}", ("samples", "“noon” for time_ns")),
    "a sample years later": (
        f"UPDATE samples SET time_ns = time_ns + 3000000000 * {S} WHERE time_ns = {T0}",
        ("days apart",),
    ),
    "processes of no pass": ("DELETE FROM passes", ("processes", "table passes")),
    "a process without a GPU": ("UPDATE processes SET device_id = 9", ("processes", "device_id 9")),
    "text for a pid": ("UPDATE processes SET pid = 'init'", ("processes", "“init” for pid")),
    "a pass in text": ("UPDATE processes SET kind = 5.5; UPDATE processes SET kind = x'01'", ("processes", "kind")),
    "a run that ends before it starts": (f"UPDATE runs SET end_ns = {T0}", ("runs", "ends before it starts")),
    "a run at no time": ("UPDATE runs SET start_ns = -1", ("runs", "-1 for start_ns")),
    "a run of no list": ("UPDATE runs SET gpu_uuids = '5'", ("runs", "gpu_uuids")),
    "a run of broken JSON": ("UPDATE runs SET gpu_uuids = '['", ("runs", "gpu_uuids")),
    "a run of nested JSON": ("UPDATE runs SET gpu_uuids = replace(hex(zeroblob(100000)), '0', '[')", ("gpu_uuids",)),
    "a day that is none": ("UPDATE meta SET value = 'yesterday' WHERE key = 'recorded_at'", ("yesterday",)),
    "a driver version in bytes": ("UPDATE meta SET value = x'ff' WHERE key = 'driver_version'", ("meta", "value")),
    "text that is none": ("UPDATE devices SET name = CAST(x'ff' AS TEXT)", ("decode",)),
    "no samples": ("DELETE FROM samples", ("contains no samples",)),
    "no table of GPUs": ("DROP TABLE devices", ("no table devices",)),
    "no table of passes": ("DROP TABLE passes", ("no table passes",)),
    "no column of times": ("ALTER TABLE runs DROP COLUMN start_ns", ("runs", "no column start_ns")),
}


def whole(path: Path) -> None:
    """Write four seconds of two GPUs with a process and a run: enough for several pages."""
    with RecordingWriter(path) as writer:
        gpus = (GpuInfo(0, "GPU-1", "NVIDIA H200", 150 << 30, (9, 0), 700.0), GpuInfo(1, "GPU-2", "NVIDIA H200"))
        writer.inventory(Inventory(T0, DriverInfo("580.1"), gpus))
        for number in range(40):
            time_ns = T0 + number * S // 10
            writer.add((GpuSample(time_ns, "GPU-1", power_w=99.5), GpuSample(time_ns, "GPU-2", temperature_c=-3)))
        writer.add_processes((ProcessSample(T0 + S, "GPU-1", 7, "python"),))
        writer.add_run(RunSpan("run", "matmul", T0 + S, T0 + 2 * S, ("GPU-1",)))


def by_sql(path: Path, sql: str) -> None:
    """Change a whole recording by any tool's means."""
    whole(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA ignore_check_constraints = 1; {sql};")


def _truncated(path: Path) -> None:
    whole(path)
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


def _overwritten(path: Path) -> None:
    whole(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size - 2 * 4096)
        file.write(b"\xa5" * 2 * 4096)


#: Other damage, and words of the sentence.
BY_HAND: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "nothing in it": (Path.touch, ("empty",)),
    "no database": (lambda path: path.write_bytes(os.urandom(9000)), ("not a recording",)),
    "missing pages": (_truncated, ("truncated",)),
    "overwritten pages": (_overwritten, ("damaged",)),
}


def make(path: Path, name: str) -> tuple[str, ...]:
    """Make the recording of that name; return the words its sentence has to have."""
    if name in BY_SQL:
        sql, words = BY_SQL[name]
        by_sql(path, sql)
    else:
        damage, words = BY_HAND[name]
        damage(path)
    return words


NAMES = (*BY_SQL, *BY_HAND)
