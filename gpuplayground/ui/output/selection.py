"""The selection in the output."""

from __future__ import annotations

import re

from gpuplayground.terminal.buffer import OutputBuffer

#: A line number and an index into that line.
Position = tuple[int, int]
_WORD = re.compile(r"\w+|\s+|.")


class Selection:
    """The text between an anchor and a cursor. Positions in dropped lines move to the first line in the scrollback."""

    def __init__(self, buffer: OutputBuffer) -> None:
        self._buffer = buffer
        self.anchor: Position = (0, 0)
        self.cursor: Position = (0, 0)

    def clear(self) -> None:
        """Clear the selection."""
        self.anchor = self.cursor = (0, 0)

    def start_at(self, position: Position) -> None:
        """Start a new selection at a position."""
        self.anchor = self.cursor = position

    def select_all(self) -> None:
        """Select everything."""
        self.anchor = (self._buffer.first_line, 0)
        self.cursor = self.last_position()

    def select_word(self, position: Position) -> None:
        """Select the word, white space or symbol at a position."""
        number, index = position
        for match in _WORD.finditer(self._text(number)):
            if match.start() <= index < match.end():
                self.anchor, self.cursor = (number, match.start()), (number, match.end())
                return
        self.start_at(position)

    def select_line(self, number: int) -> None:
        """Select a line with its line break."""
        self.anchor = (number, 0)
        self.cursor = (number + 1, 0) if number + 1 < self._buffer.end_line else (number, len(self._text(number)))

    def move(self, lines: int, characters: int) -> None:
        """Move the cursor, keeping the anchor."""
        number, index = self.cursor
        if characters:
            index += characters
            if index < 0 and number > self._buffer.first_line:
                number, index = number - 1, len(self._text(number - 1))
            elif index > len(self._text(number)) and number + 1 < self._buffer.end_line:
                number, index = number + 1, 0
        number = min(max(number + lines, self._buffer.first_line), max(self._buffer.end_line - 1, 0))
        self.cursor = (number, min(max(index, 0), len(self._text(number))))

    def bounds(self) -> tuple[Position, Position]:
        """Return the first and last position."""
        low, high = sorted((self.anchor, self.cursor))
        first = (self._buffer.first_line, 0)
        return max(low, first), max(high, first)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is selected."""
        low, high = self.bounds()
        return low == high

    def span(self, number: int) -> tuple[int, int | None] | None:
        """Return the selected range of a line, if any; an end of None includes the line break."""
        low, high = self.bounds()
        if low == high or not low[0] <= number <= high[0]:
            return None
        start = low[1] if number == low[0] else 0
        return (start, high[1]) if number == high[0] else (start, None)

    def text(self) -> str:
        """Return the selected text without colours."""
        (first, start), (last, end) = self.bounds()
        if first == last:
            return self._text(first)[start:end]
        parts = [self._text(first)[start:]]
        if last - first > 1:
            parts.append(self._buffer.text(first + 1, last))
        parts.append(self._text(last)[:end])
        return "\n".join(parts)

    def last_position(self) -> Position:
        """Return the end of the output."""
        number = max(self._buffer.end_line - 1, self._buffer.first_line)
        return number, len(self._text(number))

    def _text(self, number: int) -> str:
        if self._buffer.first_line <= number < self._buffer.end_line:
            return self._buffer.line(number).text
        return ""
