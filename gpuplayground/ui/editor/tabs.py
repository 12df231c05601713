"""The editor's tabs: opening, saving, closing and restoring documents."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gpuplayground.storage import documents
from gpuplayground.storage.documents import Document, DocumentError
from gpuplayground.storage.drafts import Draft, DraftStore
from gpuplayground.storage.open_tabs import Session
from gpuplayground.ui.editor.disk_watch import DiskWatch
from gpuplayground.ui.editor.draft_keeper import DraftKeeper
from gpuplayground.ui.editor.editor import local_paths
from gpuplayground.ui.editor.page import EditorPage
from gpuplayground.ui.editor.questions import Answer, Ask, ChoosePaths, ask_by_dialog, choose_by_dialog
from gpuplayground.ui.editor.restoring import Restoring
from gpuplayground.ui.editor.saving import Saving, find_page
from gpuplayground.ui.editor.tab_stack import TabStack
from gpuplayground.ui.widgets.commands import COMMANDS
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme

PYTHON_SUFFIXES = (".py", ".pyw", ".pyi")
#: How many closed tabs can be reopened.
_REOPENED = 20


class EditorTabs(TabStack):
    """One or more documents, each identified by its ``tab_id``.

    ``is_running`` tells whether closing a tab would end its snippet.
    """

    fileOpened = Signal(str)  # path, also after Save as
    pathsDropped = Signal(list)  # of str: dropped files that are not Python
    messageRaised = Signal(str)
    messageSettled = Signal(str, str)  # a message that no longer applies, and one that says so
    noted = Signal(str)  # something was done automatically, for the status line

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        drafts: DraftStore | None = None,
        ask: Ask = ask_by_dialog,
        choose: ChoosePaths = choose_by_dialog,
        parent: QWidget | None = None,
        *,
        starts_empty: bool = False,
    ) -> None:
        """Open a new document, unless it ``starts_empty``: then the caller opens the first one right after."""
        super().__init__(theme, icons, parent)
        self.is_running: Callable[[str], bool] = lambda _: False
        self._choose, self._drafts = choose, drafts
        self._begun_at = time.time()
        self._closed: list[Draft] = []
        self._discarded: set[str] = set()  # ids of tabs whose changes the user agreed to lose
        self._saving = Saving(self, ask, choose, self.pages)
        self._watch = DiskWatch(self.pages, self)
        self._keeper = DraftKeeper(drafts, self) if drafts is not None else None
        self._commands = self._key_commands()
        self.setAcceptDrops(True)
        self._connect()
        if not starts_empty:
            self.new_tab()

    def new_tab(self, text: str = "", name: str | None = None) -> str:
        """Open an unsaved document and return its tab id."""
        page = self.add_page(EditorPage(self._theme, Document(text, name=name or self._free_name())))
        self._page_edited(page.tab_id)
        return page.tab_id

    def open_text(self, name: str, text: str) -> str:
        """Open a text without a file, such as an example, and return its tab id.

        The name gets a number if another tab has it.
        """
        page = self.replace_untouched(EditorPage(self._theme, Document(text, name=self._numbered(name))))
        self._page_edited(page.tab_id)
        return page.tab_id

    def open_path(self, path: Path | str) -> bool:
        """Open a file, or switch to its tab; return False, after a message, if it cannot be read."""
        page = find_page(self._pages, Path(path))
        if page is None:
            try:
                document = documents.read(Path(path))
            except DocumentError as error:
                self.messageRaised.emit(str(error))
                return False
            page = self.replace_untouched(EditorPage(self._theme, document))
        self.show_page(page)
        self.fileOpened.emit(str(page.document.path))
        return True

    def open_new(self, path: Path) -> None:
        """Open an empty document for a file that does not exist yet, or switch to its tab."""
        path = path.absolute()
        page = find_page(self._pages, path)
        if page is None:
            page = self.replace_untouched(EditorPage(self._theme, Document("", path, path.name)))
        self.show_page(page)

    def open_dialog(self, folder: Path | None = None) -> None:
        """Ask for files and open them; the dialog starts in ``folder``, by default that of the current document."""
        document = self.current_document()
        own = document.path.parent if document is not None and document.path is not None else Path.cwd()
        start = folder or own
        for path in self._choose(self, False, start):
            self.open_path(path)

    def save(self) -> bool:
        """Save the current document; return False if that failed or was cancelled."""
        page = self.current_page()
        return page is not None and self._saving.save(page)

    def save_as(self) -> bool:
        """Save the current document under another name."""
        page = self.current_page()
        return page is not None and self._saving.save_as(page)

    def close_tab(self, index: int | None = None) -> bool:
        """Close a tab, by default the current one; return False if the user cancelled."""
        page = self._pages[self.header.bar.currentIndex() if index is None else index]
        is_running = self.is_running(page.tab_id)
        if page.modified or is_running:
            self.show_page(page)
        if not self._saving.may_close(page, is_running=is_running):
            return False
        self._closed = [*self._closed, page.draft()][-_REOPENED:]
        self.remove_page(page)
        if not self._pages:
            self.new_tab()
        return True

    def close_others(self, index: int) -> bool:
        """Close all tabs but one, until the user cancels."""
        kept = self._pages[index]
        return all(page is kept or self.close_tab(self._pages.index(page)) for page in list(self._pages))

    def close_all(self, running: Sequence[str] = ()) -> bool:
        """Ask once about unsaved changes and ``running`` snippets; return whether the window may close.

        The tabs stay open.
        """
        unsaved = [page for page in self._pages if page.modified and page.tab_id not in self._discarded]
        answer = self._saving.may_close_all(unsaved, running)
        if answer is Answer.CANCEL:
            return False
        if answer is Answer.DISCARD:
            self._discarded.update(page.tab_id for page in unsaved)
        if self._keeper is not None:
            for page in self._pages:
                self._keeper.forget(page.tab_id)
        return True

    def check_disk(self, tab_id: str) -> None:
        """Reload a tab whose file has changed, or show a notice, before it is run."""
        page = self.page(tab_id)
        if page is not None:
            self._saving.check_disk(page)

    def reopen_tab(self) -> None:
        """Reopen the tab that was closed last."""
        if not self._closed:
            self.messageRaised.emit(self.tr("There is no closed tab to reopen."))
            return
        draft = self._closed.pop()
        if draft.path is not None and Path(draft.path).exists():
            if self.open_path(draft.path) and (page := self.current_page()) is not None:
                page.set_cursor(draft.cursor)
            return
        self.open_text(draft.name, draft.text)

    def restore(self, closed: Session | None = None) -> int:
        """Restore the tabs of the last window, and those of windows that were killed, including unsaved texts.

        Returns:
            The number of unsaved texts.
        """
        restoring = Restoring(self, self._theme, self._saving, self._drafts, self._keeper)
        restoring.failed.connect(self.messageRaised)
        return restoring.restore(closed or Session())

    def session(self) -> Session:
        """Return the open tabs, for :meth:`restore`."""
        now = time.time()
        return Session(tuple(page.state() for page in self._pages), self.current_id() or "", self._begun_at, now)

    def keep_session(self) -> None:
        """Write the list of open tabs in the background, so that it survives a kill."""
        if self._keeper is not None:
            self._keeper.keep_session(self.session())

    def replace_untouched(self, page: EditorPage) -> EditorPage:
        """Add a page; if the only other one is an empty new tab, replace it."""
        old = self._pages[0] if len(self._pages) == 1 and self._pages[0].untouched else None
        self.add_page(page)
        if old is not None:
            self.remove_page(old)
        return page

    def shut_down(self) -> None:
        """Finish writing drafts and stop keeping them."""
        self._watch.stop()
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Run the command of a key that the text did not handle."""
        command = self._commands.get(_key_name(event))
        if command is None:
            super().keyPressEvent(event)
        else:
            command()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept dragged files."""
        if local_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open dropped files."""
        event.acceptProposedAction()
        self.open_dropped(local_paths(event))

    def open_dropped(self, paths: Sequence[str]) -> None:
        """Open dropped Python files; emit ``pathsDropped`` for others."""
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
        self._saving.noted.connect(self.noted)
        self._saving.asked.connect(self.show_page)
        self._watch.changed.connect(self._saving.check_disk)
        self.currentChanged.connect(self._check_current)
        self.modifiedChanged.connect(self._page_modified)
        self.textEdited.connect(self._page_edited)
        self.tabClosed.connect(self._page_closed)
        if self._keeper is not None:
            self._keeper.failed.connect(self.messageRaised)
            self._keeper.recovered.connect(self.messageSettled)

    def add_page(self, page: EditorPage, *, show: bool = True) -> EditorPage:
        """Append a tab and, if ``show``, switch to it."""
        page.editor.pathsDropped.connect(self.open_dropped)
        page.editor.focused.connect(self._check_current)
        return super().add_page(page, show=show)

    def commands(self) -> dict[str, Callable[[], object]]:
        """Return the handler of each command of the tabs, by command ID."""
        return {
            "new": self.new_tab,
            "open": self.open_dialog,
            "save": self.save,
            "save_as": self.save_as,
            "close_tab": self.close_tab,
            "reopen_tab": self.reopen_tab,
            "next_tab": lambda: self.step_tab(1),
            "previous_tab": lambda: self.step_tab(-1),
            "find": self.open_find,
            "replace": lambda: self.open_find(replace=True),
            "find_next": self.find_bar.find_next,
            "find_previous": lambda: self.find_bar.find_next(backwards=True),
            "close_bars": self.close_bars,
            "go_to_line": self.open_go_to_line,
            "toggle_comment": self.toggle_comment,
            "zoom_in": lambda: self.zoom(1),
            "zoom_out": lambda: self.zoom(-1),
            "zoom_reset": lambda: self.zoom(0),
            # Tab indents, so F6 moves the focus out of the text.
            "leave_forwards": lambda: self.leave_text(forwards=True),
            "leave_backwards": lambda: self.leave_text(forwards=False),
        }

    def _key_commands(self) -> dict[str, Callable[[], object]]:
        """Return the handler of each key. A shortcut of the window with the same keys takes precedence."""
        return {
            key: handler
            for command_id, handler in self.commands().items()
            for key in (*COMMANDS[command_id].shortcuts, *COMMANDS[command_id].editor_keys)
        }

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
        self._discarded.discard(tab_id)
        if page is not None and page.needs_draft and self._keeper is not None:
            self._keeper.touch(page)

    def _page_modified(self, tab_id: str, modified: bool) -> None:
        page = self.page(tab_id)
        if page is not None and page.needs_draft:
            self._page_edited(tab_id)
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

    def _numbered(self, name: str) -> str:
        taken, path = {page.document.name for page in self._pages}, Path(name)
        names = (f"{path.stem} ({number}){path.suffix}" for number in count(2))
        return name if name not in taken else next(each for each in names if each not in taken)

    def _free_name(self) -> str:
        taken = {page.document.name for page in self._pages}
        return next(name for number in count(1) if (name := f"untitled-{number}.py") not in taken)


def _key_name(event: QKeyEvent) -> str:
    """Return a key with its modifiers as a portable key sequence; keypad keys are named like the others."""
    text = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
    return text.replace("Num+", "")
