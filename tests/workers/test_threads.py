"""Background threads and calls: held until they end, and never destroyed while they run."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, QThread, Signal
from pytestqt.qtbot import QtBot

from gpuplayground.workers.task import Tasks
from gpuplayground.workers.threads import Threads

PATIENCE_MS = 30_000


class Waiting(QThread):
    """Runs until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = threading.Event()

    def run(self) -> None:
        self.may_end.wait()


class Answers(QObject):
    """Takes what tasks report."""

    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.results: list[object] = []
        self.failures: list[str] = []
        self.threads: set[QThread] = set()
        self.failed.connect(self.failures.append)

    def take(self, result: object) -> None:
        self.results.append(result)
        self.threads.add(QThread.currentThread())


def test_a_thread_is_dropped_once_it_has_ended(qtbot: QtBot) -> None:
    threads, thread = Threads(), Waiting()
    ended: list[QThread] = []
    threads.ended.connect(ended.append)
    threads.start(thread)
    assert len(threads) == 1
    with qtbot.waitSignal(thread.destroyed, timeout=PATIENCE_MS):
        thread.may_end.set()
    assert ended == [thread]
    assert len(threads) == 0
    assert threads.wait(0)


def test_a_thread_that_does_not_end_is_let_go_and_deleted_when_it_does(qtbot: QtBot) -> None:
    threads, thread = Threads(), Waiting()
    threads.start(thread)
    assert not threads.wait(0.05)
    threads.deleteLater()
    with qtbot.waitSignal(threads.destroyed, timeout=PATIENCE_MS):
        pass
    assert thread.isRunning()
    may_end = thread.may_end
    with qtbot.waitSignal(thread.destroyed, timeout=PATIENCE_MS):
        del threads, thread  # only its own running holds it now
        may_end.set()


def test_a_task_reports_in_the_thread_of_the_window_and_is_dropped(qtbot: QtBot) -> None:
    tasks, answers = Tasks(), Answers()
    tasks.start(lambda: 42, answers.take, answers.failed)
    qtbot.waitUntil(lambda: answers.results == [42], timeout=PATIENCE_MS)
    assert answers.threads == {QThread.currentThread()}
    qtbot.waitUntil(lambda: len(tasks) == 0, timeout=PATIENCE_MS)


def test_a_task_that_raises_is_a_sentence(qtbot: QtBot) -> None:
    tasks, answers = Tasks(), Answers()

    def fail() -> None:
        raise ValueError("No such thing: choose another.")

    tasks.start(fail, None, answers.failed)
    qtbot.waitUntil(lambda: answers.failures == ["No such thing: choose another."], timeout=PATIENCE_MS)
    assert answers.results == []
