"""Whatever a snippet writes into our channel, and whatever fails on our side: a run ends, and says so."""

from __future__ import annotations

import os
from textwrap import dedent

import pytest

from gpuplayground.model.events import RunFinished, SessionEvent, StateChanged
from gpuplayground.model.results import RunRequest, RunState
from gpuplayground.runs import execution, process
from gpuplayground.runs.execution import Execution
from gpuplayground.runs.process import SnippetProcess
from gpuplayground.runs.session import Session
from tests.support.snippets import Played, Playground

WRITE = """
import os, stat, struct, time
def write(data):
    for descriptor in range(3, 1024):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, struct.pack(">I", len(data)) + data)
        except OSError:
            pass
"""


def play_frame(playground: Playground, frame: str) -> Played:
    """Let a snippet write a frame, which is given as JSON."""
    return playground.play(f"{WRITE}write({frame!r}.encode())\nprint('go', flush=True)\ntime.sleep(60)")


@pytest.mark.parametrize(
    "frame",
    [
        '{"kind": "done", "threads": ' + "9" * 5000 + ', "frameworks": {}}',
        '{"kind": "done", "threads": Infinity, "frameworks": {}}',
        '{"kind": "done", "threads": NaN, "frameworks": {}}',
        '{"kind": "done", "threads": {}, "frameworks": []}',
        '{"kind": "started", "rows": [[1, 1, "x", false, 1e400]]}',
        '{"kind": "started", "rows": [[99999999999999999999, 1, "x", false, 0]]}',
        '{"kind": "started", "rows": [' + ", ".join(['[1, 1, "x", false, 0]'] * 5000) + "]}",
        '{"kind": "started", "rows": 1}',
        '{"kind": "hello"}',
        '{"kind": "error", "line": [], "message": 1}',
    ],
    ids=["digits", "infinity", "nan", "types", "overflow", "line", "too many rows", "rows", "hello", "error"],
)
def test_a_frame_that_is_not_ours_ends_the_snippet(playground: Playground, frame: str) -> None:
    played = play_frame(playground, frame)
    assert played.result.state is RunState.FAILED
    assert "own channel" in played.result.summary
    assert playground.living() == []


def test_an_error_on_an_impossible_line_has_none(playground: Playground) -> None:
    frame = '{"kind": "error", "line": 99999999999999999999, "message": "x", "exception": "E"}'
    played = playground.play(f"{WRITE}write({frame!r}.encode())")
    assert played.errors[0].error.line is None


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("odd"), MemoryError()])
def test_a_fault_of_ours_while_a_snippet_runs_ends_its_run(
    playground: Playground, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    take_channel = Execution._take_channel

    def fail(self: Execution, data: bytes) -> None:
        take_channel(self, data)
        if self._report.is_started:
            raise error

    monkeypatch.setattr(Execution, "_take_channel", fail)
    played = playground.play("import time\ntime.sleep(60)")
    assert played.states[-1] is played.result.state is RunState.FAILED
    assert type(error).__name__ in played.result.summary
    assert played.result.summary.endswith("run it again.")
    assert playground.living() == []


def test_a_fault_of_ours_ahead_of_the_snippet_ends_its_run(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(24, "Too many open files")

    for place in ("ProgressMemory", "open_sources"):
        with monkeypatch.context() as patch:
            patch.setattr(process, place, fail)
            played = playground.play("print(1)")
        assert played.states == [RunState.STARTING, RunState.NOT_STARTED]
        assert "Too many open files" in played.result.summary
        assert playground.living() == []


def test_a_listener_that_fails_hears_the_end_all_the_same(playground: Playground) -> None:
    events: list[SessionEvent] = []

    def fail(event: SessionEvent) -> None:
        events.append(event)
        if isinstance(event, StateChanged) and event.state is RunState.RUNNING:
            raise LookupError("listener")

    request = RunRequest(run_id="1", source="import time\ntime.sleep(60)", working_directory=str(playground.folder))
    with pytest.raises(LookupError, match="listener"):
        playground.launcher.session().run(request, fail)
    assert isinstance(events[-1], RunFinished)
    assert events[-1].run.state is RunState.FAILED


def test_a_process_that_even_a_kill_does_not_end_is_left_alone(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "_LET_GO_S", 0.2)
    monkeypatch.setattr(SnippetProcess, "has_exited", lambda _: False)
    played = playground.play("import time\nprint('go')\ntime.sleep(60)", when="go", then=Session.kill)
    assert played.result.state is RunState.STOPPED
    assert len(played.result.notes) == 1
    assert played.result.notes[0].endswith("could not be killed: the driver may hang.")
    assert played.result.exit_code is None


def test_a_snippet_cannot_cut_off_the_memory_that_is_read_from_it(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import os, sys, time
        folder = f"/proc/{sys.argv[1]}/fd"
        own = []
        for name in os.listdir(folder):
            try:
                if "gpuplayground-progress" in os.readlink(f"{folder}/{name}"):
                    own.append(f"{folder}/{name}")
            except OSError:
                pass
        time.sleep(0.3)
        for path in own:
            try:
                os.truncate(path, 0)
                print("cut")
            except PermissionError:
                print("sealed")
        """),
        arguments=(str(os.getpid()),),
    )
    assert "sealed\n" in played.output()
    assert "cut" not in played.output()
    assert len(played.result.timings) > 0
