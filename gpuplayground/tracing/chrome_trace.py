"""A run as a Chrome trace: a JSON file that https://ui.perfetto.dev and ``chrome://tracing`` open."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np

from gpuplayground.model.results import Run, StatementTiming
from gpuplayground.model.samples import GpuSample
from gpuplayground.model.trace import Region, Span, Trace
from gpuplayground.tracing import chrome_events
from gpuplayground.tracing.lanes import nested, side_by_side

#: Samples of the monitor from this long before the run to this long after it are in the file.
MARGIN_NS = 1_000_000_000
#: Numbers of processes in the file: the snippet, then each GPU of CUDA's count, then each GPU of NVML's.
_SNIPPET, _FIRST_DEVICE, _FIRST_NVML = 1, 2, 1_000_000
_STATEMENTS = "statements"
_EVENTS_AT_A_TIME = 2000
_GIB = 2**30

#: A stretch of a CPU track: start, duration, category, name, arguments.
_Stretch = tuple[int, int, str, str, dict[str, object]]


class ChromeTraceError(Exception):
    """The file cannot be written; the message is one sentence."""


def write_chrome_trace(run: Run, path: Path, samples: Iterable[GpuSample] = ()) -> None:
    """Write a run as a Chrome trace. A file that is there is replaced once the new one is whole.

    Statements and what is nested in them are a track of the snippet, ranges of its other threads and CUDA's own work
    on the CPU further ones; each stream of each GPU has a track, or several where operations overlap within it.

    Args:
        run: with or without a trace.
        path: the file.
        samples: the monitor's; utilization, memory and power become curves.

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
    """Yield the file in pieces of some thousand events."""
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
    """Return the earliest time of all, so that none in the file is negative."""
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
    yield from chrome_events.process(_SNIPPET, run.name)
    main = _main_thread(run, trace)
    tracks: dict[str, list[_Stretch]] = {
        _STATEMENTS: [_statement(timing) for timing in run.timings if timing.start_ns > 0]
    }
    for region in trace.regions:
        name = _STATEMENTS if region.thread == main else f"NVTX ranges of thread {region.thread}"
        tracks.setdefault(name, []).append(_region(region))
    if trace.spans:
        tracks["CUDA and compilers"] = [_span(span) for span in trace.spans]
    tid = 1
    for name, stretches in tracks.items():
        stretches.sort(key=lambda stretch: (stretch[0], -stretch[1]))
        starts = np.array([stretch[0] for stretch in stretches], np.int64)
        rows = nested(starts, starts + np.array([stretch[1] for stretch in stretches], np.int64))
        for (start, took, category, text, arguments), row in zip(stretches, rows.tolist(), strict=True):
            yield chrome_events.complete(_SNIPPET, tid + row, start - origin, took, category, text, **arguments)
        for row in range(int(rows.max(initial=0)) + 1):
            yield from chrome_events.thread(_SNIPPET, tid, _numbered(name, row))
            tid += 1


def _main_thread(run: Run, trace: Trace) -> int | None:
    """Return the thread that ran the statements, as ranges call it; None where that cannot be told.

    Linux gives the first thread of a process the number of the process.
    """
    threads = {region.thread for region in trace.regions}
    if run.pid in threads:
        return run.pid
    return threads.pop() if len(threads) == 1 else None


def _statement(timing: StatementTiming) -> _Stretch:
    took = max(timing.wall_ns, timing.synced_ns or 0, 0)
    about: dict[str, object] = {"line": timing.line, "until it returned (ns)": timing.wall_ns}
    if timing.synced_ns is not None:
        about["until idle (ns)"] = timing.synced_ns
    if timing.gpu is not None:
        about["GPU busy (ns)"] = timing.gpu.busy_ns
        about |= {f"{wait} (ns)": part for wait, part in timing.gpu.waits}
    return timing.start_ns, took, "statement", timing.source or f"line {timing.line}", about


def _region(region: Region) -> _Stretch:
    about: dict[str, object] = {"domain": region.domain} if region.domain else {}
    return region.start_ns, region.end_ns - region.start_ns, "nvtx", region.name, about


def _span(span: Span) -> _Stretch:
    return span.start_ns, span.end_ns - span.start_ns, str(span.kind), span.name or str(span.kind), {}


def _gpu_tracks(trace: Trace, lines: dict[int, int], origin: int) -> Iterator[str]:
    operations = trace.operations
    if not len(operations):
        return
    events = chrome_events.OperationEvents(trace, lines, origin)
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
            yield from chrome_events.process(pid, f"GPU {device}")
        rows = side_by_side(mine["start_ns"], mine["end_ns"])
        for row in range(int(rows.max()) + 1):
            tid = tids[pid] = tids.get(pid, 0) + 1
            yield from chrome_events.thread(pid, tid, _numbered(f"context {context}, stream {stream}", row))
            yield from events.of(mine[rows == row] if rows.any() else mine, pid, tid)


def _numbered(name: str, row: int) -> str:
    return f"{name} ({row + 1})" if row else name


def _curves(samples: Sequence[GpuSample], origin: int) -> Iterator[str]:
    pids: dict[str, int] = {}
    for sample in samples:
        pid = pids.get(sample.gpu_uuid)
        if pid is None:
            pid = pids[sample.gpu_uuid] = _FIRST_NVML + len(pids)
            yield from chrome_events.process(pid, f"NVML {sample.gpu_uuid}")
        memory = sample.memory_used_bytes
        for name, unit, value in (
            ("utilization", "%", sample.gpu_util_percent),
            ("memory used", "GiB", None if memory is None else memory / _GIB),
            ("power", "W", sample.power_w),
        ):
            if value is not None and math.isfinite(value):
                yield chrome_events.counter(pid, sample.time_ns - origin, name, unit, value)
