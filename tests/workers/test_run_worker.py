"""A run in a QThread: what it reports arrives in the thread of the window, in order."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QThread
from pytestqt.qtbot import QtBot

from gpuplayground.model.benchmarks import BenchmarkPlan, Phase
from gpuplayground.model.events import (
    BenchmarkMeasured,
    BenchmarkProgressed,
    InputRequested,
    OutputAppended,
    RunFinished,
    SessionEvent,
    StateChanged,
)
from gpuplayground.model.results import RunRequest, RunState
from gpuplayground.workers.run_worker import RunWorker
from tests.support.snippets import Playground


class Listener(QObject):
    """Stands for the window."""

    def __init__(self, worker: RunWorker) -> None:
        super().__init__()
        self.worker = worker
        self.events: list[SessionEvent] = []
        self.threads: set[int] = set()
        worker.happened.connect(self.listen)

    def listen(self, _key: str, event: SessionEvent) -> None:
        self.events.append(event)
        if isinstance(event, OutputAppended):
            self.worker.acknowledge()
        self.threads.add(id(QThread.currentThread()) if QThread.currentThread() is not self.thread() else 0)

    @property
    def text(self) -> str:
        chunks = [c.data for e in self.events if isinstance(e, OutputAppended) for c in e.chunks]
        return b"".join(chunks).decode()


def started(playground: Playground, source: str) -> Listener:
    request = RunRequest(run_id="run-1", source=source, working_directory=str(playground.folder))
    listener = Listener(RunWorker("tab", playground.launcher, request))
    listener.worker.start()
    return listener


def finished(qtbot: QtBot, listener: Listener) -> RunFinished:
    qtbot.waitUntil(lambda: any(isinstance(event, RunFinished) for event in listener.events), timeout=20_000)
    listener.worker.wait()
    last = listener.events[-1]
    assert isinstance(last, RunFinished)
    return last


def test_a_run_reports_in_the_window_s_thread(qtbot: QtBot, playground: Playground) -> None:
    listener = started(playground, "print('hi')")
    last = finished(qtbot, listener)
    assert last.run.state is RunState.FINISHED
    assert listener.text == "hi\n"
    assert listener.threads == {0}
    assert {event.run_id for event in listener.events} == {"run-1"}


def test_a_window_that_is_busy_is_not_flooded(qtbot: QtBot, playground: Playground) -> None:
    text = "import sys\nfor i in range(400_000): sys.stdout.write('0123456789' * 10 + '\\n')\nprint('end')"
    request = RunRequest(run_id="run-1", source=text, working_directory=str(playground.folder))
    worker = RunWorker("tab", playground.launcher, request)
    batches: list[OutputAppended] = []
    counter = DirectCounter(batches)
    worker.happened.connect(counter.count, Qt.ConnectionType.DirectConnection)
    worker.start()
    assert worker.wait(60_000)
    # Three on their way, and the two that a change of state and the end bring; each is bounded.
    assert len(batches) <= 5
    data = b"".join(chunk.data for batch in batches for chunk in batch.chunks)
    assert data.endswith(b"\nend\n")
    assert len(data) + sum(batch.dropped_bytes for batch in batches) == 400_000 * 101 + 4


class DirectCounter(QObject):
    """Counts batches in the thread of the run, as they are handed on."""

    def __init__(self, batches: list[OutputAppended]) -> None:
        super().__init__()
        self._batches = batches

    def count(self, _key: str, event: SessionEvent) -> None:
        if isinstance(event, OutputAppended):
            self._batches.append(event)


def test_stop_kill_and_input_are_plain_calls(qtbot: QtBot, playground: Playground) -> None:
    listener = started(playground, "print('hello', input('who? '))\nprint('go')\nwhile True: pass")
    qtbot.waitUntil(lambda: any(isinstance(e, InputRequested) for e in listener.events), timeout=20_000)
    assert listener.text == "who? "
    listener.worker.send_input("Ada")
    qtbot.waitUntil(lambda: "go" in listener.text, timeout=20_000)
    listener.worker.interrupt()
    last = finished(qtbot, listener)
    assert last.run.state is RunState.STOPPED
    assert "hello Ada" in listener.text
    states = [event.state for event in listener.events if isinstance(event, StateChanged)]
    assert states == [
        RunState.STARTING,
        RunState.RUNNING,
        RunState.WAITING_FOR_INPUT,
        RunState.RUNNING,
        RunState.STOPPING,
        RunState.STOPPED,
    ]


def test_a_benchmark_reports_its_progress_and_its_result(qtbot: QtBot, playground: Playground) -> None:
    plan = BenchmarkPlan(2, 2, "sum", max_time_s=1.0)
    folder = str(playground.folder)
    request = RunRequest(run_id="run-1", source="n = 1000\nsum(range(n))", working_directory=folder, benchmark=plan)
    listener = Listener(RunWorker("tab", playground.launcher, request))
    listener.worker.start()
    finished(qtbot, listener)
    phases = [event.phase for event in listener.events if isinstance(event, BenchmarkProgressed)]
    assert {Phase.WARMING_UP, Phase.SAMPLING} <= set(phases)
    assert [type(event) for event in listener.events].count(BenchmarkMeasured) == 1


def test_the_end_of_input_is_an_eof_error(qtbot: QtBot, playground: Playground) -> None:
    listener = started(playground, "input()")
    qtbot.waitUntil(lambda: any(isinstance(e, InputRequested) for e in listener.events), timeout=20_000)
    listener.worker.close_input()
    assert finished(qtbot, listener).run.summary.startswith("EOFError")


def test_a_kill_before_the_start_counts(qtbot: QtBot, playground: Playground) -> None:
    request = RunRequest(run_id="run-1", source="while True: pass", working_directory=str(playground.folder))
    listener = Listener(RunWorker("tab", playground.launcher, request))
    listener.worker.kill()
    listener.worker.start()
    assert finished(qtbot, listener).run.state is RunState.STOPPED


def test_runs_of_several_tabs_go_side_by_side(qtbot: QtBot, playground: Playground) -> None:
    listeners = [started(playground, f"import time; time.sleep(0.2); print({i})") for i in range(3)]
    runs = [finished(qtbot, listener).run for listener in listeners]
    assert [run.state for run in runs] == [RunState.FINISHED] * 3
    assert [listener.text for listener in listeners] == ["0\n", "1\n", "2\n"]
