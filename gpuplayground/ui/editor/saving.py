"""Saves documents, asks before unsaved work is lost, and handles files changed by other programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from gpuplayground.storage import documents
from gpuplayground.storage.documents import Document, DocumentError
from gpuplayground.storage.drafts import Draft
from gpuplayground.ui.editor.page import EditorPage
from gpuplayground.ui.editor.questions import Answer, Ask, ChoosePaths, Question, closing_question, closing_tab_question


class Saving(QObject):
    """Saves pages, and asks before something would be lost."""

    saved = Signal(object)  # EditorPage
    messageRaised = Signal(str)
    asked = Signal(object)  # EditorPage for which a file is about to be chosen
    noted = Signal(str)  # something was done automatically

    def __init__(
        self, parent: QWidget, ask: Ask, choose: ChoosePaths, pages: Callable[[], Sequence[EditorPage]]
    ) -> None:
        super().__init__(parent)
        self._widget, self._ask, self._choose, self._pages = parent, ask, choose, pages

    def save(self, page: EditorPage) -> bool:
        """Save a page to its file. Ask for a file if it has none, and before overwriting others' changes."""
        path = page.document.path
        if path is None:
            self.asked.emit(page)
            return self.save_as(page)
        if page.changed_on_disk() and documents.stamp(path) is not None and not self._may_overwrite(page):
            return False
        return self._write(page, path)

    def save_as(self, page: EditorPage) -> bool:
        """Ask for a file and save a page to it."""
        start = page.document.path or Path.cwd() / page.document.name
        chosen = self._choose(self._widget, True, start)
        if not chosen:
            return False
        path = chosen[0] if chosen[0].suffix else chosen[0].with_name(f"{chosen[0].name}.py")
        other = find_page(self._pages(), path)
        if other is not None and other is not page:
            self.messageRaised.emit(
                self.tr("“{name}” is open in another tab. Close that tab first.").format(name=path.name)
            )
            return False
        return self._write(page, path)

    def may_close(self, page: EditorPage, *, is_running: bool = False) -> bool:
        """Return whether a page may be closed: nothing would be lost, or the user saved or discarded it."""
        if not (page.modified or is_running):
            return True
        question = closing_tab_question(page.document.name, is_unsaved=page.modified, is_running=is_running)
        answer = self._ask(self._widget, question)
        return self.save(page) if answer is Answer.SAVE else answer in (Answer.DISCARD, Answer.END)

    def check_disk(self, page: EditorPage) -> None:
        """Handle a file that was changed or deleted by another program.

        An unmodified text is reloaded, which undo reverts; otherwise the user is asked.
        """
        path = page.document.path
        if path is None or not page.changed_on_disk():
            return
        stamp = documents.stamp(path)
        if page.notified is not None and page.notified == stamp and page.notice.isVisibleTo(page):
            return
        page.notified = stamp
        if stamp is None:
            page.accept_disk_state()
            text = self.tr("“{name}” was deleted or moved. Save it to write it again.")
            page.notice.say(text.format(name=path.name), (self.tr("Dismiss"), page.notice.clear))
            return
        try:
            on_disk = documents.read(path)
        except DocumentError as error:
            self._offer_disk_state(page, str(error))
            return
        if on_disk.text == page.text():
            page.take_disk_state(on_disk)  # same text
        elif page.modified:
            text = self.tr(
                "“{name}” was changed by another program. Run uses the text below. Reload replaces it with the file; "
                "undo brings it back."
            )
            self._offer_disk_state(page, text.format(name=path.name))
        elif self.reload(page):
            text = self.tr("“{name}” was changed by another program and has been reloaded; undo restores the old text.")
            self.noted.emit(text.format(name=path.name))

    def _offer_disk_state(self, page: EditorPage, text: str) -> None:
        page.notice.say(
            text, (self.tr("Reload"), lambda: self.reload(page)), (self.tr("Keep this text"), page.accept_disk_state)
        )

    def reload(self, page: EditorPage) -> bool:
        """Reload a page from its file; return whether that succeeded."""
        try:
            page.reload()
        except DocumentError as error:
            self.messageRaised.emit(str(error))
            return False
        return True

    def may_close_all(self, pages: Sequence[EditorPage], running: Sequence[str]) -> Answer:
        """Ask once about everything that closing the window would lose, and save if asked to.

        Returns:
            ``SAVE`` if everything was saved, ``CANCEL`` if the window stays open, ``DISCARD`` if it may close.
        """
        if not pages and not running:
            return Answer.DISCARD
        answer = self._ask(self._widget, closing_question([page.document.name for page in pages], running))
        if answer in (Answer.SAVE, Answer.SAVE_ALL):
            return Answer.SAVE if all(map(self.save, pages)) else Answer.CANCEL
        return Answer.CANCEL if answer is Answer.CANCEL else Answer.DISCARD

    def document_for(self, draft: Draft) -> Document:
        """Return the document of a draft's file, or an equivalent one if the file is missing."""
        bare = Document("", None, draft.name, draft.newline, (), draft.bom)
        if draft.path is None:
            return bare
        try:
            return documents.read(Path(draft.path))
        except DocumentError:
            return replace(bare, path=Path(draft.path), stamp=documents.stamp(Path(draft.path)))

    def restored_note(self, draft: Draft, page: EditorPage) -> str:
        """Return the notice of a restored text."""
        when = datetime.fromtimestamp(draft.saved_at).astimezone().strftime("%d %b, %H:%M:%S")
        if page.document.path is None or page.document.stamp == draft.stamp:
            return self.tr("Unsaved changes from {when} were restored.").format(when=when)
        note = self.tr("Unsaved changes from {when} were restored. The file has changed since; undo shows it.")
        return note.format(when=when)

    def _may_overwrite(self, page: EditorPage) -> bool:
        question = Question(
            self.tr("“{name}” was changed by another program.").format(name=page.document.name),
            self.tr("Overwrite replaces the file. Reload replaces your text; undo brings it back."),
            (Answer.CANCEL, Answer.OVERWRITE, Answer.RELOAD),
        )
        answer = self._ask(self._widget, question)
        if answer is Answer.RELOAD:
            self.reload(page)
        return answer is Answer.OVERWRITE

    def _write(self, page: EditorPage, path: Path) -> bool:
        try:
            page.save_to(path)
        except DocumentError as error:
            self.messageRaised.emit(str(error))
            return False
        self.saved.emit(page)
        return True


def find_page(pages: Sequence[EditorPage], path: Path) -> EditorPage | None:
    """Return the page of a file, also if the paths differ by symbolic links."""
    real = os.path.realpath(path)
    for page in pages:
        if page.document.path is not None and os.path.realpath(page.document.path) == real:
            return page
    return None
