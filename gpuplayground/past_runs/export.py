"""Exports runs of the history as JSON with all details, or as a CSV table of their figures."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.model.serial import to_data
from gpuplayground.past_runs.details import KeptRun
from gpuplayground.past_runs.entries import HistoryError, figures_of, verdict_of
from gpuplayground.receipts.receipt import Receipt

#: Version of the exported JSON; incremented when a field changes its meaning.
EXPORT_VERSION = 1
#: Columns of the CSV: one row per benchmark, and one per run without any. The names end with the unit.
COLUMNS = (
    "id", "kind", "name", "label", "started", "duration_ns", "state", "summary", "device", "driver", "cuda", "python",
    "parameter", "value", "median_ns", "low_ns", "high_ns", "samples", "repeats", "gpu_busy_ns", "bytes_moved",
    "gb_per_s", "converged", "verdict", "error", "energy_j", "process_peak_bytes", "device_peak_bytes", "pinned",
    "note",
)  # fmt: skip


def export_json(runs: Iterable[KeptRun], path: Path) -> int:
    """Write runs with source, environment, timings, receipts and verdicts but without traces; return their number.

    Raises:
        HistoryError: the file cannot be written.
    """
    count = 0
    with _new_file(path) as file:
        file.write(f'{{"format": "gpuplayground history", "version": {EXPORT_VERSION}, "runs": [')
        for count, kept in enumerate(runs, start=1):
            file.write("\n" if count == 1 else ",\n")
            # ASCII escapes can represent lone surrogates, UTF-8 cannot.
            json.dump(_content(kept), file, ensure_ascii=True, allow_nan=False)
        file.write("\n]}\n")
    return count


def export_csv(runs: Iterable[KeptRun], path: Path) -> int:
    """Write a table of :data:`COLUMNS` and return the number of runs. Unknown values are empty fields.

    Raises:
        HistoryError: the file cannot be written.
    """
    count = 0
    with _new_file(path) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for kept in runs:
            count += 1
            table.writerows([row.get(column) for column in COLUMNS] for row in _rows(kept))
    return count


def _content(kept: KeptRun) -> dict[str, Any]:
    return {
        "entry": to_data(kept.entry),
        "request": to_data(kept.request),
        "run": to_data(kept.run),
        "receipts": to_data(kept.receipts),
        "driver": to_data(kept.driver),
        "gpus": to_data(kept.gpus),
    }


def _rows(kept: KeptRun) -> list[dict[str, object]]:
    run = _of_run(kept)
    return [{**run, **_of_benchmark(benchmark)} for benchmark in kept.run.benchmarks] or [run]


def _of_run(kept: KeptRun) -> dict[str, object]:
    entry, run = kept.entry, kept.run
    assert entry is not None, "only runs in the history are exported"
    return {
        "id": entry.id,
        "kind": entry.kind.value,
        "name": entry.name,
        "label": entry.label,
        "started": datetime.fromtimestamp(entry.start_ns / 1e9, UTC).isoformat(timespec="milliseconds"),
        "duration_ns": entry.duration_ns,
        "state": entry.state.value,
        "summary": entry.summary,
        "device": entry.device,
        "driver": kept.driver.driver_version,
        "cuda": kept.driver.cuda_version,
        "python": run.environment.get("python"),
        **_of_receipts(kept.receipts),
        "pinned": int(entry.pinned),
        "note": entry.note,
    }


def _of_receipts(receipts: Sequence[Receipt]) -> dict[str, object]:
    """Return the total energy of all GPUs and the largest memory peaks on a single GPU."""
    joules = [receipt.energy.joules for receipt in receipts if receipt.energy.joules is not None]
    held = [receipt.process_peak_bytes for receipt in receipts if receipt.process_peak_bytes is not None]
    used = [receipt.device_peak_bytes for receipt in receipts if receipt.device_peak_bytes is not None]
    return {
        "energy_j": sum(joules) if joules else None,
        "process_peak_bytes": max(held, default=None),
        "device_peak_bytes": max(used, default=None),
    }


def _of_benchmark(benchmark: Benchmark) -> dict[str, object]:
    figures = figures_of(benchmark)
    moved = benchmark.bytes_moved
    name, value = benchmark.parameter or (None, None)
    return {
        "label": benchmark.label,
        "parameter": name,
        "value": value,
        "median_ns": figures.median_ns,
        "low_ns": figures.low_ns,
        "high_ns": figures.high_ns,
        "samples": len(benchmark.samples_ns),
        "repeats": benchmark.repeats,
        "gpu_busy_ns": benchmark.gpu_busy_ns,
        "bytes_moved": moved,
        "gb_per_s": moved / figures.median_ns if moved is not None and figures.median_ns else None,
        "converged": int(benchmark.converged),
        "verdict": verdict_of([benchmark.verdict]),
        "error": benchmark.error,
    }


@contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    """Write a file atomically: an existing file is replaced once the new one is complete."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        try:
            # A lone surrogate must not abort the export.
            with temporary.open("w", encoding="utf-8", errors="replace", newline="") as file:
                yield file
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise HistoryError(f"“{path}” cannot be written ({error.strerror}): choose another folder.") from error
