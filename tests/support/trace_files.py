"""Traces as a snippet's process writes them: files of real rows and notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gpuplayground.model.results import StatementTiming
from gpuplayground.model.trace import OPERATIONS, OpKind
from gpuplayground.runtime.trace import file_format

US = 1000
MS = 1_000_000
#: What CUPTI's clock says when ours says :data:`WALL`.
CUPTI = 5_000 * MS
WALL = 1_795_392_000_000 * MS


def row(
    start: int,
    end: int,
    kind: OpKind = OpKind.KERNEL,
    *,
    correlation: int = 1,
    name: int = 0,
    size: int = 0,
    copy_kind: int = 0,
    memory: tuple[int, int] = (0, 0),
    device: int = 0,
    stream: int = 7,
    grid: tuple[int, int, int] = (1, 1, 1),
    block: tuple[int, int, int] = (32, 1, 1),
) -> bytes:
    """A row of the file, its times in nanoseconds from :data:`CUPTI`."""
    return file_format.ROW.pack(
        CUPTI + start, CUPTI + end, size, correlation, name, 1, stream, 0, -1,
        *grid, *block, 16, 1024, device, kind, copy_kind, *memory,
    )  # fmt: skip


def rows(*packed: bytes) -> bytes:
    """A chunk of rows."""
    return file_format.chunk(file_format.ROWS, b"".join(packed))


def note(key: str, *entries: Sequence[Any]) -> bytes:
    """A chunk with a note."""
    return file_format.chunk(file_format.NOTE, file_format.note_payload(key, list(entries)))


#: The clocks at one moment.
TIED = note(file_format.CLOCK, [CUPTI, WALL])


def names(*texts: str) -> bytes:
    """A note that numbers names from 0."""
    return note(file_format.NAMES, *([number, text] for number, text in enumerate(texts)))


def region(name: str, start: int, end: int | None, thread: int = 1, domain: str = "") -> bytes:
    """A note of a range, its times from :data:`CUPTI`."""
    entry = [name, CUPTI + start, None if end is None else CUPTI + end, thread, domain]
    return note(file_format.REGIONS, entry)


def span(kind: str, start: int, end: int, function: str = "cuCtxCreate") -> bytes:
    """A note of a span, its times from :data:`CUPTI`."""
    return note(file_format.SPANS, [kind, CUPTI + start, CUPTI + end, function])


def firsts(*pairs: tuple[int, int]) -> bytes:
    """A note of the first correlation numbers of statements."""
    return note(file_format.STATEMENTS, *pairs)


def written(path: Path, chunks: Iterable[bytes]) -> Path:
    """Write a file of chunks and return its path."""
    path.write_bytes(b"".join(chunks))
    return path


def timing(index: int, start: int, wall: int, synced: int | None = None, *, is_import: bool = False) -> StatementTiming:
    """A statement that begins some time after :data:`WALL`."""
    return StatementTiming(
        index=index,
        line=index + 1,
        end_line=index + 1,
        source=f"statement_{index}()",
        wall_ns=wall,
        synced_ns=synced,
        is_import=is_import,
        start_ns=WALL + start,
    )


def many_rows(count: int, period: int = 3 * US, length: int = 2 * US) -> npt.NDArray[np.void]:
    """Kernels of 10 names, one after the other, every eighth a copy to the device."""
    table = np.zeros(count, OPERATIONS)
    number = np.arange(count)
    table["start_ns"] = CUPTI + number * period
    table["end_ns"] = table["start_ns"] + length
    table["correlation"] = 1 + number
    table["name"] = number % 10
    table["statement"] = -1
    is_copy = number % 8 == 7
    table["kind"] = np.where(is_copy, OpKind.COPY, OpKind.KERNEL)
    table["bytes"] = np.where(is_copy, 4096, 0)
    table["copy_kind"] = is_copy
    table["source_memory"] = np.where(is_copy, 1, 0)
    return table
