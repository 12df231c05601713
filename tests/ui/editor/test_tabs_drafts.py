from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gpuplayground.storage.drafts import DraftStore
from gpuplayground.ui.editor import draft_keeper
from gpuplayground.ui.editor.editor import CodeEditor
from gpuplayground.ui.editor.questions import Answer
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.workers import saver

# A window of its own process: it opens a file, types by keys, and waits to be killed.
WINDOW = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from pathlib import Path
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from gpuplayground.storage import paths
from gpuplayground.storage.drafts import DraftStore
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.editor.questions import Answer
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.widgets.theme import Theme

app = QApplication([])
theme = Theme()
tabs = EditorTabs(theme, Icons(paths.resources() / "icons", theme), DraftStore(Path(sys.argv[1])))
tabs.show()
tabs.open_path(sys.argv[2])
tabs.current_editor().set_line_and_column(2, 3)
QTest.keyClicks(tabs.current_editor(), "typed")
tabs.new_tab()
QTest.keyClicks(tabs.current_editor(), "x = 1")
print("typed", flush=True)
app.exec()
"""

Open = Callable[[], EditorTabs]


def front(tabs: EditorTabs) -> CodeEditor:
    editor = tabs.current_editor()
    assert editor is not None
    return editor


@pytest.fixture
def open_tabs(qtbot: QtBot, theme: Theme, icons: Icons, tmp_path: Path) -> Open:
    def opened() -> EditorTabs:
        tabs = EditorTabs(theme, icons, DraftStore(tmp_path / "drafts"))
        qtbot.addWidget(tabs, before_close_func=lambda widget: widget.shut_down())
        tabs.show()
        return tabs

    return opened


def drafts(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "drafts").glob("*/*.draft"))


def test_work_that_was_killed_comes_back(open_tabs: Open, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"one\r\ntwo\r\n")
    window = subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(tmp_path / "drafts"), str(file)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert window.stdout is not None
        assert window.stdout.readline() == "typed\n"
        qtbot.waitUntil(lambda: len(drafts(tmp_path)) == 2, timeout=30_000)
    finally:
        window.send_signal(signal.SIGKILL)
        window.communicate()
    tabs = open_tabs()
    assert tabs.restore() == 2
    assert [document.name for document in tabs.documents()] == ["a.py", "untitled-1.py"]
    first, second = tabs.pages()
    assert (first.text(), second.text()) == ("one\ntwtypedo\n", "x = 1")
    tabs.show_page(first)
    assert first.editor.text() == "one\ntwtypedo\n"
    assert first.editor.line_and_column() == (2, 8)
    assert first.notice.label.text().startswith("Unsaved changes from ")
    assert second.editor.text() == "x = 1"
    assert first.modified
    assert second.modified
    tabs.show_page(first)
    assert tabs.save()
    assert file.read_bytes() == b"one\r\ntwtypedo\r\n"
    qtbot.waitUntil(lambda: len(drafts(tmp_path)) == 1)


def test_undo_of_a_restored_draft_shows_what_the_file_has(open_tabs: Open, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("saved\n")
    first = open_tabs()
    first.open_path(file)
    QTest.keyClicks(front(first), "un")
    qtbot.waitUntil(lambda: len(drafts(tmp_path)) == 1, timeout=10_000)
    first.shut_down()
    second = open_tabs()
    assert second.restore() == 1
    editor = front(second)
    assert editor.text() == "unsaved\n"
    editor.undo()
    assert editor.text() == "saved\n"


def test_a_file_that_changed_meanwhile_is_told_and_is_one_undo_away(
    open_tabs: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "a.py"
    file.write_text("saved\n")
    first = open_tabs()
    first.open_path(file)
    QTest.keyClicks(front(first), "un")
    qtbot.waitUntil(lambda: len(drafts(tmp_path)) == 1, timeout=10_000)
    first.shut_down()
    file.write_text("changed by others\n")
    second = open_tabs()
    second.restore()
    page = second.current_page()
    assert page is not None
    assert "The file has changed since" in page.notice.label.text()
    assert page.editor.text() == "unsaved\n"
    page.editor.undo()
    assert page.editor.text() == "changed by others\n"


def test_a_draft_goes_when_its_tab_is_saved_undone_or_closed(open_tabs: Open, qtbot: QtBot, tmp_path: Path) -> None:
    tabs = open_tabs()
    editor = front(tabs)
    QTest.keyClicks(editor, "x")
    qtbot.waitUntil(lambda: len(drafts(tmp_path)) == 1, timeout=10_000)
    QTest.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not editor.document().isModified()
    qtbot.waitUntil(lambda: drafts(tmp_path) == [])


def test_giving_up_all_changes_leaves_nothing_behind(qtbot: QtBot, theme: Theme, icons: Icons, tmp_path: Path) -> None:
    tabs = EditorTabs(theme, icons, DraftStore(tmp_path / "drafts"), lambda _parent, _question: Answer.DISCARD)
    qtbot.addWidget(tabs)
    QTest.keyClicks(front(tabs), "x")
    qtbot.waitUntil(lambda: len(drafts(tmp_path)) == 1, timeout=10_000)
    assert tabs.close_all()
    tabs.shut_down()
    assert list((tmp_path / "drafts").iterdir()) == []


def test_steady_typing_is_kept_too(
    open_tabs: Open, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "PAUSE_MS", 600_000)
    monkeypatch.setattr(saver, "MAX_PAUSE_MS", 50)
    tabs = open_tabs()
    QTest.keyClicks(front(tabs), "steady")
    qtbot.waitUntil(lambda: len(drafts(tmp_path)) == 1, timeout=10_000)


def test_an_edit_is_due_within_the_second_it_is_to_be_safe_in() -> None:
    assert saver.PAUSE_MS <= saver.MAX_PAUSE_MS <= 500


class Told:
    """What the tabs say, and what they take back."""

    def __init__(self, tabs: EditorTabs) -> None:
        self.problems: list[str] = []
        self.settled: list[tuple[str, str]] = []
        tabs.messageRaised.connect(self.problems.append)
        tabs.messageSettled.connect(lambda before, now: self.settled.append((before, now)))

    def wait(self, qtbot: QtBot, problems: int = 0, settled: int = 0) -> None:
        qtbot.waitUntil(lambda: len(self.problems) >= problems and len(self.settled) >= settled, timeout=30_000)


def block(tmp_path: Path) -> Path:
    """Put a file where the folder of all drafts was, as what nobody can write into."""
    root = tmp_path / "drafts"
    root.rename(tmp_path / "aside")
    root.write_bytes(b"")
    return root


def test_what_the_disk_refused_is_told_and_saved_once_there_is_room_and_told_anew_the_next_time(
    open_tabs: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    tabs = open_tabs()
    told = Told(tabs)
    for number in (1, 2):
        root = block(tmp_path)
        QTest.keyClicks(front(tabs), "ab")
        told.wait(qtbot, problems=number)
        assert told.problems[-1].startswith("Unsaved work cannot be backed up (")
        root.unlink()
        # Nothing more is typed: it is tried again by itself.
        told.wait(qtbot, settled=number)
        assert told.settled[-1] == (told.problems[-1], "Unsaved work is backed up again.")
        assert drafts(tmp_path)[0].read_bytes().endswith(b"ab" * number)
        shutil.rmtree(tmp_path / "aside")


def test_while_the_disk_refuses_each_new_edit_is_told_but_not_each_attempt(
    open_tabs: Open, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "RETRY_MS", 5)
    monkeypatch.setattr(saver, "MAX_RETRY_MS", 5)
    tabs = open_tabs()
    told = Told(tabs)
    block(tmp_path)
    QTest.keyClicks(front(tabs), "a")
    qtbot.waitUntil(lambda: len(told.problems) == 1, timeout=10_000)
    qtbot.wait(100)
    assert len(told.problems) == 1
    QTest.keyClicks(front(tabs), "b")
    qtbot.waitUntil(lambda: len(told.problems) == 2, timeout=10_000)


def test_a_removed_folder_is_made_again_and_stays_this_windows_own(
    open_tabs: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    tabs = open_tabs()
    told = Told(tabs)
    shutil.rmtree(tmp_path / "drafts")
    QTest.keyClicks(front(tabs), "kept")
    qtbot.waitUntil(lambda: len(drafts(tmp_path)) == 1, timeout=10_000)
    other = DraftStore(tmp_path / "drafts")
    assert other.adopt() == []
    other.close()
    assert told.problems == []


def test_a_draft_that_could_not_be_removed_goes_once_it_can(open_tabs: Open, qtbot: QtBot, tmp_path: Path) -> None:
    tabs = open_tabs()
    told = Told(tabs)
    editor = front(tabs)
    QTest.keyClicks(editor, "x")
    qtbot.waitUntil(lambda: len(drafts(tmp_path)) == 1, timeout=10_000)
    root = block(tmp_path)
    editor.undo()
    qtbot.waitUntil(lambda: len(told.problems) == 1, timeout=10_000)
    root.unlink()
    (tmp_path / "aside").rename(root)
    told.wait(qtbot, settled=1)
    assert drafts(tmp_path) == []
    assert len(told.settled) == 1


def test_what_was_typed_last_is_written_at_the_end_though_a_write_is_on_its_way(
    open_tabs: Open, tmp_path: Path
) -> None:
    tabs = open_tabs()
    keeper = tabs.findChild(draft_keeper.DraftKeeper)
    assert isinstance(keeper, draft_keeper.DraftKeeper)
    QTest.keyClicks(front(tabs), "a")
    keeper.write_now()
    QTest.keyClicks(front(tabs), "b")
    tabs.shut_down()
    assert drafts(tmp_path)[0].read_bytes().endswith(b"ab")
