"""Lazy Python highlighting.

``QSyntaxHighlighter`` formats every line when a document is opened, and again after a triple quote, which takes ten
seconds for a large file. Here a quick scan finds the state at the end of each line, and only visible lines are
tokenized.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QFont, QTextBlock, QTextCharFormat, QTextDocument, QTextLayout

from gpuplayground.ui.editor.editing import Utf16, code_only
from gpuplayground.ui.editor.python_lexer import CODE, State, Token, quick_state, tokenize
from gpuplayground.ui.widgets.theme import Theme

#: Only this many characters of a line are coloured: formatting a line of a megabyte would take seconds.
_FORMATTED = 2_000
#: Token role to colour role, italic, bold.
_STYLES = {
    "keyword": ("keyword", False, False),
    "builtin": ("builtin", False, False),
    "function": ("function", False, False),
    "definition": ("definition", False, False),
    "string": ("string", False, False),
    "docstring": ("comment", True, False),
    "escape": ("constant", False, False),
    "number": ("number", False, False),
    "comment": ("comment", True, False),
    "cell": ("muted", False, True),
    "decorator": ("decorator", False, False),
    "constant": ("constant", False, False),
}


class Highlighter(QObject):
    """Colours the lines of a document as they become visible, and tells which parts of them are code."""

    def __init__(self, document: QTextDocument, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._theme = theme
        self._formats: dict[str, QTextCharFormat] = {}
        self._states: list[State] = [CODE]  # at the end of each line
        self._stale = bytearray(b"\1")  # lines whose colours are out of date
        self._make_formats()
        document.contentsChange.connect(self._contents_changed)
        self._rescan(0, document.blockCount())

    def state_before(self, number: int) -> State:
        """Return the state at the start of line ``number``, counted from 0."""
        return self._states[number - 1] if 0 < number <= len(self._states) else CODE

    def tokens(self, block: QTextBlock) -> list[Token]:
        """Return the tokens of a line, with offsets into its Python string."""
        return self._tokenize(block, self.state_before(block.blockNumber()), block.text())[0]

    def code(self, block: QTextBlock) -> str:
        """Return the text of a line with strings and comments blanked out."""
        return code_only(block.text(), self.tokens(block))

    def format_lines(self, first: QTextBlock, last: int) -> bool:
        """Colour outdated lines from ``first`` to number ``last``; return whether any changed."""
        block, number, changed = first, first.blockNumber(), False
        while block.isValid() and number <= last:
            if number < len(self._stale) and self._stale[number]:
                self._stale[number] = 0
                changed = self._format(block) or changed
            block, number = block.next(), number + 1
        return changed

    def recolor(self) -> None:
        """Use the colours of the current theme."""
        self._make_formats()
        self._stale = bytearray(b"\1" * len(self._states))

    def _make_formats(self) -> None:
        for role, (color, italic, bold) in _STYLES.items():
            made = QTextCharFormat()
            made.setForeground(QColor(self._theme.color(color)))
            made.setFontItalic(italic)
            if bold:
                made.setFontWeight(QFont.Weight.Bold)
            self._formats[role] = made

    def _contents_changed(self, position: int, _removed: int, added: int) -> None:
        first = self._document.findBlock(position).blockNumber()
        block = self._document.findBlock(position + added)
        last = block.blockNumber() if block.isValid() else self._document.blockCount() - 1
        self._rescan(first, last - first + 1)

    def _rescan(self, first: int, count: int) -> None:
        """Update the states of ``count`` changed lines from ``first`` on, and of the following lines they affect."""
        total = self._document.blockCount()
        gone = max(len(self._states) - (total - count), 0)
        self._states[first : first + gone] = [CODE] * count
        self._stale[first : first + gone] = b"\1" * count
        state, block = self.state_before(first), self._document.findBlockByNumber(first)
        number = first
        while number < total:
            text = block.text()
            after = quick_state(text, state)
            if after is None:
                after = self._tokenize(block, state, text)[1]
            if number >= first + count and after == self._states[number]:
                # This line may start in another state, so it is recoloured; the lines after it are unaffected.
                self._stale[number] = 1
                return
            self._states[number], self._stale[number] = after, 1
            state, block, number = after, block.next(), number + 1

    def _tokenize(self, block: QTextBlock, state: State, text: str) -> tuple[list[Token], State]:
        docstring = not state and text.lstrip(" \trRuU")[:3] in ('"""', "'''") and self._may_be_docstring(block)
        return tokenize(text, state, docstring=docstring)

    def _format(self, block: QTextBlock) -> bool:
        text = block.text()[:_FORMATTED]
        tokens, _ = self._tokenize(block, self.state_before(block.blockNumber()), text)
        if not tokens and not block.layout().formats():
            return False
        offset: Callable[[int], int] = Utf16(text).to_qt
        ranges = []
        for start, length, role in tokens:
            piece = QTextLayout.FormatRange()
            piece.start = offset(start)
            piece.length = offset(start + length) - piece.start
            piece.format = self._formats[role]
            ranges.append(piece)
        block.layout().setFormats(ranges)
        self._document.markContentsDirty(block.position(), block.length())
        return True

    def _may_be_docstring(self, block: QTextBlock) -> bool:
        """Return whether a string at the start of this line follows a header or is the first thing in the text."""
        before = block.previous()
        for _ in range(50):
            if not before.isValid():
                return True
            text = before.text()
            code = text.rstrip() if '"""' in text or "'''" in text else self.code(before).rstrip()
            if code:
                return code.endswith(":")
            before = before.previous()
        return False
