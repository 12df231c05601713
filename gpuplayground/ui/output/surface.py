"""The scrollable view of the output, which draws only the visible lines, however many there are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QPushButton, QWidget

from gpuplayground.terminal import grid
from gpuplayground.terminal.buffer import OutputBuffer
from gpuplayground.terminal.lines import OutputLine
from gpuplayground.terminal.rows import RowMap
from gpuplayground.terminal.styles import LINK, STDERR
from gpuplayground.ui.output.painter import LinePainter, Place, Span, found_spans
from gpuplayground.ui.output.selection import Position, Selection
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme

_PLACE = re.compile(r'File "(?P<path>[^"]+)", line (?P<line>\d+)')
MARGIN = 10
DEFAULT_PIXELS = 12
_SMALLEST, _LARGEST = 8, 32
#: Least time between two updates of scroll bars and text.
_REFRESH_MS = 30
#: Last lines given to screen readers.
_SPOKEN_LINES = 5
#: How many style runs of a line are checked for stderr.
_MARKED_RUNS = 64


@dataclass(frozen=True, slots=True)
class Link:
    """A clickable range of a line: a place in a file or, without ``path``, a note of the application."""

    start: int
    end: int
    path: str = ""
    line: int = 0


def links_of(line: OutputLine, paths: Mapping[str, str]) -> tuple[Link, ...]:
    """Return the links of a line. ``paths`` are the snippet's files; frames in other files are not links."""
    places: tuple[Link, ...] = ()
    if 'File "' in line.text and paths:
        places = tuple(
            Link(match.start(), match.end(), match["path"], int(match["line"]))
            for match in _PLACE.finditer(line.text)
            if match["path"] in paths
        )
    if line.runs and line.runs[0][1] & LINK:
        return (*places, Link(0, len(line.text)))
    return places


class OutputSurface(QAbstractScrollArea):
    """Paints and scrolls; :class:`OutputView` adds mouse and keyboard."""

    def __init__(self, buffer: OutputBuffer, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buffer = buffer
        self.selection = Selection(buffer)
        self.found = ""
        self.focused_link: tuple[int, Link] | None = None
        self._theme, self._icons = theme, icons
        self._rows = RowMap(buffer)
        self._painter = LinePainter(theme, DEFAULT_PIXELS)
        self._paths: Mapping[str, str] = {}
        self._following = True
        self._refreshing = False
        self._dirty = False
        self._top: Position = (0, 0)
        self._pause = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._pause.timeout.connect(self._pause_over)
        self.jump_button = QPushButton(self.viewport())
        self._set_up()

    def _set_up(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Output"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        corner = QWidget()
        corner.setAutoFillBackground(True)
        corner.setBackgroundRole(QPalette.ColorRole.Base)
        self.setCornerWidget(corner)
        self.jump_button.setText(self.tr("Jump to end"))
        self.jump_button.setToolTip(self.tr("Show the newest output and follow it (Ctrl+End)"))
        self.jump_button.setCursor(Qt.CursorShape.ArrowCursor)
        self.jump_button.clicked.connect(self.jump_to_end)
        self.jump_button.hide()
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.horizontalScrollBar().valueChanged.connect(self.viewport().update)
        self._theme.changed.connect(self._theme_changed)
        self._theme_changed()

    # -- what is shown

    def set_snippet_paths(self, paths: Mapping[str, str]) -> None:
        """Turn traceback lines of these files into links."""
        self._paths = dict(paths)
        self.viewport().update()

    def set_wrap(self, wrap: bool) -> None:
        """Wrap long lines or scroll horizontally."""
        self._rows.wrap_at(self._columns() if wrap else None)
        self._refresh()

    @property
    def wraps(self) -> bool:
        """Whether long lines are wrapped."""
        return self._rows.columns is not None

    @property
    def is_following(self) -> bool:
        """Whether the end stays in view as output arrives."""
        return self._following

    def content_changed(self) -> None:
        """Show new content of the buffer: now, or shortly after the last update."""
        if self._pause.isActive():
            self._dirty = True
        else:
            self._refresh()
            self._pause.start()

    def cleared(self) -> None:
        """Reset the view after the buffer was cleared."""
        self.selection.clear()
        self.focused_link = None
        self._following = True
        self._top = (0, 0)
        self._refresh()

    def jump_to_end(self) -> None:
        """Show the newest output and follow it."""
        self._following = True
        self._refresh()

    def zoom(self, steps: int) -> None:
        """Make the text larger or, with negative steps, smaller."""
        self.set_text_size(self._painter.pixels + steps)

    def set_text_size(self, pixels: int) -> None:
        """Set the font size in pixels, within limits."""
        self._painter.set_size(min(max(pixels, _SMALLEST), _LARGEST))
        if self.wraps:
            self._rows.wrap_at(self._columns())
        self._refresh()

    def show_position(self, position: Position) -> None:
        """Scroll to a position if it is not visible."""
        number, index = position
        line = self.buffer.line(number)
        cell = grid.width(line.text[:index])
        row = self._rows.row_of(number) + self._rows.part_of(number, cell)
        bar, page = self.verticalScrollBar(), self._page_rows()
        if not bar.value() <= row < bar.value() + page:
            bar.setValue(row - page // 2)
        if not self.wraps:
            x, across = round(cell * self._painter.cell_width), self.horizontalScrollBar()
            if not across.value() <= x < across.value() + self.viewport().width() - 4 * MARGIN:
                across.setValue(x - self.viewport().width() // 2)

    # -- geometry

    def position_at(self, point: QPoint, *, between: bool = True) -> Position:
        """Return the position nearest to a point of the viewport: between characters, or of the character there."""
        row = self.verticalScrollBar().value() + (point.y() - MARGIN // 2) // self._painter.line_height
        if row < 0:
            return self.buffer.first_line, 0
        number, part = self._rows.locate(row)
        if number >= self.buffer.end_line:
            return self.selection.last_position()
        across = 0 if self.wraps else self.horizontalScrollBar().value()
        cell = (point.x() - MARGIN + across) / self._painter.cell_width + (0.5 if between else 0)
        if self.wraps:
            starts = self._rows.starts(number)
            cell = max(cell, 0) + starts[part]
            if part + 1 < len(starts):
                cell = min(cell, starts[part + 1])
        return number, grid.index_at(self.buffer.line(number).text, int(max(cell, 0)))

    def point_of(self, position: Position) -> QPoint:
        """Return the centre of a character in viewport coordinates."""
        number, index = position
        cell = grid.width(self.buffer.line(number).text[:index])
        part = self._rows.part_of(number, cell)
        row, cell = self._rows.row_of(number) + part, cell - self._rows.starts(number)[part]
        across = 0 if self.wraps else self.horizontalScrollBar().value()
        y = MARGIN // 2 + (row - self.verticalScrollBar().value() + 0.5) * self._painter.line_height
        return QPoint(round(MARGIN - across + (cell + 0.5) * self._painter.cell_width), round(y))

    def link_at(self, point: QPoint) -> tuple[int, Link] | None:
        """Return the line and the link under a point of the viewport."""
        number, index = self.position_at(point, between=False)
        if not self.buffer.first_line <= number < self.buffer.end_line:
            return None
        links = links_of(self.buffer.line(number), self._paths)
        return next(((number, link) for link in links if link.start <= index < link.end), None)

    def _columns(self) -> int:
        return max(int((self.viewport().width() - 2 * MARGIN) / self._painter.cell_width), 8)

    def _page_rows(self) -> int:
        return max((self.viewport().height() - MARGIN) // self._painter.line_height, 1)

    def sizeHint(self) -> QSize:
        """Return the size of 12 lines of 60 characters."""
        return QSize(round(60 * self._painter.cell_width) + 2 * MARGIN, 12 * self._painter.line_height + MARGIN)

    # -- keeping up

    def _refresh(self) -> None:
        """Update the scroll bars, follow the end or keep the same lines in view, and repaint."""
        self._dirty = False
        bar, across, page = self.verticalScrollBar(), self.horizontalScrollBar(), self._page_rows()
        self._refreshing = True
        bar.setPageStep(page)
        bar.setRange(0, max(self._rows.total() - page, 0))
        number, part = self._top
        bar.setValue(bar.maximum() if self._following else self._rows.row_of(number) + part)
        width = 0 if self.wraps else round(self.buffer.width * self._painter.cell_width) + 2 * MARGIN
        across.setPageStep(self.viewport().width())
        across.setSingleStep(round(4 * self._painter.cell_width))
        across.setRange(0, max(width - self.viewport().width(), 0))
        self._refreshing = False
        if not self._following:
            self._top = self._rows.locate(bar.value())
            self._following = bar.value() == bar.maximum()
        self._place_jump()
        last = self.buffer.end_line
        self.setAccessibleDescription(self.buffer.text(max(last - _SPOKEN_LINES, self.buffer.first_line), last)[-1000:])
        self.viewport().update()

    def _pause_over(self) -> None:
        if self._dirty:
            self._refresh()
            self._pause.start()

    def _scrolled(self, value: int) -> None:
        if not self._refreshing:
            self._following = value >= self.verticalScrollBar().maximum()
            self._top = self._rows.locate(value)
            self._place_jump()
        self.viewport().update()

    def _place_jump(self) -> None:
        self.jump_button.setVisible(not self._following)
        self.jump_button.adjustSize()
        area = self.viewport().rect()
        self.jump_button.move(
            area.right() - self.jump_button.width() - 8, area.bottom() - self.jump_button.height() - 8
        )

    def _theme_changed(self) -> None:
        self._painter.forget_colors()
        self.jump_button.setIcon(self._icons.icon("chevron-down", "accent"))
        self.viewport().update()

    # -- events

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the visible rows."""
        painter = QPainter(self.viewport())
        height, step = self.viewport().height(), self._painter.line_height
        number, part = self._rows.locate(self.verticalScrollBar().value())
        top = MARGIN // 2
        while top < height and number < self.buffer.end_line:
            line = self.buffer.line(number)
            spans = self._spans(number, line)
            marked = any(style & STDERR for _, style in line.runs[:_MARKED_RUNS])
            starts = self._rows.starts(number)
            for row in range(part, len(starts)):
                if marked:
                    painter.fillRect(2, top, 2, step, self._theme.color("error", 0.55))
                self._painter.draw(painter, line, self._place(starts, row, top), spans)
                top += step
                if top >= height:
                    break
            number, part = number + 1, 0
        painter.end()

    def _place(self, starts: Sequence[int], row: int, top: int) -> Place:
        """Return the position of a row of a line. A wrapped row ends before the first cell of the next one."""
        if self._rows.columns:
            following = starts[row + 1] if row + 1 < len(starts) else starts[row] + self._rows.columns
            return Place(MARGIN, top, starts[row], following - starts[row] - 1)
        across = self.horizontalScrollBar().value()
        first = int(across / self._painter.cell_width)
        return Place(MARGIN - across + first * self._painter.cell_width, top, first, self._columns() + 4)

    def _spans(self, number: int, line: OutputLine) -> list[Span]:
        """Return the highlighted ranges of a line."""
        spans = []
        selected = self.selection.span(number)
        if selected is not None:
            start, end = selected
            spans.append(Span("selected", start, len(line.text) + 1 if end is None else end))
        spans += found_spans(line.text, self.found)
        links = links_of(line, self._paths)
        if self.hasFocus() and self.focused_link is not None and self.focused_link[0] == number:
            spans += [Span("focused", link.start, link.end) for link in links if link == self.focused_link[1]]
        return spans + [Span("link", link.start, link.end) for link in links]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rewrap, and keep the end or the same lines in view."""
        super().resizeEvent(event)
        if self.wraps:
            self._rows.wrap_at(self._columns())
        self._refresh()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Repaint instead of moving pixels."""
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, zoom."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
            return
        super().wheelEvent(event)
