"""A user who answers what tabs ask, and what can be read off tabs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTabBar, QWidget

from gpuplayground.ui.editor.editor import CodeEditor
from gpuplayground.ui.editor.questions import Answer, Question
from gpuplayground.ui.editor.tabs import EditorTabs


class User:
    """Answers what it is asked, and remembers the questions."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.paths: list[Path] = []
        self.asked: list[Question] = []

    def ask(self, _parent: QWidget, question: Question) -> Answer:
        self.asked.append(question)
        answer = self.answers.pop(0)
        assert answer in question.answers
        return answer

    def choose(self, _parent: QWidget, _save: bool, _start: Path) -> list[Path]:
        return self.paths


def front(tabs: EditorTabs) -> CodeEditor:
    editor = tabs.current_editor()
    assert editor is not None
    return editor


def names(tabs: EditorTabs) -> list[str]:
    shown = [tabs.header.bar.tabText(index) for index in range(tabs.header.bar.count())]
    assert shown == [document.name for document in tabs.documents()]
    return shown


def edit(tabs: EditorTabs, text: str = "x") -> None:
    editor = front(tabs)
    QTest.keyClicks(editor, text)


def text(tabs: EditorTabs) -> str:
    editor = front(tabs)
    return editor.text()


def close_button(tabs: EditorTabs, index: int) -> QWidget:
    return tabs.header.bar.tabButton(index, QTabBar.ButtonPosition.RightSide)
