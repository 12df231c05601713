"""The recorded H200 as samples: two minutes of a known workload, see data/README.md."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from gpuplayground.model.samples import GpuInfo, GpuSample, ProcessSample
from gpuplayground.receipts.used_gpus import Window

FILE = Path(__file__).parent / "data" / "h200_samples.jsonl.gz"
UUID = "GPU-0c5f6e4b-h200"
GPU = GpuInfo(0, UUID, "NVIDIA H200", 150754820096, (9, 0), 700.0, 1980, 3201)
#: The process that ran the workload, phase after phase.
PID = 399


def _rows(kind: str) -> Iterator[dict[str, Any]]:
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        yield from (row for row in map(json.loads, lines) if row["kind"] == kind)


@cache
def samples() -> tuple[GpuSample, ...]:
    """Every sample, with the energy in the one taken just before it was read, as an agent reports it."""
    readings = [(row["time_ns"], row["energy_mj"] / 1000) for row in _rows("medium")]
    found = [
        GpuSample(
            row["time_ns"],
            UUID,
            gpu_util_percent=row["gpu_util"],
            memory_util_percent=row["mem_util"],
            memory_used_bytes=row["memory_used_bytes"],
            temperature_c=row["temperature_c"],
            power_w=row["power_inst_w"],
            power_average_w=row["power_avg_w"],
            sm_clock_mhz=row["sm_clock_mhz"],
            memory_clock_mhz=row["memory_clock_mhz"],
            event_reasons=row["event_reasons"],
        )
        for row in _rows("fast")
    ]
    for time_ns, joules in readings:
        position = max(number for number, sample in enumerate(found) if sample.time_ns <= time_ns)
        found[position] = replace(found[position], energy_j=joules)
    return tuple(found)


@cache
def processes() -> tuple[ProcessSample, ...]:
    """What each pass over the processes found."""
    return tuple(
        ProcessSample(
            row["time_ns"],
            UUID,
            pid,
            "python",
            memory_used_bytes=used,
            sm_util_percent=next((sm for each, sm, *_ in row["process_util"] if each == pid), 0),
        )
        for row in _rows("slow")
        for pid, used in row["processes"]
    )


def phase(name: str) -> Window:
    """A phase of the workload, such as ``matmul bf16``."""
    start, end = (row["time_ns"] for row in _rows("mark") if row["mark"] == name)
    return Window(start, end, (PID,))


def whole() -> Window:
    """From the first reading of the energy to the last."""
    read = [sample.time_ns for sample in samples() if sample.energy_j is not None]
    return Window(read[0], read[-1], (PID,))


def workload() -> Window:
    """From the first phase's start to the last one's end, after which the process ended."""
    return Window(phase("elementwise stream").start_ns, phase("host to device copies").end_ns, (PID,))
