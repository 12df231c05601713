"""Edits of whole lines. Each is one undo step and keeps the edited text selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from gpuplayground.ui.editor import editing


class LineCommands:
    """Indents, comments, moves and duplicates the lines of an editor's selection."""

    def __init__(self, edit: QPlainTextEdit) -> None:
        self._edit = edit
        self.unit = "    "

    def indent(self) -> None:
        """Indent the selected lines by one level."""
        self._rewrite(lambda lines: editing.indent_lines(lines, self.unit))

    def unindent(self) -> None:
        """Unindent the selected lines, or the current one, by one level."""
        self._rewrite(lambda lines: editing.unindent_lines(lines, self.unit))

    def toggle_comment(self) -> None:
        """Comment or uncomment the selected lines, or the current one."""
        self._rewrite(editing.toggle_comments)

    def duplicate(self) -> None:
        """Insert a copy of the selected lines below them."""
        first, last = self._rows()
        cursor = self._edit.textCursor()
        text = "\n".join(self._lines(first, last))
        end = QTextCursor(self._edit.document().findBlockByNumber(last))
        end.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        anchor, position, shift = cursor.anchor(), cursor.position(), _qt_length(text) + 1
        end.insertText("\n" + text)
        self._select(anchor + shift, position + shift)

    def move(self, rows: int) -> None:
        """Move the selected lines up (-1) or down (1) by one row, if possible."""
        first, last = self._rows()
        document = self._edit.document()
        if first + rows < 0 or last + rows >= document.blockCount():
            return
        cursor = self._edit.textCursor()
        lines = self._lines(first, last)
        if rows < 0:
            top, bottom, other = first - 1, last, self._lines(first - 1, first - 1)
            shift, new = -(_qt_length(other[0]) + 1), [*lines, *other]
        else:
            top, bottom, other = first, last + 1, self._lines(last + 1, last + 1)
            shift, new = _qt_length(other[0]) + 1, [*other, *lines]
        anchor, position = cursor.anchor() + shift, cursor.position() + shift
        self._replace(top, bottom, new)
        self._select(anchor, position)

    def _rewrite(self, change: Callable[[Sequence[str]], list[str]]) -> None:
        first, last = self._rows()
        old = self._lines(first, last)
        new = change(old)
        if new == old:
            return
        cursor = self._edit.textCursor()
        ends = [self._place(position) for position in (cursor.anchor(), cursor.position())]
        had_selection = cursor.hasSelection()
        edit = QTextCursor(self._edit.document())
        edit.beginEditBlock()
        for row, (before, after) in enumerate(zip(old, new, strict=True), first):
            if before != after:
                self._change_line(edit, row, before, after)
        edit.endEditBlock()
        if had_selection:
            self._select(*(self._moved(row, column, old, new, first) for row, column in ends))

    def _change_line(self, edit: QTextCursor, row: int, before: str, after: str) -> None:
        """Change only what differs, so that cursors in the rest of the line stay."""
        top = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
        top = min(len(before), len(after)) if top is None else top
        start = self._edit.document().findBlockByNumber(row).position() + _qt_length(before[:top])
        grown = len(after) - len(before)
        edit.setPosition(start)
        edit.setPosition(start + max(-grown, 0), QTextCursor.MoveMode.KeepAnchor)
        edit.insertText(after[top : top + max(grown, 0)])

    def _moved(self, row: int, column: int, old: Sequence[str], new: Sequence[str], first: int) -> int:
        block = self._edit.document().findBlockByNumber(row)
        if first <= row < first + len(old) and column:
            column = max(column + len(new[row - first]) - len(old[row - first]), 0)
        return block.position() + min(column, block.length() - 1)

    def _rows(self) -> tuple[int, int]:
        """Return the first and last row of the selection; a last row without selected text does not count."""
        cursor = self._edit.textCursor()
        document = self._edit.document()
        first = document.findBlock(cursor.selectionStart()).blockNumber()
        last = document.findBlock(cursor.selectionEnd())
        if last.blockNumber() > first and cursor.selectionEnd() == last.position():
            last = last.previous()
        return first, last.blockNumber()

    def _lines(self, first: int, last: int) -> list[str]:
        document = self._edit.document()
        return [document.findBlockByNumber(row).text() for row in range(first, last + 1)]

    def _replace(self, first: int, last: int, lines: Sequence[str]) -> None:
        document = self._edit.document()
        edit = QTextCursor(document.findBlockByNumber(first))
        end = document.findBlockByNumber(last)
        edit.setPosition(end.position() + end.length() - 1, QTextCursor.MoveMode.KeepAnchor)
        edit.insertText("\n".join(lines))

    def _place(self, position: int) -> tuple[int, int]:
        block = self._edit.document().findBlock(position)
        return block.blockNumber(), position - block.position()

    def _select(self, anchor: int, position: int) -> None:
        cursor = self._edit.textCursor()
        cursor.setPosition(anchor)
        cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
        self._edit.setTextCursor(cursor)


def _qt_length(text: str) -> int:
    """Return the length of a text in UTF-16 units."""
    return editing.Utf16(text).to_qt(len(text))
