"""Reads the trace file of a snippet's process (:mod:`gpuplayground.runtime.trace.file_format`).

The file is untrusted: an invalid size, type or number raises :class:`TraceError`, and :data:`MAX_ROWS` and
:data:`MAX_NOTE_BYTES` limit the memory used.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from operator import attrgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gpuplayground.model.trace import OPERATIONS, OpKind, Region, Span, Trace
from gpuplayground.runtime.trace import file_format
from gpuplayground.tracing.demangle import demangle
from gpuplayground.tracing.notes import LATEST_NS, Clock, Notes, TraceError, damaged

__all__ = ["MAX_NOTE_BYTES", "MAX_ROWS", "ReadTrace", "TraceError", "read_trace"]

#: Maximum number of operations: 312 MB, and as much again temporarily while they are sorted.
MAX_ROWS = 4_000_000
#: Maximum size of a note; its Python objects take up to twenty times as much.
MAX_NOTE_BYTES = 16 << 20
_MAX_CHUNKS = 250_000
#: Maximum size of a copy: 1 TiB.
_MAX_BYTES = 2**40

Operations = npt.NDArray[np.void]
_start = attrgetter("start_ns")


@dataclass(frozen=True, slots=True)
class ReadTrace:
    """A trace, and the first correlation number of statements by index.

    ``left_out`` counts ranges, spans and names beyond the limits, which do not affect GPU times.
    """

    trace: Trace
    first_correlations: dict[int, int]
    left_out: int = 0


def read_trace(path: Path) -> ReadTrace:
    """Return the contents of a file; for a truncated file, as after a crash, those of its complete chunks.

    Operations without valid times, and those beyond :data:`MAX_ROWS`, are counted as dropped.

    Raises:
        TraceError: the file is missing, cannot be read, or is damaged.
    """
    # If the file was replaced by a pipe, an ordinary open() would block forever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise damaged("it is not a file")
            return _read(file, state.st_size)
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "out of memory"
        raise TraceError(
            f"The trace of this run cannot be read ({reason}), so there are no GPU times: run it again."
        ) from error


def _read(file: BufferedReader, size: int) -> ReadTrace:
    notes, blocks = Notes(), []
    for tag, offset, length in _chunks(file, size):
        if tag == file_format.ROWS:
            if length % OPERATIONS.itemsize:
                raise damaged("a row is incomplete")
            blocks.append((offset, length))
        elif tag != file_format.NOTE:
            raise damaged("it has an unknown chunk")
        elif length > MAX_NOTE_BYTES:
            notes.left_out += 1
        else:
            notes.take(file.read(length))
    rows, lost = _rows(file, blocks)
    lost += notes.dropped
    if not len(rows) and not notes.regions and not notes.spans:
        return ReadTrace(Trace(dropped=lost), notes.first_correlations, notes.left_out)
    clock = Clock(notes.clock)
    operations = _placed(rows, clock)
    names = _number_densely(operations, notes.names)
    regions, spans = _ranges(notes, clock, int(operations["end_ns"].max(initial=0)))
    lost += len(rows) - len(operations)
    return ReadTrace(Trace(operations, names, regions, spans, lost), notes.first_correlations, notes.left_out)


def _chunks(file: BufferedReader, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield tag, offset and length of each complete chunk, with the file positioned at its payload."""
    offset = 0
    for _ in range(_MAX_CHUNKS):
        file.seek(offset)
        head = file.read(file_format.HEADER.size)
        if len(head) < file_format.HEADER.size:
            return
        tag, length = file_format.HEADER.unpack(head)
        offset += len(head)
        if offset + length > size:
            return
        yield tag, offset, length
        offset += length
    raise damaged("it has too many parts")


def _rows(file: BufferedReader, blocks: list[tuple[int, int]]) -> tuple[Operations, int]:
    """Return the rows of all blocks, and the number of rows beyond the limit."""
    total = sum(length for _, length in blocks)
    data = np.empty(min(total, MAX_ROWS * OPERATIONS.itemsize), np.uint8)
    view, filled = data.data, 0
    for offset, length in blocks:
        file.seek(offset)
        target = view[filled : filled + length]
        if file.readinto(target) < len(target):
            raise damaged("it shrank")
        filled += len(target)
    return data.view(OPERATIONS), (total - filled) // OPERATIONS.itemsize


def _placed(rows: Operations, clock: Clock) -> Operations:
    """Return the valid rows by our clock, sorted by start, without statements."""
    starts, ends = rows["start_ns"].copy(), rows["end_ns"].copy()
    # CUPTI reports zero for an unknown time.
    valid = (starts > 0) & (ends >= starts) & (ends < LATEST_NS)
    valid &= (rows["kind"] <= max(OpKind)) & (rows["bytes"] <= _MAX_BYTES)
    if not valid.all():
        rows, starts, ends = rows[valid], starts[valid], ends[valid]
    starts, ends = clock.wall(starts), clock.wall(ends)
    ends = np.maximum(ends, starts)
    if (starts[1:] < starts[:-1]).any():
        order = np.argsort(starts, kind="stable")
        rows, starts, ends = rows[order], starts[order], ends[order]
    rows["start_ns"], rows["end_ns"], rows["statement"] = starts, ends, -1
    return rows


def _number_densely(operations: Operations, names: dict[int, str]) -> tuple[str, ...]:
    """Renumber the names of the operations without duplicates, and return the demangled names by number."""
    used, places = np.unique(operations["name"], return_inverse=True)
    numbers: dict[str, int] = {}
    dense = [numbers.setdefault(demangle(names.get(number, "")), len(numbers)) for number in used.tolist()]
    operations["name"] = np.array(dense, np.uint32)[places]
    return tuple(numbers)


def _ranges(notes: Notes, clock: Clock, end_ns: int) -> tuple[tuple[Region, ...], tuple[Span, ...]]:
    """Return regions and spans by our clock, sorted by start. Unfinished ones end at the end of the trace."""
    rows = [*notes.regions, *notes.spans]
    times = np.array([[row[1], row[1] if row[2] is None else row[2]] for row in rows], np.int64).reshape(-1, 2)
    last_noted = np.array([*notes.clock], np.int64)
    placed = clock.wall(times)
    end_ns = max(end_ns, int(placed.max(initial=0)), int(clock.wall(last_noted).max()))
    regions, spans = [], []
    for (name, _, end, thread, domain), (start_ns, stop_ns) in zip(notes.regions, placed.tolist(), strict=False):
        regions.append(Region(name, start_ns, end_ns if end is None else max(start_ns, stop_ns), thread, domain))
    for (kind, _, _, function), (start_ns, stop_ns) in zip(
        notes.spans, placed[len(notes.regions) :].tolist(), strict=True
    ):
        spans.append(Span(kind, start_ns, max(start_ns, stop_ns), function))
    return tuple(sorted(regions, key=_start)), tuple(sorted(spans, key=_start))
