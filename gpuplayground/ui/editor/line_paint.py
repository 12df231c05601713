"""Paints around the editor's text: current line, matches, brackets, cell separators, and times at the ends of lines."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QTextBlock

from gpuplayground.model.run_summary import brief
from gpuplayground.ui.editor.marked_text import MarkedText, VisibleLine
from gpuplayground.ui.widgets.theme import mono_font

_ROUND = 3.0
_RIGHT = 14
_GAP = 24
#: Longer lines reach the right edge, so they have no room for a label.
_LONG = 2_000


def paint_behind(editor: MarkedText, painter: QPainter) -> None:
    """Paint line backgrounds, matches and brackets; called before the text is painted."""
    theme, width = editor.theme, editor.viewport().width()
    current = editor.textCursor().blockNumber()
    for line in editor.visible_lines():
        area = QRectF(0, line.top, width, line.height)
        if line.number == current:
            painter.fillRect(area, theme.color("current_line"))
        if editor.marks.is_running(line.number):
            painter.fillRect(area, theme.color("accent", 0.12))
        if editor.marks.error_at(line.number) is not None:
            painter.fillRect(area, theme.color("error", 0.12))
        if editor.flash is not None and editor.flash[0] == line.number:
            painter.fillRect(area, theme.color("accent", 0.35 * editor.flash[1]))
        _paint_matches(editor, painter, line)
    _paint_brackets(editor, painter)


def paint_beside(editor: MarkedText, painter: QPainter) -> None:
    """Paint cell separators and the labels at the ends of lines; called after the text is painted."""
    font = mono_font(max(editor.font_pixels() - 2, 7))
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    for line in editor.visible_lines():
        if line.block.length() > _LONG:
            continue
        text = line.block.text()
        if text.startswith("#") and _is_cell(editor, line):
            y = round(line.top + line.height / 2)
            left, right = int(_text_right(editor, line) + 14), editor.viewport().width() - _RIGHT
            # A long title leaves no room for the separator.
            if left < right:
                painter.setPen(QPen(editor.theme.color("border"), 1))
                painter.drawLine(left, y, right, y)
        label = _label(editor, line)
        if label is not None:
            _paint_label(editor, painter, metrics, line, *label)


def _label(editor: MarkedText, line: VisibleLine) -> tuple[str, QColor] | None:
    error = editor.marks.error_at(line.number)
    if error is not None:
        return brief(error), editor.theme.color("error")
    share = editor.marks.share_starting_at(line.number) if editor.show_times else None
    if share is None or not share.text:
        return None
    return share.text, editor.theme.color("muted")


def _paint_label(
    editor: MarkedText, painter: QPainter, metrics: QFontMetricsF, line: VisibleLine, text: str, color: QColor
) -> None:
    right = editor.viewport().width() - _RIGHT
    left = _text_right(editor, line) + _GAP
    # Never cover code: the gutter's tooltip shows what does not fit.
    if metrics.horizontalAdvance(text) > right - left:
        if right - left < metrics.horizontalAdvance("M" * 12):
            return
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, right - left)
    painter.setPen(color)
    area = QRectF(left, line.top, right - left, line.height)
    painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def _is_cell(editor: MarkedText, line: VisibleLine) -> bool:
    return any(token.role == "cell" for token in editor.highlighter.tokens(line.block))


def _text_right(editor: MarkedText, line: VisibleLine) -> float:
    layout = line.block.layout()
    widths = [layout.lineAt(index).naturalTextWidth() for index in range(layout.lineCount())]
    return editor.text_left() + max(widths, default=0.0)


def _paint_matches(editor: MarkedText, painter: QPainter, line: VisibleLine) -> None:
    if not editor.matches:
        return
    start, end = line.block.position(), line.block.position() + line.block.length() - 1
    cursor = editor.textCursor()
    selected = (cursor.selectionStart(), cursor.selectionEnd())
    # Start one before, because a multi-line match may start above.
    for index in range(max(bisect_left(editor.matches, (start, 0)) - 1, 0), len(editor.matches)):
        match = editor.matches[index]
        if match[0] > end:
            break
        if match[1] < start:
            continue
        for area in _areas(editor, line.block, line.top, max(match[0], start), min(match[1], end)):
            color = editor.theme.color("warning", 0.5 if match == selected else 0.22)
            _rounded(painter, area, color, None)


def _paint_brackets(editor: MarkedText, painter: QPainter) -> None:
    if editor.bracket is None:
        return
    role = "accent" if editor.bracket.matches else "error"
    for position in (editor.bracket.bracket, editor.bracket.partner):
        if position is None:
            continue
        block = editor.document().findBlock(position)
        top = editor.blockBoundingGeometry(block).translated(editor.contentOffset()).top()
        for area in _areas(editor, block, top, position, position + 1):
            _rounded(painter, area, editor.theme.color(role, 0.2), editor.theme.color(role, 0.7))


def _areas(editor: MarkedText, block: QTextBlock, top: float, start: int, end: int) -> Iterator[QRectF]:
    """Yield the viewport areas of the text between two positions of a block."""
    layout, left = block.layout(), editor.contentOffset().x()
    first, last = start - block.position(), end - block.position()
    for index in range(layout.lineCount()):
        row = layout.lineAt(index)
        begin, stop = max(first, row.textStart()), min(last, row.textStart() + row.textLength())
        if begin < stop:
            x1, x2 = _x(row.cursorToX(begin)), _x(row.cursorToX(stop))
            yield QRectF(left + x1, top + row.y(), x2 - x1, row.height())


def _x(value: object) -> float:
    # PySide returns a tuple of the x coordinate and the cursor position.
    return float(value[0] if isinstance(value, tuple) else value)  # type: ignore[arg-type]


def _rounded(painter: QPainter, area: QRectF, fill: QColor, edge: QColor | None) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setBrush(fill)
    painter.setPen(QPen(edge, 1) if edge is not None else Qt.PenStyle.NoPen)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), _ROUND, _ROUND)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
