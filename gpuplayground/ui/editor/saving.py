"""What stands between unsaved work and its loss: saving, the question before closing, files changed by others."""

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
    """Saves pages and asks where that would lose something. ``saved`` carries the page."""

    saved = Signal(object)
    messageRaised = Signal(str)
    asked = Signal(object)  # the page that a file is about to be chosen for
    noted = Signal(str)  # what was done of its own accord

    def __init__(
        self, parent: QWidget, ask: Ask, choose: ChoosePaths, pages: Callable[[], Sequence[EditorPage]]
    ) -> None:
        super().__init__(parent)
        self._widget, self._ask, self._choose, self._pages = parent, ask, choose, pages

    def save(self, page: EditorPage) -> bool:
        """Save a page to its file; ask where, if it has none, and what to do if somebody else changed it."""
        path = page.document.path
        if path is None:
            self.asked.emit(page)
            return self.save_as(page)
        if page.changed_on_disk() and documents.stamp(path) is not None and not self._may_overwrite(page):
            return False
        return self._write(page, path)

    def save_as(self, page: EditorPage) -> bool:
        """Ask for a file and save a page there."""
        start = page.document.path or Path.cwd() / page.document.name
        chosen = self._choose(self._widget, True, start)
        if not chosen:
            return False
        path = chosen[0] if chosen[0].suffix else chosen[0].with_name(f"{chosen[0].name}.py")
        other = find_page(self._pages(), path)
        if other is not None and other is not page:
            self.messageRaised.emit(
                self.tr("“{name}” is open in another tab: close that one first.").format(name=path.name)
            )
            return False
        return self._write(page, path)

    def may_close(self, page: EditorPage, *, is_running: bool = False) -> bool:
        """Return whether a page may go: nothing is lost by that, or the user saved or gave it up."""
        if not (page.modified or is_running):
            return True
        question = closing_tab_question(page.document.name, is_unsaved=page.modified, is_running=is_running)
        answer = self._ask(self._widget, question)
        return self.save(page) if answer is Answer.SAVE else answer in (Answer.DISCARD, Answer.END)

    def check_disk(self, page: EditorPage) -> None:
        """See to a page whose file was changed or deleted by somebody else.

        A text without changes of its own follows the file, which undo takes back; any other is left to the user.
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
            text = self.tr("“{name}” was deleted or moved: save it to write it again.")
            page.notice.say(text.format(name=path.name), (self.tr("Dismiss"), page.notice.clear))
            return
        try:
            on_disk = documents.read(path)
        except DocumentError as error:
            self._offer_disk_state(page, str(error))
            return
        if on_disk.text == page.text():
            page.take_disk_state(on_disk)  # touched, or changed to the same
        elif page.modified:
            text = self.tr(
                "“{name}” was changed by another program. Run takes the text below. Reloading replaces it with the "
                "file's; undo brings it back."
            )
            self._offer_disk_state(page, text.format(name=path.name))
        elif self.reload(page):
            text = self.tr("“{name}” was changed by another program and was read again; undo brings the old text back.")
            self.noted.emit(text.format(name=path.name))

    def _offer_disk_state(self, page: EditorPage, text: str) -> None:
        page.notice.say(
            text, (self.tr("Reload"), lambda: self.reload(page)), (self.tr("Keep this text"), page.accept_disk_state)
        )

    def reload(self, page: EditorPage) -> bool:
        """Take a page's text from its file."""
        try:
            page.reload()
        except DocumentError as error:
            self.messageRaised.emit(str(error))
            return False
        return True

    def may_close_all(self, pages: Sequence[EditorPage], running: Sequence[str]) -> Answer:
        """Ask one question about everything that closing the window would lose, and save what is to be saved.

        Returns:
            ``SAVE`` where all of it was saved, ``CANCEL`` where the window stays, ``DISCARD`` where all may go.
        """
        if not pages and not running:
            return Answer.DISCARD
        answer = self._ask(self._widget, closing_question([page.document.name for page in pages], running))
        if answer in (Answer.SAVE, Answer.SAVE_ALL):
            return Answer.SAVE if all(map(self.save, pages)) else Answer.CANCEL
        return Answer.CANCEL if answer is Answer.CANCEL else Answer.DISCARD

    def document_for(self, draft: Draft) -> Document:
        """Return the file a draft belongs to, or where there is none any more a document like it."""
        bare = Document("", None, draft.name, draft.newline, (), draft.bom)
        if draft.path is None:
            return bare
        try:
            return documents.read(Path(draft.path))
        except DocumentError:
            return replace(bare, path=Path(draft.path), stamp=documents.stamp(Path(draft.path)))

    def restored_note(self, draft: Draft, page: EditorPage) -> str:
        """Return what is said above a text that was restored."""
        when = datetime.fromtimestamp(draft.saved_at).astimezone().strftime("%d %b, %H:%M:%S")
        if page.document.path is None or page.document.stamp == draft.stamp:
            return self.tr("Unsaved changes from {when} were restored.").format(when=when)
        note = self.tr("Unsaved changes from {when} were restored; the file on disk has changed since: undo shows it.")
        return note.format(when=when)

    def _may_overwrite(self, page: EditorPage) -> bool:
        question = Question(
            self.tr("“{name}” was changed by another program.").format(name=page.document.name),
            self.tr("Overwriting replaces what it wrote. Reloading replaces your text; undo brings it back."),
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
    """Return the page of a file, by whatever name the file is called."""
    real = os.path.realpath(path)
    for page in pages:
        if page.document.path is not None and os.path.realpath(page.document.path) == real:
            return page
    return None
