"""Searches text in a buffer without creating an object per line."""

from __future__ import annotations

from collections.abc import Iterator

from gpuplayground.terminal.buffer import OutputBuffer

Position = tuple[int, int]


def find(buffer: OutputBuffer, needle: str, start: Position, *, backwards: bool = False) -> Position | None:
    """Return line and index of the nearest match at or after ``start``, or before it if ``backwards``; wraps around.

    The search ignores case. A match lies within one line.
    """
    needle = needle.lower()
    if not needle or "\n" in needle:
        return None
    parts = list(_parts(buffer))
    home = next((i for i, (first, text) in enumerate(parts) if start[0] < first + text.count("\n")), len(parts) - 1)
    first, text = parts[home]
    split = _offset(text, start[0] - first, start[1])
    # The part that contains the start is searched twice: first from the start on, last up to it.
    order = [home, *_around(home, len(parts), backwards=backwards), home]
    for visit, index in enumerate(order):
        first, text = parts[index]
        if backwards:
            end = split if visit == 0 else len(text)
            found = text.rfind(needle, 0, end)
        else:
            found = text.find(needle, split if visit == 0 else 0)
        if found >= 0:
            return first + text.count("\n", 0, found), found - (text.rfind("\n", 0, found) + 1)
    return None


def _parts(buffer: OutputBuffer) -> Iterator[tuple[int, str]]:
    """Yield the first line number and the lower-case text of each block, and of the tail."""
    first = buffer.first_line
    for block in buffer.scrollback.blocks:
        yield first, block.text().lower()
        first += block.lines
    yield first, f"{buffer.text(first, buffer.end_line).lower()}\n"


def _offset(text: str, line: int, index: int) -> int:
    """Return the offset in the text of an index in its ``line``-th line."""
    position = 0
    for _ in range(line):
        position = text.find("\n", position) + 1
    return min(position + index, len(text))


def _around(home: int, count: int, *, backwards: bool) -> list[int]:
    """Return the other parts in search order."""
    others = [*range(home + 1, count), *range(home)]
    return others[::-1] if backwards else others
