"""Smart typing in the editor: indentation on Enter, Tab and Backspace, and closing of brackets and quotes."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from gpuplayground.ui.editor import editing
from gpuplayground.ui.editor.highlighter import Highlighter
from gpuplayground.ui.editor.line_edits import LineCommands
from gpuplayground.ui.editor.python_lexer import TEXT_ROLES, tokenize

_CONTROL, _SHIFT, _ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
_NONE, _KEYPAD = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier
_QUOTES = "\"'"
_PREFIX = re.compile(r"(?<!\w)[rRbBfFuU]{1,2}\Z")
#: How many lines above are read to find the indentation of a new line.
_CONTEXT = 200
#: Longer lines are taken for data and not tokenized.
_LINE_LENGTH = 10_000


class KeyHandler:
    """Handles keys that do more than insert their character."""

    def __init__(self, edit: QPlainTextEdit, highlighter: Highlighter, commands: LineCommands) -> None:
        self._edit = edit
        self._highlighter = highlighter
        self._commands = commands
        self._closers: list[QTextCursor] = []  # closing characters that were inserted automatically

    def handle(self, event: QKeyEvent) -> bool:
        """Handle a key; return False to leave it to the text edit."""
        key, modifiers = event.key(), event.modifiers() & ~_KEYPAD
        if self._edit.isReadOnly():
            return False
        if modifiers & _ALT and not modifiers & _CONTROL and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            return self._move_or_copy(down=key == Qt.Key.Key_Down, copy=bool(modifiers & _SHIFT))
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and modifiers in (_NONE, _SHIFT):
            return self._enter()
        if key == Qt.Key.Key_Tab and modifiers == _NONE:
            return self._tab()
        if key in (Qt.Key.Key_Backtab, Qt.Key.Key_Tab) and modifiers in (_NONE, _SHIFT):
            self._commands.unindent()
            return True
        if key == Qt.Key.Key_Backspace and modifiers == _NONE:
            return self._backspace()
        if key == Qt.Key.Key_Home and modifiers in (_NONE, _SHIFT):
            return self._home(select=modifiers == _SHIFT)
        if len(event.text()) == 1 and not modifiers & ~_SHIFT:
            return self._character(event.text())
        return False

    def _move_or_copy(self, *, down: bool, copy: bool) -> bool:
        if copy:
            self._commands.duplicate()
        else:
            self._commands.move(1 if down else -1)
        return True

    def _enter(self) -> bool:
        cursor = self._edit.textCursor()
        before, after = self._around(cursor)
        cursor.beginEditBlock()
        cursor.removeSelectedText()
        if self._in_string(cursor) or cursor.block().length() > _LINE_LENGTH:
            cursor.insertText("\n" + editing.leading(before))
        elif not before.strip():
            # Do not leave trailing white space: move the indentation down with the rest of the line.
            cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText("\n" + before)
        else:
            self._break_line(cursor, before, after)
        cursor.endEditBlock()
        self._edit.setTextCursor(cursor)
        self._edit.ensureCursorVisible()
        return True

    def _break_line(self, cursor: QTextCursor, before: str, after: str) -> None:
        indent = editing.next_indent(self._code_above(cursor), self._commands.unit)
        blanks = len(after) - len(after.lstrip(" \t"))
        cursor.movePosition(QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor, blanks)
        cursor.insertText("\n" + indent)
        opener = before.rstrip()[-1:]
        if opener in editing.OPENING and after.lstrip()[:1] == editing.OPENING[opener]:
            # Between an empty pair of brackets, the closing one goes to a line of its own.
            place = cursor.position()
            cursor.insertText("\n" + editing.leading(before))
            cursor.setPosition(place)

    def _tab(self) -> bool:
        cursor = self._edit.textCursor()
        if cursor.hasSelection() and not self._within_line(cursor):
            self._commands.indent()
            return True
        unit = self._commands.unit
        if unit != "\t":
            cursor.removeSelectedText()
            column = editing.width(self._around(cursor)[0], len(unit))
            unit = " " * (len(unit) - column % len(unit))
        cursor.insertText(unit)
        self._edit.setTextCursor(cursor)
        return True

    def _within_line(self, cursor: QTextCursor) -> bool:
        """Return whether the selection is a part of one line."""
        block = self._edit.document().findBlock(cursor.selectionStart())
        text = block.text().strip()
        return cursor.selectionEnd() < block.position() + block.length() and cursor.selectedText().strip() != text

    def _backspace(self) -> bool:
        cursor = self._edit.textCursor()
        if cursor.hasSelection():
            return False
        before, after = self._around(cursor)
        if before and after and self._is_closer(cursor) and _pairs(before[-1], after[0]):
            cursor.beginEditBlock()
            cursor.deleteChar()
            cursor.deletePreviousChar()
            cursor.endEditBlock()
            return True
        if not before or before.strip(" ") or self._commands.unit == "\t":
            return False
        step = len(self._commands.unit)
        count = len(before) % step or step
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, count)
        cursor.removeSelectedText()
        return True

    def _home(self, *, select: bool) -> bool:
        cursor = self._edit.textCursor()
        column = len(editing.leading(cursor.block().text()))
        target = 0 if cursor.positionInBlock() == column else column
        mode = QTextCursor.MoveMode.KeepAnchor if select else QTextCursor.MoveMode.MoveAnchor
        cursor.setPosition(cursor.block().position() + target, mode)
        self._edit.setTextCursor(cursor)
        return True

    def _character(self, character: str) -> bool:
        cursor = self._edit.textCursor()
        before, after = self._around(cursor)
        if cursor.hasSelection():
            return self._wrap(cursor, character)
        if after[:1] == character and self._is_closer(cursor):
            cursor.movePosition(QTextCursor.MoveOperation.Right)
            self._edit.setTextCursor(cursor)
            return True
        if after[:1] and after[0] not in " \t)]},:;":
            return False
        if character in editing.OPENING and not self._in_string(cursor):
            return self._pair(cursor, character, editing.OPENING[character])
        if character in _QUOTES:
            return self._quote(cursor, character, before)
        return False

    def _quote(self, cursor: QTextCursor, quote: str, before: str) -> bool:
        if before.endswith(quote * 2) and not before.endswith(quote * 3) and not self._in_string(cursor):
            return self._pair(cursor, quote, quote * 3)
        touches = before[-1:].isalnum() or before[-1:] in {"_", quote, "\\"}
        if (touches and not _PREFIX.search(before)) or self._in_string(cursor):
            return False
        return self._pair(cursor, quote, quote)

    def _pair(self, cursor: QTextCursor, opening: str, closing: str) -> bool:
        # An edit block keeps undo from merging the pair with earlier typing.
        cursor.beginEditBlock()
        cursor.insertText(opening)
        place = cursor.position()
        cursor.insertText(closing)
        cursor.endEditBlock()
        for index in range(len(closing)):
            closer = QTextCursor(self._edit.document())
            closer.setPosition(place + index)
            closer.setPosition(place + index + 1, QTextCursor.MoveMode.KeepAnchor)
            self._closers.append(closer)
        cursor.setPosition(place)
        self._edit.setTextCursor(cursor)
        return True

    def _wrap(self, cursor: QTextCursor, character: str) -> bool:
        closing = editing.OPENING.get(character) or (character if character in _QUOTES else "")
        if not closing:
            return False
        start, end = cursor.selectionStart(), cursor.selectionEnd()
        edit = QTextCursor(cursor)
        edit.beginEditBlock()
        edit.setPosition(end)
        edit.insertText(closing)
        edit.setPosition(start)
        edit.insertText(character)
        edit.endEditBlock()
        cursor.setPosition(start + 1)
        cursor.setPosition(end + 1, QTextCursor.MoveMode.KeepAnchor)
        self._edit.setTextCursor(cursor)
        return True

    def _is_closer(self, cursor: QTextCursor) -> bool:
        """Return whether the character after the cursor was inserted automatically on this line."""
        block = cursor.block()
        self._closers = [
            closer for closer in self._closers
            if closer.selectionEnd() - closer.selectionStart() == 1 and closer.block() == block
        ]  # fmt: skip
        return any(closer.selectionStart() == cursor.position() for closer in self._closers)

    def _around(self, cursor: QTextCursor) -> tuple[str, str]:
        """Return the text of the line before and after the selection."""
        document = self._edit.document()
        first, last = document.findBlock(cursor.selectionStart()), document.findBlock(cursor.selectionEnd())
        start = editing.Utf16(first.text()).to_python(cursor.selectionStart() - first.position())
        end = editing.Utf16(last.text()).to_python(cursor.selectionEnd() - last.position())
        return first.text()[:start], last.text()[end:]

    def _in_string(self, cursor: QTextCursor) -> bool:
        """Return whether the cursor is inside a string or comment."""
        block = cursor.block()
        before = self._around(cursor)[0]
        if len(before) > _LINE_LENGTH:
            return True
        # The end of a line would close an open string; a trailing backslash keeps it on the stack.
        state = self._highlighter.state_before(block.blockNumber())
        tokens, after = tokenize(before + "\\", state)
        comment = bool(tokens) and tokens[-1].role in {"comment", "cell"}
        return comment or (bool(after) and bool(tokens) and tokens[-1].role in TEXT_ROLES)

    def _code_above(self, cursor: QTextCursor) -> list[str]:
        block = cursor.block().previous()
        lines: list[str] = []
        while block.isValid() and len(lines) < _CONTEXT:
            lines.append(self._highlighter.code(block) if block.length() < _LINE_LENGTH else "")
            block = block.previous()
        before = self._around(cursor)[0]
        tokens, _ = tokenize(before, self._highlighter.state_before(cursor.blockNumber()))
        return [*reversed(lines), editing.code_only(before, tokens)]


def _pairs(opening: str, closing: str) -> bool:
    return editing.OPENING.get(opening) == closing or (opening in _QUOTES and opening == closing)
