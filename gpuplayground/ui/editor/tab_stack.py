"""The stack of editor tabs with its header, find bar and go-to-line bar."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from gpuplayground.storage.documents import Document
from gpuplayground.ui.editor.editor import CodeEditor
from gpuplayground.ui.editor.find_bar import FindBar
from gpuplayground.ui.editor.go_to_bar import GoToBar
from gpuplayground.ui.editor.marked_text import FONT_PIXELS
from gpuplayground.ui.editor.page import EditorPage
from gpuplayground.ui.editor.tab_header import TabHeader
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme

FONT_RANGE = (8, 40)


class TabStack(QWidget):
    """Shows pages and switches between them; :class:`EditorTabs` adds opening, saving and closing."""

    currentChanged = Signal(str)  # tab id
    modifiedChanged = Signal(str, bool)  # tab id, whether it has unsaved changes
    textEdited = Signal(str)  # tab id
    tabClosed = Signal(str)  # tab id
    cursorMoved = Signal(int, int)  # line, column
    fontPixelsChanged = Signal(int)

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pages: list[EditorPage] = []
        self._shown: EditorPage | None = None
        self._font_pixels, self._show_times = FONT_PIXELS, True
        self.header = TabHeader(theme, icons, self)
        self.find_bar, self.go_to_bar = FindBar(theme, icons, self), GoToBar(self)
        self._stack = QStackedWidget(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(0)
        for widget in (self.header, self.find_bar, self.go_to_bar):
            layout.addWidget(widget)
        layout.addWidget(self._stack, 1)
        self.header.bar.currentChanged.connect(self._current_changed)
        self.header.bar.tabMoved.connect(self._tab_moved)
        self.header.findRequested.connect(lambda: self.open_find())

    def pages(self) -> Sequence[EditorPage]:
        """Return the pages in tab order."""
        return self._pages

    def documents(self) -> list[Document]:
        """Return the documents in tab order."""
        return [page.document for page in self._pages]

    def page(self, tab_id: str) -> EditorPage | None:
        """Return the page with a tab id, if it is open."""
        return next((page for page in self._pages if page.tab_id == tab_id), None)

    def editor(self, tab_id: str) -> CodeEditor | None:
        """Return the editor of a tab, if it is open."""
        page = self.page(tab_id)
        return page.editor if page is not None else None

    def current_page(self) -> EditorPage | None:
        """Return the current page."""
        index = self.header.bar.currentIndex()
        return self._pages[index] if 0 <= index < len(self._pages) else None

    def current_id(self) -> str | None:
        """Return the id of the current tab."""
        page = self.current_page()
        return page.tab_id if page is not None else None

    def current_editor(self) -> CodeEditor | None:
        """Return the current editor."""
        page = self.current_page()
        return page.editor if page is not None else None

    def current_document(self) -> Document | None:
        """Return the current document."""
        page = self.current_page()
        return page.document if page is not None else None

    def show_page(self, page: EditorPage) -> None:
        """Switch to a page."""
        index = self._pages.index(page)
        self.header.bar.setCurrentIndex(index)
        self._current_changed(index)  # the first tab is current without having been shown

    def step_tab(self, steps: int) -> None:
        """Switch to the tab that many positions further, wrapping around."""
        self.header.bar.setCurrentIndex((self.header.bar.currentIndex() + steps) % len(self._pages))
        page = self.current_page()
        if page is not None:
            page.editor.setFocus()

    def open_find(self, *, replace: bool = False) -> None:
        """Open the find bar, optionally with its replace row."""
        self.go_to_bar.hide()
        self.find_bar.open(replace=replace)

    def open_go_to_line(self) -> None:
        """Open the go-to-line bar."""
        if self.find_bar.isVisible():
            self.find_bar.close_bar()
        self.go_to_bar.open()

    def close_bars(self) -> None:
        """Close the open bar and return to the text."""
        for bar in (self.find_bar, self.go_to_bar):
            if bar.isVisible():
                bar.close_bar()

    def leave_text(self, *, forwards: bool) -> None:
        """Focus the control after the text, or the one before it."""
        self.focusNextPrevChild(forwards)

    def toggle_comment(self) -> None:
        """Comment or uncomment the selected lines."""
        editor = self.current_editor()
        if editor is not None:
            editor.commands.toggle_comment()

    def zoom(self, steps: int) -> None:
        """Change the font size of all tabs by pixels; 0 resets it."""
        self.set_font_pixels(self._font_pixels + steps if steps else FONT_PIXELS)

    def font_pixels(self) -> int:
        """Return the font size in pixels."""
        return self._font_pixels

    def set_font_pixels(self, pixels: int) -> None:
        """Set the font size of all tabs in pixels, clamped to :data:`FONT_RANGE`."""
        pixels = min(max(pixels, FONT_RANGE[0]), FONT_RANGE[1])
        if pixels != self._font_pixels:
            self._font_pixels = pixels
            for page in self._pages:
                page.editor.set_font_pixels(pixels)
            self.fontPixelsChanged.emit(pixels)

    def set_show_times(self, shown: bool) -> None:
        """Show or hide heat bars and times in all tabs."""
        self._show_times = shown
        for page in self._pages:
            page.editor.set_show_times(shown)

    def add_page(self, page: EditorPage, *, show: bool = True) -> EditorPage:
        """Append a tab and, if ``show``, switch to it."""
        page.editor.set_font_pixels(self._font_pixels)
        page.editor.set_show_times(self._show_times)
        page.editor.cursorMoved.connect(self.cursorMoved)
        page.editor.zoomRequested.connect(self.zoom)
        page.editor.textChanged.connect(lambda: None if page.is_deferred else self.textEdited.emit(page.tab_id))
        page.editor.document().modificationChanged.connect(lambda _: self._modified_changed(page))
        self._pages.append(page)
        self._stack.addWidget(page)
        self.header.add_tab(page.document.name)
        self.describe(page)
        if show:
            self.show_page(page)
        return page

    def remove_page(self, page: EditorPage) -> None:
        """Remove a tab without asking."""
        index = self._pages.index(page)
        if self._stack.currentWidget() is page:
            self.find_bar.set_editor(None)
            self.go_to_bar.set_editor(None)
        del self._pages[index]
        self.header.bar.removeTab(index)
        self._stack.removeWidget(page)
        page.deleteLater()
        self.tabClosed.emit(page.tab_id)

    def describe(self, page: EditorPage) -> None:
        """Update the name and state that a page's tab shows."""
        path = page.document.path
        tooltip = str(path) if path is not None else self.tr("{name}, not saved yet").format(name=page.document.name)
        self.header.describe(self._pages.index(page), page.document.name, tooltip, modified=page.modified)

    def _modified_changed(self, page: EditorPage) -> None:
        if page in self._pages:
            self.describe(page)
            self.modifiedChanged.emit(page.tab_id, page.modified)

    def _current_changed(self, _index: int) -> None:
        page = self.current_page()
        if page is None or page is self._shown:
            return
        self._shown = page
        focus = QApplication.focusWidget()
        had_focus = focus is not None and self._stack.isAncestorOf(focus)
        self._stack.setCurrentWidget(page)
        page.offer()
        self.find_bar.set_editor(page.editor)
        self.go_to_bar.set_editor(page.editor)
        if had_focus:
            page.editor.setFocus()
        self.currentChanged.emit(page.tab_id)
        self.cursorMoved.emit(*page.editor.line_and_column())

    def _tab_moved(self, start: int, end: int) -> None:
        self._pages.insert(end, self._pages.pop(start))
