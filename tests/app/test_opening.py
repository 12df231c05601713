"""What the command line and the history open, and what Run makes of a file that changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.app.application import Application
from gpuplayground.app.options import WindowOptions
from gpuplayground.ui.editor.questions import Answer, Question
from gpuplayground.ui.editor.tabs import EditorTabs
from tests.support.application import StartApplication

PATIENCE_MS = 30_000


def wait_for_output(qtbot: QtBot, application: Application, text: str) -> None:
    panel = application.playground.output(application.tabs.current_id() or "")
    qtbot.waitUntil(lambda: text in panel.text(), timeout=PATIENCE_MS)


def test_a_missing_file_is_a_new_one_of_that_name(start: StartApplication, tmp_path: Path) -> None:
    application = start(options=WindowOptions(files=(str(tmp_path / "new.py"),)))
    (page,) = application.tabs.pages()
    assert (page.document.name, page.text(), page.modified) == ("new.py", "", False)
    page.editor.insertPlainText("x = 1\n")
    assert application.tabs.save()
    assert (tmp_path / "new.py").read_text() == "x = 1\n"


def test_a_folder_opens_the_file_dialog_there(
    qtbot: QtBot, start: StartApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path | None] = []
    monkeypatch.setattr(EditorTabs, "open_dialog", lambda _tabs, folder=None: asked.append(folder))
    start(options=WindowOptions(files=(str(tmp_path),)))
    qtbot.waitUntil(lambda: asked == [tmp_path], timeout=PATIENCE_MS)


def test_run_takes_the_text_that_the_file_has_now(qtbot: QtBot, start: StartApplication, tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("print('the old text')\n")
    application = start(options=WindowOptions(files=(str(file),)))
    file.write_text("print('the text of another editor')\n")
    application.playground.run()
    wait_for_output(qtbot, application, "the text of another editor")
    assert "a.py" in application.window.status.currentMessage()


def test_run_of_ones_own_text_says_that_the_file_has_another(
    qtbot: QtBot, start: StartApplication, tmp_path: Path
) -> None:
    file = tmp_path / "a.py"
    file.write_text("print('the old text')\n")
    application = start(options=WindowOptions(files=(str(file),)))
    page = application.tabs.current_page()
    assert page is not None
    page.editor.insertPlainText("print('mine')\n")
    file.write_text("print('theirs')\n")
    application.playground.run()
    assert "Run uses the text below" in page.notice.label.text()
    wait_for_output(qtbot, application, "mine")


def test_texts_opened_twice_have_names_of_their_own(start: StartApplication) -> None:
    application = start()
    for _ in range(3):
        application.tabs.open_text("train.py", "x = 1\n")
    names = [page.document.name for page in application.tabs.pages()]
    assert names[-3:] == ["train.py", "train (2).py", "train (3).py"]


def test_a_warning_names_the_tab_and_no_folder_of_ours(
    qtbot: QtBot, start: StartApplication, own_folders: Path
) -> None:
    application = start()
    application.tabs.open_text("old.py", "import warnings\nwarnings.warn('it is old')\nprint('end')\n")
    application.playground.run()
    wait_for_output(qtbot, application, "end")
    wait_for_output(qtbot, application, "old.py:2: UserWarning: it is old")
    assert str(own_folders) not in application.playground.output(application.tabs.current_id() or "").text()


def test_a_syntax_error_is_told_once_below_the_text(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    application.tabs.open_text("broken.py", "if x\n    pass\n")
    application.playground.run()
    wait_for_output(qtbot, application, "exit 1")
    text = application.playground.output(application.tabs.current_id() or "").text()
    assert text.count("expected ':'") == 1


def test_closing_the_window_names_what_is_running(
    qtbot: QtBot, start: StartApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = start()
    application.tabs.open_text("train.py", "import time\nprint('going')\ntime.sleep(600)\n")
    application.playground.run()
    wait_for_output(qtbot, application, "going")
    asked: list[Question] = []

    def ask(_parent: object, question: Question) -> Answer:
        asked.append(question)
        return Answer.CANCEL

    monkeypatch.setattr(application.tabs._saving, "_ask", ask)
    assert not application.window.close()
    (question,) = asked
    assert "train.py" in question.text
