"""Restores the tabs of earlier windows in their order, including unsaved texts."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from gpuplayground.storage import documents
from gpuplayground.storage.documents import Document, DocumentError
from gpuplayground.storage.drafts import Draft, DraftStore
from gpuplayground.storage.open_tabs import Session, TabState, to_restore
from gpuplayground.ui.editor.draft_keeper import DraftKeeper
from gpuplayground.ui.editor.page import EditorPage
from gpuplayground.ui.editor.saving import Saving, find_page
from gpuplayground.ui.editor.tab_stack import TabStack
from gpuplayground.ui.widgets.theme import Theme


class Restoring(QObject):
    """Restores tabs. Only the current one is loaded at once; the others when they are shown."""

    failed = Signal(str)

    def __init__(
        self, tabs: TabStack, theme: Theme, saving: Saving, store: DraftStore | None, keeper: DraftKeeper | None
    ) -> None:
        super().__init__(tabs)
        self._tabs, self._theme, self._saving, self._store, self._keeper = tabs, theme, saving, store, keeper
        self._with_drafts: list[EditorPage] = []

    def restore(self, closed: Session) -> int:
        """Restore the tabs and return the number of unsaved texts."""
        blank = next((page for page in self._tabs.pages() if page.untouched), None)
        drafts = {draft.tab_id: draft for draft in self._store.adopt()} if self._store is not None else {}
        sessions = to_restore(closed, self._store.adopted_sessions() if self._store is not None else [])
        for session in sessions:
            for state in session.tabs:
                self._restore_tab(state, drafts.pop(state.tab_id, None))
        page = self._front(sessions[-1].current)
        for draft in drafts.values():
            page = self._restore_draft(draft, None)
        restored = [each for each in self._tabs.pages() if each is not blank]
        if page is None and restored:
            page = restored[-1]
        if page is not None:
            self._tabs.show_page(page)
            if blank is not None and page is not blank:
                self._tabs.remove_page(blank)
        return len(self._with_drafts)

    def _front(self, wanted: str) -> EditorPage | None:
        """Return the tab with an id or of a file."""
        if not wanted:
            return None
        return self._tabs.page(wanted) or find_page(self._tabs.pages(), Path(wanted))

    def _restore_tab(self, state: TabState, draft: Draft | None) -> None:
        page: EditorPage | None = None
        if draft is not None:
            page = self._restore_draft(draft, state)
        elif state.path is None:
            # It has no draft, so it is empty.
            page = self._add(Document("", name=state.name), state.tab_id) if state.name else None
        else:
            page = self._restore_file(Path(state.path), state.tab_id)
        if page is not None:
            page.restore(state)

    def _restore_file(self, path: Path, tab_id: str) -> EditorPage | None:
        """Open a file unless it is open already; a missing file is skipped."""
        if not path.is_file() or find_page(self._tabs.pages(), path) is not None:
            return None
        try:
            return self._add(documents.read(path), tab_id)
        except DocumentError as error:
            self.failed.emit(str(error))
            return None

    def _restore_draft(self, draft: Draft, state: TabState | None) -> EditorPage:
        if draft.path is None and state is not None and not state.modified:
            # A text that was opened, such as an example, and not changed.
            unchanged = self._add(Document(draft.text, None, draft.name, draft.newline, (), draft.bom), draft.tab_id)
            unchanged.restore(state)
            return unchanged
        page: EditorPage | None = find_page(self._tabs.pages(), Path(draft.path)) if draft.path is not None else None
        if page is None or page in self._with_drafts:
            # A second draft of a file becomes an unsaved document.
            document = self._saving.document_for(draft) if page is None else Document("", name=draft.name)
            page = self._add(document, draft.tab_id)
        page.apply_draft(draft)
        page.notice.say(self._saving.restored_note(draft, page), (self._tabs.tr("Dismiss"), page.editor.setFocus))
        self._tabs.describe(page)
        self._with_drafts.append(page)
        if page.tab_id != draft.tab_id and self._keeper is not None:
            self._keeper.touch(page)
            self._keeper.write_now()
            self._keeper.forget(draft.tab_id)
        return page

    def _add(self, document: Document, tab_id: str) -> EditorPage:
        free = tab_id if tab_id and self._tabs.page(tab_id) is None else None
        return self._tabs.add_page(EditorPage(self._theme, document, free, deferred=True), show=False)
