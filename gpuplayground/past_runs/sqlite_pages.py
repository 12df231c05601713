"""Reads rows from the pages of a damaged SQLite file; SQLite itself reads nothing below a damaged page.

Format: https://www.sqlite.org/fileformat2.html. Any number in a damaged file may be wrong: each is checked, and
invalid data is skipped.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

Value = int | float | str | bytes | None

_MAGIC = b"SQLite format 3\0"
_INDEX_INTERIOR, _TABLE_INTERIOR, _INDEX_LEAF, _TABLE_LEAF = 2, 5, 10, 13
_INTERIOR = (_INDEX_INTERIOR, _TABLE_INTERIOR)
#: Number of bytes of an integer by serial type.
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_MAX_PAYLOAD = 1 << 30
_WAL_HEADER, _WAL_FRAME_HEADER = 32, 24
_WAL_MAGIC = 0x377F0682


class _BrokenError(Exception):
    """The data is inconsistent."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One row of a table or an index. ``values`` is None if only the row id could be read."""

    rowid: int
    values: tuple[Value, ...] | None


class PageFile:
    """The pages of a database in their newest committed version.

    Args:
        path: The file; its ``-wal`` file is read too.
        page_size: Page size in bytes, used if the file's header is damaged.

    Raises:
        OSError: from the constructor: the file cannot be read.
    """

    def __init__(self, path: Path, page_size: int) -> None:
        self._file: BinaryIO = path.open("rb")
        self._size = _size_in(self._read(0, 100)) or page_size
        wal = path.with_name(path.name + "-wal")
        self._wal = wal.read_bytes() if wal.exists() else b""
        self._newer = _committed_pages(self._wal, self._size)
        self.count = max(self._file.seek(0, 2) // self._size, max(self._newer, default=0))
        self._cached = lru_cache(64)(self._page)

    def close(self) -> None:
        """Close the file. On POSIX this also releases SQLite's locks on it in this process."""
        self._file.close()

    def page(self, number: int) -> bytes:
        """Return a page, counted from 1; empty if it cannot be read."""
        return self._cached(number)

    def free_pages(self) -> set[int] | None:
        """Return the unused pages, which may contain deleted rows; None if the list is damaged."""
        first = self.page(1)
        if _size_in(first) is None:
            return None
        trunk, total = struct.unpack_from(">II", first, 32)
        free: set[int] = set()
        while trunk:
            page = self.page(trunk)
            if not page or trunk in free:
                return None
            free.add(trunk)
            trunk, leaves = struct.unpack_from(">II", page)
            if leaves > self._size // 4 - 2:
                return None
            free.update(struct.unpack_from(f">{leaves}I", page, 8))
        return free if len(free) == total else None

    def tree(self, root: int) -> tuple[set[int], bool]:
        """Return the pages of the tree below a root, and whether all of them could be read."""
        seen: set[int] = set()
        whole, waiting = True, [root]
        while waiting:
            number = waiting.pop()
            kind = self._kind(number)
            if number in seen or kind is None:
                whole = False
                continue
            seen.add(number)
            if kind in _INTERIOR:
                children, is_whole = self._children(number)
                waiting += children
                whole = whole and is_whole
        return seen, whole

    def table_cells(self, number: int) -> Iterator[Cell]:
        """Yield the rows of a page if it is a leaf of a table."""
        if self._kind(number) != _TABLE_LEAF:
            return
        page = self.page(number)
        for start in self._starts(number):
            try:
                size, start = _varint(page, start)
                rowid, start = _varint(page, start)
            except _BrokenError:
                continue
            rowid -= (rowid >> 63) << 64
            yield Cell(rowid, self._values(page, start, size, self._size - 35))

    def index_cells(self, number: int) -> Iterator[Cell]:
        """Yield the entries of a page if it belongs to an index; the row id is the last of their values."""
        kind = self._kind(number)
        if kind not in (_INDEX_LEAF, _INDEX_INTERIOR):
            return
        page = self.page(number)
        for start in self._starts(number):
            try:
                size, start = _varint(page, start + (4 if kind == _INDEX_INTERIOR else 0))
            except _BrokenError:
                continue
            values = self._values(page, start, size, (self._size - 12) * 64 // 255 - 23)
            if values and isinstance(values[-1], int):
                yield Cell(values[-1], values)

    def _page(self, number: int) -> bytes:
        if number in self._newer:
            start = self._newer[number]
            return self._wal[start : start + self._size]
        page = self._read((number - 1) * self._size, self._size) if 0 < number <= self.count else b""
        return page if len(page) == self._size else b""

    def _read(self, start: int, size: int) -> bytes:
        # Not memory-mapped, because a disk error would then kill the process.
        with suppress(OSError):
            self._file.seek(start)
            return self._file.read(size)
        return b""

    def _kind(self, number: int) -> int | None:
        page = self.page(number)
        kind = page[_start_of(number)] if page else None
        return kind if kind in (*_INTERIOR, _INDEX_LEAF, _TABLE_LEAF) else None

    def _starts(self, number: int) -> Iterator[int]:
        """Yield the offsets of the cells of a page."""
        page, head = self.page(number), _start_of(number)
        pointers = head + (12 if page[head] in _INTERIOR else 8)
        count = min(int.from_bytes(page[head + 3 : head + 5]), (self._size - pointers) // 2)
        for position in range(pointers, pointers + 2 * count, 2):
            start = int.from_bytes(page[position : position + 2])
            if pointers <= start < self._size:
                yield start

    def _children(self, number: int) -> tuple[list[int], bool]:
        page, head = self.page(number), _start_of(number)
        starts = list(self._starts(number))
        children = [int.from_bytes(page[start : start + 4]) for start in starts]
        children.append(int.from_bytes(page[head + 8 : head + 12]))
        return children, len(starts) == int.from_bytes(page[head + 3 : head + 5])

    def _values(self, page: bytes, start: int, size: int, most: int) -> tuple[Value, ...] | None:
        try:
            return _record(self._payload(page, start, size, most))
        except (_BrokenError, UnicodeDecodeError, struct.error):
            return None

    def _payload(self, page: bytes, start: int, size: int, most: int) -> bytes:
        """Return the payload of a cell: at most ``most`` bytes are in its page, the rest in overflow pages."""
        if not 0 < size <= min(_MAX_PAYLOAD, self.count * self._size):
            raise _BrokenError
        room = self._size - 4
        local = size
        if size > most:
            least = (self._size - 12) * 32 // 255 - 23
            local = least + (size - least) % room
            local = local if local <= most else least
        if start + local > self._size:
            raise _BrokenError
        parts, left = [page[start : start + local]], size - local
        following = int.from_bytes(page[start + local : start + local + 4]) if left else 0
        while left:
            further = self.page(following)
            if not further:
                raise _BrokenError
            following = int.from_bytes(further[:4])
            parts.append(further[4 : 4 + min(left, room)])
            left -= len(parts[-1])
        return b"".join(parts)


def _start_of(number: int) -> int:
    return 100 if number == 1 else 0


def _size_in(header: bytes) -> int | None:
    """Return the page size in the header: a power of two, where 1 means 65536."""
    if not header.startswith(_MAGIC) or len(header) < 100:
        return None
    size = int.from_bytes(header[16:18])
    size = 65536 if size == 1 else size
    return size if 512 <= size <= 65536 and size & (size - 1) == 0 else None


def _varint(data: bytes, start: int) -> tuple[int, int]:
    """Return a variable-length integer of up to nine bytes and the offset behind it."""
    value = 0
    for position in range(start, start + 9):
        if position >= len(data):
            raise _BrokenError
        byte = data[position]
        if position == start + 8:
            return value << 8 | byte, position + 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + 1
    raise _BrokenError


def _record(data: bytes) -> tuple[Value, ...]:
    size, position = _varint(data, 0)
    kinds = []
    while position < size:
        kind, position = _varint(data, position)
        kinds.append(kind)
    if position != size:
        raise _BrokenError
    values: list[Value] = []
    for kind in kinds:
        value, position = _value(data, position, kind)
        values.append(value)
    if position != len(data):
        raise _BrokenError
    return tuple(values)


def _value(data: bytes, start: int, kind: int) -> tuple[Value, int]:
    if kind in (0, 8, 9):
        return (None, 0, 1)[(0, 8, 9).index(kind)], start
    length = _INTEGERS.get(kind) or (8 if kind == 7 else (kind - 12) // 2)
    end = start + length
    if kind in (10, 11) or end > len(data):
        raise _BrokenError
    part = data[start:end]
    if kind in _INTEGERS:
        return int.from_bytes(part, signed=True), end
    if kind == 7:
        return float(struct.unpack(">d", part)[0]), end
    return (part.decode() if kind % 2 else part), end


def _committed_pages(wal: bytes, page_size: int) -> dict[int, int]:
    """Return the offset in a write-ahead log of the newest committed version of each page, by page number.

    Like SQLite this stops at the first frame with a wrong checksum: the frames behind it may be from an earlier use
    of the file. Format: https://www.sqlite.org/fileformat2.html#walformat.
    """
    pages: dict[int, int] = {}
    if len(wal) < _WAL_HEADER:
        return pages
    magic, _, size, _ = struct.unpack_from(">IIII", wal)
    order = "<" if magic == _WAL_MAGIC else ">"
    sums = _wal_checksum(wal[:24], order, (0, 0))
    if magic & ~1 != _WAL_MAGIC or size != page_size or sums != struct.unpack_from(">II", wal, 24):
        return pages
    waiting: dict[int, int] = {}
    salts = wal[16:24]
    for start in range(_WAL_HEADER, len(wal) - _WAL_FRAME_HEADER - page_size + 1, _WAL_FRAME_HEADER + page_size):
        number, count = struct.unpack_from(">II", wal, start)
        content = start + _WAL_FRAME_HEADER
        sums = _wal_checksum(wal[start : start + 8], order, sums)
        sums = _wal_checksum(wal[content : content + page_size], order, sums)
        if wal[start + 8 : start + 16] != salts or sums != struct.unpack_from(">II", wal, start + 16):
            break
        waiting[number] = content
        if count:  # the last frame of a transaction
            pages.update(waiting)
            waiting.clear()
    return pages


def _wal_checksum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    for one, other in struct.iter_unpack(f"{order}II", data):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
