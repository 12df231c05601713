"""Lines that no longer change, kept as blocks of encoded text with style marks, the oldest dropped beyond a limit.

A million short lines cost their bytes and little more: no object per line, no offset per line. A block is decoded and
split only while it is looked at.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from itertools import accumulate

from gpuplayground.terminal.grid import is_regular, width
from gpuplayground.terminal.lines import OutputLine, Runs

#: Characters after which a block is closed: small enough to be split in well under a millisecond.
BLOCK_CHARACTERS = 65_536
_BLOCK_MARKS = 8_192
_MARK_BYTES = 12
_DECODED_BLOCKS = 3


class Block:
    """Some thousand consecutive lines, each ended by a line feed, and where in them the style changes."""

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
        """Bytes the block is worth: its text as UTF-8 and its marks."""
        return self.text_bytes + _MARK_BYTES * len(self.mark_at)

    @property
    def is_full(self) -> bool:
        """Whether further lines belong into a new block."""
        return self.characters >= BLOCK_CHARACTERS or len(self.mark_at) >= _BLOCK_MARKS

    def add(self, text: str, runs: Runs) -> None:
        """Add whole lines; ``runs`` are the styles from indices of ``text`` on, plain where none is given."""
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
        """Return an open block without the last lines of this one; its width remains an upper bound."""
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
        """Encode the text: nothing is added from now on."""
        self._encoded = self.text().encode("utf-8")
        self._pieces = []

    def runs(self, start: int, end: int) -> tuple[tuple[int, int], ...]:
        """Return the styles between two indices of the text, counted from the first of them."""
        if not self.mark_at:
            return ()
        first = bisect_right(self.mark_at, start)
        result = [(0, self.mark_style[first - 1])] if first and self.mark_style[first - 1] else []
        while first < len(self.mark_at) and self.mark_at[first] < end:
            result.append((self.mark_at[first] - start, self.mark_style[first]))
            first += 1
        return tuple(result)

    def _mark(self, start: int, style: int) -> None:
        """Note that from ``start`` characters past what is stored another style holds."""
        if (self.mark_style[-1] if self.mark_style else 0) != style:
            self.mark_at.append(self.characters + start)
            self.mark_style.append(style)


class History:
    """The closed blocks and the open one. Lines are counted from the first ever, whether it is still kept or not."""

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
        """Bytes kept."""
        return self._size

    @property
    def width(self) -> int:
        """Cells of the longest line kept."""
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
        """Return a line that is kept.

        Raises:
            IndexError: the line was dropped or is not there yet.
        """
        block, first = self._block_of(number)
        lines, starts = self.split(block)
        text = lines[number - first]
        if not block.mark_at:
            return OutputLine(text)
        start = starts[number - first]
        return OutputLine(text, block.runs(start, start + len(text)))

    def split(self, block: Block) -> tuple[list[str], list[int]]:
        """Return a block's lines and where each starts in it (only for a block with marks)."""
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
        """Remove the last lines and return them, oldest first: the cursor has moved up to them."""
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
        """Return the lines from ``start`` up to but without ``end``, each with its line feed."""
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
        """Forget the oldest block."""
        self.first_line += block.lines
        self.dropped_bytes += block.text_bytes
        self._size -= block.size
        self._decoded.pop(block, None)

    def _block_of(self, number: int) -> tuple[Block, int]:
        """Return the block of a line and the number of its first line."""
        first = self.end_line
        if not self.first_line <= number < first:
            raise IndexError(number)
        # From the end: what is looked at is nearly always near it.
        for block in reversed(self.blocks):
            first -= block.lines
            if number >= first:
                return block, first
        raise IndexError(number)
