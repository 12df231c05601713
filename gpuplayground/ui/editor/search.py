"""Find and replace in a text, without a widget."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from gpuplayground.ui.editor.editing import Utf16

#: Most matches that are counted and shown.
MATCH_LIMIT = 100_000


class SearchError(Exception):
    """An invalid pattern or replacement; the text is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Query:
    """A search text and its options."""

    text: str
    case: bool = False
    word: bool = False
    regex: bool = False

    def compiled(self) -> re.Pattern[str]:
        """Return the query as a regular expression.

        Raises:
            SearchError: the regular expression is invalid.
        """
        pattern = self.text if self.regex else re.escape(self.text)
        if self.word:
            pattern = rf"(?<!\w)(?:{pattern})(?!\w)"
        try:
            return re.compile(pattern, re.MULTILINE | (re.NOFLAG if self.case else re.IGNORECASE))
        except (re.error, RecursionError, OverflowError) as error:
            reason = getattr(error, "msg", "it is too complex")
            raise SearchError(f"Invalid regular expression: {reason}.") from None


def find_all(text: str, query: Query) -> list[tuple[int, int]]:
    """Return start and end of each match in ``text`` as Qt positions, at most :data:`MATCH_LIMIT`.

    Raises:
        SearchError: the query is invalid.
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
    r"""Return ``text`` with all matches replaced, and their number.

    Args:
        text: the text to search.
        query: the query.
        replacement: the replacement; for a regular expression, ``\1`` and ``\g<name>`` refer to its groups.

    Raises:
        SearchError: the query or the replacement is invalid.
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
    """Return the replacement of one match.

    Raises:
        SearchError: the replacement is invalid.
    """
    if not query.regex:
        return replacement
    try:
        return match.expand(replacement)
    except (re.error, IndexError) as error:
        raise SearchError(f"Invalid replacement: {getattr(error, 'msg', error)}.") from None


def nearest(matches: list[tuple[int, int]], position: int, *, backwards: bool = False) -> int:
    """Return the index of the first match from ``position`` on, or of the last before it, wrapping around."""
    if backwards:
        return (bisect_left([end for _, end in matches], position + 1) - 1) % len(matches)
    return bisect_left([start for start, _ in matches], position) % len(matches)


def index_of(matches: list[tuple[int, int]], match: tuple[int, int]) -> int | None:
    """Return the index of ``match`` in the ordered matches, or None."""
    index = bisect_left(matches, match)
    return index if index < len(matches) and matches[index] == match else None
