"""Runs a snippet from the request to the end of its process, in the calling thread."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gpuplayground.model.events import RunFinished, SessionEvent
from gpuplayground.model.results import Run, RunRequest, RunState
from gpuplayground.runs.execution import Controls, Execution, not_started
from gpuplayground.runs.folders import RunFolders
from gpuplayground.runs.output import BATCH_LIMIT_BYTES
from gpuplayground.runs.process import StartError
from gpuplayground.runs.report import RunReport
from gpuplayground.runs.spares import SparePool


class Launcher:
    """Creates sessions and keeps warm spares for them. Thread-safe.

    Args:
        default_interpreter: interpreter for requests without one; that of this process by default.
        runs_folder: folder for copies of unsaved snippets; in the user's data folder by default, or a temporary
            folder if that is not writable.
        keep_warm: whether to prepare a spare after every run, not only after one that used a spare.
        attached: whether snippets are attached to this process's terminal, see :class:`.process.ProcessSettings`.
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
        """Prepare a warm spare for such a request in the background."""
        self.spares.warm(request)

    def close(self) -> None:
        """Kill all runs and spares; takes a fraction of a second."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.kill()
        self.spares.close()
        self.run_folders.close()

    def register(self, session: Session) -> None:
        """Register a session, so that closing the launcher kills it."""
        with self._lock:
            self._sessions.add(session)

    def unregister(self, session: Session) -> None:
        """Unregister a session."""
        with self._lock:
            self._sessions.discard(session)


class Session:
    """One run. :meth:`run` blocks its thread; the other methods do not block and are thread-safe.

    They may also be called by a signal handler in the thread of :meth:`run`.
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
        """Run a snippet to its end and return the run; all its processes have ended then.

        Args:
            request: what to run.
            on_event: called in this thread with each event. The last one is always RunFinished with the returned run.
                An exception it raises ends the run and propagates.
            batch_limit_bytes: maximum size of one OutputAppended, which keeps the newest bytes; None drops nothing and
                blocks the snippet while ``on_event`` works.
            has_room: returns whether a batch of output may be emitted now; otherwise output is collected and cut to
                the limit. Changes of state and the end of a run emit output in any case.
        """
        listener = _Listener(on_event)
        report = RunReport(request, listener, batch_limit_bytes, has_room)
        self._launcher.register(self)
        try:
            report.enter(RunState.STARTING)
            run = self._run(request, report)
        except BaseException as error:  # whatever it was, listeners must see the end of the run
            run = report.failed_session(error)
            if listener.fault is not None or not isinstance(error, Exception):
                with suppress(Exception):
                    _conclude(run, report, listener)
                raise
        finally:
            self._launcher.unregister(self)
        _conclude(run, report, listener)
        if run.was_warm or self._launcher.keep_warm:
            # Only now, because imports for the next run would disturb the times of this one.
            self._launcher.warm(request)
        return run

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the snippet, or kill it if none of its code runs yet."""
        self._controls.interrupt()

    def pass_on(self, number: int) -> None:
        """Forward a signal that this process received to the snippet; SIGINT is also a Stop.

        A signal sent to the terminal's whole process group reaches the snippet only once.
        """
        self._controls.pass_on(number)

    def kill(self) -> None:
        """Kill the snippet and everything it started."""
        self._controls.kill()

    def send_input(self, text: str | None) -> None:
        """Send a line of input, adding a missing line end; None is the end of input."""
        self._controls.send_input(text)

    def _run(self, request: RunRequest, report: RunReport) -> Run:
        """Run in a working spare, else in a new process."""
        while True:
            try:
                process, is_spare = self._launcher.spares.take(request)
            except StartError as error:
                return not_started(request, report, str(error))
            try:
                run = Execution(self._controls, process, is_spare, request, report).run(self._launcher.run_folders)
            finally:
                process.discard()
            if run is not None:
                return run


class _Listener:
    """Forwards events and remembers the first exception of the listener, which is not the run's fault."""

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
