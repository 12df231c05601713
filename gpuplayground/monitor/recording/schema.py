"""The format of a recording: one SQLite file, readable by any SQLite tool.

- ``meta``: ``key``, ``value``. Keys: ``recorded_at`` (ISO 8601, UTC), ``driver_version``, ``cuda_version`` and
  ``nvml_version``. It does not identify the machine or the account.
- ``devices``: one row per GPU, the fields of :class:`~gpuplayground.model.samples.GpuInfo`.
- ``samples``: one row per GPU and tick: ``time_ns`` (since 1970, UTC), ``device_id``, then one column per metric, named
  with its unit, see :data:`gpuplayground.metrics.METRICS`. NULL means not supported or, for ``energy_j``, not read at
  that tick. Files of earlier versions lack the columns of metrics added later.
- ``passes``: ``time_ns`` of each pass over the processes, including those that found none.
- ``unlisted``: the GPUs whose processes a pass could not list: ``time_ns`` of the pass, ``device_id``, ``reason`` (a
  sentence). Files of earlier versions lack this table.
- ``processes``: the processes found by a pass: ``time_ns`` of the pass, ``device_id``, ``pid``, ``name``, ``kind``,
  ``memory_used_bytes``, ``sm_util_percent``.
- ``runs``: the runs of GPU Playground: ``run_id``, ``label``, ``start_ns``, ``end_ns`` (NULL: not ended), ``gpu_uuids``
  (JSON list; empty: all).

``PRAGMA application_id`` is :data:`APPLICATION_ID`, ``PRAGMA user_version`` is :data:`VERSION`.
"""

from __future__ import annotations

from gpuplayground.metrics import FIELDS

#: "GPPG" in ASCII.
APPLICATION_ID = 0x47505047
#: Increased if a reader of this version would misread the file. New tables, columns or meta keys do not increase it.
VERSION = 1

METRIC_COLUMNS = ", ".join(FIELDS)
SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE devices (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    gpu_index INTEGER NOT NULL,
    name TEXT NOT NULL,
    memory_total_bytes INTEGER,
    compute_capability_major INTEGER,
    compute_capability_minor INTEGER,
    power_limit_w REAL,
    max_sm_clock_mhz INTEGER,
    max_memory_clock_mhz INTEGER,
    pcie_generation_max INTEGER,
    pcie_width_max INTEGER
);
CREATE TABLE samples (
    time_ns INTEGER NOT NULL,
    device_id INTEGER NOT NULL REFERENCES devices,
    {METRIC_COLUMNS},
    PRIMARY KEY (time_ns, device_id)
) WITHOUT ROWID;
CREATE TABLE passes (time_ns INTEGER PRIMARY KEY);
CREATE TABLE processes (
    time_ns INTEGER NOT NULL REFERENCES passes,
    device_id INTEGER NOT NULL REFERENCES devices,
    pid INTEGER NOT NULL,
    name TEXT,
    kind TEXT NOT NULL,
    memory_used_bytes INTEGER,
    sm_util_percent REAL,
    PRIMARY KEY (time_ns, device_id, pid)
) WITHOUT ROWID;
CREATE TABLE unlisted (
    time_ns INTEGER NOT NULL REFERENCES passes,
    device_id INTEGER NOT NULL REFERENCES devices,
    reason TEXT NOT NULL,
    PRIMARY KEY (time_ns, device_id)
) WITHOUT ROWID;
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER,
    gpu_uuids TEXT NOT NULL DEFAULT '[]'
) WITHOUT ROWID;
"""


class RecordingError(Exception):
    """A recording cannot be read or written. The message is one sentence for the user."""
