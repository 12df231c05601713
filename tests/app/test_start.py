"""What the window opens when it starts, where it keeps things, and that it always opens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import gpuplayground
from gpuplayground.app.application import Application
from gpuplayground.app.options import WindowOptions
from gpuplayground.model.results import RunState
from gpuplayground.storage import paths
from gpuplayground.storage.settings import Settings
from gpuplayground.ui.widgets.theme import Theme
from tests.support.application import StartApplication
from tests.support.fakes import fake_nvml_env, no_nvml_env

PATIENCE_MS = 30_000


def snippet(folder: Path, name: str, text: str = "x = 1\n") -> str:
    file = folder / name
    file.write_text(text)
    return str(file)


def open_files(application: Application) -> list[str]:
    return [document.name for document in application.tabs.documents()]


def current_name(application: Application) -> str:
    document = application.tabs.current_document()
    assert document is not None
    return document.name


def ended(application: Application) -> bool:
    state = application.playground.current_run().state
    return state is not None and state.is_final


def test_the_first_start_opens_an_example(start: StartApplication) -> None:
    (name,) = open_files(start())
    assert name.endswith(".py")
    assert not name.startswith("untitled")


def test_the_open_files_are_open_again_at_the_next_start_with_the_same_one_in_front(
    start: StartApplication, tmp_path: Path
) -> None:
    first = start(options=WindowOptions(files=tuple(snippet(tmp_path, name) for name in ("a.py", "b.py", "c.py"))))
    first.tabs.show_page(first.tabs.pages()[1])
    first.shutdown()
    settings = first._settings
    settings.recent_files = ["other.py"]
    second = start(settings=settings)
    assert open_files(second) == ["a.py", "b.py", "c.py"]
    assert current_name(second) == "b.py"
    assert settings.recent_files == ["other.py"]


def test_a_file_named_on_the_command_line_comes_in_front_of_those_that_were_open(
    start: StartApplication, tmp_path: Path
) -> None:
    first = start(options=WindowOptions(files=(snippet(tmp_path, "a.py"), snippet(tmp_path, "b.py"))))
    first.shutdown()
    second = start(settings=first._settings, options=WindowOptions(files=(snippet(tmp_path, "named.py"),)))
    assert open_files(second) == ["a.py", "b.py", "named.py"]
    assert current_name(second) == "named.py"


def test_a_picture_is_taken_of_what_was_named_only(start: StartApplication, tmp_path: Path) -> None:
    first = start(options=WindowOptions(files=(snippet(tmp_path, "a.py"),)))
    first.shutdown()
    options = WindowOptions(files=(snippet(tmp_path, "named.py"),), screenshot=str(tmp_path / "a.png"))
    assert open_files(start(settings=first._settings, options=options)) == ["named.py"]


@pytest.mark.parametrize("session", [{"tabs": 3}, {"tabs": [None, {"path": 7}, {"path": "\0"}], "current": []}])
def test_a_session_that_makes_no_sense_opens_an_example(start: StartApplication, session: dict[str, object]) -> None:
    assert len(open_files(start(settings=Settings(session=session)))) == 1


def test_of_several_files_the_first_is_run(qtbot: QtBot, start: StartApplication, tmp_path: Path) -> None:
    files = (snippet(tmp_path, "a.py", "print('first')\n"), snippet(tmp_path, "b.py", "print('second')\n"))
    application = start(options=WindowOptions(files=files, run=True))
    assert current_name(application) == "a.py"
    qtbot.waitUntil(lambda: ended(application), timeout=PATIENCE_MS)
    assert application.playground.current_run().state is RunState.FINISHED
    application.tabs.show_page(application.tabs.pages()[1])
    assert application.playground.current_run().state is None


def test_nothing_is_run_when_the_first_file_cannot_be_opened(start: StartApplication, tmp_path: Path) -> None:
    binary = tmp_path / "a.py"
    binary.write_bytes(b"\x00\x01" * 100)
    application = start(options=WindowOptions(files=(str(binary), snippet(tmp_path, "b.py")), run=True))
    assert application.playground.current_run().state is None
    assert "a.py" in application.window.banner.text


def test_a_window_that_is_never_painted_still_gets_its_readings(
    qtbot: QtBot, start: StartApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpuplayground.ui.window.main_window.MainWindow.paintEvent", lambda *_: None)
    application = start(fake_nvml_env(gpus=1))
    qtbot.waitUntil(lambda: application.monitor.has_live_gpus is True, timeout=PATIENCE_MS)


def test_the_window_opens_where_nothing_can_be_kept_and_says_so(
    qtbot: QtBot, start: StartApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "file" / "inside"))
    application = start(options=WindowOptions(files=(snippet(tmp_path, "a.py", "print('ran')\n"),), run=True))
    said = application.window.banner.text
    assert "Unsaved work and settings will not be saved" in said
    assert "set HOME or XDG_DATA_HOME" in said
    qtbot.waitUntil(lambda: ended(application), timeout=PATIENCE_MS)
    assert application.playground.current_run().state is RunState.FINISHED
    temporary = application._folders.data
    assert temporary.is_dir()
    assert application.shutdown()
    assert not temporary.exists()


def test_without_any_folder_that_can_be_written_there_are_no_drafts(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    for name, value in no_nvml_env().items():
        monkeypatch.setenv(name, value)
    nowhere = tmp_path / "file" / "inside"
    folders = paths.UserFolders(nowhere, nowhere, "no space left")
    application = Application(Theme("dark"), Settings(), WindowOptions(), folders)
    application.show()
    assert "no space left" in application.window.banner.text
    assert application.shutdown()
    application.window.deleteLater()
    application.deleteLater()


def test_an_account_without_a_home_has_temporary_folders() -> None:
    code = (
        "import pwd\n"
        "def unknown(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = unknown\n"
        "from gpuplayground.storage import paths\n"
        "folders = paths.user_folders()\n"
        "print(bool(folders.problem), folders.data.is_dir(), folders.config == folders.data)\n"
        "folders.discard()\n"
        "print(folders.data.exists())\n"
    )
    gone = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in gone}
    root = str(Path(gpuplayground.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code], env={**environment, "PYTHONPATH": root}, capture_output=True, text=True
    )
    assert done.stdout == "True True True\nFalse\n", done.stderr


def test_folders_that_can_be_written_are_the_users_own(own_folders: Path) -> None:
    folders = paths.user_folders()
    assert not folders.problem
    assert folders.data == paths.data()
    folders.discard()
    assert folders.data.is_dir()
    assert list(folders.data.iterdir()) == []
