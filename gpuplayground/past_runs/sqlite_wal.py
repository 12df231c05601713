"""What is committed in the write-ahead log beside an SQLite file: https://www.sqlite.org/fileformat2.html#walformat."""

from __future__ import annotations

import struct

_HEADER, _FRAME_HEADER = 32, 24
_MAGIC = 0x377F0682


def committed_pages(wal: bytes, page_size: int) -> dict[int, int]:
    """Return where in a log the newest committed version of each page begins, by the number of the page.

    As SQLite reads it: up to the first frame whose checksum is wrong, because those behind it may be of an older use
    of the file.
    """
    pages: dict[int, int] = {}
    if len(wal) < _HEADER:
        return pages
    magic, _, size, _ = struct.unpack_from(">IIII", wal)
    order = "<" if magic == _MAGIC else ">"
    sums = _checksum(wal[:24], order, (0, 0))
    if magic & ~1 != _MAGIC or size != page_size or sums != struct.unpack_from(">II", wal, 24):
        return pages
    waiting: dict[int, int] = {}
    salts = wal[16:24]
    for start in range(_HEADER, len(wal) - _FRAME_HEADER - page_size + 1, _FRAME_HEADER + page_size):
        number, count = struct.unpack_from(">II", wal, start)
        content = start + _FRAME_HEADER
        sums = _checksum(wal[start : start + 8], order, sums)
        sums = _checksum(wal[content : content + page_size], order, sums)
        if wal[start + 8 : start + 16] != salts or sums != struct.unpack_from(">II", wal, start + 16):
            break
        waiting[number] = content
        if count:  # the last frame of a transaction
            pages.update(waiting)
            waiting.clear()
    return pages


def _checksum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    for one, other in struct.iter_unpack(f"{order}II", data):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
