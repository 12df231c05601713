from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from gpuplayground.ui.icons import Icons
from gpuplayground.ui.playground.questions import Answer
from gpuplayground.ui.playground.tabs import EditorTabs
from gpuplayground.ui.theme import Theme
from tests.ui.drops import drop
from tests.ui.playground.tab_helpers import User, edit, front, names, text

KEY, MOD = Qt.Key, Qt.KeyboardModifier


def change_outside(file: Path, content: str) -> None:
    file.write_text(content)
    os.utime(file, ns=(1, 1))


def notice_buttons(tabs: EditorTabs) -> dict[str, QPushButton]:
    page = tabs.current_page()
    assert page is not None
    return {button.text(): button for button in page.notice.buttons}


def test_a_file_changed_by_others_is_noticed_on_focus_and_reloaded(tabs: EditorTabs, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("old\n")
    tabs.open_path(file)
    change_outside(file, "new text\n")
    tabs.header.setFocus()
    front(tabs).focused.emit()
    assert list(notice_buttons(tabs)) == ["Reload", "Keep this text"]
    QTest.mouseClick(notice_buttons(tabs)["Reload"], Qt.MouseButton.LeftButton)
    assert text(tabs) == "new text\n"
    assert notice_buttons(tabs) == {}
    assert not tabs.header.is_modified(0)


def test_keeping_ones_own_text_makes_it_unsaved(tabs: EditorTabs, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("old\n")
    tabs.open_path(file)
    change_outside(file, "theirs\n")
    front(tabs).focused.emit()
    QTest.mouseClick(notice_buttons(tabs)["Keep this text"], Qt.MouseButton.LeftButton)
    assert tabs.header.is_modified(0)
    assert tabs.save()
    assert file.read_text() == "old\n"


def test_a_deleted_file_is_noticed_and_can_be_written_again(tabs: EditorTabs, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("old\n")
    tabs.open_path(file)
    file.unlink()
    front(tabs).focused.emit()
    assert tabs.header.is_modified(0)
    assert list(notice_buttons(tabs)) == ["Dismiss"]
    assert tabs.save()
    assert file.read_text() == "old\n"


def test_a_file_that_was_only_touched_is_no_news(tabs: EditorTabs, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("old\n")
    tabs.open_path(file)
    os.utime(file, ns=(1, 1))
    front(tabs).focused.emit()
    assert notice_buttons(tabs) == {}


@pytest.mark.parametrize(
    ("answer", "saved", "on_disk", "shown"),
    [
        (Answer.OVERWRITE, True, "xold\n", "xold\n"),
        (Answer.RELOAD, False, "theirs\n", "theirs\n"),
        (Answer.CANCEL, False, "theirs\n", "xold\n"),
    ],
)
def test_saving_over_somebody_elses_change_asks_first(
    tabs: EditorTabs, user: User, tmp_path: Path, answer: Answer, saved: bool, on_disk: str, shown: str
) -> None:
    file = tmp_path / "a.py"
    file.write_text("old\n")
    tabs.open_path(file)
    edit(tabs)
    change_outside(file, "theirs\n")
    user.answers = [answer]
    assert tabs.save() == saved
    assert file.read_text() == on_disk
    assert text(tabs) == shown


def test_a_dropped_python_file_opens_and_other_files_are_passed_on(
    tabs: EditorTabs, qtbot: QtBot, tmp_path: Path
) -> None:
    script, other = tmp_path / "a.py", tmp_path / "run.gpurec"
    script.write_text("print(1)\n")
    other.write_bytes(b"\0")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(script)), QUrl.fromLocalFile(str(other))])
    with qtbot.waitSignal(tabs.pathsDropped) as dropped:
        drop(front(tabs).viewport(), data, QPoint(60, 30))
    assert dropped.args == [[str(other)]]
    assert names(tabs) == ["a.py"]
    assert text(tabs) == "print(1)\n"


def test_a_closed_tab_comes_back(tabs: EditorTabs, user: User, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("one\ntwo\n")
    tabs.open_path(file)
    front(tabs).set_place(2, 2)
    tabs.close_tab()
    tabs.new_tab()
    edit(tabs, "lost")
    user.answers = [Answer.DISCARD]
    tabs.close_tab()
    QTest.keyClick(front(tabs), KEY.Key_T, MOD.ControlModifier | MOD.ShiftModifier)
    assert text(tabs) == "lost"
    QTest.keyClick(front(tabs), KEY.Key_T, MOD.ControlModifier | MOD.ShiftModifier)
    assert tabs.current_document().path == file  # type: ignore[union-attr]
    assert front(tabs).place() == (2, 2)


def test_the_session_opens_the_same_files_again(
    tabs: EditorTabs, qtbot: QtBot, theme: Theme, icons: Icons, tmp_path: Path
) -> None:
    for name in ("a.py", "b.py", "gone.py"):
        (tmp_path / name).write_text("1\n2\n3\n")
        tabs.open_path(tmp_path / name)
    tabs.step_tab(-1)
    front(tabs).set_place(3)
    state = tabs.session_state()
    (tmp_path / "gone.py").unlink()
    other = EditorTabs(theme, icons)
    qtbot.addWidget(other)
    other.restore_session(state)
    assert names(other) == ["a.py", "b.py"]
    assert other.current_document().name == "b.py"  # type: ignore[union-attr]
    assert front(other).place() == (3, 1)
    other.restore_session({"tabs": [3, {"path": 4}], "current": [], "font_pixels": "x"})


def test_the_menu_of_a_tab_closes_others_and_copies_the_path(tabs: EditorTabs, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("")
    tabs.open_path(file)
    tabs.new_tab()
    tabs.header.bar.menuRequested.emit(0, QPoint(10, 10))
    menu = tabs.findChild(QMenu)
    assert isinstance(menu, QMenu)
    actions = {action.text(): action for action in menu.actions()}
    actions["Copy path"].trigger()
    assert QGuiApplication.clipboard().text() == str(file)
    actions["Close others"].trigger()
    assert names(tabs) == ["a.py"]
    menu.close()
