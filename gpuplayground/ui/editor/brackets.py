"""Finds the partner of the bracket at the cursor, ignoring strings and comments."""

from __future__ import annotations

import re
from typing import NamedTuple

from PySide6.QtGui import QTextBlock, QTextCursor

from gpuplayground.ui.editor.editing import CLOSING, OPENING, Utf16
from gpuplayground.ui.editor.highlighter import Highlighter

_BRACKET = re.compile(r"[()\[\]{}]")
#: Search limits, so that moving the cursor stays fast.
_LINES = 1_000
_LINE_LENGTH = 10_000


class BracketPair(NamedTuple):
    """Positions in the document; ``partner`` is None for an unmatched bracket."""

    bracket: int
    partner: int | None
    matches: bool


def bracket_at(cursor: QTextCursor, highlighter: Highlighter) -> BracketPair | None:
    """Return the bracket after the cursor, or else before it, with its partner; None if there is no bracket in code."""
    block = cursor.block()
    if block.length() > _LINE_LENGTH or not _BRACKET.search(block.text()):
        return None
    here = _brackets(block, highlighter)
    for position in (cursor.position(), cursor.position() - 1):
        for place, bracket in here:
            if place == position:
                return _partner(block, place, bracket, highlighter)
    return None


def _partner(block: QTextBlock, place: int, bracket: str, highlighter: Highlighter) -> BracketPair | None:
    forwards = bracket in OPENING
    depth = 0
    for _ in range(_LINES):
        if not block.isValid() or block.length() > _LINE_LENGTH:
            break
        if _BRACKET.search(block.text()):
            found = _brackets(block, highlighter)
            for position, other in found if forwards else reversed(found):
                if (position < place) if forwards else (position > place):
                    continue
                depth += 1 if (other in OPENING) == forwards else -1
                if depth == 0:
                    expected = OPENING[bracket] if forwards else CLOSING[bracket]
                    return BracketPair(place, position, other == expected)
        block = block.next() if forwards else block.previous()
    else:
        return None
    return BracketPair(place, None, matches=False)


def _brackets(block: QTextBlock, highlighter: Highlighter) -> list[tuple[int, str]]:
    offset = Utf16(block.text())
    return [
        (block.position() + offset.to_qt(match.start()), match[0])
        for match in _BRACKET.finditer(highlighter.code(block))
    ]
