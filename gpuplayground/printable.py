"""Escapes invisible characters in untrusted text: file names, exception messages, names that a driver reports.

A control character could rewrite the terminal, a bidirectional one could reorder the text
(https://unicode.org/reports/tr36/, https://trojansource.codes). Escapes are those of Python.
"""

from __future__ import annotations

import re

#: C0 and C1 controls except line feeds and tabs, zero-width and directional marks, line separators, lone surrogates,
#: tags. Joiners (U+200C, U+200D) are left: scripts and emoji need them.
_INVISIBLE = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    r"""Return a text with invisible characters escaped, such as ESC as ``\x1b``; line feeds and tabs are kept."""
    return _INVISIBLE.sub(_escaped, text)


def visible_line(text: str) -> str:
    r"""Return a text with invisible characters, line feeds and tabs escaped, so that it is one line."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
