"""The end of the window: at once, whatever hangs, and with everything saved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import gpuplayground
from gpuplayground.app.application import Application
from gpuplayground.model.results import Run, RunState
from gpuplayground.past_runs.store import HistoryStore, KeptRun
from gpuplayground.storage.paths import HISTORY_FILE
from tests.support.application import StartApplication
from tests.support.fakes import fake_nvml_env, no_nvml_env

PATIENCE_MS = 30_000
#: What hangs in these tests does so for ten minutes; a busy machine may take its time for the rest.
LONG_S = 60


def shell_script(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="the interpreter that hangs is a shell script")
def test_an_interpreter_that_hangs_does_not_hold_the_window_up(
    qtbot: QtBot, start: StartApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid_file = tmp_path / "pid"
    shell_script(tmp_path / "bin" / "python3", f"echo $$ > {pid_file}.part; mv {pid_file}.part {pid_file}; sleep 600")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("gpuplayground.environments.interpreters.distrust", lambda _: "")
    application = start()
    qtbot.waitUntil(pid_file.exists, timeout=PATIENCE_MS)
    assert application.shutdown()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def kept(own_folders: Path) -> list[KeptRun]:
    """What another window finds in the history."""
    with HistoryStore(own_folders / "xdg_data_home" / "gpuplayground" / HISTORY_FILE) as store:
        return [store.get(entry.id) for entry in store.entries()]


def run_until(qtbot: QtBot, application: Application, source: str, *states: RunState) -> None:
    application.tabs.open_text("snippet.py", source)
    application.playground.run()
    qtbot.waitUntil(lambda: application.playground.current_run().state in states, timeout=PATIENCE_MS)


def test_a_run_that_was_going_when_the_window_closed_is_in_the_history_as_stopped(
    qtbot: QtBot, start: StartApplication, own_folders: Path
) -> None:
    application = start()
    run_until(qtbot, application, "import time\nprint(1)\ntime.sleep(600)\n", RunState.RUNNING)
    timings = application.playground.timings(application.tabs.current_id() or "").model
    qtbot.waitUntil(lambda: timings.rowCount() > 1, timeout=PATIENCE_MS)
    assert application.shutdown()
    (run,) = (each.run for each in kept(own_folders))
    assert (run.name, run.state) == ("snippet.py", RunState.STOPPED)
    assert [timing.source for timing in run.timings[:2]] == ["import time", "print(1)"]


def test_a_run_in_a_tab_that_was_closed_with_the_window_is_in_the_history(
    qtbot: QtBot, start: StartApplication, own_folders: Path
) -> None:
    application = start()
    run_until(qtbot, application, "import time\ntime.sleep(600)\n", RunState.RUNNING)
    application.runs.forget(application.tabs.current_id() or "")
    assert application.shutdown()
    assert [each.run.state for each in kept(own_folders)] == [RunState.STOPPED]


def test_what_the_monitor_saw_of_a_run_that_has_just_ended_is_kept_as_far_as_it_is_known(
    qtbot: QtBot, start: StartApplication, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "used_cuda", True)
    application = start(fake_nvml_env(gpus=1))
    qtbot.waitUntil(lambda: len(application.monitor_panel.devices.cards) == 1, timeout=PATIENCE_MS)
    run_until(qtbot, application, "import time\ntime.sleep(1.2)\n", RunState.FINISHED)
    assert application.shutdown()
    (past,) = kept(own_folders)
    assert past.run.state is RunState.FINISHED
    assert past.samples
    (receipt,) = past.receipts
    assert receipt.sample_count > 0
    # Right after the end the driver may not have given the memory back yet.
    assert (receipt.device_after_bytes, receipt.came_back) == (None, None)


#: The window's main function in a process of its own; it closes once everything has been started.
PROGRAM = """
import sys, time
from PySide6.QtCore import QTimer
from gpuplayground.app import start as app, application
from gpuplayground.app.options import WindowOptions
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.workers.run_worker import RunWorker

def hang(*_):
    while True:
        time.sleep(600)

class Application(application.Application):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        QTimer.singleShot(400, self.close)

    def close(self):
        self.window.may_close = self.tabs.close_all  # nobody is there to answer for the run
        if {hangs!r} == "run":
                self.playground.run()
        self.window.close()

app.Application = Application
app.EXIT_AFTER_S = 3 if {hangs!r} == "disk" else app.EXIT_AFTER_S
if {hangs!r} == "disk":
    app.SettingsStore.save = hang
elif {hangs!r} == "feed":
    Feed.run, Feed.stop = hang, lambda self: None
elif {hangs!r} == "run":
    RunWorker.run = hang
sys.exit(app.main(WindowOptions()))
"""


def close_a_window(folder: Path, hangs: str = "nothing") -> tuple[int, list[str]]:
    """Open and close a window in a process of its own; return its exit code and what it said on stderr."""
    root = str(Path(gpuplayground.__file__).parent.parent)
    environment = {**os.environ, **no_nvml_env(), "PYTHONPATH": root, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(hangs=hangs)],
        env=environment, cwd=folder, capture_output=True, text=True, timeout=LONG_S,
    )  # fmt: skip
    return done.returncode, [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line]


def test_settings_that_cannot_be_written_at_the_end_are_said(own_folders: Path, tmp_path: Path) -> None:
    # A folder of that name stands in for a disk that refuses: it does so to every user.
    blocked = own_folders / "xdg_config_home" / "gpuplayground" / "settings.json"
    (blocked / "inside").mkdir(parents=True)
    code, said = close_a_window(tmp_path)
    assert code == 0
    assert said == [f"The settings could not be written (Is a directory): see that “{blocked}” can be written."]


@pytest.mark.parametrize("hangs", ["nothing", "feed", "run"])
def test_what_hangs_neither_holds_the_window_up_nor_aborts_it(hangs: str, own_folders: Path, tmp_path: Path) -> None:
    assert close_a_window(tmp_path, hangs) == (0, [])
    saved = json.loads((own_folders / "xdg_config_home" / "gpuplayground" / "settings.json").read_text())
    assert saved["geometry"]
    assert list((own_folders / "xdg_data_home" / "gpuplayground" / "drafts").iterdir()) == []


def test_a_disk_that_answers_no_write_leaves_no_process_behind(own_folders: Path, tmp_path: Path) -> None:
    assert close_a_window(tmp_path, "disk") == (0, [])


def test_all_windows_are_gone_before_anything_is_written_or_waited_for(
    qtbot: QtBot, start: StartApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = start()
    application.services.past.show_comparison()
    assert sum(widget.isVisible() for widget in QApplication.topLevelWidgets()) == 2
    noted: list[bool] = []

    def note(write: Callable[[], None]) -> Callable[[], None]:
        def noting() -> None:
            noted.append(any(widget.isVisible() for widget in QApplication.topLevelWidgets()))
            write()

        return noting

    monkeypatch.setattr(application.tabs, "shut_down", note(application.tabs.shut_down))
    monkeypatch.setattr(application.runs, "end", note(application.runs.end))
    assert application.shutdown()
    assert noted == [False, False]


def test_a_slow_disk_loses_no_run(
    qtbot: QtBot, start: StartApplication, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = start()
    run_until(qtbot, application, "import time\ntime.sleep(600)\n", RunState.RUNNING)
    add = HistoryStore.add

    def add_slowly(store: HistoryStore, kept: KeptRun) -> int:
        time.sleep(1.5)  # longer than a run is waited for
        return add(store, kept)

    monkeypatch.setattr(HistoryStore, "add", add_slowly)
    assert application.shutdown()
    assert [each.run.state for each in kept(own_folders)] == [RunState.STOPPED]


def test_settings_and_drafts_are_safe_before_anything_is_ended(
    qtbot: QtBot, start: StartApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = start()
    drafts, end = application._drafts, application.monitor.end
    assert drafts is not None
    noted: list[object] = []

    def note_and_end() -> None:
        noted.append((bool(application._settings.geometry), drafts._lock))
        end()

    monkeypatch.setattr(application.monitor, "end", note_and_end)
    assert application.shutdown()
    assert noted == [(True, None)]
