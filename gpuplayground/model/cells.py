"""The cells of a source: what begins one, and which lines belong to it. The editor and every command go by this.

A cell begins at a comment ``# %%`` in the first column, with a title behind it, as in Visual Studio Code and Spyder. An
indented ``# %%`` is a plain comment: a cell that began inside a statement could not run alone. So is one inside a text.
What stands above the first cell belongs to none.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: A whole comment in the first column that begins a cell; the group is its title.
MARKER = re.compile(r"#\s*%%+(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cell:
    """Lines from a marker to the next, counted from 1, both ends included; ``number`` counts from 1 too."""

    number: int
    title: str
    first_line: int
    last_line: int

    @property
    def label(self) -> str:
        """Its title, or else its number."""
        return self.title or f"cell {self.number}"


def cells(source: str) -> tuple[Cell, ...]:
    """Return the cells of a source, which need not be valid Python; raises nothing."""
    if "%%" not in source:
        return ()
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    matches = [(line, MARKER.fullmatch(comment)) for line, comment in _comments(lines)]
    found = [(line, match[1].strip()) for line, match in matches if match]
    last_lines = [*(line - 1 for line, _ in found[1:]), len(lines)]
    # Without a cell there still is a last line.
    spans = zip(found, last_lines, strict=False)
    return tuple(Cell(number, title, line, end) for number, ((line, title), end) in enumerate(spans, 1))


def cell_at(found: Sequence[Cell], line: int) -> Cell | None:
    """Return the cell that a line is in, None above the first."""
    return next((cell for cell in found if cell.first_line <= line <= cell.last_line), None)


def _comments(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the comments in the first column and their lines, from 1; a line that is no Python is passed over."""
    next_line = 0

    def read_line() -> str:
        nonlocal next_line
        if next_line == len(lines):
            return ""
        next_line += 1
        # Half a surrogate pair cannot be encoded for the tokenizer.
        return lines[next_line - 1].encode("utf-8", "replace").decode() + "\n"

    done = 0
    while done < len(lines):
        next_line = start = done
        try:
            for token in tokenize.generate_tokens(read_line):
                if token.type == tokenize.COMMENT and token.start[1] == 0 and start + token.start[0] > done:
                    done = start + token.start[0]
                    yield done, token.string
            return
        except (tokenize.TokenError, SyntaxError) as error:
            if _is_open_text(error):
                return
            done = max(done, start + _fault_line(error), start + 1)


def _is_open_text(error: Exception) -> bool:
    """Return whether a text in triple quotes has no end: all that follows is part of it."""
    message = str(error.args[0])
    return "multi-line string" in message or "triple-quoted" in message


def _fault_line(error: Exception) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    return int(error.args[1][0])
