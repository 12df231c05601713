"""Builds the rows of a run's timeline as sorted arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication

from gpuplayground.model.gpu_timing import Direction
from gpuplayground.model.results import Run, StatementTiming
from gpuplayground.model.trace import OpKind, Trace
from gpuplayground.tracing.gpu_totals import directions
from gpuplayground.ui.trace_timeline.density import Floats, Integers, Intervals, disjoint, lanes
from gpuplayground.ui.trace_timeline.group_sums import GroupSums
from gpuplayground.ui.trace_timeline.palette import COPY_INKS, SPAN_INKS, Ink, kernel_ink

_DIRECTIONS = tuple(Direction)
#: As in NVIDIA's tools.
_SHORT = {
    Direction.HOST_TO_DEVICE: "HtoD",
    Direction.DEVICE_TO_HOST: "DtoH",
    Direction.DEVICE_TO_DEVICE: "DtoD",
    Direction.PEER_TO_PEER: "PtoP",
    Direction.HOST_TO_HOST: "HtoH",
}


#: Groups of a stream's operations; each kernel name has its own from ``KERNELS`` on.
MEMSETS, GRAPHS, KERNELS = 0, 1, 2


class RowKind(Enum):
    """What the intervals of a row stand for, and what their ``refs`` index."""

    STATEMENTS = "statements"  # the run's timings
    REGIONS = "regions"  # the trace's regions
    SPANS = "spans"  # the trace's spans
    STREAM = "stream"  # the trace's operations
    COPIES = "copies"  # the trace's operations


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``name`` is its label, empty for a further lane of the row above."""

    kind: RowKind
    name: str
    intervals: Intervals
    #: The full name for the tooltip, if ``name`` is abbreviated.
    full_name: str = ""
    #: Of a stream, durations by ``MEMSETS``, ``GRAPHS`` and kernel name; of copies, bytes; else None.
    sums: GroupSums | None = None


@dataclass(frozen=True)
class Picture:
    """The timeline of one run. Its axis, from ``start`` to ``end``, is in nanoseconds from ``origin_ns``.

    ``starts`` are the start times of the statements on that axis, parallel to ``timings``.
    """

    origin_ns: int = 0
    start: float = 0.0
    end: float = 1.0
    rows: tuple[Row, ...] = ()
    timings: tuple[StatementTiming, ...] = ()
    starts: tuple[int, ...] = ()
    trace: Trace = field(default_factory=Trace)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.rows


def picture_of(run: Run) -> Picture:
    """Return the rows of a run: statements, NVTX ranges, CUDA set-up, then each GPU's streams and copies."""
    trace = run.trace or Trace()
    known = [timing.start_ns for timing in run.timings if timing.start_ns]
    origin = run.start_ns or min([*known, *trace.operations["start_ns"][:1].tolist()], default=0)
    starts = _statement_starts(run.timings, origin)
    owner = _owner_table(run.timings)
    rows = [
        *_statement_rows(run.timings, starts),
        *_region_rows(trace, origin, starts),
        *_span_rows(trace, origin, starts),
        *_operation_rows(trace, origin, owner),
    ]
    first = min([0.0, *(float(row.intervals.starts[0]) for row in rows)])
    last = max([1.0, float(run.end_ns - origin), *(float(row.intervals.ends[-1]) for row in rows)])
    return Picture(origin, first, last, tuple(rows), run.timings, tuple(starts), trace)


def _statement_starts(timings: Sequence[StatementTiming], origin_ns: int) -> list[int]:
    """Return the start of each statement; an unknown start is the end of the previous statement."""
    starts, reached = [], 0
    for timing in timings:
        start = timing.start_ns - origin_ns if timing.start_ns else reached
        starts.append(start)
        reached = start + max(timing.wall_ns, timing.synced_ns or 0)
    return starts


def _owner_table(timings: Sequence[StatementTiming]) -> Integers:
    """Return a table from statement index to position in ``timings``, with -1 as its last element."""
    table = np.full(max((timing.index for timing in timings), default=-1) + 2, -1, np.int64)
    for index, timing in enumerate(timings):
        table[timing.index] = index
    return table


def _statement_rows(timings: Sequence[StatementTiming], starts: Sequence[int]) -> Iterator[Row]:
    """Yield the row of statements: for each the time until it returned, then the wait for the GPU."""
    parts: list[tuple[int, int, int, int]] = []
    for index, (timing, start) in enumerate(zip(timings, starts, strict=True)):
        ink = Ink.FAILED if timing.failed else Ink.IMPORT if timing.is_import else Ink.STATEMENT
        returned = start + timing.wall_ns
        parts.append((start, returned, index, ink))
        if timing.synced_ns is not None and timing.synced_ns > timing.wall_ns:
            parts.append((returned, start + timing.synced_ns, index, ink + 1))
    if parts:
        table = np.array(parts, np.int64)
        cut = disjoint(table[:, 0].astype(np.float64), table[:, 1].astype(np.float64))
        yield Row(RowKind.STATEMENTS, _tr("Statements"), Intervals(*cut, table[:, 2], table[:, 2], table[:, 3]))


def _region_rows(trace: Trace, origin: int, starts: Sequence[int]) -> Iterator[Row]:
    regions = [(region.start_ns, region.end_ns) for region in trace.regions]
    inks = [int(Ink.REGION)] * len(regions)
    yield from _rows_of(RowKind.REGIONS, _tr("NVTX ranges"), regions, inks, origin, starts)


def _span_rows(trace: Trace, origin: int, starts: Sequence[int]) -> Iterator[Row]:
    spans = [(span.start_ns, span.end_ns) for span in trace.spans]
    inks = [int(SPAN_INKS[span.kind]) for span in trace.spans]
    yield from _rows_of(RowKind.SPANS, _tr("CUDA set-up"), spans, inks, origin, starts)


def _rows_of(
    kind: RowKind,
    name: str,
    bounds: Sequence[tuple[int, int]],
    inks: Sequence[int],
    origin: int,
    statement_starts: Sequence[int],
) -> Iterator[Row]:
    """Yield rows of possibly nested ranges; each belongs to the statement in which it starts."""
    if not bounds:
        return
    table = np.array(bounds, np.int64) - origin
    order = np.lexsort((-table[:, 1], table[:, 0]))
    starts, ends = (table[order, column].astype(np.float64) for column in (0, 1))
    owners = np.searchsorted(np.asarray(statement_starts, np.float64), starts, "right") - 1
    yield from _lane_rows(kind, name, name, starts, ends, order, owners, np.asarray(inks)[order])


def _operation_rows(trace: Trace, origin: int, owner: Integers) -> Iterator[Row]:
    """Yield for each GPU a row per stream with its kernels, then a row per direction of copies."""
    operations = trace.operations
    if not len(operations):
        return
    columns = _Operations(trace, origin, owner)
    context, stream = (operations[name].astype(np.int64) for name in ("context", "stream"))
    is_copy = operations["kind"] == OpKind.COPY
    direction = directions(operations)
    # Stream numbers are unique only within a context, so pack device, context and stream into one key.
    inner = np.where(is_copy, direction | 1 << 40, context % 2**20 << 20 | stream % 2**20)
    keys, groups = np.unique(operations["device"].astype(np.int64) << 41 | inner, return_inverse=True)
    order = np.argsort(groups.astype(np.min_scalar_type(len(keys))), kind="stable")
    bounds = np.searchsorted(groups[order], np.arange(len(keys) + 1))
    contexts: dict[int, set[int]] = {}
    for first in order[bounds[:-1]]:
        if not is_copy[first]:
            contexts.setdefault(int(operations["device"][first]), set()).add(int(context[first]))
    for start, end in pairwise(bounds.tolist()):
        indices = order[start:end]
        device = int(operations["device"][indices[0]])
        if is_copy[indices[0]]:
            way = _DIRECTIONS[direction[indices[0]]]
            full = _tr("GPU {device} · copies {direction}").format(device=device, direction=way.value)
            short = _tr("GPU {device} · copies {direction}").format(device=device, direction=_SHORT[way])
            yield from columns.rows(RowKind.COPIES, short, full, indices)
        else:
            name = _tr("GPU {device} · stream {stream}").format(device=device, stream=stream[indices[0]])
            if len(contexts[device]) > 1:
                name = _tr("{name} · context {context}").format(name=name, context=context[indices[0]])
            yield from columns.rows(RowKind.STREAM, name, name, indices)


class _Operations:
    """The arrays of a trace's operations, of which each row takes a part."""

    def __init__(self, trace: Trace, origin: int, owner: Integers) -> None:
        operations = self._operations = trace.operations
        self._starts = (operations["start_ns"] - origin).astype(np.float64)
        self._ends = (operations["end_ns"] - origin).astype(np.float64)
        statement = operations["statement"]
        self._owners = owner[np.where((statement >= 0) & (statement < len(owner) - 1), statement, -1)]
        self._inks = _operation_inks(trace)

    def rows(self, kind: RowKind, name: str, full_name: str, indices: Integers) -> Iterator[Row]:
        """Yield a row, or several if operations overlap."""
        starts, ends = self._starts[indices], self._ends[indices]
        for row in _lane_rows(kind, name, full_name, starts, ends, indices, self._owners[indices], self._inks[indices]):
            yield replace(row, sums=self._sums_of(row))

    def _sums_of(self, row: Row) -> GroupSums:
        operations, intervals = self._operations, row.intervals
        if row.kind == RowKind.COPIES:
            bytes_copied = operations["bytes"][intervals.refs].astype(np.float64)
            return GroupSums(np.zeros(len(bytes_copied), np.int64), bytes_copied)
        kind = operations["kind"][intervals.refs]
        kernels = KERNELS + operations["name"][intervals.refs].astype(np.int64)
        groups = np.where(kind == OpKind.KERNEL, kernels, np.where(kind == OpKind.GRAPH, GRAPHS, MEMSETS))
        return GroupSums(groups, intervals.ends - intervals.starts, KERNELS)


def _operation_inks(trace: Trace) -> npt.NDArray[np.uint8]:
    operations = trace.operations
    of_name = np.array([kernel_ink(name) for name in trace.names] or [int(Ink.FIRST_KERNEL)], np.uint8)
    of_copy = np.array([COPY_INKS[way] for way in _DIRECTIONS], np.uint8)
    inks: npt.NDArray[np.uint8] = of_name[np.minimum(operations["name"], len(of_name) - 1)]
    kind = operations["kind"]
    inks[kind == OpKind.MEMSET] = Ink.MEMSET
    inks[kind == OpKind.GRAPH] = Ink.GRAPH
    copies = kind == OpKind.COPY
    inks[copies] = of_copy[directions(operations[copies])]
    return inks


def _lane_rows(
    kind: RowKind,
    name: str,
    full_name: str,
    starts: Floats,
    ends: Floats,
    refs: Integers,
    owners: Integers,
    inks: npt.NDArray[np.integer],
) -> Iterator[Row]:
    for number, indices in enumerate(lanes(starts, ends)):
        cut = disjoint(starts[indices], ends[indices])
        intervals = Intervals(*cut, refs[indices], owners[indices], inks[indices])
        yield Row(kind, "" if number else name, intervals, full_name)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Timeline", text)
