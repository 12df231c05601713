"""Text functions of the editor without a widget: indentation, comments, brackets and UTF-16 offsets."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from gpuplayground.ui.editor.python_lexer import TEXT_ROLES, Token

OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {closing: opening for opening, closing in OPENING.items()}
_LEADING = re.compile(r"[ \t]*")
_LEAVES_BLOCK = re.compile(r"\s*(?:return|pass|break|continue|raise)\b")
_BRACKET = re.compile(r"[()\[\]{}]")


def leading(line: str) -> str:
    """Return the leading white space of a line."""
    return _LEADING.match(line)[0]  # type: ignore[index]


def width(indent: str, step: int) -> int:
    """Return the width of white space in columns, with tab stops every ``step`` columns."""
    columns = 0
    for character in indent:
        columns += step - columns % step if character == "\t" else 1
    return columns


def detect_indent(text: str) -> str:
    """Return one level of the indentation used in ``text``: a tab or 2 to 8 spaces; by default 4."""
    votes: Counter[str] = Counter()
    before = 0
    for line in text.split("\n", 2_000)[:2_000]:
        indent = leading(line)
        if len(indent) == len(line):
            continue
        if indent.startswith("\t"):
            votes["\t"] += 1
        elif 2 <= len(indent) - before <= 8:
            votes[" " * (len(indent) - before)] += 1
        before = len(indent)
    # A single unusual step, such as an argument aligned with its bracket, does not count.
    return next((unit for unit, count in votes.most_common(1) if count > 1 or unit in {"\t", "    ", "  "}), "    ")


def code_only(line: str, tokens: Sequence[Token]) -> str:
    """Return ``line`` with strings replaced by ``_`` and comments by spaces."""
    for start, length, role in tokens:
        if role in TEXT_ROLES:
            blank = " " if role in {"comment", "cell"} else "_"
            line = line[:start] + blank * length + line[start + length :]
    return line


def next_indent(code: Sequence[str], unit: str) -> str:
    """Return the indentation of the line after ``code``.

    Args:
        code: the lines up to the cursor, from :func:`code_only`.
        unit: one level of indentation.
    """
    step = 4 if unit == "\t" else len(unit)
    opener = _open_bracket(code)
    if opener is not None:
        row, column = opener
        if code[row][column + 1 :].strip():
            return leading(code[row]) + " " * (column + 1 - len(leading(code[row])))
        return leading(code[row]) + unit
    last, row = code[-1], _first_row(code)
    base = leading(code[row])
    if last.rstrip().endswith("\\"):
        return leading(last) if row < len(code) - 1 else base + unit
    if last.rstrip().endswith(":"):
        return base + unit
    if _LEAVES_BLOCK.match(code[row]):
        return base[:-1] if base.endswith("\t") else " " * max(width(base, step) - step, 0)
    return base


def _open_bracket(code: Sequence[str]) -> tuple[int, int] | None:
    """Return row and column of the innermost bracket that is open at the end."""
    depth = 0
    for row in range(len(code) - 1, -1, -1):
        for match in reversed(list(_BRACKET.finditer(code[row]))):
            depth += 1 if match[0] in CLOSING else -1
            if depth < 0:
                return row, match.start()
        # A definition in column 0 cannot be inside a bracket, so the search can stop.
        if depth == 0 and code[row].startswith(("def ", "class ", "import ", "from ", "@")):
            return None
    return None


def _first_row(code: Sequence[str]) -> int:
    """Return the row in which the statement of the last line starts."""
    depth, row = 0, len(code) - 1
    while row >= 0:
        depth += sum(1 if bracket in CLOSING else -1 for bracket in _BRACKET.findall(code[row]))
        if depth <= 0 and not (row and code[row - 1].rstrip().endswith("\\")):
            return row
        row -= 1
    return 0


def indent_lines(lines: Sequence[str], unit: str) -> list[str]:
    """Indent the lines by one level; blank lines stay as they are."""
    return [unit + line if line.strip() else line for line in lines]


def unindent_lines(lines: Sequence[str], unit: str) -> list[str]:
    """Unindent the lines by one level, as far as they are indented."""
    return [line[_length_of_level(line, unit) :] for line in lines]


def _length_of_level(line: str, unit: str) -> int:
    """Return how many characters unindenting removes from a line."""
    if line.startswith("\t"):
        return 1
    step = 4 if unit == "\t" else len(unit)
    spaces = len(line) - len(line.lstrip(" "))
    return min(spaces, step)


def toggle_comments(lines: Sequence[str]) -> list[str]:
    """Comment the lines out at their least indentation, or uncomment them if all are comments."""
    full = [line for line in lines if line.strip()]
    if full and all(line.lstrip().startswith("#") for line in full):
        return [re.sub(r"^(\s*)# ?", r"\1", line) for line in lines]
    if not full:
        return [f"{line}# " for line in lines]
    column = min(len(leading(line)) for line in full)
    return [f"{line[:column]}# {line[column:]}" if line.strip() else line for line in lines]


def parse_place(text: str) -> tuple[int, int] | None:
    """Parse ``line`` or ``line:column``, both counted from 1; None if invalid."""
    match = re.fullmatch(r"\s*(\d{1,9})\s*(?:[:, ]\s*(\d{1,9})\s*)?", text)
    if match is None or int(match[1]) < 1:
        return None
    return int(match[1]), max(int(match[2] or 1), 1)


class Utf16:
    """Converts offsets in a Python string to Qt's UTF-16 offsets, where characters beyond U+FFFF count twice."""

    def __init__(self, text: str) -> None:
        plain = text.isascii() or max(text, default="") <= "\uffff"
        self._wide = [] if plain else [i for i, character in enumerate(text) if character > "\uffff"]

    def to_qt(self, offset: int) -> int:
        """Convert a Python offset to a Qt offset."""
        return offset + bisect_left(self._wide, offset) if self._wide else offset

    def to_python(self, offset: int) -> int:
        """Convert a Qt offset to a Python offset."""
        for index, wide in enumerate(self._wide):
            if wide + index >= offset:
                return offset - index
        return offset - len(self._wide)
