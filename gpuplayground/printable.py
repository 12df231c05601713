"""Text from outside made fit to be shown: file names, messages of exceptions, names that a driver reports.

A control character in it could rewrite what stands on a terminal, a bidirectional one could turn it around
(https://unicode.org/reports/tr36/, https://trojansource.codes). What cannot be seen is shown as Python writes it.
"""

from __future__ import annotations

import re

#: All but line feeds and tabs: C0 and C1 controls, marks without width or that set the direction, separators of lines,
#: half surrogate pairs, tags. Joiners (U+200C, U+200D) stay: languages and emoji need them.
_UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    r"""Return a text in which every character can be seen, in one or more lines; ESC becomes ``\x1b``."""
    return _UNSEEN.sub(_escaped, text)


def visible_line(text: str) -> str:
    r"""Return a text in one line in which every character can be seen: a line feed becomes ``\n``."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
