"""The row above the text: a tab for each document, and buttons for New, Find and Save."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QEnterEvent, QIcon, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QTabBar, QToolButton, QWidget

from gpuplayground.ui.widgets.commands import command_hint
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme

HEIGHT = 36


class TabButton(QAbstractButton):
    """The close button of a tab: a cross, or a dot while the tab has unsaved changes and is not hovered."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.modified = False
        self.shown = False
        self.setFixedSize(16, 16)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolTip(command_hint("close_tab"))
        self.setAccessibleName(self.tr("Close tab"))

    def set_state(self, *, modified: bool, shown: bool) -> None:
        """Set whether the tab has unsaved changes, and whether its cross is always shown."""
        self.modified, self.shown = modified, shown
        name = self.tr("Close tab, which has unsaved changes") if modified else self.tr("Close tab")
        self.setAccessibleName(name)
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the cross."""
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Show the dot again."""
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a dot or a cross."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            if self.underMouse():
                painter.setBrush(self._theme.color("hover"))
                painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
            elif self.modified:
                painter.setBrush(self._theme.color("accent"))
                painter.drawEllipse(QPointF(8, 8), 3.5, 3.5)
                return
            elif not self.shown:
                return
            painter.setPen(QPen(self._theme.color("text" if self.underMouse() else "muted"), 1.4))
            painter.drawLine(QPointF(5, 5), QPointF(11, 11))
            painter.drawLine(QPointF(11, 5), QPointF(5, 11))


class DocumentTabBar(QTabBar):
    """Tabs that close on a middle click and have a context menu."""

    menuRequested = Signal(int, object)  # index, global position

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setMovable(True)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setIconSize(QSize(16, 16))
        self.setAccessibleName(self.tr("Open snippets"))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def tabLayoutChange(self) -> None:
        """Update the size hint, because the tabs grow when the style sheet is applied."""
        super().tabLayoutChange()
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Return a width that leaves room for the buttons; the tabs scroll then."""
        return QSize(80, HEIGHT)

    def sizeHint(self) -> QSize:
        """Return the width of all tabs."""
        return QSize(super().sizeHint().width(), HEIGHT)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Close the tab on a middle click."""
        index = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and index >= 0:
            self.tabCloseRequested.emit(index)
            return
        super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Request the menu of the tab under the mouse, or of the current tab."""
        index = self.tabAt(event.pos())
        self.menuRequested.emit(index if index >= 0 else self.currentIndex(), event.globalPos())


class TabHeader(QWidget):
    """Lays the row out and paints the line under it."""

    newRequested = Signal()
    findRequested = Signal()
    saveRequested = Signal()

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icons = theme, icons
        self.bar = DocumentTabBar(self)
        self.new = self._button("plus", command_hint("new"), self.newRequested.emit)
        self.find_button = self._button("search", command_hint("find"), self.findRequested.emit)
        self.save = self._button("save", command_hint("save"), self.saveRequested.emit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 1)
        layout.setSpacing(4)
        layout.addWidget(self.bar)
        layout.addWidget(self.new)
        layout.addStretch(1)
        layout.addWidget(self.find_button)
        layout.addWidget(self.save)
        self.setFixedHeight(HEIGHT + 1)
        self._running: set[int] = set()
        self.bar.currentChanged.connect(self._refresh_all)
        theme.changed.connect(self._draw_icons)
        self._draw_icons()

    def add_tab(self, name: str) -> int:
        """Append a tab and return its index. It is not shown yet, even if it is the first one."""
        with QSignalBlocker(self.bar):
            index = self.bar.addTab(name)
        button = TabButton(self._theme, self.bar)
        button.clicked.connect(self._close_clicked)
        self.bar.setTabButton(index, QTabBar.ButtonPosition.RightSide, button)
        return index

    def describe(self, index: int, name: str, tooltip: str, *, modified: bool) -> None:
        """Show a tab's name and whether it has unsaved changes."""
        if self.bar.tabText(index) != name:
            self.bar.setTabText(index, name)
        self.bar.setTabToolTip(index, plainly(tooltip))
        accessible = self.tr("{name}, not saved").format(name=name) if modified else name
        self.bar.setAccessibleTabName(index, accessible)
        self._button_at(index).set_state(modified=modified, shown=index == self.bar.currentIndex())

    def is_modified(self, index: int) -> bool:
        """Return whether a tab shows that it has unsaved work."""
        return self._button_at(index).modified

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line under the row."""
        with QPainter(self) as painter:
            painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.color("border"))

    def _button_at(self, index: int) -> TabButton:
        button = self.bar.tabButton(index, QTabBar.ButtonPosition.RightSide)
        assert isinstance(button, TabButton)
        return button

    def _close_clicked(self) -> None:
        for index in range(self.bar.count()):
            if self._button_at(index) is self.sender():
                self.bar.tabCloseRequested.emit(index)
                return

    def _refresh_all(self) -> None:
        current = self.bar.currentIndex()
        for index in range(self.bar.count()):
            self.bar.setTabIcon(index, self._tab_icon(index))
            button = self.bar.tabButton(index, QTabBar.ButtonPosition.RightSide)
            if isinstance(button, TabButton):
                button.set_state(modified=button.modified, shown=index == current)

    def set_running(self, indexes: set[int]) -> None:
        """Mark the tabs whose snippets are running."""
        if indexes != self._running:
            self._running = indexes
            self._refresh_all()

    def _tab_icon(self, index: int) -> QIcon:
        if index in self._running:
            return self._icons.icon("play", "good", filled=True)
        return self._icons.icon("file-code-2", "text" if index == self.bar.currentIndex() else "muted")

    def _draw_icons(self) -> None:
        for button in (self.new, self.find_button, self.save):
            button.setIcon(self._icons.icon(button.objectName()))
        self._refresh_all()

    def _button(self, icon: str, tooltip: str, act: Callable[[], object]) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(icon)
        button.setIconSize(QSize(16, 16))
        button.setToolTip(plainly(tooltip))
        button.setAccessibleName(tooltip.split(" (")[0])
        button.clicked.connect(act)
        return button
