"""Maps characters to cells of a terminal grid: wide ones take two, combining ones none, a tab up to eight."""

from __future__ import annotations

import re

TAB = 8
#: Combining marks, joiners, variation selectors and other characters drawn over the previous one.
_ZERO = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u2064\u20d0-\u20f0\ufe00-\ufe0f\ufe20-\ufe2f\ufeff"
    "\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef"
)
#: East Asian wide and full-width characters, and emoji (Unicode UAX 11, in broad ranges).
_WIDE = (
    "\u1100-\u115f\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa"
    "\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c"
    "\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f"
    "\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\U0001f300-\U0001f3fa\U0001f400-\U0001f64f"
    "\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb\U0001f900-\U0001faff\U00020000-\U0003fffd"
)
_ZERO_RE = re.compile(f"[{_ZERO}]")
_WIDE_RE = re.compile(f"[{_WIDE}]")
#: Characters that are not one glyph of the monospaced font in one cell.
_IRREGULAR_RE = re.compile(
    "[^\x20-\x7e\xa0-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u2319"
    "\u2320-\u23e8\u2500-\u25fc\u2600-\u2613\u2701-\u2704\u2706-\u2709\u270c-\u2727\u2729-\u274b\u2758-\u2794"
    "\u2798-\u27af\u2800-\u28ff\ufffd]"
)
_CLUSTER_RE = re.compile(f"[\x20-\x7e]+|[^{_ZERO}](?:[{_ZERO}]|(?<=\u200d).)*|.", re.DOTALL)


def is_regular(text: str) -> bool:
    """Return whether every character takes one cell, so that columns equal indices."""
    return (text.isascii() and "\t" not in text) or _IRREGULAR_RE.search(text) is None


def width(text: str) -> int:
    """Return the width of a line in cells."""
    if is_regular(text):
        return len(text)
    if "\t" in text:
        return len(_flattened(text).expandtabs(TAB))
    return len(text) + len(_WIDE_RE.findall(text)) - len(_ZERO_RE.findall(text))


def index_at(text: str, cell: int) -> int:
    """Return the index of the character at a cell, or the length of the text if the cell is beyond its end."""
    if is_regular(text):
        return min(max(cell, 0), len(text))
    low, high = 0, len(text)
    while low < high:
        middle = (low + high) // 2
        if width(text[: middle + 1]) > cell:
            high = middle
        else:
            low = middle + 1
    return low


def clusters(text: str) -> list[str]:
    """Return the parts of a text to draw one by one: runs of ASCII, and other characters with their marks."""
    return _CLUSTER_RE.findall(text)


def _flattened(text: str) -> str:
    """Return a text with one character per cell, except for tabs."""
    return text if text.isascii() else _ZERO_RE.sub("", _WIDE_RE.sub("  ", text))
