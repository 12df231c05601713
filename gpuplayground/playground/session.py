"""A run from the click to the end of its process, driven by the thread that calls it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

from gpuplayground import paths
from gpuplayground.playground.attempt import Attempt, Controls, not_started
from gpuplayground.playground.events import RunFinished, SessionEvent
from gpuplayground.playground.output import BATCH_LIMIT_BYTES
from gpuplayground.playground.process import StartError
from gpuplayground.playground.report import RunReport
from gpuplayground.playground.results import Run, RunRequest, RunState
from gpuplayground.playground.spare import SparePool


class Launcher:
    """Starts sessions and keeps spares for them, until it is closed. Every method is for any thread.

    Args:
        default_interpreter: runs requests that name none; the interpreter of this process by default.
        runs_folder: where copies of unsaved snippets go while they run; in the user's data folder by default.
        keep_warm: whether a spare is made ready after every run, and not only after one that used a spare.
    """

    def __init__(
        self, default_interpreter: str | None = None, runs_folder: Path | None = None, *, keep_warm: bool = False
    ) -> None:
        self.keep_warm = keep_warm
        self.runs_folder = runs_folder if runs_folder is not None else paths.data() / "runs"
        self.spares = SparePool(default_interpreter or sys.executable, self.runs_folder)
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
    ) -> Run:
        """Run a snippet to its end and return what came of it; no process of it is left then.

        Args:
            request: what to run.
            on_event: called in this thread with each event; the last one is RunFinished with the returned run.
            batch_limit_bytes: what one OutputAppended holds at most, the newest bytes; None loses nothing and lets
                the snippet wait while ``on_event`` works.
        """
        report = RunReport(request, on_event, batch_limit_bytes)
        self._launcher.began(self)
        try:
            report.enter(RunState.STARTING)
            run = self._run(request, report)
        finally:
            self._launcher.ended(self)
        report.enter(run.state)
        on_event(RunFinished(request.run_id, run))
        if run.was_warm or self._launcher.keep_warm:
            # Only now: importing for the next run would have disturbed the times of this one.
            self._launcher.warm(request)
        return run

    def interrupt(self) -> None:
        """Stop: raise KeyboardInterrupt in the snippet, or end it at once when none of its code runs yet."""
        self._controls.interrupt()

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
                run = Attempt(self._controls, process, is_spare, request, report).run(self._launcher.runs_folder)
            finally:
                process.discard()
            if run is not None:
                return run
