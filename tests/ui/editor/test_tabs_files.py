from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from gpuplayground.storage import documents
from gpuplayground.storage.documents import Stamp
from gpuplayground.storage.open_tabs import from_json
from gpuplayground.ui.editor import page as page_module
from gpuplayground.ui.editor.questions import Answer
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from tests.support.drops import drop
from tests.ui.editor.tab_helpers import User, edit, front, names, text

KEY, MOD = Qt.Key, Qt.KeyboardModifier


def change_outside(file: Path, content: str) -> None:
    file.write_text(content)
    os.utime(file, ns=(1, 1))


def notice_buttons(tabs: EditorTabs) -> dict[str, QPushButton]:
    page = tabs.current_page()
    assert page is not None
    return {button.text(): button for button in page.notice.buttons}


def test_a_text_without_changes_follows_its_file_and_undo_takes_that_back(
    tabs: EditorTabs, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "a.py"
    file.write_text("old\n")
    tabs.open_path(file)
    change_outside(file, "new text\n")
    with qtbot.waitSignal(tabs.noted) as noted:
        front(tabs).focused.emit()
    assert "a.py" in noted.args[0]
    assert text(tabs) == "new text\n"
    assert notice_buttons(tabs) == {}
    assert not tabs.header.is_modified(0)
    front(tabs).undo()
    assert text(tabs) == "old\n"
    assert tabs.header.is_modified(0)


def test_a_change_is_noticed_while_the_window_has_the_focus_whichever_tab_is_in_front(
    tabs: EditorTabs, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QGuiApplication, "applicationState", lambda: Qt.ApplicationState.ApplicationActive)
    clean, edited = tmp_path / "clean.py", tmp_path / "edited.py"
    for file in (clean, edited):
        file.write_text("old\n")
        tabs.open_path(file)
    edit(tabs)
    first, second = tabs.pages()
    tabs.new_tab()
    for file in (clean, edited):
        # As many editors do: a new file takes the place of the old one.
        change_outside(tmp_path / "new", "theirs\n")
        (tmp_path / "new").replace(file)
    qtbot.waitUntil(lambda: first.text() == "theirs\n", timeout=20_000)
    qtbot.waitUntil(lambda: len(second.notice.buttons) == 2, timeout=20_000)
    assert second.text() == "xold\n"
    edited.unlink()
    qtbot.waitUntil(lambda: "deleted" in second.notice.label.text(), timeout=20_000)
    edited.write_text("xold\n")
    qtbot.waitUntil(lambda: second.notice.buttons == [], timeout=20_000)
    assert not second.modified


def test_a_hanging_disk_holds_nothing_up(
    tabs: EditorTabs, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QGuiApplication, "applicationState", lambda: Qt.ApplicationState.ApplicationActive)
    asked, answer = threading.Event(), threading.Event()

    def hang(_path: Path) -> Stamp | None:
        asked.set()
        answer.wait(60)
        return None

    (tmp_path / "a.py").write_text("old\n")
    tabs.open_path(tmp_path / "a.py")
    monkeypatch.setattr(documents, "stamp", hang)
    qtbot.waitUntil(asked.is_set, timeout=20_000)
    edit(tabs)
    assert text(tabs) == "xold\n"
    monkeypatch.undo()
    answer.set()


def test_changes_of_ones_own_are_kept_until_the_user_has_chosen(tabs: EditorTabs, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("old\n")
    tabs.open_path(file)
    edit(tabs)
    change_outside(file, "theirs\n")
    front(tabs).focused.emit()
    assert list(notice_buttons(tabs)) == ["Reload", "Keep this text"]
    QTest.mouseClick(notice_buttons(tabs)["Keep this text"], Qt.MouseButton.LeftButton)
    assert tabs.header.is_modified(0)
    assert tabs.save()
    assert file.read_text() == "xold\n"
    change_outside(file, "theirs again\n")
    edit(tabs)
    front(tabs).focused.emit()
    QTest.mouseClick(notice_buttons(tabs)["Reload"], Qt.MouseButton.LeftButton)
    assert text(tabs) == "theirs again\n"
    assert notice_buttons(tabs) == {}


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
    front(tabs).set_line_and_column(2, 2)
    tabs.close_tab()
    tabs.new_tab()
    edit(tabs, "lost")
    user.answers = [Answer.DISCARD]
    tabs.close_tab()
    QTest.keyClick(front(tabs), KEY.Key_T, MOD.ControlModifier | MOD.ShiftModifier)
    assert text(tabs) == "lost"
    QTest.keyClick(front(tabs), KEY.Key_T, MOD.ControlModifier | MOD.ShiftModifier)
    assert tabs.current_document().path == file  # type: ignore[union-attr]
    assert front(tabs).line_and_column() == (2, 2)


def test_the_session_opens_the_same_files_again(
    tabs: EditorTabs, qtbot: QtBot, theme: Theme, icons: Icons, tmp_path: Path
) -> None:
    for name in ("a.py", "b.py", "gone.py"):
        (tmp_path / name).write_text("1\n2\n3\n")
        tabs.open_path(tmp_path / name)
    tabs.step_tab(-1)
    front(tabs).set_line_and_column(3, 2)
    session = tabs.session()
    (tmp_path / "gone.py").unlink()
    other = EditorTabs(theme, icons)
    qtbot.addWidget(other)
    other.restore(from_json(json.loads(json.dumps(session.to_json()))))
    assert names(other) == ["a.py", "b.py"]
    assert other.current_document().name == "b.py"  # type: ignore[union-attr]
    assert front(other).line_and_column() == (3, 2)


def test_only_the_tab_in_front_takes_the_time_to_show_its_text(
    tabs: EditorTabs, qtbot: QtBot, theme: Theme, icons: Icons, tmp_path: Path
) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("one\ntwo\n")
        tabs.open_path(tmp_path / name)
    front(tabs).set_line_and_column(2, 3)
    tabs.step_tab(-1)
    other = EditorTabs(theme, icons)
    qtbot.addWidget(other)
    other.restore(tabs.session())
    first, second = other.pages()
    assert (first.is_deferred, second.is_deferred) == (False, True)
    assert second.text() == "one\ntwo\n"
    assert not second.modified
    other.show_page(second)
    assert front(other).text() == "one\ntwo\n"
    assert front(other).line_and_column() == (2, 3)
    assert not other.header.is_modified(1)


def test_an_enormous_text_is_shown_when_it_is_asked_for(
    tabs: EditorTabs, qtbot: QtBot, theme: Theme, icons: Icons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "ENORMOUS_LINES", 3)
    file = tmp_path / "a.py"
    file.write_text("1\n2\n3\n4\n")
    tabs.open_path(file)
    front(tabs).set_line_and_column(4)
    other = EditorTabs(theme, icons)
    qtbot.addWidget(other)
    other.restore(tabs.session())
    other.show()
    (page,) = other.pages()
    assert page.is_deferred
    assert not page.editor.isEnabled()
    assert page.state() == tabs.session().tabs[0]
    assert other.save()
    assert file.read_text() == "1\n2\n3\n4\n"
    (show,) = [button for button in page.findChildren(QPushButton) if button.text() == "Show"]
    QTest.mouseClick(show, Qt.MouseButton.LeftButton)
    assert front(other).text() == "1\n2\n3\n4\n"
    assert front(other).line_and_column() == (4, 1)
    assert front(other).isEnabled()


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
