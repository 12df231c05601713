"""The end of the window: at once, whatever hangs, and with everything saved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import gpuplayground
from tests.fakes import no_nvml_env
from tests.ui.conftest import StartApplication

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
    application = start()
    qtbot.waitUntil(pid_file.exists, timeout=PATIENCE_MS)
    assert application.shutdown()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


#: The window's main function in a process of its own; it closes once everything has been started.
PROGRAM = """
import sys, time
from PySide6.QtCore import QTimer
from gpuplayground import app, application
from gpuplayground.options import WindowOptions
from gpuplayground.workers.run_worker import RunWorker

def hang(*_):
    while True:
        time.sleep(600)

class Application(application.Application):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        QTimer.singleShot(400, self.close)

    def close(self):
        if {hangs!r} == "run":
                self.playground.run()
        self.window.close()

application.Application = Application
if {hangs!r} == "feed":
    application.Feed.run, application.Feed.stop = hang, lambda self: None
elif {hangs!r} == "run":
    RunWorker.run = hang
sys.exit(app.main(WindowOptions()))
"""


@pytest.mark.parametrize("hangs", ["nothing", "feed", "run"])
def test_what_hangs_neither_holds_the_window_up_nor_aborts_it(hangs: str, own_folders: Path, tmp_path: Path) -> None:
    root = str(Path(gpuplayground.__file__).parent.parent)
    environment = {**os.environ, **no_nvml_env(), "PYTHONPATH": root, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(hangs=hangs)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=LONG_S,
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if "propagateSizeHints" not in line]
    assert (done.returncode, said) == (0, [])
    saved = json.loads((own_folders / "xdg_config_home" / "gpuplayground" / "settings.json").read_text())
    assert saved["geometry"]
    assert list((own_folders / "xdg_data_home" / "gpuplayground" / "drafts").iterdir()) == []


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
