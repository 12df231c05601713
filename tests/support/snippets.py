"""Running snippets in tests: the real launcher, what it reported, and proof that no process is left."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from gpuplayground.model.events import (
    ErrorRaised,
    InputRequested,
    OutputAppended,
    RunFinished,
    SessionEvent,
    StateChanged,
    StatementsTimed,
)
from gpuplayground.model.results import Run, RunRequest, RunState
from gpuplayground.runs.session import Launcher, Session
from tests.support.command_line import wait_for

#: The interpreter that runs the snippets: set this variable to prove another version of Python.
INTERPRETER = os.environ.get("GPUPLAYGROUND_TEST_PYTHON", sys.executable)
_MARK = "GPUPLAYGROUND_TEST_MARK"


class Played:
    """One run and everything it reported."""

    def __init__(self) -> None:
        self.events: list[SessionEvent] = []
        self.run: Run | None = None
        self.seconds = 0.0

    def output(self, stream: str = "stdout") -> str:
        """Everything written to a stream."""
        chunks = (c for e in self.events if isinstance(e, OutputAppended) for c in e.chunks)
        return b"".join(c.data for c in chunks if c.stream == stream).decode("utf-8", "replace")

    @property
    def stderr(self) -> str:
        return self.output("stderr")

    @property
    def states(self) -> list[RunState]:
        return [e.state for e in self.events if isinstance(e, StateChanged)]

    @property
    def errors(self) -> list[ErrorRaised]:
        return [e for e in self.events if isinstance(e, ErrorRaised)]

    @property
    def result(self) -> Run:
        assert self.run is not None
        return self.run

    def lines(self) -> list[int]:
        """First lines of the statements that were timed, as the events reported them."""
        return [t.line for e in self.events if isinstance(e, StatementsTimed) for t in e.timings]


class Playground:
    """Runs snippets and keeps what they reported."""

    def __init__(self, folder: Path, mark: str) -> None:
        self.folder = folder
        self.runs_folder = folder / "runs"
        self.launcher = Launcher(INTERPRETER, self.runs_folder)
        self._mark = f"{_MARK}={mark}".encode()
        #: The run that goes on, or the last one.
        self.played = Played()

    def play(
        self,
        source: str,
        *,
        when: str | RunState | Callable[[SessionEvent], bool] | None = None,
        then: Callable[[Session], None] | None = None,
        listener: Callable[[SessionEvent], None] | None = None,
        answers: list[str | None] | None = None,
        batch_limit_bytes: int | None = 1_000_000,
        **request: object,
    ) -> Played:
        """Run a snippet; call ``then`` once ``when`` was printed, entered or is true, and answer each ``input()``.

        ``listener`` is called with each event, in the thread of the run.
        """
        played, session, left = Played(), self.launcher.session(), list(answers or [])
        self.played = played
        seen, acted = bytearray(), list[bool]()

        def has_come(event: SessionEvent) -> bool:
            if isinstance(when, RunState):
                return isinstance(event, StateChanged) and event.state is when
            if isinstance(when, str):
                return when.encode() in seen
            return when is not None and when(event)

        def on_event(event: SessionEvent) -> None:
            played.events.append(event)
            if listener is not None:
                listener(event)
            if isinstance(event, InputRequested) and left:
                session.send_input(left.pop(0))
            if isinstance(event, OutputAppended):
                seen.extend(b"".join(chunk.data for chunk in event.chunks))
            if then is not None and not acted and has_come(event):
                acted.append(True)
                threading.Thread(target=then, args=(session,)).start()

        request.setdefault("working_directory", str(self.folder))
        start = time.monotonic()
        played.run = session.run(
            RunRequest(run_id=uuid4().hex, source=source, **request),  # type: ignore[arg-type]
            on_event,
            batch_limit_bytes=batch_limit_bytes,
        )
        played.seconds = time.monotonic() - start
        assert isinstance(played.events[-1], RunFinished)
        assert played.run.state is played.states[-1]
        return played

    def warm(self, source: str, **request: object) -> None:
        """Have a spare and wait until it has imported what it should."""
        request.setdefault("working_directory", str(self.folder))
        self.launcher.warm(RunRequest(run_id="warm", source=source, **request))  # type: ignore[arg-type]
        self.wait_for_spare()

    def wait_for_spare(self) -> None:
        """Wait until the spare is ready."""
        wait_for(lambda: self.launcher.spares.is_ready(INTERPRETER))

    def wait_for_output(self, text: str, count: int = 1) -> None:
        """Wait until the snippet that runs has printed a text that often."""
        wait_for(lambda: self.played.output().count(text) >= count)

    def wait_for_state(self, state: RunState) -> None:
        """Wait until the run has reported a state."""
        wait_for(lambda: state in self.played.states)

    def living(self) -> list[str]:
        """Command lines of processes that this test's snippets started and that still run."""
        found = []
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdecimal() and int(folder.name) != os.getpid():
                    dead = (folder / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
                    if not dead and self._mark in (folder / "environ").read_bytes().split(b"\0"):
                        found.append((folder / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


class Clock:
    """A clock that can be moved on."""

    def __init__(self) -> None:
        self._read = time.monotonic
        self._ahead_s = 0.0

    def __call__(self) -> float:
        return self._read() + self._ahead_s

    def move(self, seconds: float) -> None:
        self._ahead_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of every time-out in this process."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


@pytest.fixture
def playground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Playground]:
    """A launcher in a folder of its own; whatever happens, no process and no copy of a snippet is left behind."""
    mark = uuid4().hex
    monkeypatch.setenv(_MARK, mark)
    playground = Playground(tmp_path, mark)
    yield playground
    playground.launcher.close()
    assert playground.living() == []
    assert not playground.runs_folder.exists() or list(playground.runs_folder.iterdir()) == []
