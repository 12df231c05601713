"""Stores finished lines as blocks of encoded text with style marks and drops the oldest beyond a limit.

A million short lines cost little more than their bytes: there is no object or offset per line. A block is decoded and
split only when it is read.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from itertools import accumulate

from gpuplayground.terminal.grid import is_regular, width
from gpuplayground.terminal.lines import OutputLine, Runs

#: Maximum characters of a block, so that splitting it takes well under a millisecond.
BLOCK_CHARACTERS = 65_536
_BLOCK_MARKS = 8_192
_MARK_BYTES = 12
_DECODED_BLOCKS = 3


class Block:
    """Some thousand consecutive lines, each ended by a line feed, with the positions where the style changes."""

    __slots__ = ("_encoded", "_pieces", "characters", "lines", "mark_at", "mark_style", "text_bytes", "width")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._encoded: bytes | None = None
        self.characters = 0
        self.lines = 0
        self.text_bytes = 0
        self.width = 0
        self.mark_at = array("I")
        self.mark_style = array("Q")

    @property
    def size(self) -> int:
        """Size in bytes: the text as UTF-8 and the marks."""
        return self.text_bytes + _MARK_BYTES * len(self.mark_at)

    @property
    def is_full(self) -> bool:
        """Whether further lines need a new block."""
        return self.characters >= BLOCK_CHARACTERS or len(self.mark_at) >= _BLOCK_MARKS

    def add(self, text: str, runs: Runs) -> None:
        """Add whole lines; ``runs`` are the styles as (start index, style), plain by default."""
        if not runs or runs[0][0] > 0:
            self._mark(0, 0)
        for start, style in runs:
            self._mark(start, style)
        lines = text.split("\n")
        self.lines += len(lines) - 1
        measure = len if is_regular(text.replace("\n", "")) else width
        self.width = max(self.width, max(map(measure, lines)))
        self.characters += len(text)
        self.text_bytes += len(text) if text.isascii() else len(text.encode("utf-8"))
        self._pieces.append(text)

    def text(self) -> str:
        """Return all lines, each with its line feed."""
        if self._encoded is not None:
            return self._encoded.decode("utf-8")
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def shortened(self, lines: int) -> Block:
        """Return an open block without the last lines of this one; its width is an upper bound."""
        text, block = self.text(), Block()
        end = len(text)
        for _ in range(lines):
            end = text.rfind("\n", 0, end - 1) + 1
        if end:
            block._pieces = [text[:end]]
        block.characters, block.lines = end, self.lines - lines
        block.text_bytes = len(text[:end].encode("utf-8"))
        block.width = self.width
        marks = bisect_right(self.mark_at, end - 1)
        block.mark_at, block.mark_style = self.mark_at[:marks], self.mark_style[:marks]
        return block

    def close(self) -> None:
        """Encode the text; no more lines can be added."""
        self._encoded = self.text().encode("utf-8")
        self._pieces = []

    def runs(self, start: int, end: int) -> tuple[tuple[int, int], ...]:
        """Return the styles between two indices of the text, with positions relative to the first."""
        if not self.mark_at:
            return ()
        first = bisect_right(self.mark_at, start)
        result = [(0, self.mark_style[first - 1])] if first and self.mark_style[first - 1] else []
        while first < len(self.mark_at) and self.mark_at[first] < end:
            result.append((self.mark_at[first] - start, self.mark_style[first]))
            first += 1
        return tuple(result)

    def _mark(self, start: int, style: int) -> None:
        """Set the style from ``start`` characters after the stored text on."""
        if (self.mark_style[-1] if self.mark_style else 0) != style:
            self.mark_at.append(self.characters + start)
            self.mark_style.append(style)


class Scrollback:
    """The closed blocks and the open one. Line numbers count from the first line ever, even if it was dropped."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.blocks: deque[Block] = deque([Block()])
        self.first_line = 0
        self.end_line = 0
        self.dropped_bytes = 0
        self._size = 0
        self._decoded: dict[Block, tuple[int, list[str], list[int]]] = {}

    @property
    def size(self) -> int:
        """Number of bytes kept."""
        return self._size

    @property
    def width(self) -> int:
        """Width of the longest line in cells; an upper bound."""
        return max(block.width for block in self.blocks)

    def add(self, text: str, runs: Runs) -> None:
        """Add whole lines, each ended by a line feed."""
        block = self.blocks[-1]
        if block.is_full:
            block.close()
            block = Block()
            self.blocks.append(block)
        before, lines = block.size, block.lines
        block.add(text, runs)
        self._size += block.size - before
        self.end_line += block.lines - lines
        while self._size > self._limit and len(self.blocks) > 1:
            self._drop(self.blocks.popleft())

    def line(self, number: int) -> OutputLine:
        """Return a line.

        Raises:
            IndexError: the line does not exist or was dropped.
        """
        block, first = self._block_of(number)
        lines, starts = self.split(block)
        text = lines[number - first]
        if not block.mark_at:
            return OutputLine(text)
        start = starts[number - first]
        return OutputLine(text, block.runs(start, start + len(text)))

    def split(self, block: Block) -> tuple[list[str], list[int]]:
        """Return a block's lines and, for a block with marks, their offsets."""
        known = self._decoded.get(block)
        if known and known[0] == block.characters:
            return known[1], known[2]
        lines = block.text().split("\n")[:-1]
        starts = [0, *accumulate(len(line) + 1 for line in lines)] if block.mark_at else []
        self._decoded.pop(block, None)
        if len(self._decoded) >= _DECODED_BLOCKS:
            del self._decoded[next(iter(self._decoded))]
        self._decoded[block] = (block.characters, lines, starts)
        return lines, starts

    def take_back(self, count: int) -> list[OutputLine]:
        """Remove the last lines and return them, oldest first."""
        count = min(count, self.end_line - self.first_line)
        lines = [self.line(number) for number in range(self.end_line - count, self.end_line)]
        while count:
            block = self.blocks.pop()
            removed = min(count, block.lines)
            rest = block.shortened(removed)
            self._decoded.pop(block, None)
            self._size += rest.size - block.size
            self.end_line -= removed
            count -= removed
            if rest.lines or not self.blocks:
                self.blocks.append(rest)
        return lines

    def text(self, start: int, end: int) -> str:
        """Return the lines from ``start`` to ``end``, exclusive, each with its line feed."""
        parts = []
        first = self.first_line
        for block in self.blocks:
            low, high = max(start - first, 0), min(end - first, block.lines)
            if low == 0 and high == block.lines:
                parts.append(block.text())
            elif low < high:
                parts += [f"{line}\n" for line in self.split(block)[0][low:high]]
            first += block.lines
        return "".join(parts)

    def _drop(self, block: Block) -> None:
        """Account for a dropped block."""
        self.first_line += block.lines
        self.dropped_bytes += block.text_bytes
        self._size -= block.size
        self._decoded.pop(block, None)

    def _block_of(self, number: int) -> tuple[Block, int]:
        """Return the block of a line and the number of its first line."""
        first = self.end_line
        if not self.first_line <= number < first:
            raise IndexError(number)
        # From the end, because most lines read are near it.
        for block in reversed(self.blocks):
            first -= block.lines
            if number >= first:
                return block, first
        raise IndexError(number)
