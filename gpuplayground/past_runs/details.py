"""Packs whole runs for the history: compressed JSON, with the operations of the trace as raw rows.

Sizes, types and indexes are checked on reading, because the file is untrusted.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gpuplayground.model.benchmarks import Flag
from gpuplayground.model.results import Run, RunRequest
from gpuplayground.model.samples import DriverInfo, GpuInfo, GpuSample
from gpuplayground.model.serial import SerialError, from_data, to_data
from gpuplayground.model.trace import OPERATIONS, Region, Span, Trace
from gpuplayground.past_runs.curves import from_curves, to_curves
from gpuplayground.past_runs.entries import HistoryEntry, HistoryError
from gpuplayground.receipts.receipt import Receipt

#: Traces with more operations are not saved: 200,000 take about 4 MB on disk and half a second to compress.
MAX_OPERATIONS = 200_000
#: Maximum size of a run's JSON; a larger one is damaged or malicious.
_MAX_BYTES = 256 * 2**20
_LEVEL = 6
#: Number of array items that are converted to JSON at a time.
_PIECE = 500
_QUICK = 1


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run with everything that belongs to it. ``entry`` is None until it is in the history.

    ``receipts`` has one item per GPU used. ``samples`` are NVML samples around the run, with the metrics that the
    trace timeline draws.
    """

    request: RunRequest
    run: Run
    receipts: tuple[Receipt, ...] = ()
    driver: DriverInfo = field(default_factory=DriverInfo)
    gpus: tuple[GpuInfo, ...] = ()
    samples: tuple[GpuSample, ...] = ()
    entry: HistoryEntry | None = None


def pack(kept: KeptRun) -> bytes:
    """Return a run, without its trace, as compressed JSON."""
    return _pack(_content(kept), _LEVEL)


def unpack(content: bytes, entry: HistoryEntry) -> KeptRun:
    """Return the run of an entry, without its trace.

    Raises:
        HistoryError: the entry is damaged.
    """
    try:
        data = _unpack(content)
        return KeptRun(
            request=from_data(RunRequest, data["request"]),
            run=from_data(Run, data["run"]),
            receipts=tuple(from_data(Receipt, each) for each in data["receipts"]),
            driver=from_data(DriverInfo, data["driver"]),
            gpus=tuple(from_data(GpuInfo, each) for each in data["gpus"]),
            entry=entry,
        )
    except (SerialError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise HistoryError(f"“{entry.name}” cannot be opened, its entry is damaged ({error}): delete it.") from error


def with_verdicts(kept: KeptRun, receipts: Sequence[Receipt], verdicts: Sequence[Sequence[Flag]]) -> KeptRun:
    """Return a run with its receipts and the verdicts of its benchmarks, given in order."""
    judged = [
        replace(benchmark, verdict=tuple(verdicts[number])) if number < len(verdicts) else benchmark
        for number, benchmark in enumerate(kept.run.benchmarks)
    ]
    return replace(kept, run=replace(kept.run, benchmarks=tuple(judged)), receipts=tuple(receipts))


def pack_trace(trace: Trace | None) -> tuple[bytes, bytes] | None:
    """Return the operations of a trace and the rest of it; None without a trace, or if it is too large."""
    if trace is None or len(trace.operations) > MAX_OPERATIONS:
        return None
    operations = np.ascontiguousarray(trace.operations)
    rest = {
        "columns": _columns(),
        "count": len(operations),
        "names": list(trace.names),
        "regions": [to_data(region) for region in trace.regions],
        "spans": [to_data(span) for span in trace.spans],
        "dropped": trace.dropped,
    }
    return zlib.compress(operations.tobytes(), _QUICK), _pack(rest, _QUICK)


def unpack_trace(packed: bytes, rest: bytes) -> Trace | None:
    """Return the trace that :func:`pack_trace` packed; None if it is inconsistent."""
    try:
        data = _unpack(rest)
        count = data["count"]
        if data["columns"] != _columns() or type(count) is not int or not 0 <= count <= MAX_OPERATIONS:
            return None
        operations = np.frombuffer(_inflate(packed, count * OPERATIONS.itemsize), OPERATIONS)
        names = tuple(from_data(str, each) for each in data["names"])
        if len(operations) != count or (count and int(operations["name"].max()) >= len(names)):
            return None
        return Trace(
            operations,
            names,
            tuple(from_data(Region, each) for each in data["regions"]),
            tuple(from_data(Span, each) for each in data["spans"]),
            from_data(int, data["dropped"]),
        )
    except (SerialError, ValueError, KeyError, TypeError, zlib.error):
        return None


def pack_samples(samples: Sequence[GpuSample]) -> bytes | None:
    """Return samples as compressed JSON with the saved metrics; None without samples."""
    return _pack({"gpus": to_curves(samples)}, _LEVEL) if samples else None


def unpack_samples(packed: bytes) -> tuple[GpuSample, ...]:
    """Return the samples that :func:`pack_samples` packed; none if they are damaged."""
    try:
        return from_curves(_unpack(packed)["gpus"])
    except (SerialError, ValueError, KeyError, TypeError, zlib.error):
        return ()


def without_trace(run: Run) -> Run:
    """Return a run as its JSON has it; ``trace_note`` stays, because statements keep their GPU times."""
    return replace(run, trace=None)


def _content(kept: KeptRun) -> dict[str, Any]:
    run = to_data(replace(without_trace(kept.run), timings=()))
    run["timings"] = kept.run.timings  # converted in pieces
    return {
        "request": to_data(kept.request),
        "run": run,
        "receipts": to_data(kept.receipts),
        "driver": to_data(kept.driver),
        "gpus": to_data(kept.gpus),
    }


def _columns() -> list[list[str]]:
    """Return the columns of an operation for JSON, to recognize traces with other columns."""
    return [[name, str(OPERATIONS[name].str)] for name in OPERATIONS.names or ()]


def _pack(data: dict[str, Any], level: int) -> bytes:
    compressor = zlib.compressobj(level)
    packed = [compressor.compress(piece.encode("ascii")) for piece in _json(data)]
    return b"".join((*packed, compressor.flush()))


def _json(value: Any) -> Iterator[str]:
    """Yield a value as JSON, long arrays in pieces, because one long call would block all other threads."""
    if isinstance(value, dict):
        for number, (key, item) in enumerate(value.items()):
            yield f"{',' if number else '{'}{json.dumps(key)}:"
            yield from _json(item)
        yield "}" if value else "{}"
    elif isinstance(value, (list, tuple)) and len(value) > _PIECE:
        for start in range(0, len(value), _PIECE):
            yield f"{',' if start else '['}{_dumps(to_data(value[start : start + _PIECE]))[1:-1]}"
        yield "]"
    else:
        yield _dumps(to_data(value))


def _dumps(data: object) -> str:
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def _unpack(content: bytes) -> dict[str, Any]:
    # Calling back for each object lets other threads run in between: many statements would hold them all up.
    data = json.loads(_inflate(content, _MAX_BYTES), object_hook=lambda found: found)
    if not isinstance(data, dict):
        raise TypeError("not an object")
    return data


def _inflate(packed: bytes, limit: int) -> bytes:
    """Decompress data of at most ``limit`` bytes, however small it is compressed."""
    inflater = zlib.decompressobj()
    # One byte more than allowed, to detect data that exceeds the limit.
    data = inflater.decompress(packed, limit + 1)
    if len(data) > limit or not inflater.eof:
        raise ValueError("its length is wrong")
    return data
