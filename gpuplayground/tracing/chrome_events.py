"""Events of the Chrome trace format as text, each a JSON object.

Rules: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Times are microseconds, and
with three decimals exact to the nanosecond.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gpuplayground.model.gpu_timing import Direction
from gpuplayground.model.trace import OpKind, Trace
from gpuplayground.tracing.demangle import short_name
from gpuplayground.tracing.gpu_totals import directions, kernel_names

#: CUpti_ActivityMemoryKind.
_MEMORY = ("unknown", "pageable", "pinned", "device", "array", "managed", "device static", "managed static")
_BLOCK = 4000
_COPY_NAMES = tuple(json.dumps(f"copy {direction}") for direction in Direction)


def complete(pid: int, tid: int, start_ns: int, duration_ns: int, category: str, name: str, **about: Any) -> str:
    """Return an event with a beginning and a duration. ``start_ns`` counts from the beginning of the file."""
    # Half a surrogate pair, as in the text of a snippet, is no JSON for others.
    whole = name.encode("utf-8", "replace").decode("utf-8")
    return _complete(pid, tid, start_ns, duration_ns, category, json.dumps(whole), json.dumps(about))


def counter(pid: int, time_ns: int, name: str, unit: str, value: float) -> str:
    """Return one value of a curve."""
    return (
        f'{{"ph":"C","pid":{pid},"tid":0,"ts":{_microseconds(time_ns)},'
        f'"name":{json.dumps(name)},"args":{{{json.dumps(unit)}:{json.dumps(value)}}}}}'
    )


def process(pid: int, name: str) -> Iterator[str]:
    """Yield the events that name a process and give it its place."""
    yield from _metadata("process", pid, 0, name, pid)


def thread(pid: int, tid: int, name: str) -> Iterator[str]:
    """Yield the events that name a track and give it its place."""
    yield from _metadata("thread", pid, tid, name, tid)


class OperationEvents:
    """Operations of the GPU as events.

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
        """Yield an event for each of some operations, on one track."""
        for begin in range(0, len(operations), _BLOCK):
            # As plain Python values a million operations would take a gigabyte.
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
                about.append(f'"from":"{_memory(row["source_memory"])}","to":"{_memory(row["target_memory"])}"')
        return _complete(pid, tid, row["start_ns"] - self._origin_ns, took, category, name, f"{{{','.join(about)}}}")


def _launch(row: dict[str, int]) -> str:
    return (
        f'"grid":[{row["grid_x"]},{row["grid_y"]},{row["grid_z"]}],'
        f'"block":[{row["block_x"]},{row["block_y"]},{row["block_z"]}],'
        f'"registers per thread":{row["registers"]},"shared memory (bytes)":{row["shared_bytes"]}'
    )


def _memory(kind: int) -> str:
    return _MEMORY[kind] if kind < len(_MEMORY) else _MEMORY[0]


def _complete(pid: int, tid: int, start_ns: int, duration_ns: int, category: str, name: str, about: str) -> str:
    """Return an event whose name and arguments are JSON already."""
    return (
        f'{{"ph":"X","pid":{pid},"tid":{tid},"ts":{_microseconds(start_ns)},"dur":{_microseconds(duration_ns)},'
        f'"cat":"{category}","name":{name},"args":{about}}}'
    )


def _microseconds(nanoseconds: int) -> str:
    return f"{nanoseconds // 1000}.{nanoseconds % 1000:03d}"


def _metadata(what: str, pid: int, tid: int, name: str, place: int) -> Iterator[str]:
    for kind, value in (("name", json.dumps({"name": name})), ("sort_index", json.dumps({"sort_index": place}))):
        yield f'{{"ph":"M","pid":{pid},"tid":{tid},"ts":0,"name":"{what}_{kind}","args":{value}}}'
