"""A run from the click to the end of its process, driven by the thread that calls it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gpuplayground.model.events import RunFinished, SessionEvent
from gpuplayground.model.results import Run, RunRequest, RunState
from gpuplayground.runs.execution import Attempt, Controls, not_started
from gpuplayground.runs.folders import RunFolders
from gpuplayground.runs.output import BATCH_LIMIT_BYTES
from gpuplayground.runs.process import StartError
from gpuplayground.runs.report import RunReport
from gpuplayground.runs.spares import SparePool


class Launcher:
    """Starts sessions and keeps spares for them, until it is closed. Every method is for any thread.

    Args:
        default_interpreter: runs requests that name none; the interpreter of this process by default.
        runs_folder: where copies of unsaved snippets go while they run; in the user's data folder by default, and
            in a temporary one where that cannot be written.
        keep_warm: whether a spare is made ready after every run, and not only after one that used a spare.
        attached: whether snippets are attached to this process's terminal, see :class:`.process.Surroundings`.
    """

    def __init__(
        self,
        default_interpreter: str | None = None,
        runs_folder: Path | None = None,
        *,
        keep_warm: bool = False,
        attached: bool = False,
    ) -> None:
        self.keep_warm = keep_warm
        self.run_folders = RunFolders(runs_folder)
        self.spares = SparePool(default_interpreter or sys.executable, self.run_folders, attached=attached)
        self._sessions: set[Session] = set()
        self._lock = threading.Lock()

    def session(self) -> Session:
        """Return a session for one run."""
        return Session(self)

    def warm(self, request: RunRequest) -> None:
        """Have a warm spare ready for such a request soon, and return at once; one for each interpreter is kept."""
        self.spares.warm(request)

    def close(self) -> None:
        """Kill every run and every spare; takes a fraction of a second."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.kill()
        self.spares.close()
        self.run_folders.close()

    def began(self, session: Session) -> None:
        """Remember a session, to end it when the launcher is closed."""
        with self._lock:
            self._sessions.add(session)

    def ended(self, session: Session) -> None:
        """Forget a session."""
        with self._lock:
            self._sessions.discard(session)


class Session:
    """One run. :meth:`run` blocks its thread; the other methods return at once and are for any thread.

    They may also be called by a signal handler that interrupts the thread of :meth:`run`.
    """

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._controls = Controls()

    def run(
        self,
        request: RunRequest,
        on_event: Callable[[SessionEvent], None],
        *,
        batch_limit_bytes: int | None = BATCH_LIMIT_BYTES,
        has_room: Callable[[], bool] | None = None,
    ) -> Run:
        """Run a snippet to its end and return what came of it; no process of it is left then.

        Args:
            request: what to run.
            on_event: called in this thread with each event; the last one is RunFinished with the returned run,
                whatever goes wrong. What it raises itself ends the run and is raised here.
            batch_limit_bytes: what one OutputAppended holds at most, the newest bytes; None loses nothing and lets
                the snippet wait while ``on_event`` works.
            has_room: whether a batch of output may be handed on now; while it may not, output is collected and cut
                to that limit. Only the end of a run and its changes of state hand output on unasked.
        """
        listener = _Listener(on_event)
        report = RunReport(request, listener, batch_limit_bytes, has_room)
        self._launcher.began(self)
        try:
            report.enter(RunState.STARTING)
            run = self._run(request, report)
        except BaseException as error:  # whatever it was, nobody may wait for the end of this run for ever
            run = report.broken_off(error)
            if listener.fault is not None or not isinstance(error, Exception):
                with suppress(Exception):
                    _conclude(run, report, listener)
                raise
        finally:
            self._launcher.ended(self)
        _conclude(run, report, listener)
        if run.was_warm or self._launcher.keep_warm:
            # Only now: importing for the next run would have disturbed the times of this one.
            self._launcher.warm(request)
        return run

    def interrupt(self) -> None:
        """Stop: raise KeyboardInterrupt in the snippet, or end it at once when none of its code runs yet."""
        self._controls.interrupt()

    def pass_on(self, number: int) -> None:
        """Send the snippet a signal that came to this process; SIGINT is a Stop as well.

        One that came to the whole process group of a terminal reaches the snippet once.
        """
        self._controls.pass_on(number)

    def kill(self) -> None:
        """End the snippet and everything it started, without asking it."""
        self._controls.kill()

    def send_input(self, text: str | None) -> None:
        """Answer an ``input()`` with a line, to which a missing line end is added; None is the end of input."""
        self._controls.send_input(text)

    def _run(self, request: RunRequest, report: RunReport) -> Run:
        """Run in a spare if there is one that works, else in a fresh process."""
        while True:
            try:
                process, is_spare = self._launcher.spares.take(request)
            except StartError as error:
                return not_started(request, report, str(error))
            try:
                run = Attempt(self._controls, process, is_spare, request, report).run(self._launcher.run_folders)
            finally:
                process.discard()
            if run is not None:
                return run


class _Listener:
    """Passes events on, and remembers the first fault of who takes them: that is not one of the run."""

    def __init__(self, on_event: Callable[[SessionEvent], None]) -> None:
        self._on_event = on_event
        self.fault: BaseException | None = None

    def __call__(self, event: SessionEvent) -> None:
        try:
            self._on_event(event)
        except BaseException as error:
            self.fault = self.fault or error
            raise


def _conclude(run: Run, report: RunReport, listener: _Listener) -> None:
    try:
        report.enter(run.state)
    finally:
        listener(RunFinished(run.run_id, run))
