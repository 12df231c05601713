"""Which rows of a view the lines of a buffer take: one each, or more where long lines are wrapped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from gpuplayground.terminal import grid
from gpuplayground.terminal.buffer import OutputBuffer
from gpuplayground.terminal.scrollback import Block

#: Lines with wide characters or tabs are wrapped at words up to this length: beyond it measuring takes too long.
_MEASURED = 10_000


class RowMap:
    """Rows are counted from 0, the first row of the first line that is kept.

    Wrapping breaks a line behind the last space that fits into ``columns`` cells, or within a word that does not fit;
    None leaves every line on one row. A block whose lines all fit is never looked into, and of the others the number
    of rows is remembered.
    """

    def __init__(self, buffer: OutputBuffer) -> None:
        self._buffer = buffer
        self.columns: int | None = None
        self._known: dict[Block, tuple[int, int]] = {}

    def wrap_at(self, columns: int | None) -> None:
        """Wrap lines after so many cells from now on, or not at all."""
        if columns != self.columns:
            self.columns = columns
            self._known.clear()

    def rows_of_line(self, number: int) -> int:
        """Return how many rows a line takes."""
        return len(self.starts(number))

    def starts(self, number: int) -> Sequence[int]:
        """Return the first cell of each row of a line."""
        return row_starts(self._buffer.line(number).text, self.columns) if self.columns else (0,)

    def part_of(self, number: int, cell: int) -> int:
        """Return which of a line's rows a cell is in."""
        return bisect_right(self.starts(number), cell) - 1

    def total(self) -> int:
        """Return the number of rows."""
        buffer = self._buffer
        if not self.columns:
            return buffer.end_line - buffer.first_line
        history = buffer.history
        if len(self._known) > 2 * len(history.blocks):
            self._known.clear()  # mostly blocks that were dropped
        return sum(map(self._rows_of_block, history.blocks)) + sum(
            map(self.rows_of_line, range(history.end_line, buffer.end_line))
        )

    def locate(self, row: int) -> tuple[int, int]:
        """Return the line a row belongs to and which of that line's rows it is; beyond the end, the line after it."""
        buffer = self._buffer
        number = buffer.first_line
        if not self.columns:
            return min(number + row, buffer.end_line), 0
        for block in buffer.history.blocks:
            rows = self._rows_of_block(block)
            if row < rows:
                if rows == block.lines:
                    return number + row, 0
                break
            row -= rows
            number += block.lines
        while number < buffer.end_line:
            rows = self.rows_of_line(number)
            if row < rows:
                return number, row
            row -= rows
            number += 1
        return buffer.end_line, 0

    def row_of(self, number: int) -> int:
        """Return the first row of a line; of one that was dropped, 0."""
        buffer = self._buffer
        number = min(max(number, buffer.first_line), buffer.end_line)
        if not self.columns:
            return number - buffer.first_line
        row, first = 0, buffer.first_line
        for block in buffer.history.blocks:
            if number < first + block.lines:
                break
            row += self._rows_of_block(block)
            first += block.lines
        return row + sum(map(self.rows_of_line, range(first, number)))

    def _rows_of_block(self, block: Block) -> int:
        columns = self.columns or block.width
        if block.width <= columns:
            return block.lines
        known = self._known.get(block)
        if known is None or known[0] != block.characters:
            lines, _ = self._buffer.history.split(block)
            known = (block.characters, sum(map(self._rows_of_text, lines)))
            self._known[block] = known
        return known[1]

    def _rows_of_text(self, text: str) -> int:
        return len(row_starts(text, self.columns)) if self.columns else 1


@lru_cache(maxsize=512)
def row_starts(text: str, columns: int) -> tuple[int, ...]:
    """Return the cells at which the rows of a text begin that are at most ``columns`` cells wide."""
    starts, index, cell = [0], 0, 0
    regular, end = grid.is_regular(text), grid.width(text)
    if not regular and len(text) > _MEASURED:
        return tuple(range(0, max(end, 1), columns))
    while end - cell > columns:
        limit = index + columns if regular else grid.index_at(text, cell + columns)
        space = text.rfind(" ", index, limit + 1)
        is_word_longer = space < 0 or not text[index:space].strip()
        index = max(limit, index + 1) if is_word_longer else space + 1
        cell = index if regular else grid.width(text[:index])
        if cell < end:
            starts.append(cell)
    return tuple(starts)
