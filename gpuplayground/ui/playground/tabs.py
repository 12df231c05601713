"""The editor's tabs: documents opened, saved and closed, and none of their work lost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from gpuplayground import documents
from gpuplayground.documents import Document, DocumentError
from gpuplayground.drafts import Draft, DraftStore
from gpuplayground.ui.icons import Icons
from gpuplayground.ui.playground.draft_keeper import DraftKeeper
from gpuplayground.ui.playground.editor import local_paths
from gpuplayground.ui.playground.page import EditorPage
from gpuplayground.ui.playground.questions import Ask, ChoosePaths, ask_by_dialog, choose_by_dialog
from gpuplayground.ui.playground.saving import Saving, find_page
from gpuplayground.ui.playground.tab_keys import key_commands, key_name
from gpuplayground.ui.playground.tab_stack import TabStack
from gpuplayground.ui.theme import Theme

PYTHON_SUFFIXES = (".py", ".pyw", ".pyi")
_REOPENED = 20


class EditorTabs(TabStack):
    """Any number of documents, at least one. A tab is known by its ``tab_id``."""

    fileOpened = Signal(str)  # path, also after Save as
    pathsDropped = Signal(list)  # of str: dropped files that are no Python
    messageRaised = Signal(str)
    messageSettled = Signal(str, str)  # a message that holds no longer, and one that says so

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        drafts: DraftStore | None = None,
        ask: Ask = ask_by_dialog,
        choose: ChoosePaths = choose_by_dialog,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, icons, parent)
        self._choose, self._drafts = choose, drafts
        self._closed: list[Draft] = []
        self._given_up: set[str] = set()  # tab ids whose changes the user agreed to lose
        self._saving = Saving(self, ask, choose, self.pages)
        self._keeper = DraftKeeper(drafts, self) if drafts is not None else None
        self._commands = key_commands(self)
        self.setAcceptDrops(True)
        self._connect()
        self.new_tab()

    def new_tab(self, text: str = "", name: str | None = None) -> str:
        """Open an unsaved document and return its tab id."""
        return self._add(EditorPage(self._theme, Document(text, name=name or self._free_name()))).tab_id

    def open_text(self, name: str, text: str) -> str:
        """Open a copy of a text that no file belongs to, such as an example, and return its tab id."""
        return self._replace_untouched(EditorPage(self._theme, Document(text, name=name))).tab_id

    def open_path(self, path: Path | str) -> bool:
        """Open a file, or go to its tab if it is open; False, with a message, if it cannot be read."""
        page = find_page(self._pages, Path(path))
        if page is None:
            try:
                document = documents.read(Path(path))
            except DocumentError as error:
                self.messageRaised.emit(str(error))
                return False
            page = self._replace_untouched(EditorPage(self._theme, document))
        self.show_page(page)
        self.fileOpened.emit(str(page.document.path))
        return True

    def open_dialog(self) -> None:
        """Ask for files and open them."""
        document = self.current_document()
        start = document.path.parent if document is not None and document.path is not None else Path.cwd()
        for path in self._choose(self, False, start):
            self.open_path(path)

    def save(self) -> bool:
        """Save the current document; False if that failed or the user thought better of it."""
        page = self.current_page()
        return page is not None and self._saving.save(page)

    def save_as(self) -> bool:
        """Save the current document under another name."""
        page = self.current_page()
        return page is not None and self._saving.save_as(page)

    def close_tab(self, index: int | None = None) -> bool:
        """Close a tab, the current one by default; False if the user kept it."""
        page = self._pages[self.header.bar.currentIndex() if index is None else index]
        if page.modified:
            self.show_page(page)
        if not self._saving.may_close(page):
            return False
        self._closed = [*self._closed, page.draft()][-_REOPENED:]
        self.remove_page(page)
        if not self._pages:
            self.new_tab()
        return True

    def close_others(self, index: int) -> bool:
        """Close every tab but one, as far as the user agrees."""
        kept = self._pages[index]
        return all(page is kept or self.close_tab(self._pages.index(page)) for page in list(self._pages))

    def close_all(self) -> bool:
        """Ask about all unsaved work before the window goes; True if it may. The tabs stay until it does."""
        for page in self._pages:
            if page.modified and page.tab_id not in self._given_up:
                self.show_page(page)
                if not self._saving.may_close(page):
                    return False
                self._given_up.add(page.tab_id)
        if self._keeper is not None:
            for page in self._pages:
                self._keeper.forget(page.tab_id)
        return True

    def reopen_tab(self) -> None:
        """Open the tab again that was closed last."""
        if not self._closed:
            self.messageRaised.emit(self.tr("No tab was closed yet."))
            return
        draft = self._closed.pop()
        if draft.path is not None and Path(draft.path).exists():
            if self.open_path(draft.path) and (page := self.current_page()) is not None:
                page.set_cursor(draft.cursor)
            return
        self.open_text(draft.name, draft.text)

    def restore_drafts(self) -> int:
        """Show again what a window that crashed or was killed had not saved; return how many texts that were."""
        if self._drafts is None or self._keeper is None:
            return 0
        restored: list[EditorPage] = []
        for draft in self._drafts.adopt():
            page = find_page(self._pages, Path(draft.path)) if draft.path is not None else None
            if page is None or page in restored:
                # Of two drafts of one file the second becomes a text of its own.
                document = self._saving.document_for(draft) if page is None else Document("", name=draft.name)
                page = self._replace_untouched(EditorPage(self._theme, document, draft.tab_id))
            page.take(draft)
            page.notice.say(self._saving.restored_note(draft, page), (self.tr("Dismiss"), page.editor.setFocus))
            self._keeper.touch(page)
            self._keeper.write_now()
            if page.tab_id != draft.tab_id:
                self._keeper.forget(draft.tab_id)
            restored.append(page)
        return len(restored)

    def session_state(self) -> dict[str, Any]:
        """Return what :meth:`restore_session` needs to open the same files again, fit for JSON."""
        files = [page for page in self._pages if page.document.path is not None]
        tabs = [{"path": str(page.document.path), "line": page.editor.place()[0]} for page in files]
        page = self.current_page()
        current = str(page.document.path) if page in files and page is not None else None
        return {"tabs": tabs, "current": current, "font_pixels": self._font_pixels}

    def restore_session(self, state: dict[str, Any]) -> None:
        """Open the files that were open; those that are gone are passed over."""
        tabs = state.get("tabs")
        for tab in tabs if isinstance(tabs, list) else []:
            path, line = (tab.get("path"), tab.get("line")) if isinstance(tab, dict) else (None, None)
            if isinstance(path, str) and Path(path).is_file() and self.open_path(path):
                editor = self.current_editor()
                if editor is not None and isinstance(line, int):
                    editor.set_place(line)
                    editor.centerCursor()
        current = state.get("current")
        page = find_page(self._pages, Path(current)) if isinstance(current, str) else None
        if page is not None:
            self.show_page(page)
        if isinstance(state.get("font_pixels"), int):
            self.set_font_pixels(state["font_pixels"])

    def shut_down(self) -> None:
        """Finish writing drafts; after this none are kept."""
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Run the command of a key that the text did not take."""
        command = self._commands.get(key_name(event))
        if command is None:
            super().keyPressEvent(event)
        else:
            command()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files from the desktop."""
        if local_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open files that are dropped."""
        event.acceptProposedAction()
        self.open_dropped(local_paths(event))

    def open_dropped(self, paths: Sequence[str]) -> None:
        """Open dropped Python files; the others are for whoever knows what they are."""
        others = []
        for path in paths:
            if path.lower().endswith(PYTHON_SUFFIXES):
                self.open_path(path)
            else:
                others.append(path)
        if others:
            self.pathsDropped.emit(others)

    def _connect(self) -> None:
        self.header.newRequested.connect(lambda: self.new_tab())
        self.header.saveRequested.connect(self.save)
        self.header.bar.tabCloseRequested.connect(self.close_tab)
        self.header.bar.menuRequested.connect(self._show_menu)
        self._saving.saved.connect(self._page_saved)
        self._saving.messageRaised.connect(self.messageRaised)
        self.currentChanged.connect(self._check_current)
        self.modifiedChanged.connect(self._page_modified)
        self.textEdited.connect(self._page_edited)
        self.tabClosed.connect(self._page_closed)
        if self._keeper is not None:
            self._keeper.failed.connect(self.messageRaised)
            self._keeper.recovered.connect(self.messageSettled)

    def _add(self, page: EditorPage) -> EditorPage:
        page.editor.pathsDropped.connect(self.open_dropped)
        page.editor.focused.connect(self._check_current)
        return self.add_page(page)

    def _check_current(self) -> None:
        page = self.current_page()
        if page is not None:
            self._saving.check_disk(page)

    def _page_saved(self, page: EditorPage) -> None:
        self.describe(page)
        self._page_closed(page.tab_id)
        self.fileOpened.emit(str(page.document.path))

    def _page_edited(self, tab_id: str) -> None:
        page = self.page(tab_id)
        self._given_up.discard(tab_id)
        if page is not None and page.modified and self._keeper is not None:
            self._keeper.touch(page)

    def _page_modified(self, tab_id: str, modified: bool) -> None:
        page = self.page(tab_id)
        if modified and page is not None and self._keeper is not None:
            self._keeper.touch(page)
        elif not modified:
            self._page_closed(tab_id)

    def _page_closed(self, tab_id: str) -> None:
        if self._keeper is not None:
            self._keeper.forget(tab_id)

    def _show_menu(self, index: int, position: QPoint) -> None:
        path = self._pages[index].document.path
        menu = QMenu(self)
        menu.addAction(self.tr("Close"), lambda: self.close_tab(index))
        menu.addAction(self.tr("Close others"), lambda: self.close_others(index)).setEnabled(len(self._pages) > 1)
        menu.addAction(self.tr("Reopen closed tab"), self.reopen_tab).setEnabled(bool(self._closed))
        menu.addSeparator()
        copy = menu.addAction(self.tr("Copy path"), lambda: QGuiApplication.clipboard().setText(str(path)))
        copy.setEnabled(path is not None)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(position)

    def _replace_untouched(self, page: EditorPage) -> EditorPage:
        """Add a page; if the only one before it is an empty new one, in its place."""
        old = self._pages[0] if len(self._pages) == 1 and self._pages[0].untouched else None
        self._add(page)
        if old is not None:
            self.remove_page(old)
        return page

    def _free_name(self) -> str:
        taken = {page.document.name for page in self._pages}
        return next(name for number in count(1) if (name := f"untitled-{number}.py") not in taken)
