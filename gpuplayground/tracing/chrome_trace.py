"""Writes a run as a Chrome trace: a JSON file for https://ui.perfetto.dev and ``chrome://tracing``.

Format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Times are microseconds; three
decimals make them exact to the nanosecond.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gpuplayground.model.gpu_timing import Direction
from gpuplayground.model.results import Run, StatementTiming
from gpuplayground.model.samples import GpuSample
from gpuplayground.model.trace import OpKind, Region, Span, Trace
from gpuplayground.tracing.demangle import short_name
from gpuplayground.tracing.gpu_totals import directions, kernel_names
from gpuplayground.tracing.lanes import nested, side_by_side

#: Time before and after the run for which samples of the monitor are written.
MARGIN_NS = 1_000_000_000
#: Process ids in the file: the snippet, then the GPUs as numbered by CUDA, then those as numbered by NVML.
_SNIPPET, _FIRST_DEVICE, _FIRST_NVML = 1, 2, 1_000_000
_STATEMENTS = "statements"
_EVENTS_AT_A_TIME = 2000
_GIB = 2**30
#: CUpti_ActivityMemoryKind.
_MEMORY = ("unknown", "pageable", "pinned", "device", "array", "managed", "device static", "managed static")
#: Number of operations converted to Python values at a time; a million would take a gigabyte.
_BLOCK = 4000
_COPY_NAMES = tuple(json.dumps(f"copy {direction}") for direction in Direction)

#: An event of a CPU track: start, duration, category, name, arguments.
_CpuEvent = tuple[int, int, str, str, dict[str, object]]


class ChromeTraceError(Exception):
    """The file cannot be written; the message is a sentence."""


def write_chrome_trace(run: Run, path: Path, samples: Iterable[GpuSample] = ()) -> None:
    """Write a run as a Chrome trace. An existing file is replaced once the new one is complete.

    The snippet has one track for its statements with the ranges nested in them, and further tracks for ranges of other
    threads and for CUDA's work on the CPU. Each stream of each GPU has one track, or several if operations overlap.

    Args:
        run: the run, with or without a trace.
        path: the file.
        samples: samples of the monitor; utilization, memory and power become counter tracks.

    Raises:
        ChromeTraceError: the file cannot be written.
    """
    low, high = run.start_ns - MARGIN_NS, run.end_ns + MARGIN_NS
    kept = [sample for sample in samples if low <= sample.time_ns <= high]
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("w", encoding="ascii", newline="\n") as file:
                file.writelines(_text(run, kept))
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise ChromeTraceError(f"“{path}” cannot be written ({reason}): choose another folder.") from error


def _text(run: Run, samples: Sequence[GpuSample]) -> Iterator[str]:
    """Yield the file in pieces of about two thousand events."""
    trace = run.trace or Trace()
    origin = _origin(run, trace, samples)
    about = {"run": run.name, "outcome": run.summary, "time_ns of ts 0": str(origin)}
    yield f'{{"displayTimeUnit":"ns","otherData":{json.dumps(about)},"traceEvents":[\n'
    events = _events(run, trace, samples, origin)
    separator = ""
    while block := list(islice(events, _EVENTS_AT_A_TIME)):
        yield separator + ",\n".join(block)
        separator = ",\n"
    yield "\n]}\n"


def _origin(run: Run, trace: Trace, samples: Sequence[GpuSample]) -> int:
    """Return the earliest time, so that no time in the file is negative."""
    times = [run.start_ns, *(timing.start_ns for timing in run.timings if timing.start_ns > 0)]
    times += [sample.time_ns for sample in samples]
    times += [region.start_ns for region in trace.regions]
    times += [span.start_ns for span in trace.spans]
    if len(trace.operations):
        times.append(int(trace.operations["start_ns"].min()))
    return min(times)


def _events(run: Run, trace: Trace, samples: Sequence[GpuSample], origin: int) -> Iterator[str]:
    yield from _cpu_tracks(run, trace, origin)
    yield from _gpu_tracks(trace, {timing.index: timing.line for timing in run.timings}, origin)
    yield from _curves(samples, origin)


def _cpu_tracks(run: Run, trace: Trace, origin: int) -> Iterator[str]:
    yield from _process_events(_SNIPPET, run.name)
    main = _main_thread(run, trace)
    tracks: dict[str, list[_CpuEvent]] = {
        _STATEMENTS: [_statement(timing) for timing in run.timings if timing.start_ns > 0]
    }
    for region in trace.regions:
        name = _STATEMENTS if region.thread == main else f"NVTX ranges of thread {region.thread}"
        tracks.setdefault(name, []).append(_region(region))
    if trace.spans:
        tracks["CUDA and compilers"] = [_span(span) for span in trace.spans]
    tid = 1
    for name, events in tracks.items():
        events.sort(key=lambda event: (event[0], -event[1]))
        starts = np.array([event[0] for event in events], np.int64)
        rows = nested(starts, starts + np.array([event[1] for event in events], np.int64))
        for (start, took, category, text, arguments), row in zip(events, rows.tolist(), strict=True):
            yield _complete_event(_SNIPPET, tid + row, start - origin, took, category, text, **arguments)
        for row in range(int(rows.max(initial=0)) + 1):
            yield from _thread_events(_SNIPPET, tid, _numbered(name, row))
            tid += 1


def _main_thread(run: Run, trace: Trace) -> int | None:
    """Return the thread id, as in NVTX ranges, of the thread that ran the statements; None if unknown.

    On Linux the first thread of a process has the id of the process.
    """
    threads = {region.thread for region in trace.regions}
    if run.pid in threads:
        return run.pid
    return threads.pop() if len(threads) == 1 else None


def _statement(timing: StatementTiming) -> _CpuEvent:
    took = max(timing.wall_ns, timing.synced_ns or 0, 0)
    about: dict[str, object] = {"line": timing.line, "until it returned (ns)": timing.wall_ns}
    if timing.synced_ns is not None:
        about["until idle (ns)"] = timing.synced_ns
    if timing.gpu is not None:
        about["GPU busy (ns)"] = timing.gpu.busy_ns
        about |= {f"{wait} (ns)": part for wait, part in timing.gpu.waits}
    return timing.start_ns, took, "statement", timing.source or f"line {timing.line}", about


def _region(region: Region) -> _CpuEvent:
    about: dict[str, object] = {"domain": region.domain} if region.domain else {}
    return region.start_ns, region.end_ns - region.start_ns, "nvtx", region.name, about


def _span(span: Span) -> _CpuEvent:
    return span.start_ns, span.end_ns - span.start_ns, str(span.kind), span.name or str(span.kind), {}


def _gpu_tracks(trace: Trace, lines: dict[int, int], origin: int) -> Iterator[str]:
    operations = trace.operations
    if not len(operations):
        return
    events = _OperationEvents(trace, lines, origin)
    key = np.zeros(len(operations), np.int64)
    for column in ("device", "context", "stream"):
        values, places = np.unique(operations[column], return_inverse=True)
        key = key * len(values) + places
    order = np.argsort(key, kind="stable")
    borders = np.flatnonzero(np.diff(key[order])) + 1
    tids: dict[int, int] = {}
    for numbers in np.split(order, borders):
        mine = operations[numbers]
        device, context, stream = (int(mine[column][0]) for column in ("device", "context", "stream"))
        pid = _FIRST_DEVICE + device
        if pid not in tids:
            yield from _process_events(pid, f"GPU {device}")
        rows = side_by_side(mine["start_ns"], mine["end_ns"])
        for row in range(int(rows.max()) + 1):
            tid = tids[pid] = tids.get(pid, 0) + 1
            yield from _thread_events(pid, tid, _numbered(f"context {context}, stream {stream}", row))
            yield from events.of(mine[rows == row] if rows.any() else mine, pid, tid)


def _numbered(name: str, row: int) -> str:
    return f"{name} ({row + 1})" if row else name


def _curves(samples: Sequence[GpuSample], origin: int) -> Iterator[str]:
    pids: dict[str, int] = {}
    for sample in samples:
        pid = pids.get(sample.gpu_uuid)
        if pid is None:
            pid = pids[sample.gpu_uuid] = _FIRST_NVML + len(pids)
            yield from _process_events(pid, f"NVML {sample.gpu_uuid}")
        memory = sample.memory_used_bytes
        for name, unit, value in (
            ("utilization", "%", sample.gpu_util_percent),
            ("memory used", "GiB", None if memory is None else memory / _GIB),
            ("power", "W", sample.power_w),
        ):
            if value is not None and math.isfinite(value):
                yield _counter_event(pid, sample.time_ns - origin, name, unit, value)


def _complete_event(pid: int, tid: int, start_ns: int, duration_ns: int, category: str, name: str, **about: Any) -> str:
    """Return an event with a beginning and a duration. ``start_ns`` counts from the beginning of the file."""
    # Other programs reject lone surrogates in JSON, which a snippet may contain.
    whole = name.encode("utf-8", "replace").decode("utf-8")
    return _event_json(pid, tid, start_ns, duration_ns, category, json.dumps(whole), json.dumps(about))


def _counter_event(pid: int, time_ns: int, name: str, unit: str, value: float) -> str:
    """Return one value of a counter track."""
    return (
        f'{{"ph":"C","pid":{pid},"tid":0,"ts":{_microseconds(time_ns)},'
        f'"name":{json.dumps(name)},"args":{{{json.dumps(unit)}:{json.dumps(value)}}}}}'
    )


def _process_events(pid: int, name: str) -> Iterator[str]:
    """Yield the events that name a process and set its sort order."""
    yield from _metadata("process", pid, 0, name, pid)


def _thread_events(pid: int, tid: int, name: str) -> Iterator[str]:
    """Yield the events that name a track and set its sort order."""
    yield from _metadata("thread", pid, tid, name, tid)


class _OperationEvents:
    """Converts GPU operations to events.

    Args:
        trace: what they belong to.
        lines: the line of each statement by its index.
        origin_ns: the time at which the file begins.
    """

    def __init__(self, trace: Trace, lines: Mapping[int, int], origin_ns: int) -> None:
        self._lines, self._origin_ns = lines, origin_ns
        names = kernel_names(trace)
        self._graph = len(names) - 1
        self._shown = [json.dumps(short_name(name)) for name in names]
        self._full = [json.dumps(name) for name in names]

    def of(self, operations: npt.NDArray[np.void], pid: int, tid: int) -> Iterator[str]:
        """Yield one event per operation, all on one track."""
        for begin in range(0, len(operations), _BLOCK):
            block = operations[begin : begin + _BLOCK]
            for row, way in zip(block.tolist(), directions(block).tolist(), strict=True):
                yield self._event(dict(zip(block.dtype.names or (), row, strict=True)), way, pid, tid)

    def _event(self, row: dict[str, int], way: int, pid: int, tid: int) -> str:
        kind, took = row["kind"], row["end_ns"] - row["start_ns"]
        about = [f'"correlation":{row["correlation"]}']
        line = self._lines.get(row["statement"])
        if line is not None:
            about.append(f'"line":{line}')
        if kind in (OpKind.KERNEL, OpKind.GRAPH):
            category, number = "kernel", row["name"] if kind == OpKind.KERNEL else self._graph
            name = self._shown[number]
            if self._full[number] != name:
                about.append(f'"kernel":{self._full[number]}')
            if kind == OpKind.KERNEL:
                about.append(_launch(row))
        else:
            category, name = ("copy", _COPY_NAMES[way]) if kind == OpKind.COPY else ("memset", '"memory set"')
            about.append(f'"bytes":{row["bytes"]}')
            if took:
                about.append(f'"GB/s":{row["bytes"] / took:.3f}')
            if kind == OpKind.COPY:
                about.append(
                    f'"from":"{_memory_name(row["source_memory"])}","to":"{_memory_name(row["target_memory"])}"'
                )
        return _event_json(pid, tid, row["start_ns"] - self._origin_ns, took, category, name, f"{{{','.join(about)}}}")


def _launch(row: dict[str, int]) -> str:
    return (
        f'"grid":[{row["grid_x"]},{row["grid_y"]},{row["grid_z"]}],'
        f'"block":[{row["block_x"]},{row["block_y"]},{row["block_z"]}],'
        f'"registers per thread":{row["registers"]},"shared memory (bytes)":{row["shared_bytes"]}'
    )


def _memory_name(kind: int) -> str:
    return _MEMORY[kind] if kind < len(_MEMORY) else _MEMORY[0]


def _event_json(pid: int, tid: int, start_ns: int, duration_ns: int, category: str, name: str, about: str) -> str:
    """Return an event whose name and arguments are already JSON."""
    return (
        f'{{"ph":"X","pid":{pid},"tid":{tid},"ts":{_microseconds(start_ns)},"dur":{_microseconds(duration_ns)},'
        f'"cat":"{category}","name":{name},"args":{about}}}'
    )


def _microseconds(nanoseconds: int) -> str:
    return f"{nanoseconds // 1000}.{nanoseconds % 1000:03d}"


def _metadata(what: str, pid: int, tid: int, name: str, place: int) -> Iterator[str]:
    for kind, value in (("name", json.dumps({"name": name})), ("sort_index", json.dumps({"sort_index": place}))):
        yield f'{{"ph":"M","pid":{pid},"tid":{tid},"ts":0,"name":"{what}_{kind}","args":{value}}}'
