"""The code editor: a plain text edit for Python that also shows the results of the last run."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QRect, Qt, QVariantAnimation, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCursor,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from gpuplayground.ui.editor import editing, line_paint
from gpuplayground.ui.editor.brackets import bracket_at
from gpuplayground.ui.editor.gutter import Gutter
from gpuplayground.ui.editor.keys import KeyHandler
from gpuplayground.ui.editor.line_edits import LineCommands
from gpuplayground.ui.editor.line_marks import StatementShare
from gpuplayground.ui.editor.marked_text import FONT_PIXELS, MarkedText
from gpuplayground.ui.widgets.theme import Theme, mono_font

_FLASH_MS = 900


class CodeEditor(MarkedText):
    """Edits one Python text. Line and column arguments are counted from 1."""

    cursorMoved = Signal(int, int)  # line, column
    pathsDropped = Signal(list)  # of str
    zoomRequested = Signal(int)  # steps; 0 resets
    focused = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._line = -1
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setCursorWidth(2)
        self.setAccessibleName(self.tr("Code"))
        self.document().setDocumentMargin(8)
        self.commands = LineCommands(self)
        self._keys = KeyHandler(self, self.highlighter, self.commands)
        self._gutter = Gutter(self)
        self._flasher = QVariantAnimation(self, duration=_FLASH_MS, startValue=1.0, endValue=0.0)
        self._flasher.valueChanged.connect(self._flash_step)
        self.set_font_pixels(FONT_PIXELS)
        self.updateRequest.connect(self._update_requested)
        self.blockCountChanged.connect(self._lay_out)
        self.cursorPositionChanged.connect(self._cursor_moved)
        self.textChanged.connect(self._text_changed)
        self.marks.changed.connect(self._repaint)
        theme.changed.connect(self._theme_changed)

    def text(self) -> str:
        r"""Return the exact text with ``\n`` as line ends."""
        # toPlainText() would turn no-break spaces into spaces, and U+2028 into line ends.
        return self.document().toRawText().replace("\u2029", "\n")

    def set_text(self, text: str) -> None:
        """Set the text of a newly opened file: clears undo, and moves the cursor to the start."""
        self.setPlainText(text)
        self.commands.unit = editing.detect_indent(text)
        self.document().setModified(False)

    def replace_text(self, text: str) -> None:
        """Change the text as one undo step; the cursor stays on its line."""
        line, column = self.line_and_column()
        old, new = self.text().split("\n"), text.split("\n")
        shorter = min(len(old), len(new))
        top = next((i for i in range(shorter) if old[i] != new[i]), shorter - 1)
        rest = shorter - top - 1
        bottom = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
        cursor = QTextCursor(self.document().findBlockByNumber(top))
        last = self.document().findBlockByNumber(len(old) - 1 - bottom)
        cursor.setPosition(last.position() + last.length() - 1, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText("\n".join(new[top : len(new) - bottom]))
        self.set_line_and_column(line, column)

    def line_and_column(self) -> tuple[int, int]:
        """Return line and column of the cursor."""
        cursor = self.textCursor()
        return cursor.blockNumber() + 1, cursor.positionInBlock() + 1

    def selected_lines(self) -> tuple[int, int] | None:
        """Return the first and last line of the selection, from 1, or None if nothing is selected.

        If the selection ends at the start of a line, as when whole lines are selected, that line does not count.
        """
        cursor = self.textCursor()
        if not cursor.hasSelection():
            return None
        first = self.document().findBlock(cursor.selectionStart())
        last = self.document().findBlock(cursor.selectionEnd())
        end = last.blockNumber() + 1
        if last.position() == cursor.selectionEnd() and end > first.blockNumber() + 1:
            end -= 1
        return first.blockNumber() + 1, end

    def set_line_and_column(self, line: int, column: int = 1) -> None:
        """Put the cursor at a line and column, clamped to the text."""
        block = self.document().findBlockByNumber(min(max(line, 1), self.blockCount()) - 1)
        cursor = self.textCursor()
        cursor.setPosition(block.position() + min(max(column, 1), block.length()) - 1)
        self.setTextCursor(cursor)

    def go_to_line(self, line: int, column: int = 1, *, with_focus: bool = True) -> None:
        """Jump to a line, centre it and flash it; take the focus if ``with_focus``."""
        self.set_line_and_column(line, column)
        self.centerCursor()
        if with_focus:
            self.setFocus()
        self.flash = (self.textCursor().blockNumber(), 1.0)
        self._flasher.stop()
        self._flasher.start()

    def go_to_run_line(self, line: int, *, with_focus: bool = True) -> None:
        """Jump to the current place of a line of the last run; to its old number if it was deleted."""
        self.go_to_line(self.marks.tracker.find(line) or line, with_focus=with_focus)

    def clear_run(self) -> None:
        """Clear the marks of the last run; those of the next run refer to the current text."""
        self.marks.clear()

    def set_shares(self, shares: Iterable[StatementShare]) -> None:
        """Show the time of each statement of the run."""
        self.marks.set_shares(shares)

    def mark_error(self, line: int, message: str) -> None:
        """Mark the line of the run that failed."""
        self.marks.set_error(line, message)

    def mark_running(self, line: int | None) -> None:
        """Mark the line of the run that is running; None clears the mark."""
        self.marks.set_running(line)

    def set_show_times(self, shown: bool) -> None:
        """Show or hide the heat bars and the times at the ends of lines."""
        self.show_times = shown
        self._repaint()

    def set_matches(self, matches: list[tuple[int, int]]) -> None:
        """Highlight matches, given by ascending start and end positions."""
        self.matches = matches
        self.viewport().update()

    def set_font_pixels(self, pixels: int) -> None:
        """Set the size of the text in pixels."""
        self._font_pixels = pixels
        font = mono_font(pixels)
        self.setFont(font)
        self.setTabStopDistance(QFontMetricsF(font).horizontalAdvance(" ") * 4)
        self._lay_out()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the backgrounds, the text, and the labels."""
        with QPainter(self.viewport()) as painter:
            line_paint.paint_behind(self, painter)
        super().paintEvent(event)
        with QPainter(self.viewport()) as painter:
            line_paint.paint_beside(self, painter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle Python-specific keys first."""
        if not self._keys.handle(event):
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; zoom with Ctrl."""
        steps = event.angleDelta().y()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if steps:
                self.zoomRequested.emit(1 if steps > 0 else -1)
            event.accept()
            return
        super().wheelEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Resize the gutter too."""
        super().resizeEvent(event)
        self._lay_out()
        self._color_visible()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Report the focus."""
        super().focusInEvent(event)
        self.focused.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files, to open them, and text."""
        if local_paths(event):
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Accept what was accepted on entering."""
        if local_paths(event):
            event.acceptProposedAction()
        else:
            super().dragMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Emit dropped files instead of inserting their names."""
        paths = local_paths(event)
        if paths:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.pathsDropped.emit(paths)
        else:
            super().dropEvent(event)

    def _update_requested(self, rect: QRect, dy: int) -> None:
        if dy:
            self._gutter.scroll(0, dy)
        else:
            self._gutter.update(0, rect.y(), self._gutter.width(), rect.height())
        self._color_visible()

    def _color_visible(self) -> None:
        first = self.firstVisibleBlock()
        rows = int(self.viewport().height() / max(self.fontMetrics().height(), 1)) + 2
        self.highlighter.format_lines(first, first.blockNumber() + rows)

    def _text_changed(self) -> None:
        self._color_visible()
        self._cursor_moved()

    def _cursor_moved(self) -> None:
        line, column = self.line_and_column()
        bracket = None if self.textCursor().hasSelection() else bracket_at(self.textCursor(), self.highlighter)
        if line != self._line or bracket != self.bracket:
            self._line, self.bracket = line, bracket
            self._repaint()
        self.cursorMoved.emit(line, column)

    def _lay_out(self) -> None:
        width = self._gutter.needed_width()
        self.setViewportMargins(width, 0, 0, 0)
        area = self.contentsRect()
        self._gutter.setGeometry(QRect(area.topLeft(), area.bottomLeft() + QPoint(width - 1, 0)))

    def _flash_step(self, strength: float) -> None:
        if self.flash is not None:
            self.flash = (self.flash[0], strength) if strength > 0 else None
        self.viewport().update()

    def _repaint(self) -> None:
        self.viewport().update()
        self._gutter.update()

    def _theme_changed(self) -> None:
        self.highlighter.recolor()
        self._color_visible()
        self._repaint()


def local_paths(event: QDropEvent) -> list[str]:
    """Return the paths of dragged local files; empty for text and remote URLs."""
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
