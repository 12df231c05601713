"""Maps the lines of a buffer to rows of a view: one each, or several if long lines are wrapped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from gpuplayground.terminal import grid
from gpuplayground.terminal.buffer import OutputBuffer
from gpuplayground.terminal.scrollback import Block

#: Maximum length of lines with wide characters or tabs that are wrapped at words; measuring longer ones is slow.
_MEASURED = 10_000


class RowMap:
    """Rows are counted from 0, the first row of the first line kept.

    Lines are broken after the last space that fits into ``columns`` cells, or within a word that is too long; None
    disables wrapping. A block whose lines all fit is not decoded; the number of rows of other blocks is cached.
    """

    def __init__(self, buffer: OutputBuffer) -> None:
        self._buffer = buffer
        self.columns: int | None = None
        self._known: dict[Block, tuple[int, int]] = {}

    def wrap_at(self, columns: int | None) -> None:
        """Wrap lines at a number of cells, or not at all."""
        if columns != self.columns:
            self.columns = columns
            self._known.clear()

    def rows_of_line(self, number: int) -> int:
        """Return the number of rows of a line."""
        return len(self.starts(number))

    def starts(self, number: int) -> Sequence[int]:
        """Return the first cell of each row of a line."""
        return row_starts(self._buffer.line(number).text, self.columns) if self.columns else (0,)

    def part_of(self, number: int, cell: int) -> int:
        """Return the index of the line's row that contains a cell."""
        return bisect_right(self.starts(number), cell) - 1

    def total(self) -> int:
        """Return the number of rows."""
        buffer = self._buffer
        if not self.columns:
            return buffer.end_line - buffer.first_line
        scrollback = buffer.scrollback
        if len(self._known) > 2 * len(scrollback.blocks):
            self._known.clear()  # most entries belong to dropped blocks
        return sum(map(self._rows_of_block, scrollback.blocks)) + sum(
            map(self.rows_of_line, range(scrollback.end_line, buffer.end_line))
        )

    def locate(self, row: int) -> tuple[int, int]:
        """Return the line of a row and the row's index in that line; beyond the end, the line after the last."""
        buffer = self._buffer
        number = buffer.first_line
        if not self.columns:
            return min(number + row, buffer.end_line), 0
        for block in buffer.scrollback.blocks:
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
        """Return the first row of a line; 0 for a dropped line."""
        buffer = self._buffer
        number = min(max(number, buffer.first_line), buffer.end_line)
        if not self.columns:
            return number - buffer.first_line
        row, first = 0, buffer.first_line
        for block in buffer.scrollback.blocks:
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
            lines, _ = self._buffer.scrollback.split(block)
            known = (block.characters, sum(map(self._rows_of_text, lines)))
            self._known[block] = known
        return known[1]

    def _rows_of_text(self, text: str) -> int:
        return len(row_starts(text, self.columns)) if self.columns else 1


@lru_cache(maxsize=512)
def row_starts(text: str, columns: int) -> tuple[int, ...]:
    """Return the first cell of each row of a text wrapped at ``columns`` cells."""
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
