from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gpuplayground.ui.editor import line_marks
from gpuplayground.ui.editor.editor import CodeEditor
from gpuplayground.ui.editor.gutter import Gutter
from gpuplayground.ui.editor.line_marks import StatementShare
from gpuplayground.ui.widgets.theme import Theme

LINES = "import time\nx = 1\nfor i in range(3):\n    time.sleep(i)\nprint(x)\n"
SHARES = [
    StatementShare(1, 1, 0.1, "12.0 ms"),
    StatementShare(2, 2, 0.0, "1 µs"),
    StatementShare(3, 4, 0.85, "102 ms"),
    StatementShare(5, 5, 0.05, "6.00 ms"),
]


@pytest.fixture
def editor(qtbot: QtBot, theme: Theme) -> CodeEditor:
    editor = CodeEditor(theme)
    qtbot.addWidget(editor)
    editor.resize(600, 300)
    editor.set_text(LINES)
    editor.clear_run()
    editor.show()
    return editor


def gutter(editor: CodeEditor) -> Gutter:
    found = editor.findChild(Gutter)
    assert isinstance(found, Gutter)
    return found


def edit(editor: CodeEditor, line: int, column: int, text: str, *, remove: int = 0) -> None:
    cursor = QTextCursor(editor.document().findBlockByNumber(line - 1))
    cursor.movePosition(QTextCursor.MoveOperation.Right, n=column)
    cursor.movePosition(QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor, remove)
    cursor.insertText(text)


def times(editor: CodeEditor) -> list[str | None]:
    shown = (editor.marks.share_starting_at(number) for number in range(editor.blockCount()))
    return [share.text if share is not None else None for share in shown]


def bar_color(editor: CodeEditor, line: int) -> QColor:
    """The colour in the middle of the heat bar of a line."""
    picture = gutter(editor).grab().toImage()
    place = next(visible for visible in editor.visible_lines() if visible.number == line - 1)
    return picture.pixelColor(5, round(place.top + place.height / 2))


def test_a_run_is_remembered_by_the_very_lines_of_the_text(editor: CodeEditor) -> None:
    editor.set_text("a = '\u00a0'\n\tb = '\u2028'\n\n# 日本 🎉\n")
    editor.clear_run()
    blocks = [editor.document().findBlockByNumber(number).text() for number in range(editor.blockCount())]
    assert editor.marks.tracker._texts == blocks
    assert len(blocks) == 5


def test_every_line_is_as_high_as_the_next_the_last_one_too(editor: CodeEditor) -> None:
    assert len({line.height for line in editor.visible_lines()}) == 1


def test_a_dear_statement_has_a_brighter_bar_than_a_cheap_one_and_none_where_it_costs_nothing(
    editor: CodeEditor, theme: Theme
) -> None:
    editor.set_shares(SHARES)
    editor.set_line_and_column(6)
    hot, warm, cold = bar_color(editor, 3), bar_color(editor, 5), bar_color(editor, 2)
    assert hot.lightness() > warm.lightness() > cold.lightness()
    assert cold == theme.color("panel")
    assert bar_color(editor, 4) == hot


def test_the_times_stand_at_the_first_lines_and_can_be_switched_off(editor: CodeEditor) -> None:
    editor.set_line_and_column(6)
    bare = editor.grab().toImage()
    editor.set_shares(SHARES)
    assert times(editor) == ["12.0 ms", "1 µs", "102 ms", None, "6.00 ms", None]
    assert editor.grab().toImage() != bare
    editor.set_show_times(False)
    assert editor.grab().toImage() == bare


def test_the_tooltip_tells_lines_time_and_share(editor: CodeEditor) -> None:
    editor.set_shares(SHARES)
    assert gutter(editor).tooltip(3) == "Line 3–4: 102 ms, 85 % of the run's time"
    assert gutter(editor).tooltip(4) == "Line 5: 6.00 ms, 5.0 % of the run's time"
    assert gutter(editor).tooltip(5) == ""


@pytest.mark.parametrize(
    ("line", "column", "text", "expected"),
    [
        (1, 0, "# new\n", [None, "12.0 ms", "1 µs", "102 ms", None, "6.00 ms", None]),
        (1, 11, "\n", ["12.0 ms", None, "1 µs", "102 ms", None, "6.00 ms", None]),
        (5, 0, "\n\n", ["12.0 ms", "1 µs", "102 ms", None, None, None, "6.00 ms", None]),
    ],
)
def test_times_move_with_their_lines(
    editor: CodeEditor, line: int, column: int, text: str, expected: list[str | None]
) -> None:
    editor.set_shares(SHARES)
    edit(editor, line, column, text)
    assert times(editor) == expected
    assert not editor.marks.tracker.edited
    editor.undo()
    assert times(editor) == ["12.0 ms", "1 µs", "102 ms", None, "6.00 ms", None]


def test_lines_above_that_go_take_their_marks_along(editor: CodeEditor) -> None:
    editor.set_shares(SHARES)
    cursor = QTextCursor(editor.document())
    cursor.movePosition(QTextCursor.MoveOperation.Down, QTextCursor.MoveMode.KeepAnchor, 2)
    cursor.removeSelectedText()
    assert times(editor) == ["102 ms", None, "6.00 ms", None]


def test_the_time_of_an_edited_statement_is_gone_and_taking_the_edit_back_restores_it(editor: CodeEditor) -> None:
    editor.set_shares(SHARES)
    edit(editor, 4, 15, "2 * ")
    assert times(editor) == ["12.0 ms", "1 µs", None, None, "6.00 ms", None]
    assert gutter(editor).tooltip(2) == ""
    editor.undo()
    assert times(editor) == ["12.0 ms", "1 µs", "102 ms", None, "6.00 ms", None]


def test_a_line_put_into_the_middle_of_a_statement_makes_it_another_one(editor: CodeEditor) -> None:
    editor.set_shares(SHARES)
    edit(editor, 4, 0, "    more = 1\n")
    assert times(editor)[2] is None
    editor.undo()
    assert times(editor)[2] == "102 ms"


def test_the_error_follows_its_line_and_goes_when_that_is_edited(editor: CodeEditor, theme: Theme) -> None:
    editor.mark_error(5, "NameError: name 'x' is not defined")
    edit(editor, 1, 0, "\n")
    assert editor.marks.error_at(5) == "NameError: name 'x' is not defined"
    assert gutter(editor).tooltip(5) == "NameError: name 'x' is not defined"
    picture = gutter(editor).grab().toImage()
    place = next(line for line in editor.visible_lines() if line.number == 5)
    assert picture.pixelColor(15, round(place.top + place.height / 2)) == theme.color("error")
    edit(editor, 6, 0, "# ")
    assert editor.marks.error_at(5) is None


def test_the_running_line_is_marked_until_it_is_done(editor: CodeEditor) -> None:
    editor.mark_running(2)
    assert [editor.marks.is_running(number) for number in range(4)] == [False, True, False, False]
    assert gutter(editor).tooltip(1) == "This line is running."
    editor.mark_running(None)
    assert not editor.marks.is_running(1)


def test_a_jump_selects_centres_and_flashes_the_line(editor: CodeEditor, qtbot: QtBot) -> None:
    editor.set_text("x\n" * 1_000)
    editor.go_to_line(500, 2)
    assert editor.line_and_column() == (500, 2)
    assert editor.flash is not None
    rows = [line.number for line in editor.visible_lines()]
    assert abs(rows[len(rows) // 2] - 499) <= 2
    qtbot.waitUntil(lambda: editor.flash is None, timeout=10_000)
    editor.go_to_line(10**9, 10**9)
    assert editor.line_and_column() == (1_001, 1)


def test_a_line_of_the_run_is_found_where_it_went(editor: CodeEditor) -> None:
    edit(editor, 1, 0, "one\ntwo\n")
    editor.go_to_run_line(5)
    assert editor.line_and_column()[0] == 7


def test_marks_without_a_run_refer_to_the_text_as_it_stands(qtbot: QtBot, theme: Theme) -> None:
    editor = CodeEditor(theme)
    qtbot.addWidget(editor)
    editor.set_text(LINES)
    editor.set_shares(SHARES)
    assert times(editor)[:3] == ["12.0 ms", "1 µs", "102 ms"]


def test_dragging_over_the_numbers_selects_lines(editor: CodeEditor) -> None:
    rows = {line.number: round(line.top + line.height / 2) for line in editor.visible_lines()}
    widget = gutter(editor)
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=QPoint(30, rows[1]))
    QTest.mouseMove(widget, QPoint(30, rows[3]))
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=QPoint(30, rows[3]))
    assert editor.textCursor().selectedText().split("\u2029") == [*LINES.split("\n")[1:4], ""]


@pytest.mark.parametrize(("title", "has_rule"), [("Sort", True), ("a title longer than the room there is", False)])
def test_the_rule_of_a_cell_stays_beside_its_title(
    editor: CodeEditor, theme: Theme, title: str, has_rule: bool
) -> None:
    editor.set_text(f"x = 1\n# %% {title}\ny = 2\n")
    editor.resize(300, 200)
    picture = editor.viewport().grab().toImage()
    line = next(visible for visible in editor.visible_lines() if visible.number == 1)
    row = range(int(line.top), int(line.top + line.height))
    ruled = {x for x in range(picture.width()) for y in row if picture.pixelColor(x, y) == theme.color("border")}
    assert (len(ruled) > 50) == has_rule
    text_right = editor.text_left() + line.block.layout().lineAt(0).naturalTextWidth()
    assert all(x > text_right for x in ruled)


def test_very_many_marks_never_hold_the_window_up(
    editor: CodeEditor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_marks, "_SLICE_S", 0.0)
    taken = 0

    def shares() -> Iterator[StatementShare]:
        nonlocal taken
        for share in SHARES:
            taken += 1
            yield share

    editor.set_shares(shares())
    assert taken < len(SHARES)
    qtbot.waitUntil(lambda: times(editor) == ["12.0 ms", "1 µs", "102 ms", None, "6.00 ms", None], timeout=10_000)


def test_the_next_run_takes_no_marks_of_the_one_before(
    editor: CodeEditor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_marks, "_SLICE_S", 0.0)
    editor.set_shares(SHARES)
    editor.clear_run()
    qtbot.wait(50)
    assert times(editor) == [None] * 6
