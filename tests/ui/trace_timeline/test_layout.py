"""Long runs are laid out beside the window."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

import gpuplayground
from gpuplayground.model.results import Run
from gpuplayground.ui.trace_timeline import layout
from gpuplayground.ui.trace_timeline.panel import TimelinePanel
from gpuplayground.ui.trace_timeline.rows import Picture, picture_of
from tests.ui.trace_timeline.conftest import MakePanel
from tests.ui.trace_timeline.runs import crowded_run, samples_of, usual_run

LONG = layout.AT_ONCE + 1000


class Gate:
    """Holds up the layout of long runs until it is opened; ``passed`` are those that went through, in their order."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self.passed: list[Run] = []
        self.problem = ""

    def __call__(self, run: Run) -> Picture:
        if threading.current_thread() is not threading.main_thread():
            self.entered.set()
            assert self.opened.wait(60)
        self.passed.append(run)
        if self.problem:
            raise MemoryError(self.problem)
        return picture_of(run)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    monkeypatch.setattr(layout, "picture_of", gate)
    yield gate
    gate.opened.set()


def begin(panel: TimelinePanel, run: Run) -> None:
    panel.clear(run.run_id)
    panel.set_run(run)


def test_the_window_goes_on_while_a_long_run_is_laid_out(qtbot: QtBot, make_panel: MakePanel, gate: Gate) -> None:
    panel, run = make_panel(), crowded_run(LONG)
    begin(panel, run)
    panel.set_samples(samples_of(run, 1_000_000))
    assert not panel.canvas.picture.rows
    assert "when the run is over" in panel.empty.text(), "nothing needs to be said of some milliseconds"
    gate.opened.set()
    qtbot.waitUntil(lambda: bool(panel.canvas.picture.rows))
    assert panel.canvas.isVisible()
    assert panel.canvas.scene.curves, "also of samples that came meanwhile"


def test_what_takes_long_is_said(
    qtbot: QtBot, make_panel: MakePanel, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "LONG_MS", 1)
    panel = make_panel()
    begin(panel, crowded_run(LONG))
    qtbot.waitUntil(lambda: panel.empty.text().startswith("Laying out"))
    gate.opened.set()
    qtbot.waitUntil(panel.canvas.isVisible)


def test_the_picture_of_an_earlier_run_is_dropped(qtbot: QtBot, make_panel: MakePanel, gate: Gate) -> None:
    panel, earlier = make_panel(), crowded_run(LONG)
    begin(panel, earlier)
    assert gate.entered.wait(60)
    later = replace(usual_run(), run_id="run-2")
    begin(panel, later)
    gate.opened.set()
    qtbot.waitUntil(lambda: not len(panel._layout._tasks))
    assert gate.passed == [later, earlier]
    assert panel.run is later
    assert panel.canvas.picture.timings == later.timings


def test_a_run_that_begins_meanwhile_leaves_the_panel_empty(qtbot: QtBot, make_panel: MakePanel, gate: Gate) -> None:
    panel = make_panel()
    begin(panel, crowded_run(LONG))
    panel.clear("run-2")
    gate.opened.set()
    qtbot.waitUntil(lambda: not len(panel._layout._tasks))
    assert panel.empty.isVisible()
    assert not panel.canvas.picture.rows


@pytest.mark.parametrize("kernels", [LONG, 100])
def test_what_cannot_be_laid_out_is_said(qtbot: QtBot, make_panel: MakePanel, gate: Gate, kernels: int) -> None:
    panel = make_panel()
    gate.problem = "no memory"
    gate.opened.set()
    begin(panel, crowded_run(kernels))
    qtbot.waitUntil(lambda: "cannot be shown (no memory)" in panel.empty.text())


def test_a_panel_that_is_closed_meanwhile_waits_for_its_thread(make_panel: MakePanel, gate: Gate) -> None:
    panel = make_panel()
    begin(panel, crowded_run(LONG))
    assert gate.entered.wait(60)
    threading.Timer(0.2, gate.opened.set).start()
    panel.deleteLater()
    QCoreApplication.sendPostedEvents(panel, QEvent.Type.DeferredDelete)
    assert len(gate.passed) == 1, "Qt ends the process where the object of a running thread is deleted"


#: A window that is closed while it lays out a run, and then the end of the process.
PROGRAM = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from gpuplayground.storage import paths
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.results.pages import TIMELINE, page_header
from gpuplayground.ui.trace_timeline.panel import TimelinePanel
from tests.ui.trace_timeline.runs import RUN, crowded_run
application = QApplication([])
theme = Theme("dark")
panel = TimelinePanel(theme, page_header(TIMELINE, theme, Icons(paths.resources() / "icons", theme)))
panel.show()
panel.clear(RUN)
run = crowded_run(200_000)
QTimer.singleShot(0, lambda: (panel.set_run(run), panel.close()))
application.exec()
print(len(panel._layout._tasks))
"""


def test_the_end_of_the_window_meanwhile_is_clean() -> None:
    root = Path(gpuplayground.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, timeout=120)
    said = [line for line in done.stderr.splitlines() if "plugin does not support" not in line]
    assert (done.returncode, done.stdout, said) == (0, "0\n", [])
