"""The window on screens that are smaller than its parts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

import gpuplayground
from gpuplayground.app.options import WindowOptions
from gpuplayground.storage.settings import Settings
from tests.support.application import StartApplication
from tests.support.fakes import no_nvml_env

#: What the window does at a scale factor, on Qt's offscreen screen of 800 by 800 pixels of the device.
PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from gpuplayground.app import start as app, application
from gpuplayground.app.options import WindowOptions

class Application(application.Application):
    def start(self):
        super().start()
        QTimer.singleShot(300, self.tell)

    def tell(self):
        room = self.window.screen().availableGeometry()
        print(room.contains(self.window.frameGeometry()), self.window.size(), room)
        self.window.close()

app.Application = Application
sys.exit(app.main(WindowOptions()))
"""


@pytest.mark.parametrize("factor", ["1", "2"])
def test_the_window_opens_on_the_screen_at_any_scale_factor(factor: str, own_folders: Path, tmp_path: Path) -> None:
    root = str(Path(gpuplayground.__file__).parent.parent)
    variables = {"PYTHONPATH": root, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": factor}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**os.environ, **no_nvml_env(), **variables}, cwd=tmp_path,
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("True"), done.stdout


def test_a_place_on_a_larger_screen_is_brought_back(qtbot: QtBot, start: StartApplication) -> None:
    application = start(options=WindowOptions(size=(2400, 1600)))
    settings = Settings()
    application.window.store(settings)
    application.window.place(settings)
    room = application.window.screen().availableGeometry()
    assert application.window.width() <= room.width()
    assert application.window.height() <= room.height()


def test_a_place_that_cannot_be_restored_gives_way_to_the_first_size(qtbot: QtBot, start: StartApplication) -> None:
    application = start(options=WindowOptions(size=(600, 600)))
    application.window.place(Settings(geometry="nothing of Qt's"))
    room = application.window.screen().availableGeometry()
    assert application.window.width() == min(1400, room.width() - 20)


def test_nothing_is_cut_at_1024_by_700(qtbot: QtBot, start: StartApplication) -> None:
    application = start(options=WindowOptions(size=(1024, 700)))
    window = application.window
    qtbot.waitUntil(lambda: window.header.width() > 0)
    assert window.header.width() <= 1024, "nothing has to be scrolled"
    for part in (window.header, window.monitor, window.playground):
        right = part.mapTo(window, QPoint(part.width(), part.height()))
        assert right.x() <= window.width()
        assert right.y() <= window.height()
        assert part.width() >= part.minimumSizeHint().width()
        assert part.height() >= part.minimumSizeHint().height()


def test_a_wide_window_can_be_made_narrow_again(qtbot: QtBot, start: StartApplication) -> None:
    application = start(options=WindowOptions(size=(1500, 700)))
    window = application.window
    assert window.header._title.isVisible()
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: window.header.width() <= 1024)
    assert not window.header._title.isVisible()
