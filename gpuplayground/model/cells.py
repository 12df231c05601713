"""Splits a source into cells.

A cell begins at a comment ``# %%`` in the first column, followed by an optional title, as in Visual Studio Code and
Spyder. An indented ``# %%`` is a plain comment, because a cell that begins inside a statement could not run alone. So
is one inside a string. Lines above the first cell belong to no cell.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: A comment in the first column that begins a cell; the group is its title.
MARKER = re.compile(r"#\s*%%+(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cell:
    """Lines from one marker to the next, inclusive. Lines and ``number`` are counted from 1."""

    number: int
    title: str
    first_line: int
    last_line: int

    @property
    def label(self) -> str:
        """The title, or ``cell 3`` without one."""
        return self.title or f"cell {self.number}"


def cells(source: str) -> tuple[Cell, ...]:
    """Return the cells of a source, which may be invalid Python."""
    if "%%" not in source:
        return ()
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    matches = [(line, MARKER.fullmatch(comment)) for line, comment in _comments(lines)]
    found = [(line, match[1].strip()) for line, match in matches if match]
    last_lines = [*(line - 1 for line, _ in found[1:]), len(lines)]
    # Not strict: there is a last line even without a cell.
    spans = zip(found, last_lines, strict=False)
    return tuple(Cell(number, title, line, end) for number, ((line, title), end) in enumerate(spans, 1))


def cell_at(found: Sequence[Cell], line: int) -> Cell | None:
    """Return the cell that contains a line; None above the first cell."""
    return next((cell for cell in found if cell.first_line <= line <= cell.last_line), None)


def _comments(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the comments in the first column with their lines, counted from 1; skips lines that are not Python."""
    next_line = 0

    def read_line() -> str:
        nonlocal next_line
        if next_line == len(lines):
            return ""
        next_line += 1
        # The tokenizer cannot encode a lone surrogate.
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
    """Return whether a triple-quoted string has no end, so that the rest of the source is part of it."""
    message = str(error.args[0])
    return "multi-line string" in message or "triple-quoted" in message


def _fault_line(error: Exception) -> int:
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    return int(error.args[1][0])
