"""Documents side by side: a row of tabs, the editor in front, and the bars that search it."""

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
    """Shows pages and moves between them; what may be opened, saved or lost is :class:`EditorTabs`' matter."""

    currentChanged = Signal(str)  # tab id
    modifiedChanged = Signal(str, bool)  # tab id, whether it has unsaved work
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
        """Return the tabs in their order."""
        return self._pages

    def documents(self) -> list[Document]:
        """Return what each tab was opened from or saved as, in their order."""
        return [page.document for page in self._pages]

    def page(self, tab_id: str) -> EditorPage | None:
        """Return the tab of an id, if it is open."""
        return next((page for page in self._pages if page.tab_id == tab_id), None)

    def editor(self, tab_id: str) -> CodeEditor | None:
        """Return the editor of a tab, if it is open."""
        page = self.page(tab_id)
        return page.editor if page is not None else None

    def current_page(self) -> EditorPage | None:
        """Return the tab in front."""
        index = self.header.bar.currentIndex()
        return self._pages[index] if 0 <= index < len(self._pages) else None

    def current_id(self) -> str | None:
        """Return the id of the tab in front."""
        page = self.current_page()
        return page.tab_id if page is not None else None

    def current_editor(self) -> CodeEditor | None:
        """Return the editor in front."""
        page = self.current_page()
        return page.editor if page is not None else None

    def current_document(self) -> Document | None:
        """Return the document of the tab in front."""
        page = self.current_page()
        return page.document if page is not None else None

    def show_page(self, page: EditorPage) -> None:
        """Bring a tab to the front."""
        self.header.bar.setCurrentIndex(self._pages.index(page))

    def step_tab(self, steps: int) -> None:
        """Go to the tab that many places on, round the end."""
        self.header.bar.setCurrentIndex((self.header.bar.currentIndex() + steps) % len(self._pages))
        page = self.current_page()
        if page is not None:
            page.editor.setFocus()

    def open_find(self, *, replace: bool = False) -> None:
        """Open the bar that finds, and replaces if asked to."""
        self.go_to_bar.hide()
        self.find_bar.open(replace=replace)

    def open_go_to_line(self) -> None:
        """Open the bar that takes a line number."""
        if self.find_bar.isVisible():
            self.find_bar.close_bar()
        self.go_to_bar.open()

    def close_bars(self) -> None:
        """Close whichever bar is open and go back to the text."""
        for bar in (self.find_bar, self.go_to_bar):
            if bar.isVisible():
                bar.close_bar()

    def leave_text(self, *, forwards: bool) -> None:
        """Give the focus to the control after the text, or before it."""
        self.focusNextPrevChild(forwards)

    def toggle_comment(self) -> None:
        """Comment the selected lines out, or in again."""
        editor = self.current_editor()
        if editor is not None:
            editor.commands.toggle_comment()

    def zoom(self, steps: int) -> None:
        """Make the text of all tabs larger or smaller by pixels; 0 is back to normal."""
        self.set_font_pixels(self._font_pixels + steps if steps else FONT_PIXELS)

    def font_pixels(self) -> int:
        """Return the size of the text in pixels."""
        return self._font_pixels

    def set_font_pixels(self, pixels: int) -> None:
        """Set the size of the text of all tabs, within limits that can be read."""
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

    def add_page(self, page: EditorPage, *, shows: bool = True) -> EditorPage:
        """Append a tab and bring it to the front, if it ``shows``."""
        page.editor.set_font_pixels(self._font_pixels)
        page.editor.set_show_times(self._show_times)
        page.editor.cursorMoved.connect(self.cursorMoved)
        page.editor.zoomRequested.connect(self.zoom)
        page.editor.textChanged.connect(lambda: None if page.is_waiting else self.textEdited.emit(page.tab_id))
        page.editor.document().modificationChanged.connect(lambda _: self._modified_changed(page))
        self._pages.append(page)
        self._stack.addWidget(page)
        self.header.add_tab(page.document.name)
        self.describe(page)
        if shows:
            self.show_page(page)
        return page

    def remove_page(self, page: EditorPage) -> None:
        """Take a tab away, without asking."""
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
        """Show a page's name and state in its tab."""
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
        self.cursorMoved.emit(*page.editor.place())

    def _tab_moved(self, start: int, end: int) -> None:
        self._pages.insert(end, self._pages.pop(start))
