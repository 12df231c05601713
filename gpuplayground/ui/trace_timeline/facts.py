"""The labels of intervals, and the exact figures of what is under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from gpuplayground.model.gpu_timing import Direction
from gpuplayground.model.trace import OpKind, Trace
from gpuplayground.tracing.demangle import short_name
from gpuplayground.tracing.gpu_totals import directions
from gpuplayground.ui.trace_timeline.axis import exact
from gpuplayground.ui.trace_timeline.hits import Hit
from gpuplayground.ui.trace_timeline.palette import WAITS
from gpuplayground.ui.trace_timeline.rows import GRAPHS, KERNELS, MEMSETS, Picture, Row, RowKind
from gpuplayground.units import data_size, duration, significant

#: Longer names are elided: C++ templates can be longer than a screen.
_NAME_CHARACTERS = 240
_SOURCE_CHARACTERS = 80
_DIRECTIONS = tuple(Direction)
#: Kernel names listed for a column with many kernels.
_LISTED = 3
#: CUpti_ActivityMemoryKind (cupti_activity.h).
_MEMORIES = {1: "pageable", 2: "pinned", 3: "device", 4: "array", 5: "managed", 6: "device", 7: "managed"}


@dataclass(frozen=True, slots=True)
class Facts:
    """A title and lines of a label and a value."""

    title: str
    lines: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The title and the lines as plain text."""
        return "\n".join([self.title, *(f"{label} {value}" for label, value in self.lines)])


def label_of(picture: Picture, row: Row, index: int) -> str:
    """Return the text drawn on a wide interval."""
    ref = int(row.intervals.refs[index])
    match row.kind:
        case RowKind.STATEMENTS:
            is_wait = row.intervals.colors[index] in WAITS
            return _tr("waiting for GPU") if is_wait else _first_line(picture.timings[ref].source)
        case RowKind.REGIONS:
            return picture.trace.regions[ref].name
        case RowKind.SPANS:
            return _span_title(picture.trace, ref)
    operation = picture.trace.operations[ref]
    if operation["kind"] == OpKind.KERNEL:
        return short_name(_kernel_name(picture.trace, operation))
    return _operation_title(picture.trace, operation)


def facts_of(picture: Picture, hit: Hit) -> Facts:
    """Return the figures of one interval, or the totals of several."""
    if hit.is_merged:
        return _merged_facts(picture, hit)
    ref = hit.ref
    match hit.row.kind:
        case RowKind.STATEMENTS:
            return statement_facts(picture, ref)
        case RowKind.REGIONS:
            lines = (*_bounds(hit), *_owner_lines(picture, hit))
            return Facts(_elided(picture.trace.regions[ref].name), lines)
        case RowKind.SPANS:
            span = picture.trace.spans[ref]
            called = ((_tr("Function"), span.name),) if span.name else ()
            return Facts(_span_title(picture.trace, ref), (*_bounds(hit), *called, *_owner_lines(picture, hit)))
    return _operation_facts(picture, hit, ref)


def statement_facts(picture: Picture, index: int) -> Facts:
    """Return the figures of a statement, by its index in the run's timings."""
    timing, start = picture.timings[index], picture.starts[index]
    title = _tr("Line {line}: {source}").format(line=timing.line, source=_first_line(timing.source))
    lines = [(_tr("Start"), exact(start)), (_tr("Wall time"), exact(timing.wall_ns))]
    if timing.synced_ns is not None:
        lines.append((_tr("GPU done after"), exact(timing.synced_ns)))
    if timing.prewarmed_ns:
        lines.append((_tr("Preloaded in"), exact(timing.prewarmed_ns)))
    if timing.gpu is not None:
        busy = _tr("{time}, {count} kernels").format(time=exact(timing.gpu.busy_ns), count=f"{timing.gpu.kernels:,}")
        lines.append((_tr("GPU busy"), busy))
        lines += [(part.value[:1].upper() + part.value[1:], exact(time)) for part, time in timing.gpu.waits if time]
    if timing.failed:
        lines.append((_tr("State"), _tr("it raised an exception")))
    return Facts(title, tuple(lines))


def _operation_facts(picture: Picture, hit: Hit, ref: int) -> Facts:
    trace = picture.trace
    operation = trace.operations[ref]
    lasted = int(operation["end_ns"]) - int(operation["start_ns"])
    lines = [*_bounds(hit)]
    if operation["kind"] == OpKind.KERNEL:
        lines += _launch_lines(operation)
    elif operation["kind"] in (OpKind.COPY, OpKind.MEMSET):
        size = int(operation["bytes"])
        lines.append((_tr("Bytes"), f"{size:,} ({data_size(size)})" if size >= 1000 else f"{size}"))
        if lasted > 0:
            lines.append((_tr("Rate"), f"{_rate(size / lasted)} GB/s"))
    if operation["kind"] == OpKind.COPY:
        memories = (_MEMORIES.get(int(operation[name]), "?") for name in ("source_memory", "target_memory"))
        lines.append((_tr("Memory"), " → ".join(memories)))
    where = _tr("GPU {device}, context {context}, stream {stream}")
    lines.append((_tr("On"), where.format(**{name: operation[name] for name in ("device", "context", "stream")})))
    lines += _owner_lines(picture, hit)
    return Facts(_elided(_operation_title(trace, operation)), tuple(lines))


def _owner_lines(picture: Picture, hit: Hit) -> list[tuple[str, str]]:
    """Return the line of the owning statement, if any."""
    if hit.owner < 0:
        return []
    timing = picture.timings[hit.owner]
    return [(_tr("Line {line}").format(line=timing.line), _first_line(timing.source))]


def _launch_lines(operation: np.void) -> list[tuple[str, str]]:
    grid, block = (tuple(int(operation[f"{part}_{axis}"]) for axis in "xyz") for part in ("grid", "block"))
    threads = int(np.prod(grid, dtype=object) * np.prod(block, dtype=object))
    shape = f"{_sizes(grid)} × {_sizes(block)}"
    return [
        (_tr("Grid × block"), _tr("{shape}, {count} threads").format(shape=shape, count=f"{threads:,}")),
        (_tr("Registers"), str(operation["registers"])),
        (_tr("Shared memory"), f"{int(operation['shared_bytes']):,} B"),
    ]


def _merged_facts(picture: Picture, hit: Hit) -> Facts:
    row = hit.row
    time = duration(row.intervals.lasting(hit.indices))
    title = _tr("{what}, {time} in total").format(what=_counted(hit), time=time)
    lines = [(_tr("From"), exact(hit.start)), (_tr("To"), exact(hit.end))]
    if row.kind == RowKind.STREAM and row.sums is not None:
        counts, sums = (column[KERNELS:] for column in row.sums.within(hit.indices))
        for number in np.argsort(sums)[::-1][:_LISTED]:
            if counts[number]:
                name = short_name(picture.trace.names[number]) if number < len(picture.trace.names) else "?"
                lines.append(
                    (f"{counts[number]:,} ×", _tr("{name}, {time}").format(name=name, time=duration(sums[number])))
                )
    elif row.kind == RowKind.COPIES and row.sums is not None:
        size = int(row.sums.within(hit.indices)[1].sum())
        lines.append((_tr("Bytes"), f"{size:,} ({data_size(size)})"))
    return Facts(title, tuple(lines))


def _counted(hit: Hit) -> str:
    count = hit.indices.stop - hit.indices.start
    match hit.row.kind:
        case RowKind.STATEMENTS:
            parts = hit.row.intervals.refs[hit.indices]  # one or two intervals per statement
            return _tr("{count} statements").format(count=f"{1 + np.count_nonzero(np.diff(parts)):,}")
        case RowKind.REGIONS:
            return _tr("{count} ranges").format(count=f"{count:,}")
        case RowKind.SPANS:
            return _tr("{count} calls").format(count=f"{count:,}")
        case RowKind.COPIES:
            return _tr("{count} copies").format(count=f"{count:,}")
    if hit.row.sums is None:
        return ""
    counts = hit.row.sums.within(hit.indices)[0]
    kinds = (
        (counts[KERNELS:].sum(), _tr("kernels")),
        (counts[MEMSETS], _tr("memory sets")),
        (counts[GRAPHS], _tr("graphs")),
    )
    return ", ".join(f"{number:,} {word}" for number, word in kinds if number)


def _bounds(hit: Hit) -> tuple[tuple[str, str], ...]:
    return (_tr("Start"), exact(hit.start)), (_tr("Duration"), exact(hit.end - hit.start))


def _operation_title(trace: Trace, operation: np.void) -> str:
    match int(operation["kind"]):
        case OpKind.COPY:
            return _copy_title(_DIRECTIONS[int(directions(np.array([operation]))[0])])
        case OpKind.MEMSET:
            return _tr("Memory set")
        case OpKind.GRAPH:
            return _tr("CUDA graph {number}").format(number=operation["graph"])
    return _kernel_name(trace, operation)


def _copy_title(direction: Direction) -> str:
    return {
        Direction.HOST_TO_DEVICE: _tr("Copy host to device"),
        Direction.DEVICE_TO_HOST: _tr("Copy device to host"),
        Direction.DEVICE_TO_DEVICE: _tr("Copy device to device"),
        Direction.PEER_TO_PEER: _tr("Copy peer to peer"),
        Direction.HOST_TO_HOST: _tr("Copy host to host"),
    }[direction]


def _kernel_name(trace: Trace, operation: np.void) -> str:
    number = int(operation["name"])
    return trace.names[number] if number < len(trace.names) else _tr("unnamed kernel")


def _span_title(trace: Trace, ref: int) -> str:
    return {
        "context": _tr("Context creation"),
        "compile": _tr("Compilation"),
        "load": _tr("Module loading"),
    }[trace.spans[ref].kind.value]


def _first_line(source: str) -> str:
    line = source.strip().partition("\n")[0]
    return line if len(line) <= _SOURCE_CHARACTERS else line[: _SOURCE_CHARACTERS - 1] + "…"


def _elided(name: str) -> str:
    """Elide the middle of a long name: the kernel's name is at its start, the argument types at its end."""
    if len(name) <= _NAME_CHARACTERS:
        return name
    head = _NAME_CHARACTERS * 2 // 3
    return f"{name[:head]} … {name[len(name) - (_NAME_CHARACTERS - head) :]}"


def _sizes(sizes: Sequence[int]) -> str:
    return "(" + ", ".join(str(size) for size in sizes) + ")"


def _rate(gb_per_s: float) -> str:
    return significant(gb_per_s) if gb_per_s < 1000 else f"{gb_per_s:,.0f}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Timeline", text)
