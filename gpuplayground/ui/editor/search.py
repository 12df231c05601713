"""Finding and replacing in a text, without a widget."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from gpuplayground.ui.editor.editing import Utf16

#: More matches than this are neither counted nor shown.
MATCH_LIMIT = 100_000


class SearchError(Exception):
    """A pattern or a replacement is not valid; the text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for, and how."""

    text: str
    case: bool = False
    word: bool = False
    regex: bool = False

    def compiled(self) -> re.Pattern[str]:
        """Return the query as a regular expression.

        Raises:
            SearchError: it is a regular expression and not a valid one.
        """
        pattern = self.text if self.regex else re.escape(self.text)
        if self.word:
            pattern = rf"(?<!\w)(?:{pattern})(?!\w)"
        try:
            return re.compile(pattern, re.MULTILINE | (re.NOFLAG if self.case else re.IGNORECASE))
        except (re.error, RecursionError, OverflowError) as error:
            reason = getattr(error, "msg", "it is too complex")
            raise SearchError(f"This is no regular expression: {reason}.") from None


def find_all(text: str, query: Query) -> list[tuple[int, int]]:
    """Return start and end of each match in ``text``, as Qt counts, at most :data:`MATCH_LIMIT`.

    Raises:
        SearchError: the query is not valid.
    """
    if not query.text:
        return []
    offset = Utf16(text)
    found = []
    for match in query.compiled().finditer(text):
        if match.end() > match.start():
            found.append((offset.to_qt(match.start()), offset.to_qt(match.end())))
            if len(found) == MATCH_LIMIT:
                break
    return found


def replace_in(text: str, query: Query, replacement: str) -> tuple[str, int]:
    r"""Return ``text`` with every match replaced, and how many there were.

    Args:
        text: What to search.
        query: What to look for.
        replacement: What to put there; with a regular expression ``\1`` and ``\g<name>`` stand for its groups.

    Raises:
        SearchError: the query or the replacement is not valid.
    """
    count = 0

    def one(match: re.Match[str]) -> str:
        nonlocal count
        if match.end() == match.start():
            return ""
        count += 1
        return expand(match, query, replacement)

    return query.compiled().sub(one, text), count


def expand(match: re.Match[str], query: Query, replacement: str) -> str:
    """Return what takes the place of one match.

    Raises:
        SearchError: the replacement is not valid.
    """
    if not query.regex:
        return replacement
    try:
        return match.expand(replacement)
    except (re.error, IndexError) as error:
        raise SearchError(f"This replacement is not valid: {getattr(error, 'msg', error)}.") from None


def nearest(matches: list[tuple[int, int]], position: int, *, backwards: bool = False) -> int:
    """Return the index of the first match at or after ``position``, or the last that ends before it; round the end."""
    if backwards:
        return (bisect_left([end for _, end in matches], position + 1) - 1) % len(matches)
    return bisect_left([start for start, _ in matches], position) % len(matches)


def index_of(matches: list[tuple[int, int]], match: tuple[int, int]) -> int | None:
    """Return where ``match`` is in the ordered matches, or None."""
    index = bisect_left(matches, match)
    return index if index < len(matches) and matches[index] == match else None
