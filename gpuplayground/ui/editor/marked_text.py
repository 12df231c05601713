"""The text edit that the gutter and the line painter draw on: marks of the last run, and where lines are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from PySide6.QtGui import QTextBlock
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from gpuplayground.ui.editor.brackets import BracketPair
from gpuplayground.ui.editor.highlighter import Highlighter
from gpuplayground.ui.editor.line_marks import LineMarks, LineTracker
from gpuplayground.ui.widgets.theme import Theme

FONT_PIXELS = 13


class VisibleLine(NamedTuple):
    """A visible line: block, number from 0, and its top and height in viewport pixels."""

    block: QTextBlock
    number: int
    top: float
    height: float


class MarkedText(QPlainTextEdit):
    """The state that the gutter and the line painter read.

    Attributes:
        matches: start and end positions of what the find bar found, in order.
        bracket: the bracket at the cursor with its partner.
        flash: the line, counted from 0, that was just jumped to, and the strength of its highlight from 0 to 1.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.show_times = True
        self.matches: list[tuple[int, int]] = []
        self.bracket: BracketPair | None = None
        self.flash: tuple[int, float] | None = None
        self._font_pixels = FONT_PIXELS
        self.highlighter = Highlighter(self.document(), theme, self)
        self.marks = LineMarks(LineTracker(self.document(), self), self)

    def font_pixels(self) -> int:
        """Return the font size in pixels."""
        return self._font_pixels

    def visible_lines(self) -> Iterator[VisibleLine]:
        """Yield the visible lines from top to bottom."""
        block = self.firstVisibleBlock()
        number, bottom = block.blockNumber(), self.viewport().height()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= bottom:
            height = self.blockBoundingRect(block).height()
            if not block.next().isValid():
                height -= self.document().documentMargin()  # Qt adds it to the last line
            yield VisibleLine(block, number, top, height)
            block, number, top = block.next(), number + 1, top + height

    def line_at(self, y: float) -> int | None:
        """Return the number, from 0, of the line at a y coordinate of the viewport."""
        for line in self.visible_lines():
            if line.top <= y < line.top + line.height:
                return line.number
        return None

    def text_left(self) -> float:
        """Return the x coordinate of column 1 in the viewport."""
        return self.contentOffset().x() + self.document().documentMargin()
