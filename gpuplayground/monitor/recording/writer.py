"""Writes a recording in batches from a separate thread, so that a slow disk never delays sampling."""

from __future__ import annotations

import json
import sqlite3
import threading
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

from gpuplayground.metrics import FIELDS
from gpuplayground.model.samples import (
    GpuInfo,
    GpuSample,
    Inventory,
    MonitorEvent,
    Problem,
    ProcessPass,
    ProcessSample,
    RunSpan,
    UnlistedProcesses,
)
from gpuplayground.monitor.recording.report import RecordingLog, RecordingReport
from gpuplayground.monitor.recording.schema import METRIC_COLUMNS, SCHEMA, RecordingError
from gpuplayground.runtime.clock import now_ns
from gpuplayground.storage import private_files

#: Interval of commits in seconds: a SIGKILL loses at most this much plus the time of a commit.
COMMIT_S = 0.4
#: How long a commit waits for a reader, in seconds: checking every row of a long recording takes some seconds.
READER_S = 60.0

_metrics = attrgetter(*FIELDS)
_DEVICE_COLUMNS = (
    "uuid, gpu_index, name, memory_total_bytes, compute_capability_major, compute_capability_minor, power_limit_w, "
    "max_sm_clock_mhz, max_memory_clock_mhz, pcie_generation_max, pcie_width_max"
)
_INSERT_SAMPLE = (
    f"INSERT OR IGNORE INTO samples (time_ns, device_id, {METRIC_COLUMNS}) VALUES (?, ?{', ?' * len(FIELDS)})"  # noqa: S608
)
_INSERT_PROCESS = "INSERT OR IGNORE INTO processes VALUES (?, ?, ?, ?, ?, ?, ?)"
_INSERT_UNLISTED = "INSERT OR IGNORE INTO unlisted VALUES (?, ?, ?)"
_INSERT_RUN = "INSERT OR REPLACE INTO runs (run_id, label, start_ns, end_ns, gpu_uuids) VALUES (?, ?, ?, ?, ?)"

_Statement = tuple[str, tuple[Any, ...]]


class RecordingWriter:
    """Writes a new recording. The methods are thread-safe and only append to a list.

    The file uses SQLite's rollback journal: it is complete after each commit, and a single file that can be read from
    read-only media, whether the writer was closed or killed between commits. Only the user can read it, because it
    names the processes of all users of the machine; SQLite gives its journal the same mode.

    Args:
        path: the file to create; it must not exist.
        recorded_at: the start of the recording; by default now.

    Raises:
        RecordingError: the file exists or cannot be created; later, from any method: it cannot be written.
    """

    def __init__(self, path: Path, recorded_at: datetime | None = None) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._batch: list[_Statement] = []
        self._devices: dict[str, int] = {}
        self._uuids: dict[int, str] = {}
        self._log = RecordingLog()
        self._error: str | None = None
        self._closing = threading.Event()
        start = (recorded_at or datetime.now(UTC)).astimezone(UTC)
        try:
            private_files.create(path)
            self._connection = sqlite3.connect(path, timeout=READER_S, check_same_thread=False, isolation_level=None)
            self._connection.executescript(f"PRAGMA synchronous = NORMAL; BEGIN; {SCHEMA} COMMIT;")
        except FileExistsError as error:
            raise RecordingError(f"“{path}” already exists: choose another name or remove it first.") from error
        except (OSError, sqlite3.Error) as error:
            raise RecordingError(f"“{path}” cannot be written ({_reason(error)}): choose another folder.") from error
        self._put([_meta("recorded_at", start.isoformat(timespec="seconds"))])
        self._thread = threading.Thread(target=self._write, name="recording", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_event(self, event: MonitorEvent) -> None:
        """Add an event of a feed; problems only appear in the report."""
        if isinstance(event, Problem):
            self._log.add_event(event)
        elif isinstance(event, Inventory):
            self.inventory(event)
        elif isinstance(event, tuple):
            # A tick is never empty: an empty tuple is a pass that found no processes.
            samples = tuple(each for each in event if isinstance(each, GpuSample))
            if samples:
                self.add(samples)
            else:
                self.add_processes(tuple(each for each in event if not isinstance(each, GpuSample)))

    def inventory(self, inventory: Inventory) -> None:
        """Add the GPUs and the driver's versions; known GPUs are updated."""
        self._log.add_event(inventory)
        driver = inventory.driver
        versions = {
            "driver_version": driver.driver_version,
            "cuda_version": driver.cuda_version,
            "nvml_version": driver.nvml_version,
        }
        with self._lock:
            devices = [self._device(gpu) for gpu in inventory.gpus]
        self._put([*devices, *(_meta(key, value) for key, value in versions.items() if value is not None)])

    def add(self, samples: tuple[GpuSample, ...]) -> None:
        """Add one tick."""
        with self._lock:
            new, ids = self._ids(samples)
        rows = [(_INSERT_SAMPLE, (each.time_ns, ids[each.gpu_uuid], *_metrics(each))) for each in samples]
        self._put([*new, *rows])

    def add_processes(self, found: ProcessPass) -> None:
        """Add one pass over the processes."""
        time_ns = min((each.time_ns for each in found), default=now_ns())
        with self._lock:
            new, ids = self._ids(found)
        rows = [_found(time_ns, ids[each.gpu_uuid], each) for each in found]
        self._put([*new, ("INSERT OR IGNORE INTO passes VALUES (?)", (time_ns,)), *rows])

    def add_run(self, run: RunSpan) -> None:
        """Add a run, or update it."""
        row = (run.run_id, run.label, run.start_ns, run.end_ns, json.dumps(run.gpu_uuids))
        self._put([(_INSERT_RUN, row)])

    def report(self) -> RecordingReport:
        """Return a report of the file so far; it is final after :meth:`close`."""
        return self._log.report(self._error)

    def close(self) -> None:
        """Write the rest and close the file. May be called again."""
        self._closing.set()
        self._thread.join()
        self._connection.close()
        if self._error is not None:
            raise RecordingError(self._error)

    def _put(self, statements: list[_Statement]) -> None:
        if self._error is not None:
            raise RecordingError(self._error)
        with self._lock:
            self._batch += statements

    def _ids(self, rows: tuple[GpuSample, ...] | ProcessPass) -> tuple[list[_Statement], dict[str, int]]:
        unknown = dict.fromkeys(row.gpu_uuid for row in rows if row.gpu_uuid not in self._devices)
        # Samples of a GPU without an inventory are kept as well.
        new = [self._device(GpuInfo(len(self._devices) + n, uuid, uuid)) for n, uuid in enumerate(unknown)]
        return new, self._devices

    def _device(self, gpu: GpuInfo) -> _Statement:
        identity = self._devices.setdefault(gpu.uuid, len(self._devices) + 1)
        self._uuids[identity] = gpu.uuid
        major, minor = gpu.compute_capability or (None, None)
        values = (
            *(identity, gpu.uuid, gpu.index, gpu.name, gpu.memory_total_bytes, major, minor, gpu.power_limit_w),
            *(gpu.max_sm_clock_mhz, gpu.max_memory_clock_mhz, gpu.pcie_generation_max, gpu.pcie_width_max),
        )
        return f"INSERT OR REPLACE INTO devices (id, {_DEVICE_COLUMNS}) VALUES (?{', ?' * 11})", values  # noqa: S608

    def _write(self) -> None:
        while True:
            is_last = self._closing.wait(COMMIT_S)
            with self._lock:
                batch, self._batch = self._batch, []
            if batch and self._error is None:
                self._commit(batch)
            if is_last:
                return

    def _commit(self, batch: list[_Statement]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            samples = []
            for statement, values in batch:
                changed = self._connection.execute(statement, values).rowcount
                if statement is _INSERT_SAMPLE and changed:  # not if there was a sample of that time already
                    samples.append((self._uuids[values[1]], values[0]))
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.rollback()
            self._error = (
                f"“{self.path}” can no longer be written ({_reason(error)}): what was recorded so far is kept."
            )
        else:
            self._log.written(samples)


def _found(time_ns: int, device: int, row: ProcessSample | UnlistedProcesses) -> _Statement:
    if isinstance(row, UnlistedProcesses):
        return _INSERT_UNLISTED, (time_ns, device, row.reason)
    values = (row.pid, row.name, row.kind, row.memory_used_bytes, row.sm_util_percent)
    return _INSERT_PROCESS, (time_ns, device, *values)


def _meta(key: str, value: str) -> _Statement:
    return "INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value)


def _reason(error: OSError | sqlite3.Error) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
