"""Runs of several tabs, with real snippets: what may start when, and that nothing of an ended run stays."""

from __future__ import annotations

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gpuplayground.model.events import OutputAppended, RunFinished, SessionEvent
from gpuplayground.model.results import RunRequest
from gpuplayground.workers.run_controller import RunController
from tests.support.snippets import Playground

PATIENCE_MS = 30_000


class Window(QObject):
    """Runs a tab again the moment its run is over, as an impatient user."""

    def __init__(self, playground: Playground, runs: RunController, repeats: int) -> None:
        super().__init__()
        self.playground, self.runs, self.left = playground, runs, repeats
        self.finished: list[str] = []
        self.text = ""
        runs.happened.connect(self.listen)

    def start(self, tab_id: str, source: str) -> None:
        number = len(self.finished)
        folder = str(self.playground.folder)
        self.runs.start(tab_id, RunRequest(run_id=f"{tab_id}-{number}", source=source, working_directory=folder))

    def listen(self, tab_id: str, event: SessionEvent) -> None:
        if isinstance(event, OutputAppended):
            self.text += b"".join(chunk.data for chunk in event.chunks).decode()
        elif isinstance(event, RunFinished):
            self.finished.append(event.run_id)
            assert not self.runs.is_running(tab_id)
            if self.left:
                self.left -= 1
                self.start(tab_id, "print('again')")
                assert self.runs.is_running(tab_id)


def workers_of(runs: RunController) -> int:
    return len(runs._threads)


def test_a_tab_can_run_again_the_moment_its_run_is_over(qtbot: QtBot, playground: Playground) -> None:
    runs = RunController(playground.launcher)
    window = Window(playground, runs, repeats=2)
    window.start("a", "print('first')")
    qtbot.waitUntil(lambda: window.finished == ["a-0", "a-1", "a-2"], timeout=PATIENCE_MS)
    assert window.text == "first\nagain\nagain\n"
    qtbot.waitUntil(lambda: workers_of(runs) == 0, timeout=PATIENCE_MS)
    runs.stop("a")
    runs.kill("a")


def test_the_run_of_a_closed_tab_is_dropped_without_another_run(qtbot: QtBot, playground: Playground) -> None:
    runs = RunController(playground.launcher)
    window = Window(playground, runs, repeats=0)
    window.start("a", "print('going', flush=True)\nwhile True: pass")
    qtbot.waitUntil(lambda: "going" in window.text, timeout=PATIENCE_MS)
    runs.forget("a")
    assert not runs.is_running("a")
    qtbot.waitUntil(lambda: workers_of(runs) == 0, timeout=PATIENCE_MS)


def test_ending_kills_every_run(qtbot: QtBot, playground: Playground) -> None:
    runs = RunController(playground.launcher)
    window = Window(playground, runs, repeats=0)
    for tab_id in ("a", "b"):
        window.start(tab_id, "print('going', flush=True)\nwhile True: pass")
    qtbot.waitUntil(lambda: window.text.count("going") == 2, timeout=PATIENCE_MS)
    runs.end()
    assert runs.wait(PATIENCE_MS / 1000)
    assert workers_of(runs) == 0
