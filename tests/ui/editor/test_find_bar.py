from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gpuplayground.ui.editor.editor import CodeEditor
from gpuplayground.ui.editor.find_bar import FindBar
from gpuplayground.ui.editor.go_to_bar import GoToBar
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme

KEY, MOD = Qt.Key, Qt.KeyboardModifier


class Fixture(QWidget):
    def __init__(self, theme: Theme, icons: Icons) -> None:
        super().__init__()
        self.editor = CodeEditor(theme)
        self.bar = FindBar(theme, icons)
        self.go_to = GoToBar()
        layout = QVBoxLayout(self)
        for widget in (self.bar, self.go_to, self.editor):
            layout.addWidget(widget)
        self.bar.set_editor(self.editor)
        self.go_to.set_editor(self.editor)
        self.resize(700, 400)


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, icons: Icons) -> Fixture:
    window = Fixture(theme, icons)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def search(window: Fixture, text: str, words: str, *, replace: str | None = None) -> None:
    window.editor.set_text(text)
    window.bar.open(replace=replace is not None)
    window.bar.find_edit.clear()
    QTest.keyClicks(window.bar.find_edit, words)
    if replace is not None:
        window.bar.replace_edit.setText(replace)


def test_matches_are_counted_and_walked_round_the_end(window: Fixture) -> None:
    search(window, "one two one\nONE", "one")
    assert window.bar.status.text() == "3 matches"
    assert window.editor.matches == [(0, 3), (8, 11), (12, 15)]
    seen = []
    for _ in range(4):
        QTest.keyClick(window.bar.find_edit, KEY.Key_Return)
        seen.append(window.bar.status.text())
    assert seen == ["1 of 3", "2 of 3", "3 of 3", "1 of 3"]
    QTest.keyClick(window.bar.find_edit, KEY.Key_Return, MOD.ShiftModifier)
    assert window.bar.status.text() == "3 of 3"
    assert window.editor.textCursor().selectedText() == "ONE"


def test_case_words_and_expressions_narrow_the_search(window: Fixture) -> None:
    search(window, "one onet One x1 x22", "one")
    QTest.mouseClick(window.bar.case, Qt.MouseButton.LeftButton)
    assert window.bar.status.text() == "2 matches"
    QTest.mouseClick(window.bar.word, Qt.MouseButton.LeftButton)
    assert window.bar.status.text() == "1 match"
    QTest.mouseClick(window.bar.regex, Qt.MouseButton.LeftButton)
    window.bar.find_edit.setText(r"x\d+")
    assert window.bar.status.text() == "2 matches"


def test_an_invalid_expression_is_explained(window: Fixture) -> None:
    search(window, "a(b", "(")
    assert window.bar.status.text() == "1 match"
    window.bar.regex.setChecked(True)
    assert window.bar.status.text().startswith("Invalid regular expression: missing ), unterminated subpattern")
    assert window.bar.status.property("role") == "error"
    assert window.editor.matches == []
    QTest.keyClick(window.bar.find_edit, KEY.Key_Return)


def test_replacing_goes_match_by_match(window: Fixture) -> None:
    search(window, "a b a b", "a", replace="aa")
    QTest.mouseClick(window.bar.replace_one, Qt.MouseButton.LeftButton)
    assert window.editor.text() == "a b a b"
    QTest.mouseClick(window.bar.replace_one, Qt.MouseButton.LeftButton)
    assert window.editor.text() == "aa b a b"
    assert window.editor.textCursor().selectionStart() == 5
    window.bar.replace_edit.setFocus()
    QTest.keyClick(window.bar.replace_edit, KEY.Key_Return)
    assert window.editor.text() == "aa b aa b"


def test_replacing_all_is_one_step_of_undo(window: Fixture) -> None:
    text = "x = 1\n" * 500
    search(window, text, "x", replace="long_name")
    window.editor.set_line_and_column(250, 3)
    QTest.mouseClick(window.bar.replace_all, Qt.MouseButton.LeftButton)
    assert window.editor.text() == text.replace("x", "long_name")
    assert window.bar.status.text() == "500 replaced"
    assert window.editor.line_and_column() == (250, 3)
    window.editor.undo()
    assert window.editor.text() == text
    assert not window.editor.document().isUndoAvailable()


def test_groups_of_an_expression_serve_in_its_replacement(window: Fixture) -> None:
    search(window, "f(a, b)\nf(c, d)", "", replace=r"g(\2, \1)")
    window.bar.regex.setChecked(True)
    window.bar.find_edit.setText(r"^f\((\w), (\w)\)$")
    QTest.mouseClick(window.bar.replace_all, Qt.MouseButton.LeftButton)
    assert window.editor.text() == "g(b, a)\ng(d, c)"
    window.bar.replace_edit.setText(r"\9")
    window.bar.find_edit.setText(r"g")
    QTest.mouseClick(window.bar.replace_all, Qt.MouseButton.LeftButton)
    assert window.bar.status.text().startswith("Invalid replacement: invalid group reference")
    assert window.editor.text() == "g(b, a)\ng(d, c)"


def test_a_plain_replacement_is_taken_literally(window: Fixture) -> None:
    search(window, "a.b", ".", replace=r"\1")
    QTest.mouseClick(window.bar.replace_all, Qt.MouseButton.LeftButton)
    assert window.editor.text() == r"a\1b"


def test_matches_after_wide_characters_are_where_they_are(window: Fixture) -> None:
    search(window, "'😀😀' x", "x")
    QTest.keyClick(window.bar.find_edit, KEY.Key_Return)
    assert window.editor.textCursor().selectedText() == "x"
    window.bar.replace_edit.setText("yy")
    window.bar.replace_current()
    assert window.editor.text() == "'😀😀' yy"


def test_the_count_follows_the_text(window: Fixture) -> None:
    search(window, "ab ab", "ab")
    window.editor.insertPlainText("ab ")
    assert window.bar.status.text() == "3 matches"


def test_the_selected_word_is_looked_for(window: Fixture) -> None:
    window.editor.set_text("import numpy\nnumpy.zeros(1)")
    window.editor.set_line_and_column(1, 8)
    cursor = window.editor.textCursor()
    cursor.select(cursor.SelectionType.WordUnderCursor)
    window.editor.setTextCursor(cursor)
    window.bar.open()
    assert window.bar.find_edit.text() == "numpy"
    assert window.bar.status.text() == "1 of 2"


def test_escape_closes_and_gives_the_focus_back(window: Fixture) -> None:
    search(window, "ab", "a")
    QTest.keyClick(window.bar.find_edit, KEY.Key_Escape)
    assert not window.bar.isVisible()
    assert window.editor.hasFocus()
    assert window.editor.matches == []


def test_every_control_of_the_bar_has_a_name_and_says_its_key(window: Fixture) -> None:
    bar = window.bar
    for widget in (bar.find_edit, bar.replace_edit, bar.case, bar.word, bar.regex, bar.previous, bar.next):
        assert widget.accessibleName()
    for button in (bar.case, bar.previous, bar.next, bar.close_button, bar.replace_all):
        assert "(" in button.toolTip()


def test_a_search_in_10_000_lines_finds_all(window: Fixture) -> None:
    search(window, "import numpy as np\n" * 10_000, "np")
    assert window.bar.status.text() == "10,000 matches"
    QTest.keyClick(window.bar.find_edit, KEY.Key_Return, MOD.ShiftModifier)
    assert window.bar.status.text() == "10,000 of 10,000"


@pytest.mark.parametrize(("text", "place"), [("3", (3, 1)), ("2:4", (2, 4)), ("2:99", (2, 5))])
def test_going_to_a_line(window: Fixture, text: str, place: tuple[int, int]) -> None:
    window.editor.set_text("aaaa\nbbbb\ncccc")
    window.go_to.open()
    assert window.go_to.edit.text() == "1"
    QTest.keyClicks(window.go_to.edit, text)
    QTest.keyClick(window.go_to.edit, KEY.Key_Return)
    assert window.editor.line_and_column() == place
    assert not window.go_to.isVisible()
    assert window.editor.hasFocus()


def test_a_line_that_is_not_there_is_refused_in_a_sentence(window: Fixture) -> None:
    window.editor.set_text("a\nb")
    window.go_to.open()
    QTest.keyClicks(window.go_to.edit, "7")
    QTest.keyClick(window.go_to.edit, KEY.Key_Return)
    assert window.go_to.status.text() == "Enter a line from 1 to 2, such as 12 or 12:5."
    QTest.keyClick(window.go_to.edit, KEY.Key_Escape)
    assert window.editor.hasFocus()
