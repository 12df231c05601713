"""A line-by-line lexer for Python: the tokens of a line, and the state at its end.

The state is the stack of open strings and, inside f-strings, of open replacement fields. Nested quotes follow PEP 701
(Python 3.12), which also covers older f-strings.
"""

from __future__ import annotations

import builtins
import keyword
import re
from typing import NamedTuple

from gpuplayground.model.cells import MARKER


class Token(NamedTuple):
    """A token: its start in the line, its length and its role."""

    start: int
    length: int
    role: str


class OpenString(NamedTuple):
    """An open string: quotes, whether it is raw or formatted, and its role."""

    quote: str
    raw: bool
    formatted: bool
    role: str


class OpenField(NamedTuple):
    """An open replacement field: the depth of its brackets, and whether its format spec has started."""

    depth: int
    in_format: bool


State = tuple[OpenString | OpenField, ...]
#: Nothing is open.
CODE: State = ()

#: Roles that are text rather than code.
TEXT_ROLES = frozenset({"string", "docstring", "comment", "cell", "escape"})

_KEYWORDS = frozenset(keyword.kwlist) - {"True", "False", "None"}
_CONSTANTS = frozenset({"True", "False", "None", "Ellipsis", "NotImplemented", "__debug__"})
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_")) - _KEYWORDS - _CONSTANTS
_CAPITALS = re.compile(r"_*[A-Z][A-Z0-9_]+\Z")
_STRING = r"(?P<prefix>[rR][bBfFtT]?|[bBfFtT][rR]?|[uU])?(?P<quote>\"\"\"|'''|\"|')"
_NUMBER = r"0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?"
_PIECE = re.compile(
    rf"{_STRING}|(?P<name>[^\W\d]\w*)|(?P<number>{_NUMBER})|(?P<comment>#.*)|(?P<decorator>(?<![^\s])@(?=[^\W\d]))"
    r"|(?P<bracket>[()\[\]{}])|(?P<mark>[:!])"
)
_DECORATOR = re.compile(r"@[\w.]+")
_ESCAPE = re.compile(r"\\(?:[\\'\"abfnrtv]|[0-7]{1,3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|N\{[^}]*\}|$)")
_SOFT = (
    ("match", re.compile(r"\s*match\b(?!\s*(?:[=.,)\]:]|$)).*:\s*(?:#.*)?$")),
    ("case", re.compile(r"\s*case\b(?!\s*(?:[=.,)\]:]|$)).*:")),
    ("type", re.compile(r"\s*type\s+[^\W\d]\w*\s*(?:\[.*\]\s*)?=")),
)
_STOPS = {
    (quote, formatted): re.compile(rf"\\|{re.escape(quote)}" + (r"|[{}]" if formatted else ""))
    for quote in ('"""', "'''", '"', "'")
    for formatted in (False, True)
}


def quick_state(line: str, state: State) -> State | None:
    """Return the state after ``line`` if it can be told without tokenizing, else None."""
    if not state:
        return None if '"' in line or "'" in line else CODE
    top = state[-1]
    if len(state) == 1 and isinstance(top, OpenString) and len(top.quote) == 3:
        plain = top.quote not in line and not (top.formatted and ("{" in line or "}" in line))
        return state if plain else None
    return None


def tokenize(line: str, state: State = CODE, *, docstring: bool = False) -> tuple[list[Token], State]:
    """Return the tokens of a line and the state after it.

    Args:
        line: one line without its line end.
        state: the state at the end of the previous line.
        docstring: whether a string at the start of the line is a docstring.
    """
    reader = _Reader(line, list(state), docstring)
    reader.read()
    return reader.tokens, tuple(reader.stack)


class _Reader:
    """Tokenizes one line; ``stack`` is updated as strings and fields open and close."""

    def __init__(self, line: str, stack: list[OpenString | OpenField], docstring: bool) -> None:
        self.line = line
        self.stack = stack
        self.tokens: list[Token] = []
        self._docstring = docstring
        self._previous = ""  # the previous name on this line

    def read(self) -> None:
        position = 0
        while position < len(self.line):
            top = self.stack[-1] if self.stack else None
            in_string = isinstance(top, OpenString) or (isinstance(top, OpenField) and top.in_format)
            position = self._string(position) if in_string else self._code(position)
        self._end_of_line()

    def _end_of_line(self) -> None:
        # Only triple quotes or a trailing backslash continue a string on the next line.
        if (len(self.line) - len(self.line.rstrip("\\"))) % 2:
            return
        for index, frame in enumerate(self.stack):
            if isinstance(frame, OpenString) and len(frame.quote) == 1:
                del self.stack[index:]
                return

    def _add(self, start: int, end: int, role: str) -> None:
        if end > start:
            self.tokens.append(Token(start, end - start, role))

    def _code(self, position: int) -> int:
        match = _PIECE.search(self.line, position)
        if match is None:
            return len(self.line)
        start, end = match.span()
        kind = match.lastgroup
        if kind == "quote":
            return self._open_string(match)
        if kind == "name":
            self._name(match[0], start, end)
        elif kind == "number":
            self._add(start, end, "number")
        elif kind == "comment":
            self._add(start, end, "cell" if not start and not self.stack and MARKER.fullmatch(match[0]) else "comment")
        elif kind == "decorator":
            if not self.line[:start].strip() and not self.stack:
                end = _DECORATOR.match(self.line, start).end()  # type: ignore[union-attr]
                self._add(start, end, "decorator")
        elif self.stack:
            self._field_mark(match[0], start)
        return end

    def _name(self, name: str, start: int, end: int) -> None:
        before = self.line[start - 1] if start else ""
        role = ""
        if before == "." and self.line[start - 2 : start] != "..":
            role = "constant" if _CAPITALS.match(name) else "function" if self._called(end) else ""
        elif name in _KEYWORDS:
            role = "keyword"
        elif name in _CONSTANTS:
            role = "constant"
        elif self._previous in {"def", "class"}:
            role = "definition"
        elif self._is_soft_keyword(name, start):
            role = "keyword"
        elif _CAPITALS.match(name):
            role = "constant"
        elif name in _BUILTINS and not self._is_argument_name(end):
            role = "builtin"
        elif self._called(end):
            role = "function"
        self._previous = name
        if role:
            self._add(start, end, role)

    def _called(self, end: int) -> bool:
        return self.line[end : end + 1] == "(" or self.line[end : end + 8].lstrip(" ").startswith("(")

    def _is_argument_name(self, end: int) -> bool:
        return self.line[end : end + 1] == "=" and self.line[end : end + 2] != "=="

    def _is_soft_keyword(self, name: str, start: int) -> bool:
        if name not in {"match", "case", "type"} or self.stack or self.line[:start].strip():
            return False
        return any(name == word and pattern.match(self.line) for word, pattern in _SOFT)

    def _open_string(self, match: re.Match[str]) -> int:
        prefix = (match["prefix"] or "").lower()
        first = not self.stack and not self.line[: match.start()].strip()
        docstring = first and self._docstring and not set(prefix) & set("bft")
        role = "docstring" if docstring else "string"
        self.stack.append(OpenString(match["quote"], "r" in prefix, bool(set(prefix) & set("ft")), role))
        self._add(match.start(), match.end(), role)
        return match.end()

    def _string(self, position: int) -> int:
        index = len(self.stack) - 1
        while not isinstance(self.stack[index], OpenString):
            index -= 1
        string = self.stack[index]
        assert isinstance(string, OpenString)
        match = _STOPS[string.quote, string.formatted].search(self.line, position)
        if match is None:
            self._add(position, len(self.line), string.role)
            return len(self.line)
        start, end = match.span()
        self._add(position, start, string.role)
        if match[0] == "\\":
            return self._backslash(string, start)
        if match[0] == string.quote:
            del self.stack[index:]
            self._add(start, end, string.role)
            return end
        return self._brace(string, match[0], start)

    def _backslash(self, string: OpenString, start: int) -> int:
        escape = None if string.raw else _ESCAPE.match(self.line, start)
        # Even in a raw string, a backslash escapes a following quote; before a brace it has no effect.
        end = escape.end() if escape else start + (1 if self.line[start + 1 : start + 2] in "{}" else 2)
        end = min(end, len(self.line))
        self._add(start, end, "escape" if escape else string.role)
        return end

    def _brace(self, string: OpenString, brace: str, start: int) -> int:
        in_format = isinstance(self.stack[-1], OpenField)
        if not in_format and self.line[start + 1 : start + 2] == brace:
            self._add(start, start + 2, "escape")
            return start + 2
        if brace == "{":
            self.stack.append(OpenField(0, in_format=False))
        elif in_format:
            self.stack.pop()
        self._add(start, start + 1, "escape" if brace == "{" or in_format else string.role)
        return start + 1

    def _field_mark(self, mark: str, start: int) -> None:
        field = self.stack[-1]
        assert isinstance(field, OpenField)
        if mark in "([{":
            self.stack[-1] = field._replace(depth=field.depth + 1)
        elif mark == "}" and not field.depth:
            self.stack.pop()
            self._add(start, start + 1, "escape")
        elif mark in ")]}":
            self.stack[-1] = field._replace(depth=max(field.depth - 1, 0))
        elif mark == ":" and not field.depth:
            self.stack[-1] = field._replace(in_format=True)
            self._add(start, start + 1, "escape")
