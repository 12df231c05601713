"""The output view with mouse and keyboard: selecting, copying, and following links to the snippet's lines."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from gpuplayground.terminal.buffer import OutputBuffer
from gpuplayground.ui.output.surface import Link, OutputSurface, links_of
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme

_MOVES = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}
#: How many last lines F8 searches for links.
_LINK_LINES = 5_000


class OutputView(OutputSurface):
    """Shows the output; the panel handles finding, clearing and saving."""

    lineActivated = Signal(str, int)  # path of the snippet's file, line
    noteActivated = Signal()  # a clickable note of the application
    findRequested = Signal()
    clearRequested = Signal()
    saveRequested = Signal()

    def __init__(self, buffer: OutputBuffer, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(buffer, theme, icons, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self._pressed_link: tuple[int, Link] | None = None
        self._drag_point = QPoint()
        self._last_press = QPoint()
        self._triple = QTimer(self, singleShot=True, interval=QApplication.doubleClickInterval())
        self._edge = QTimer(self, interval=40)
        self._edge.timeout.connect(self._drag_beyond_edge)

    def activate(self, link: Link) -> None:
        """Follow a link."""
        if link.path:
            self.lineActivated.emit(link.path, link.line)
        else:
            self.noteActivated.emit()

    def focus_link(self, step: int) -> bool:
        """Focus the next link (1) or the previous one (-1); without a focused link, the last one."""
        buffer = self.buffer
        first = max(buffer.first_line, buffer.end_line - _LINK_LINES)
        links = [(n, link) for n in range(first, buffer.end_line) for link in links_of(buffer.line(n), self._paths)]
        if not links:
            return False
        here = self.focused_link
        index = (links.index(here) + step) % len(links) if here in links else len(links) - 1
        self.focused_link = links[index]
        self.show_position((links[index][0], links[index][1].start))
        self.viewport().update()
        return True

    # -- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a selection, extend it with Shift, or press a link; a triple click selects the line."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = event.position().toPoint()
        position = self.position_at(point)
        if self._triple.isActive() and (point - self._last_press).manhattanLength() < 6:
            self._triple.stop()
            self.selection.select_line(position[0])
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.selection.cursor = position
        else:
            self._pressed_link = self.link_at(point)
            self.selection.start_at(position)
        self._last_press = point
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select a word."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = event.position().toPoint()
        self.selection.select_word(self.position_at(point, between=False))
        self._pressed_link = None
        self._last_press = point
        self._triple.start()
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend the selection; show a hand over links."""
        point = event.position().toPoint()
        if not event.buttons() & Qt.MouseButton.LeftButton:
            shape = Qt.CursorShape.PointingHandCursor if self.link_at(point) else Qt.CursorShape.IBeamCursor
            self.viewport().setCursor(shape)
            return
        if (point - self._last_press).manhattanLength() < 3:
            return
        self._drag_point = point
        self.selection.cursor = self.position_at(point)
        if self.viewport().rect().contains(point):
            self._edge.stop()
        elif not self._edge.isActive():
            self._edge.start()
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Follow a link that was clicked without dragging."""
        self._edge.stop()
        pressed, self._pressed_link = self._pressed_link, None
        if event.button() != Qt.MouseButton.LeftButton or pressed is None or not self.selection.is_empty:
            return
        if self.link_at(event.position().toPoint()) == pressed:
            self.activate(pressed[1])

    def _drag_beyond_edge(self) -> None:
        """Scroll while dragging above or below the view."""
        area, bar = self.viewport().rect(), self.verticalScrollBar()
        if self._drag_point.y() < area.top():
            bar.setValue(bar.value() - 2)
        elif self._drag_point.y() > area.bottom():
            bar.setValue(bar.value() + 2)
        self.selection.cursor = self.position_at(self._drag_point)
        self.viewport().update()

    # -- keyboard

    def event(self, event: QEvent) -> bool:
        """Handle the view's keys here instead of as shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            mine = (QKeySequence.StandardKey.Copy, QKeySequence.StandardKey.SelectAll, QKeySequence.StandardKey.Find)
            if any(event.matches(key) for key in mine):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy, select, find, scroll, and step through links with F8 and Shift+F8."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        key = Qt.Key(event.key())
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.matches(QKeySequence.StandardKey.Find):
            self.findRequested.emit()
        elif key == Qt.Key.Key_F8:
            self.focus_link(-1 if shift else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.focused_link is not None:
            self.activate(self.focused_link[1])
        elif shift and key in _MOVES:
            self.selection.move(*_MOVES[key])
            self.show_position(self.selection.cursor)
            self.viewport().update()
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and (control or key == Qt.Key.Key_Home or not self.is_following):
            if key == Qt.Key.Key_End:
                self.jump_to_end()
            else:
                self.verticalScrollBar().setValue(0)
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Copy the selected text, or everything if nothing is selected."""
        text = self.buffer.text(self.buffer.first_line, self.buffer.end_line)
        QGuiApplication.clipboard().setText(text if self.selection.is_empty else self.selection.text())

    def select_all(self) -> None:
        """Select everything."""
        self.selection.select_all()
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focused link."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the focused link."""
        super().focusOutEvent(event)
        self.viewport().update()

    # -- menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the context menu for the link under the pointer or in focus."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        target = self.focused_link if by_key else self.link_at(event.pos())
        self.menu(target[1] if target else None).exec(event.globalPos())

    def menu(self, link: Link | None) -> QMenu:
        """Return the context menu."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        keys = QKeySequence.StandardKey
        if link is not None:
            text = self.tr("Go to line {line}").format(line=link.line) if link.path else self.tr("Show all frames")
            menu.addAction(text).triggered.connect(lambda: self.activate(link))
            menu.addSeparator()
        copy = menu.addAction(self.tr("Copy") if not self.selection.is_empty else self.tr("Copy all"))
        copy.setShortcut(keys.Copy)
        copy.triggered.connect(self.copy)
        select = menu.addAction(self.tr("Select all"))
        select.setShortcut(keys.SelectAll)
        select.triggered.connect(self.select_all)
        find = menu.addAction(self.tr("Find…"))
        find.setShortcut(keys.Find)
        find.triggered.connect(self.findRequested)
        menu.addSeparator()
        menu.addAction(self.tr("Save output…")).triggered.connect(self.saveRequested)
        menu.addAction(self.tr("Clear")).triggered.connect(self.clearRequested)
        has_output = self.buffer.end_line > self.buffer.first_line
        for action in menu.actions():
            action.setEnabled(has_output)
        return menu
