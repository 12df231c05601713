"""Collects what a run reports and turns it into events."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gpuplayground.benchmarks.figures import summary_of
from gpuplayground.benchmarks.frames import MAX_MESSAGE, BenchmarkFrames
from gpuplayground.model import run_summary
from gpuplayground.model.events import (
    ErrorRaised,
    InputRequested,
    OutputAppended,
    OutputChunk,
    SessionEvent,
    StateChanged,
    StatementsTimed,
)
from gpuplayground.model.result_value import ResultValue, result_of
from gpuplayground.model.results import Run, RunError, RunRequest, RunState, StatementTiming
from gpuplayground.runs.output import OutputBatcher
from gpuplayground.runs.progress import MAX_LINE, ProgressMemory
from gpuplayground.runtime.clock import now_ns
from gpuplayground.runtime.io import wire


class RunReport:
    """Turns frames and output of one run into events, in the session's thread.

    Args:
        request: what runs.
        on_event: called with each event.
        limit_bytes: maximum size of a batch of output; None for no limit.
        has_room: returns whether a batch of output may be emitted; None means always.
    """

    def __init__(
        self,
        request: RunRequest,
        on_event: Callable[[SessionEvent], None],
        limit_bytes: int | None,
        has_room: Callable[[], bool] | None = None,
    ) -> None:
        self._request = request
        self._on_event = on_event
        self.output = OutputBatcher(self._emit_output, limit_bytes, has_room)
        self.state = RunState.STARTING
        self.begun_ns = now_ns()
        self.python = ""
        self.executable = ""
        self.is_started = False
        #: Whether the process has sent its final report.
        self.is_done = False
        self.error: RunError | None = None
        self.exit_message = ""
        self.notes: list[str] = []
        self.benchmark = BenchmarkFrames(request)
        self._frameworks: dict[str, str] = {}
        self._timings: list[StatementTiming] = []
        self._trace_note = ""
        self._result: ResultValue | None = None
        self._peaks: dict[str, int] = {}
        self._line: int | None = None

    @property
    def has_spoken(self) -> bool:
        """Whether the snippet has started or was rejected, for instance for a syntax error."""
        return self.is_started or self.error is not None or bool(self.benchmark.refusal)

    def duration_ns(self, end_ns: int, memory: ProgressMemory) -> int:
        """Return the time from the first statement to ``end_ns``."""
        return end_ns - (memory.start_ns or self.begun_ns)

    def enter(self, state: RunState, detail: str = "") -> None:
        """Report that the run enters a state."""
        if self.state is not RunState.STARTING:
            # Output so far belongs before the new state, except output read together with the very start.
            self.output.flush()
        self.state = state
        self._on_event(StateChanged(self._request.run_id, state, now_ns(), detail))

    def take_frame(self, frame: wire.Frame, memory: ProgressMemory) -> None:
        """Process a frame of the snippet's process; frames of other runs are ignored.

        Raises:
            WireError: the frame is invalid.
        """
        if frame.get("run_id", self._request.run_id) != self._request.run_id:
            return
        try:
            self._dispatch(frame, memory)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise wire.WireError(f"invalid {frame['kind']} frame") from error

    def _dispatch(self, frame: wire.Frame, memory: ProgressMemory) -> None:
        kind = frame["kind"]
        if kind == "hello":
            self.python, self.executable = str(frame["python"]), str(frame["executable"])
        elif kind == "started":
            memory.open(frame["rows"])
            self.is_started = True
            self._enter_unless_stopping(RunState.RUNNING)
        elif kind == "input":
            self.ask_for_input()
        elif kind == "error":
            self._take_error(frame)
        elif kind == "exit":
            self.exit_message = str(frame["message"])
        elif kind == "done":
            self.is_done = True
            self._frameworks = {str(name): str(version) for name, version in frame["frameworks"].items()}
            self._trace_note = str(frame["trace_note"])
            self._result = result_of(frame["result"])
            self._peaks = {str(name): int(peak) for name, peak in frame["allocator_peaks"].items()}
            self._take_end(int(frame["threads"]))
        elif kind == "refused" or kind.startswith("bench_"):
            self._take_benchmark(frame)
        elif kind != "ready":
            raise wire.WireError(f"unknown frame: {kind}")

    def _take_benchmark(self, frame: dict[str, Any]) -> None:
        taken = self.benchmark.take(frame, is_stopping=self.state is RunState.STOPPING)
        if isinstance(taken, str):
            if taken not in self.notes:
                self.notes.append(taken)
        elif taken is not None:
            self._on_event(taken)

    def _take_error(self, frame: dict[str, Any]) -> None:
        line, message = frame["line"], str(frame["message"])[:MAX_MESSAGE]
        self.error = RunError(
            summary=run_summary.brief(message),
            line=line if isinstance(line, int) and 0 < line <= MAX_LINE else None,
            kind=str(frame["exception"]),
            full_traceback=str(frame.get("full_traceback", "")),
            message=message,
        )
        if not (self.error.kind == "KeyboardInterrupt" and self.state is RunState.STOPPING):
            self.output.flush()
            self._on_event(ErrorRaised(self._request.run_id, self.error))

    def _take_end(self, threads: int) -> None:
        waiting = "" if not threads else f"waiting for {threads} thread{'' if threads == 1 else 's'}"
        if waiting:
            self._enter_unless_stopping(RunState.FINISHING, waiting)

    def _enter_unless_stopping(self, state: RunState, detail: str = "") -> None:
        if self.state is not RunState.STOPPING:
            self.enter(state, detail)

    def ask_for_input(self) -> None:
        """Report that the snippet waits for a line of input."""
        self._enter_unless_stopping(RunState.WAITING_FOR_INPUT)
        self._on_event(InputRequested(self._request.run_id))

    def input_sent(self) -> None:
        """Note that the user has sent input."""
        if self.state is RunState.WAITING_FOR_INPUT:
            self.enter(RunState.RUNNING)

    def take_timings(self, memory: ProgressMemory) -> None:
        """Report the statements that ended since the last call, and the current line if it changed."""
        self._report_timings(*memory.news())

    def _report_timings(self, timings: tuple[StatementTiming, ...], line: int | None) -> None:
        if timings or line != self._line:
            self._timings += timings
            self._line = line
            self._on_event(StatementsTimed(self._request.run_id, timings, line))

    def finished(self, run: Run, memory: ProgressMemory) -> Run:
        """Return the run completed with everything reported about it."""
        self.output.flush()
        last_line = memory.current_line
        self._report_timings(memory.new_timings(), None)
        last = memory.cut_short(run.end_ns)
        if last is not None:
            self._report_timings((last,), None)
        notes = list(self.notes)
        if self.output.dropped_bytes:
            notes.append(f"{self.output.dropped_bytes:,} bytes of output came too fast to show and were dropped.")
        run = replace(
            run,
            start_ns=memory.start_ns or self.begun_ns,
            timings=tuple(self._timings),
            notes=tuple(notes),
            environment=self._environment(),
            trace_note=self._trace_note,
            result=self._result,
            allocator_peaks=self._peaks,
            benchmarks=self.benchmark.benchmarks,
        )
        if self._request.benchmark is not None and run.state is RunState.FINISHED and not self.benchmark.is_complete:
            run = replace(run, state=RunState.FAILED)  # incomplete, whatever the exit code
        return run if run.summary else replace(run, summary=self._summary(run, last_line))

    def with_gpu_of_benchmarks(self, run: Run) -> Run:
        """Return the run with the GPU times of its benchmarks from its trace; the set-up was not traced."""
        if run.trace is None or not run.benchmarks:
            return run
        from gpuplayground.benchmarks.gpu_pass import with_gpu, without_statements

        benchmarks = with_gpu(run.benchmarks, self.benchmark.passes, run.trace)
        trace = without_statements(run.trace)
        return replace(run, benchmarks=benchmarks, timings=tuple(self._timings), trace=trace)

    def failed_session(self, error: BaseException) -> Run:
        """Return the result of a run whose session failed; its process has been killed."""
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Run(
            run_id=self._request.run_id,
            name=self._request.name,
            state=RunState.FAILED if self.has_spoken else RunState.NOT_STARTED,
            start_ns=self.begun_ns,
            end_ns=now_ns(),
            error=self.error,
            timings=tuple(self._timings),
            summary=f"GPU Playground had to end this run ({run_summary.brief(reason)}): run it again.",
            notes=tuple(self.notes),
            environment=self._environment(),
            benchmarks=self.benchmark.benchmarks,
        )

    def _summary(self, run: Run, last_line: int | None) -> str:
        if self.benchmark.refusal:
            return self.benchmark.refusal
        if run.error is not None and run.signal_name is None:
            return run_summary.of_error(run.error, run.duration_ns)
        if run.signal_name is not None:
            return run_summary.of_signal(run.signal_name, last_line, run.duration_ns)
        if self._request.benchmark is not None:
            return self._benchmark_summary(run, last_line)
        return run_summary.of_exit(run.exit_code or 0, self.exit_message, run.duration_ns)

    def _benchmark_summary(self, run: Run, last_line: int | None) -> str:
        if self.benchmark.is_complete and not run.exit_code:
            return summary_of(run.benchmarks, run.duration_ns)
        failure = run.benchmarks[-1].error if run.benchmarks else ""
        exit_code = run.exit_code or 0
        if failure:
            return run_summary.of_failure(failure, None, run.duration_ns)
        if self.benchmark.is_complete:
            return run_summary.of_exit(exit_code, self.exit_message, run.duration_ns)
        return run_summary.of_early_end(exit_code, last_line, run.duration_ns)

    def _environment(self) -> dict[str, str]:
        if not self.python:
            return {}
        return {
            "python": self.python,
            "executable": self.executable,
            "platform": platform.platform(),
            **self._frameworks,
        }

    def _emit_output(self, chunks: tuple[OutputChunk, ...], dropped: int) -> None:
        self._on_event(OutputAppended(self._request.run_id, chunks, dropped))
