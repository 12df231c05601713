"""A whole run as the history keeps it: compressed JSON, and the operations of its trace as raw rows beside it.

What is read back is checked: sizes, types and indexes, because the file may come from anywhere.
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
from gpuplayground.past_runs.entries import HistoryEntry, HistoryError
from gpuplayground.receipts.receipt import Receipt

#: A trace of more operations is not kept: 200,000 take about 4 MB on the disk, and half a second to compress.
MAX_OPERATIONS = 200_000
#: No JSON of a run comes near this: more is a damaged or malicious file.
_MAX_BYTES = 256 * 2**20
_LEVEL = 6
#: How many items of an array become JSON at a time.
_PIECE = 500
_QUICK = 1


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run with everything that belongs to it. ``entry`` is its line in the history, None before it is kept.

    ``receipts`` has one for each GPU that was used. ``samples`` are of the time around it, with the metrics that the
    timeline draws.
    """

    request: RunRequest
    run: Run
    receipts: tuple[Receipt, ...] = ()
    driver: DriverInfo = field(default_factory=DriverInfo)
    gpus: tuple[GpuInfo, ...] = ()
    samples: tuple[GpuSample, ...] = ()
    entry: HistoryEntry | None = None


@dataclass(frozen=True, slots=True)
class _Curve:
    """What is kept of one GPU's samples, by time; the fields are those of :class:`GpuSample`, a value per sample."""

    gpu_uuid: str
    time_ns: tuple[int, ...]
    gpu_util_percent: tuple[float | None, ...]
    memory_used_bytes: tuple[int | None, ...]
    memory_total_bytes: tuple[int | None, ...]
    power_w: tuple[float | None, ...]
    power_limit_w: tuple[float | None, ...]

    @property
    def samples(self) -> list[GpuSample]:
        """The samples, without the metrics that are not kept.

        Raises:
            ValueError: its columns are not of one length.
        """
        columns = [getattr(self, name) for name in _CURVE_COLUMNS]
        return [
            GpuSample(gpu_uuid=self.gpu_uuid, **dict(zip(_CURVE_COLUMNS, row, strict=True)))
            for row in zip(*columns, strict=True)
        ]


_CURVE_COLUMNS = tuple(name for name in _Curve.__dataclass_fields__ if name != "gpu_uuid")


def pack(kept: KeptRun) -> bytes:
    """Return a run, without its trace, as compressed JSON."""
    return _pack(_content(kept), _LEVEL)


def unpack(content: bytes, entry: HistoryEntry) -> KeptRun:
    """Return the run of an entry, without its trace.

    Raises:
        HistoryError: it cannot be understood.
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
    """Return a run with its receipts, and the verdicts of its benchmarks in their order."""
    judged = [
        replace(benchmark, verdict=tuple(verdicts[number])) if number < len(verdicts) else benchmark
        for number, benchmark in enumerate(kept.run.benchmarks)
    ]
    return replace(kept, run=replace(kept.run, benchmarks=tuple(judged)), receipts=tuple(receipts))


def pack_trace(trace: Trace | None) -> tuple[bytes, bytes] | None:
    """Return the operations of a trace and the rest of it, or None where there is none or too much."""
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
    """Return the trace that :func:`pack_trace` has packed; None where it does not fit together."""
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
    """Return what is kept of samples, or None where there are none."""
    return _pack({"gpus": _to_curves(samples)}, _LEVEL) if samples else None


def unpack_samples(packed: bytes) -> tuple[GpuSample, ...]:
    """Return the samples that :func:`pack_samples` has packed; none where they cannot be understood."""
    try:
        return _from_curves(_unpack(packed)["gpus"])
    except (SerialError, ValueError, KeyError, TypeError, zlib.error):
        return ()


def without_trace(run: Run) -> Run:
    """Return a run as its JSON has it. Its statements keep their GPU times, so its ``trace_note`` stays what it was."""
    return replace(run, trace=None)


def _content(kept: KeptRun) -> dict[str, Any]:
    run = to_data(replace(without_trace(kept.run), timings=()))
    run["timings"] = kept.run.timings  # made into data piece by piece
    return {
        "request": to_data(kept.request),
        "run": run,
        "receipts": to_data(kept.receipts),
        "driver": to_data(kept.driver),
        "gpus": to_data(kept.gpus),
    }


def _columns() -> list[list[str]]:
    """The columns of an operation as JSON has them, so that a trace with others is known."""
    return [[name, str(OPERATIONS[name].str)] for name in OPERATIONS.names or ()]


def _pack(data: dict[str, Any], level: int) -> bytes:
    compressor = zlib.compressobj(level)
    packed = [compressor.compress(piece.encode("ascii")) for piece in _json(data)]
    return b"".join((*packed, compressor.flush()))


def _json(value: Any) -> Iterator[str]:
    """Yield a value as JSON, long arrays in pieces: one call for all of it would hold up every other thread."""
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
    data = json.loads(_inflate(content, _MAX_BYTES))
    if not isinstance(data, dict):
        raise TypeError("not an object")
    return data


def _inflate(packed: bytes, limit: int) -> bytes:
    """Decompress no more than a limit, however little it was compressed from."""
    inflater = zlib.decompressobj()
    # One more than allowed, because only reading on tells whether there is more.
    data = inflater.decompress(packed, limit + 1)
    if len(data) > limit or not inflater.eof:
        raise ValueError("its length is wrong")
    return data


def _to_curves(samples: Sequence[GpuSample]) -> list[object]:
    """Return samples as JSON can hold them, a curve for each GPU."""
    by_gpu: dict[str, list[GpuSample]] = {}
    for sample in sorted(samples, key=lambda sample: sample.time_ns):
        by_gpu.setdefault(sample.gpu_uuid, []).append(sample)
    return [
        to_data(_Curve(uuid, *(tuple(getattr(each, name) for each in own) for name in _CURVE_COLUMNS)))
        for uuid, own in by_gpu.items()
    ]


def _from_curves(data: list[object]) -> tuple[GpuSample, ...]:
    """Return the samples that :func:`_to_curves` was given, without the metrics that are not kept.

    Raises:
        ValueError: the data is of something else.
    """
    return tuple(sample for each in data for sample in from_data(_Curve, each).samples)
