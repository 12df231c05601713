"""The gutter at the left of the text: heat bars and markers of the last run, and line numbers."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
    QTextCursor,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from gpuplayground.ui.editor.line_marks import StatementShare
from gpuplayground.ui.editor.marked_text import MarkedText, VisibleLine
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import mono_font

_BAR_LEFT, _BAR_WIDTH = 4.0, 3.0
_MARK_LEFT, _MARK_WIDTH = 11.0, 8.0
_NUMBER_LEFT, _RIGHT = 21, 12
#: Statements with a smaller share of the run's time have no bar.
_LEAST_SHARE = 0.001


class Gutter(QWidget):
    """The editor sets its geometry."""

    def __init__(self, editor: MarkedText) -> None:
        super().__init__(editor)
        self._editor = editor
        self._pressed_line: int | None = None
        self.setAccessibleName(self.tr("Line numbers and timings"))
        self.setAutoFillBackground(False)

    def needed_width(self) -> int:
        """Return the width in pixels that fits the largest line number."""
        digits = max(len(str(self._editor.blockCount())), 3)
        return round(_NUMBER_LEFT + QFontMetricsF(self._font()).horizontalAdvance("9") * digits + _RIGHT)

    def sizeHint(self) -> QSize:
        """Return the needed width."""
        return QSize(self.needed_width(), 0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the visible lines."""
        theme, current = self._editor.theme, self._editor.textCursor().blockNumber()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme.color("panel"))
            painter.setFont(self._font())
            for line in self._editor.visible_lines():
                self._paint_line(painter, line, is_current=line.number == current)

    def _paint_line(self, painter: QPainter, line: VisibleLine, *, is_current: bool) -> None:
        theme, marks = self._editor.theme, self._editor.marks
        area = QRectF(0, line.top, self.width(), line.height)
        if is_current:
            painter.fillRect(area, theme.color("current_line"))
        error, running = marks.error_at(line.number), marks.is_running(line.number)
        if error is not None or running:
            painter.fillRect(area, theme.color("error" if error is not None else "accent", 0.12))
        role, alpha = ("text", 1.0) if is_current else ("muted", 0.8)
        painter.setPen(theme.color("error" if error is not None else role, alpha))
        numbers = area.adjusted(_NUMBER_LEFT, 0, -_RIGHT, 0)
        painter.drawText(numbers, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(line.number + 1))
        if self._editor.show_times:
            self._paint_bar(painter, line)
        if error is not None:
            self._paint_error(painter, line)
        elif running:
            self._paint_arrow(painter, line)

    def _paint_bar(self, painter: QPainter, line: VisibleLine) -> None:
        share = self._editor.marks.share(line.number)
        if share is None or share.share < _LEAST_SHARE:
            return
        # The square root spreads small shares; on a linear scale all but the hottest statement would look alike.
        strength = 0.16 + 0.84 * min(share.share, 1.0) ** 0.5
        # Connect the bars of one statement's lines, with a gap at its ends.
        top = line.top + (2 if line.number == 0 or self._editor.marks.share(line.number - 1) is not share else 0)
        bottom = line.top + line.height - (2 if self._editor.marks.share(line.number + 1) is not share else 0)
        painter.fillRect(
            QRectF(_BAR_LEFT, top, _BAR_WIDTH, bottom - top), self._editor.theme.color("warning", strength)
        )

    def _paint_error(self, painter: QPainter, line: VisibleLine) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._editor.theme.color("error"))
        painter.drawEllipse(QPointF(_MARK_LEFT + _MARK_WIDTH / 2, line.top + line.height / 2), 3.5, 3.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def _paint_arrow(self, painter: QPainter, line: VisibleLine) -> None:
        middle = line.top + line.height / 2
        arrow = [QPointF(_MARK_LEFT, middle - 4), QPointF(_MARK_LEFT + 6.5, middle), QPointF(_MARK_LEFT, middle + 4)]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._editor.theme.color("accent"))
        painter.drawPolygon(QPolygonF(arrow))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def tooltip(self, number: int) -> str:
        """Return the tooltip of a line, counted from 0; empty if there is nothing to show."""
        marks = self._editor.marks
        lines = []
        error, share = marks.error_at(number), marks.share(number)
        if error is not None:
            lines.append(error)
        if share is not None:
            lines.append(_cost(share))
        if marks.is_running(number):
            lines.append(QCoreApplication.translate("Gutter", "This line is running."))
        return "\n".join(lines)

    def event(self, event: QEvent) -> bool:
        """Show the tooltip of the line under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self._editor.line_at(event.pos().y())
            text = self.tooltip(number) if number is not None else ""
            if text:
                QToolTip.showText(event.globalPos(), plainly(text), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the clicked line."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_line = self._editor.line_at(event.position().y())
            self._select_to(self._pressed_line)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend the selection by dragging."""
        if self._pressed_line is not None:
            self._select_to(self._editor.line_at(event.position().y()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End the selection."""
        self._pressed_line = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the text."""
        QApplication.sendEvent(self._editor.viewport(), event)

    def _select_to(self, line: int | None) -> None:
        if line is None or self._pressed_line is None:
            return
        document = self._editor.document()
        first, last = sorted((self._pressed_line, line))
        begin, end = document.findBlockByNumber(first), document.findBlockByNumber(last)
        cursor = self._editor.textCursor()
        anchor, stop = begin.position(), min(end.position() + end.length(), document.characterCount() - 1)
        cursor.setPosition(anchor if line >= self._pressed_line else stop)
        cursor.setPosition(stop if line >= self._pressed_line else anchor, QTextCursor.MoveMode.KeepAnchor)
        self._editor.setTextCursor(cursor)
        self._editor.setFocus()

    def _font(self) -> QFont:
        return mono_font(max(self._editor.font_pixels() - 2, 7))


def _cost(share: StatementShare) -> str:
    percent = f"{share.share * 100:.1f}" if share.share < 0.1 else f"{share.share * 100:.0f}"
    lines = f"{share.line}" if share.line == share.end_line else f"{share.line}–{share.end_line}"
    template = QCoreApplication.translate("Gutter", "Line {lines}: {time}, {percent} % of the run's time")
    return template.format(lines=lines, time=share.text, percent=percent)
