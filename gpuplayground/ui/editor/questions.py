"""The questions the editor asks before work could be lost, and the dialogs that ask them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from gpuplayground.ui.widgets.plain_text import plainly


class Answer(Enum):
    """An answer to a question."""

    SAVE = "save"
    DISCARD = "discard"
    SAVE_ALL = "save all"
    DISCARD_ALL = "discard all"
    END = "end"
    OVERWRITE = "overwrite"
    RELOAD = "reload"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Question:
    """A question: title, consequences, and the answers, recommended one first."""

    title: str
    text: str
    answers: tuple[Answer, ...]


#: Asks a question over a widget and returns the answer; closing the dialog is CANCEL.
Ask = Callable[[QWidget, Question], Answer]
#: Asks for files, given the parent widget, whether to save, and the initial path; an empty list means cancelled.
ChoosePaths = Callable[[QWidget, bool, Path], list[Path]]

#: A longer list would make the dialog taller than a small screen.
_LISTED = 10
_ROLES = {
    Answer.SAVE: QMessageBox.ButtonRole.AcceptRole,
    Answer.DISCARD: QMessageBox.ButtonRole.DestructiveRole,
    Answer.SAVE_ALL: QMessageBox.ButtonRole.AcceptRole,
    Answer.DISCARD_ALL: QMessageBox.ButtonRole.DestructiveRole,
    Answer.END: QMessageBox.ButtonRole.DestructiveRole,
    Answer.OVERWRITE: QMessageBox.ButtonRole.DestructiveRole,
    Answer.RELOAD: QMessageBox.ButtonRole.AcceptRole,
    Answer.CANCEL: QMessageBox.ButtonRole.RejectRole,
}


def closing_question(unsaved: Sequence[str], running: Sequence[str] = ()) -> Question:
    """Return the question asked before closing unsaved texts and ending running snippets."""
    parts = []
    if len(unsaved) > 1:
        parts.append(_listed(unsaved))
    if unsaved:
        parts.append(QCoreApplication.translate("Questions", "Unsaved changes will be lost."))
    if len(running) == 1:
        text = QCoreApplication.translate("Questions", "“{0}” is still running. Closing the window ends it.")
        parts.append(text.format(running[0]))
    elif running:
        text = QCoreApplication.translate("Questions", "Closing the window ends these running snippets:")
        parts.append(f"{text}\n{_listed(running)}")
    if not unsaved:
        title = QCoreApplication.translate("Questions", "Close the window and end running snippets?")
        return Question(title, "\n\n".join(parts), (Answer.CANCEL, Answer.END))
    if len(unsaved) == 1:
        title = QCoreApplication.translate("Questions", "Save the changes to “{0}”?").format(unsaved[0])
        return Question(title, "\n\n".join(parts), (Answer.SAVE, Answer.DISCARD, Answer.CANCEL))
    title = QCoreApplication.translate("Questions", "Save the changes to {0} snippets?").format(len(unsaved))
    return Question(title, "\n\n".join(parts), (Answer.SAVE_ALL, Answer.DISCARD_ALL, Answer.CANCEL))


def closing_tab_question(name: str, *, is_unsaved: bool, is_running: bool) -> Question:
    """Return the question asked before closing a tab with unsaved changes, a running snippet, or both."""
    if not is_running:
        return closing_question([name])
    if not is_unsaved:
        title = QCoreApplication.translate("Questions", "Close “{0}” and end its run?").format(name)
        text = QCoreApplication.translate("Questions", "It is still running. Closing the tab ends it.")
        return Question(title, text, (Answer.CANCEL, Answer.END))
    question = closing_question([name])
    text = QCoreApplication.translate("Questions", "“{0}” is still running. Closing the tab ends it.").format(name)
    return replace(question, text=f"{question.text}\n\n{text}")


def _listed(names: Sequence[str]) -> str:
    lines = [f"•  {name}" for name in names[:_LISTED]]
    if len(names) > _LISTED:
        lines.append(QCoreApplication.translate("Questions", "and {0} more").format(len(names) - _LISTED))
    return "\n".join(lines)


def ask_by_dialog(parent: QWidget, question: Question) -> Answer:
    """Ask in a modal dialog."""
    labels = {
        Answer.SAVE: QCoreApplication.translate("Questions", "Save"),
        Answer.DISCARD: QCoreApplication.translate("Questions", "Discard"),
        Answer.SAVE_ALL: QCoreApplication.translate("Questions", "Save all"),
        Answer.DISCARD_ALL: QCoreApplication.translate("Questions", "Discard all"),
        Answer.END: QCoreApplication.translate("Questions", "End and close"),
        Answer.OVERWRITE: QCoreApplication.translate("Questions", "Overwrite"),
        Answer.RELOAD: QCoreApplication.translate("Questions", "Reload"),
        Answer.CANCEL: QCoreApplication.translate("Questions", "Cancel"),
    }
    box = QMessageBox(QMessageBox.Icon.NoIcon, question.title, plainly(question.title), parent=parent)
    box.setInformativeText(plainly(question.text))
    buttons = {}
    for answer in question.answers:
        button = box.addButton(labels[answer], _ROLES[answer])
        buttons[button] = answer
        if answer is question.answers[0]:
            box.setDefaultButton(button)
        if answer is Answer.CANCEL:
            box.setEscapeButton(button)
    box.exec()
    clicked = box.clickedButton()
    return next((answer for button, answer in buttons.items() if button is clicked), Answer.CANCEL)


def choose_by_dialog(parent: QWidget, save: bool, start: Path) -> list[Path]:
    """Ask for files in a file dialog."""
    kinds = QCoreApplication.translate("Questions", "Python files (*.py *.pyw);;All files (*)")
    if save:
        title = QCoreApplication.translate("Questions", "Save as")
        chosen, _ = QFileDialog.getSaveFileName(parent, title, str(start), kinds)
        return [Path(chosen)] if chosen else []
    title = QCoreApplication.translate("Questions", "Open")
    paths, _ = QFileDialog.getOpenFileNames(parent, title, str(start), kinds)
    return [Path(path) for path in paths]
