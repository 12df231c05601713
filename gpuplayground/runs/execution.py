"""Executes a snippet in one process: sends the request, collects reports and output, stops it, and cleans up."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

from gpuplayground.benchmarks.frames import order_of
from gpuplayground.child.event_source_base import Arrival
from gpuplayground.child.stdin_readers import InputWatch
from gpuplayground.model import run_summary
from gpuplayground.model.results import Run, RunRequest, RunState
from gpuplayground.runs.folders import RunFolders
from gpuplayground.runs.process import SnippetProcess
from gpuplayground.runs.report import RunReport
from gpuplayground.runs.scripts import Script, ScriptFolders
from gpuplayground.runtime.clock import now_ns, offset_ns
from gpuplayground.runtime.io import wire

#: Maximum wait for an interpreter's hello frame.
_HELLO_S = 60.0
#: Polling interval of statement times while a snippet runs.
_TICK_S = 0.1
#: Time that a snippet has to end after its time-out has interrupted it.
_AFTER_TIMEOUT_S = 2.0
#: A process closes the channel just before it ends. If it runs on for longer than this, it has lost the channel.
_WITHOUT_CHANNEL_S = 0.5
#: Time that helper processes, such as those of multiprocessing, have to end on their own after the snippet.
_GRACE_S = 0.2
#: Maximum wait for remaining output of processes that cannot be killed.
_DRAIN_S = 0.5
#: A process that survives SIGKILL for this long is blocked inside the kernel and is abandoned.
_LET_GO_S = 2.0
#: Exit status of an abandoned process: killed by SIGKILL.
_NO_STATUS = -9
#: Maximum output kept from before the hello frame: start-up warnings, or why the interpreter failed.
_EARLY_BYTES = 4096


class Controls:
    """Stop, Kill and input for a run. Thread-safe; may also be called by signal handlers in the run's thread."""

    def __init__(self) -> None:
        # Re-entrant for the signal handler.
        self._lock = threading.RLock()
        self._process: SnippetProcess | None = None
        self._passed_on: list[int] = []
        self._is_started = False
        self.stop_wanted = False
        self.kill_wanted = False
        self.inputs_sent = 0

    def attach(self, process: SnippetProcess | None) -> None:
        """Control this process from now on and apply earlier requests; None detaches."""
        with self._lock:
            self._process = process
            self._is_started = False
            if process is not None:
                if self.stop_wanted:
                    process.kill()
                for number in self._passed_on:
                    process.pass_on(number)

    def started(self) -> None:
        """Note that the snippet's own code runs, so that Stop raises an exception in it from now on."""
        with self._lock:
            self._is_started = True

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the snippet, or kill it if none of its code runs yet."""
        with self._lock:
            self.stop_wanted = True
            if self._process is not None:
                if self._is_started:
                    self._process.interrupt()
                else:
                    self._process.kill()
                self._process.sources.wake()

    def pass_on(self, number: int) -> None:
        """Forward a signal that this process received to the snippet; SIGINT is also a Stop."""
        with self._lock:
            self.stop_wanted = self.stop_wanted or number == signal.SIGINT
            self._passed_on.append(number)
            if self._process is not None:
                self._process.pass_on(number)
                self._process.sources.wake()

    def was_passed_on(self, number: int) -> bool:
        """Return whether this signal was forwarded to the snippet."""
        return number in self._passed_on

    def kill(self) -> None:
        """Kill the process."""
        with self._lock:
            self.stop_wanted = self.kill_wanted = True
            if self._process is not None:
                self._process.kill()
                self._process.sources.wake()

    def send_input(self, text: str | None) -> None:
        """Send a line to the snippet's standard input; None is the end of input."""
        line = "" if text is None else text if text.endswith("\n") else text + "\n"
        with self._lock:
            if self._process is not None:
                self.inputs_sent += 1
                self._process.sources.type_in(line.encode("utf-8", "surrogatepass"), is_end=text is None)


class Execution:
    """One process running one snippet, in the thread that calls :meth:`run`."""

    def __init__(
        self, controls: Controls, process: SnippetProcess, is_spare: bool, request: RunRequest, report: RunReport
    ) -> None:
        self._controls = controls
        self._process = process
        self._is_spare = is_spare
        self._request = request
        self._report = report
        self._frames = wire.FrameBuffer()
        self._early: list[Arrival] = []
        self._begun = time.monotonic()
        self._next_tick = self._begun + _TICK_S
        self._timeout_at = self._begun + request.timeout_s if request.timeout_s is not None else None
        self._kill_at: float | None = None
        self._timed_out = False
        self._channel_closed_at: float | None = None
        self._input_watch = InputWatch(process.sources.is_input_awaited)
        self._inputs_seen = controls.inputs_sent
        self._trouble = ""

    def run(self, folders: RunFolders) -> Run | None:
        """Run the snippet to its end; returns None if the process was a spare that failed before it ran anything."""
        try:
            script = Script(self._request, folders)
        except OSError as error:
            sentence = f"The snippet could not be written to a file ({error.strerror or error}): free some disk space."
            return not_started(self._request, self._report, sentence)
        try:
            self._process.sources.send(self._order(script))
            self._controls.attach(self._process)
            while not (has_ended := self._process.has_exited()) and not self._is_stuck():
                self._poll(self._wait_time_s())
            end_ns = now_ns()
            was_stopped, was_killed = self._controls.stop_wanted, self._controls.kill_wanted
            self._clean_up(was_killed)
        finally:
            self._controls.attach(None)
            script.remove()
        if has_ended:
            status = self._process.reap()
        else:
            status = _NO_STATUS
            self._process.abandon()
            self._report.notes.append(run_summary.cannot_be_ended(self._process.pid))
        if not self._report.has_spoken and self._is_spare and not was_stopped and not self._trouble:
            return None
        outcome = self._outcome(status, end_ns, was_stopped, was_killed)
        run = _with_gpu_times(self._report.finished(outcome, self._process.memory), self._process.trace.path)
        return self._report.with_gpu_of_benchmarks(run)

    def _order(self, script: Script) -> wire.Frame:
        return {
            "kind": "run",
            "clock_ns": offset_ns(),
            "run_id": self._request.run_id,
            "source": self._request.source,
            "script": script.path,
            "shown": script.shown,
            "folder": ScriptFolders.of(self._request).folder,
            "arguments": self._request.arguments,
            "trace": self._request.trace,
            "benchmark": order_of(self._request.benchmark),
        }

    def _is_stuck(self) -> bool:
        killed_at = self._process.killed_at
        return killed_at is not None and time.monotonic() - killed_at > _LET_GO_S

    def _wait_time_s(self) -> float:
        """Return the time until the next deadline."""
        now = time.monotonic()
        due = [self._next_tick - now if self._report.is_started else _TICK_S, self._report.output.wait_s(now)]
        due += [at - now for at in (self._timeout_at, self._kill_at) if at is not None]
        return max(0.0, min(seconds for seconds in due if seconds is not None))

    def _poll(self, timeout_s: float) -> bool:
        """Handle what arrives within a time and what is due; return whether anything arrived."""
        arrivals = self._process.sources.wait(timeout_s)
        for arrival in arrivals:
            if arrival.source == "channel":
                self._take_channel(arrival.data)
            elif self._report.python:
                if arrival.data:
                    self._report.output.append(arrival.source, arrival.data)
            elif sum(len(early.data) for early in self._early) < _EARLY_BYTES:
                self._early.append(arrival)
        now = time.monotonic()
        self._follow_controls()
        self._watch_deadlines(now)
        if self._input_watch.should_ask(self._report.state is RunState.RUNNING):
            self._report.ask_for_input()
        self._report.output.flush_if_due(now)
        if self._report.is_started and now >= self._next_tick:
            self._next_tick = now + _TICK_S
            self._report.take_timings(self._process.memory)
        return bool(arrivals)

    def _take_channel(self, data: bytes) -> None:
        if not data:
            self._channel_closed_at = time.monotonic()
            return
        self._follow_controls()  # the exception raised by a Stop must not be reported before the Stop
        try:
            for frame in self._frames.feed(data):
                self._report.take_frame(frame, self._process.memory)
                while self._early and self._report.python:  # before a frame that arrived with the hello
                    early = self._early.pop(0)
                    self._report.output.append(early.source, early.data)
        except wire.WireError:
            self._end_for("The snippet wrote to the application's own channel, so it was killed.")
        if self._report.is_started:
            self._controls.started()

    def _follow_controls(self) -> None:
        if self._controls.stop_wanted and self._report.state is not RunState.STOPPING:
            self._report.enter(RunState.STOPPING)
        if self._controls.inputs_sent != self._inputs_seen:
            self._inputs_seen = self._controls.inputs_sent
            self._report.input_sent()

    def _watch_deadlines(self, now: float) -> None:
        if self._timeout_at is not None and now >= self._timeout_at:
            self._timed_out, self._timeout_at = True, None
            self._kill_at = now + _AFTER_TIMEOUT_S
            self._controls.interrupt()
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._controls.kill()
        if not self._report.python and now - self._begun > _HELLO_S:
            self._end_for(f"{self._interpreter} did not start within {_HELLO_S:.0f} s: choose another environment.")
        if self._channel_closed_at is not None and now - self._channel_closed_at > _WITHOUT_CHANNEL_S:
            self._channel_closed_at = None
            if not self._report.is_started:
                self._end_for(f"{self._interpreter} closed the application's own channel: choose another environment.")
            elif not self._report.is_done and not self._process.has_exited():
                self._report.notes.append(run_summary.CHANNEL_LOST)

    def _end_for(self, trouble: str) -> None:
        if not self._trouble:
            self._trouble = trouble
            self._process.kill()

    def _clean_up(self, was_killed: bool) -> None:
        """Kill what the snippet left running and read the remaining output."""
        self._process.sources.forget_process()
        deadline = time.monotonic() + (0.0 if was_killed else _GRACE_S)
        while self._process.has_others() and time.monotonic() < deadline:
            self._poll(0.01)
        count = self._process.end_others()
        if count and not was_killed:
            self._report.notes.append(run_summary.left_running(count))
        deadline = time.monotonic() + _DRAIN_S
        # On Windows a thread reads each pipe and may need a moment; elsewhere a poll shows that there is no more.
        while self._poll(0.05 if sys.platform == "win32" else 0.0) and time.monotonic() < deadline:
            continue

    @property
    def _interpreter(self) -> str:
        return self._process.settings.interpreter

    def _outcome(self, status: int, end_ns: int, was_stopped: bool, was_killed: bool) -> Run:
        """Return the run as far as the end of the process tells; the report adds the rest."""
        line, duration_ns = self._process.memory.current_line, self._report.duration_ns(end_ns, self._process.memory)
        error, text = self._report.error, self._trouble
        state = RunState.FINISHED if status == 0 and not text else RunState.FAILED
        if was_stopped:
            state = RunState.STOPPED
            text = run_summary.of_stop(self._stop_words(was_killed), line, duration_ns)
            if error is not None and error.kind == "KeyboardInterrupt":
                error = None
        elif not self._report.has_spoken and not self._controls.was_passed_on(-status):
            state = RunState.NOT_STARTED
            text = text or self._why_not_started(status)
        return Run(
            run_id=self._request.run_id,
            name=self._request.name,
            state=state,
            start_ns=self._report.begun_ns,
            end_ns=end_ns,
            exit_code=status if status >= 0 and self._report.has_spoken else None,
            signal_name=run_summary.signal_name(status),
            error=error,
            summary=text,
            was_warm=self._is_spare,
            timed_out=self._timed_out,
            pid=self._process.pid,
        )

    def _stop_words(self, was_killed: bool) -> str:
        if self._timed_out:
            return f"stopped by its time-out of {self._request.timeout_s:g} s"
        return "killed" if was_killed else "stopped"

    def _why_not_started(self, status: int) -> str:
        words = b"".join(early.data for early in self._early if early.source == "stderr").decode("utf-8", "replace")
        last = run_summary.brief(words.strip().splitlines()[-1]) if words.strip() else ""
        if status == wire.TOO_OLD:
            return f"{self._interpreter} is {last}, but snippets need Python 3.10 or newer: choose another environment."
        return run_summary.of_failed_start(self._interpreter, status, last)


def not_started(request: RunRequest, report: RunReport, sentence: str) -> Run:
    """Return the result of a run without a process."""
    return Run(request.run_id, request.name, RunState.NOT_STARTED, report.begun_ns, now_ns(), summary=sentence)


def _with_gpu_times(run: Run, trace: Path | None) -> Run:
    """Return the run with the GPU times in its trace file, if there is one."""
    if trace is None:
        return run
    # Imports numpy, which a run without a trace does not need.
    from gpuplayground.tracing.attribution import with_trace

    return with_trace(run, trace)
