from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from gpuplayground.ui.editor.questions import Answer
from gpuplayground.ui.editor.tabs import EditorTabs
from tests.ui.editor.tab_helpers import User, close_button, edit, front, names, text

KEY, MOD = Qt.Key, Qt.KeyboardModifier


def test_new_tabs_get_free_names_and_ids(tabs: EditorTabs) -> None:
    QTest.mouseClick(tabs.header.new, Qt.MouseButton.LeftButton)
    QTest.keyClick(front(tabs), KEY.Key_N, MOD.ControlModifier)
    assert names(tabs) == ["untitled-1.py", "untitled-2.py", "untitled-3.py"]
    assert len({page.tab_id for page in tabs.pages()}) == 3
    tabs.close_tab(1)
    tabs.new_tab()
    assert names(tabs) == ["untitled-1.py", "untitled-3.py", "untitled-2.py"]


def test_a_file_is_opened_edited_and_saved_with_its_line_ends(tabs: EditorTabs, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "dos.py"
    file.write_bytes(b"a = 1\r\nb = 2\r\n")
    assert tabs.open_path(file)
    assert names(tabs) == ["dos.py"]
    with qtbot.waitSignal(tabs.modifiedChanged) as changed:
        edit(tabs, "# ")
    assert changed.args == [tabs.current_id(), True]
    assert tabs.header.is_modified(0)
    QTest.keyClick(front(tabs), KEY.Key_S, MOD.ControlModifier)
    assert file.read_bytes() == b"# a = 1\r\nb = 2\r\n"
    assert not tabs.header.is_modified(0)


def test_a_file_that_is_open_is_shown_not_opened_again(tabs: EditorTabs, tmp_path: Path) -> None:
    file, link = tmp_path / "a.py", tmp_path / "link.py"
    file.write_text("a")
    link.symlink_to(file)
    tabs.open_path(file)
    tabs.new_tab()
    tabs.open_path(link)
    assert names(tabs) == ["a.py", "untitled-1.py"]
    assert tabs.header.bar.currentIndex() == 0


@pytest.mark.parametrize("content", [b"\0\1\2", b"x" * 10_000_001, b"\xff"])
def test_what_cannot_be_opened_is_told_and_changes_nothing(
    tabs: EditorTabs, qtbot: QtBot, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "no.py"
    file.write_bytes(content)
    with qtbot.waitSignal(tabs.messageRaised) as said:
        assert not tabs.open_path(file)
    assert said.args[0].startswith("“no.py”")
    assert names(tabs) == ["untitled-1.py"]


@pytest.mark.parametrize(
    ("answer", "closed", "content"),
    [(Answer.SAVE, True, "xold"), (Answer.DISCARD, True, "old"), (Answer.CANCEL, False, "old")],
)
def test_unsaved_work_is_asked_about_before_a_tab_closes(
    tabs: EditorTabs, user: User, tmp_path: Path, answer: Answer, closed: bool, content: str
) -> None:
    file = tmp_path / "a.py"
    file.write_text("old")
    tabs.open_path(file)
    tabs.new_tab()
    tabs.step_tab(1)
    edit(tabs)
    user.answers = [answer]
    QTest.mouseClick(close_button(tabs, 0), Qt.MouseButton.LeftButton)
    assert user.asked[0].title == "Save the changes to “a.py”?"
    assert ("a.py" not in names(tabs)) == closed
    assert file.read_text() == content


def test_a_tab_whose_snippet_is_running_asks_before_it_ends_it(tabs: EditorTabs, user: User) -> None:
    first = tabs.open_text("train.py", "while True: pass\n")
    tabs.open_text("other.py", "")
    tabs.is_running = first.__eq__
    user.answers = [Answer.CANCEL]
    assert not tabs.close_tab(0)
    assert tabs.current_id() == first, "what is asked about is in front"
    user.answers = [Answer.END]
    assert tabs.close_tab(0)
    assert names(tabs) == ["other.py"]
    assert [question.title for question in user.asked] == ["Close “train.py” and end its run?"] * 2
    assert user.asked[0].answers == (Answer.CANCEL, Answer.END)


@pytest.mark.parametrize(
    ("answer", "closed", "content"),
    [(Answer.SAVE, True, "xone\n"), (Answer.DISCARD, True, "one\n"), (Answer.CANCEL, False, "one\n")],
)
def test_a_running_tab_with_unsaved_changes_asks_one_question_about_both(
    tabs: EditorTabs, user: User, tmp_path: Path, answer: Answer, closed: bool, content: str
) -> None:
    file = tmp_path / "a.py"
    file.write_text("one\n")
    tabs.open_path(file)
    edit(tabs)
    tabs.is_running = lambda _: True
    user.answers = [answer]
    assert tabs.close_tab() is closed
    (question,) = user.asked
    assert question.title == "Save the changes to “a.py”?"
    assert question.text == "Unsaved changes will be lost.\n\n“a.py” is still running. Closing the tab ends it."
    assert file.read_text() == content


def test_a_tab_stays_when_saving_it_fails_or_is_given_up(
    tabs: EditorTabs, user: User, qtbot: QtBot, tmp_path: Path
) -> None:
    edit(tabs)
    user.answers = [Answer.SAVE]
    assert not tabs.close_tab()  # no file was chosen
    user.answers, user.paths = [Answer.SAVE], [tmp_path / "gone" / "a.py"]
    with qtbot.waitSignal(tabs.messageRaised) as said:
        assert not tabs.close_tab()
    assert "its folder does not exist" in said.args[0]
    assert text(tabs) == "x"


def test_the_middle_button_closes_and_the_last_tab_makes_room_for_a_new_one(tabs: EditorTabs, qtbot: QtBot) -> None:
    tabs.open_text("example.py", "print(1)\n")
    first = tabs.current_id()
    with qtbot.waitSignal(tabs.tabClosed) as closed:
        QTest.mouseClick(
            tabs.header.bar, Qt.MouseButton.MiddleButton, pos=tabs.header.bar.tabRect(0).center() - QPoint(20, 0)
        )
    assert closed.args == [first]
    assert names(tabs) == ["untitled-1.py"]


def test_an_example_is_a_copy_that_asks_only_once_it_is_edited(tabs: EditorTabs, user: User) -> None:
    tabs.open_text("vectors.py", "print(1)\n")
    assert tabs.close_all()
    edit(tabs)
    user.answers = [Answer.CANCEL]
    assert not tabs.close_all()
    assert text(tabs) == "xprint(1)\n"


def test_closing_the_window_asks_one_question_about_all_unsaved_tabs(tabs: EditorTabs, user: User) -> None:
    edit(tabs, "one")
    tabs.new_tab()
    tabs.new_tab()
    edit(tabs, "three")
    user.answers = [Answer.CANCEL]
    assert not tabs.close_all()
    (question,) = user.asked
    assert question.answers == (Answer.SAVE_ALL, Answer.DISCARD_ALL, Answer.CANCEL)
    assert "untitled-1.py" in question.text
    assert "untitled-3.py" in question.text
    assert "untitled-2.py" not in question.text
    user.answers = [Answer.DISCARD_ALL]
    assert tabs.close_all()
    assert tabs.close_all(), "what was given up once is not asked about again"
    edit(tabs, "more")
    user.answers = [Answer.CANCEL]
    assert not tabs.close_all()


def test_saving_all_before_the_window_closes_stops_where_one_is_refused(
    tabs: EditorTabs, user: User, tmp_path: Path
) -> None:
    (tmp_path / "one.py").write_text("one")
    tabs.open_path(tmp_path / "one.py")
    edit(tabs)
    tabs.new_tab()
    edit(tabs, "two")
    tabs.show_page(tabs.pages()[0])
    user.answers = [Answer.SAVE_ALL]
    assert not tabs.close_all(), "no file was chosen for the second"
    assert (tmp_path / "one.py").read_text() == "xone"
    assert tabs.current_page() is tabs.pages()[1], "the text that a file is chosen for is in front"
    user.answers, user.paths = [Answer.SAVE], [tmp_path / "two.py"]
    assert tabs.close_all()
    assert (tmp_path / "two.py").read_text() == "two"


def test_what_is_running_is_named_in_the_question(tabs: EditorTabs, user: User) -> None:
    user.answers = [Answer.CANCEL, Answer.END, Answer.DISCARD]
    assert not tabs.close_all(["train.py"])
    assert tabs.close_all(["train.py", "other.py"])
    edit(tabs)
    assert tabs.close_all(["train.py"])
    one, two, unsaved = user.asked
    assert one.answers == two.answers == (Answer.CANCEL, Answer.END)
    assert "“train.py” is still running" in one.text
    assert "other.py" in two.text
    assert "untitled-1.py" in unsaved.title
    assert "“train.py” is still running" in unsaved.text


def test_a_long_list_of_unsaved_tabs_fits_a_small_screen(tabs: EditorTabs, user: User) -> None:
    edit(tabs)
    for _ in range(39):
        tabs.new_tab()
        edit(tabs)
    user.answers = [Answer.CANCEL]
    assert not tabs.close_all()
    (question,) = user.asked
    assert question.text.count("\n") < 15
    assert "and 30 more" in question.text


def test_saving_under_another_name_renames_the_tab(tabs: EditorTabs, user: User, qtbot: QtBot, tmp_path: Path) -> None:
    edit(tabs, "x = 1")
    tab_id = tabs.current_id()
    user.paths = [tmp_path / "mine"]
    assert tabs.save_as()
    assert names(tabs) == ["mine.py"]
    assert (tmp_path / "mine.py").read_text() == "x = 1"
    assert tabs.current_id() == tab_id
    tabs.new_tab()
    with qtbot.waitSignal(tabs.messageRaised) as said:
        assert not tabs.save_as()
    assert "open in another tab" in said.args[0]


def test_keys_switch_tabs_round_the_end(tabs: EditorTabs) -> None:
    tabs.new_tab()
    tabs.new_tab()
    seen = []
    for key, modifiers in (
        (KEY.Key_Tab, MOD.ControlModifier),
        (KEY.Key_PageUp, MOD.ControlModifier),
        (KEY.Key_Backtab, MOD.ControlModifier | MOD.ShiftModifier),
        (KEY.Key_PageDown, MOD.ControlModifier),
    ):
        QTest.keyClick(front(tabs), key, modifiers)
        seen.append(tabs.header.bar.currentIndex())
        assert QApplication.focusWidget() is front(tabs)
    assert seen == [0, 2, 1, 2]


def test_tabs_can_be_moved(tabs: EditorTabs) -> None:
    tabs.open_text("a.py", "a")
    tabs.open_text("b.py", "b")
    tabs.header.bar.moveTab(1, 0)
    assert names(tabs) == ["b.py", "a.py"]
    assert text(tabs) == "b"
    tabs.close_tab(0)
    assert text(tabs) == "a"


def test_zoom_is_shared_and_has_limits(tabs: EditorTabs) -> None:
    tabs.new_tab()
    editor = front(tabs)
    QTest.keyClick(editor, KEY.Key_Plus, MOD.ControlModifier)
    QTest.keyClick(editor, KEY.Key_Equal, MOD.ControlModifier)
    assert [page.editor.font().pixelSize() for page in tabs.pages()] == [15, 15]
    for _ in range(20):
        QTest.keyClick(editor, KEY.Key_Minus, MOD.ControlModifier)
    assert tabs.font_pixels() == 8
    tabs.new_tab()
    assert front(tabs).font_pixels() == 8
    QTest.keyClick(editor, KEY.Key_0, MOD.ControlModifier)
    assert tabs.font_pixels() == 13


def test_keys_open_the_bars_and_toggle_comments(tabs: EditorTabs) -> None:
    editor = front(tabs)
    editor.set_text("a = 1\nb = a\n")
    QTest.keyClick(editor, KEY.Key_F, MOD.ControlModifier)
    assert tabs.find_bar.isVisible()
    assert not tabs.find_bar.replace_edit.isVisible()
    QTest.keyClicks(tabs.find_bar.find_edit, "a")
    QTest.keyClick(tabs.find_bar.find_edit, KEY.Key_F3)
    assert tabs.find_bar.status.text() == "1 of 2"
    QTest.keyClick(tabs.find_bar.find_edit, KEY.Key_F3, MOD.ShiftModifier)
    assert tabs.find_bar.status.text() == "2 of 2"
    QTest.keyClick(editor, KEY.Key_H, MOD.ControlModifier)
    assert tabs.find_bar.replace_edit.isVisible()
    QTest.keyClick(editor, KEY.Key_G, MOD.ControlModifier)
    assert tabs.go_to_bar.isVisible()
    assert not tabs.find_bar.isVisible()
    editor.set_line_and_column(1)
    QTest.keyClick(editor, KEY.Key_Slash, MOD.ControlModifier)
    assert editor.text() == "# a = 1\nb = a\n"


def test_escape_in_the_text_closes_the_bar_and_f6_leaves_the_text(tabs: EditorTabs) -> None:
    tabs.open_find()
    front(tabs).setFocus()
    QTest.keyClick(front(tabs), KEY.Key_Escape)
    assert not tabs.find_bar.isVisible()
    QTest.keyClick(front(tabs), KEY.Key_F6)
    assert not front(tabs).hasFocus()


def test_the_find_bar_follows_the_tab_in_front(tabs: EditorTabs) -> None:
    tabs.open_text("a.py", "x x x")
    tabs.open_text("b.py", "x")
    tabs.open_find()
    tabs.find_bar.find_edit.setText("x")
    assert tabs.find_bar.status.text() == "1 match"
    tabs.step_tab(-1)
    assert tabs.find_bar.status.text() == "3 matches"
    tabs.close_tab()
    assert tabs.find_bar.status.text() == "1 match"


def test_every_control_has_a_name_and_a_tooltip_with_its_key(tabs: EditorTabs) -> None:
    for button in tabs.header.findChildren(QToolButton):
        if button.objectName() in ("plus", "search", "save"):
            assert button.accessibleName()
            assert "(Ctrl+" in button.toolTip()
    assert close_button(tabs, 0).accessibleName() == "Close tab"
    assert tabs.header.bar.accessibleName()
    assert front(tabs).accessibleName()
