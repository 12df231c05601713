"""Runs a benchmark inside the snippet's process: the set-up, then the measurement for each value of a sweep."""

from __future__ import annotations

from functools import partial
from time import perf_counter_ns
from typing import Any, Callable, Sequence

from ..clock import now_ns
from ..execute.statements import SharedProgress, Statement, execute
from ..execute.tracebacks import Script, error_frame, without_our_frames
from ..io import wire
from ..io.wire import Progress
from ..trace.cuda import CudaClock
from .body import RefusedError, Selection
from .measurement import Failure, Point, Send, Tracer
from .meter import Meter
from .sweep import Sweep

__all__ = ["BenchmarkRun", "RefusedError"]

#: Lower-case parts of the out-of-memory errors of CUDA, CuPy, PyTorch, Numba, JAX and TensorFlow.
_NO_MEMORY = ("out of memory", "out_of_memory", "outofmemory", "memoryallocation", "resource_exhausted")


class BenchmarkRun:
    """The benchmark of a snippet.

    Args:
        order: the session's request with ``source`` and the plan in ``benchmark``.
        script: the file that runs.
        statements: the snippet's statements from :func:`..execute.statements.split`.

    Raises:
        RefusedError: the plan does not fit the snippet.
    """

    def __init__(self, order: wire.Frame, script: Script, statements: Sequence[Statement]) -> None:
        plan = order["benchmark"]
        self._script = script
        self._max_time_s: float = plan["max_time_s"]
        self._is_cold: bool = plan["cold_l2"]
        self._is_traced = bool(order.get("trace"))
        first, last = plan["first_line"], plan["last_line"]
        self._selection = Selection(order["source"], script.path, statements, first, last)
        self._lines = (self._selection.line, self._selection.end_line)
        sweep = plan["sweep"]
        self._sweep = sweep and Sweep(self._selection, script.path, sweep["variable"], sweep["values"])

    @property
    def rows(self) -> list[Statement]:
        """The statements to report: those of the set-up, and one for the whole body."""
        first = self._selection.selected[0]
        first.end_line = self._selection.end_line
        return [*self._selection.set_up, first]

    def run(
        self,
        namespace: dict[str, Any],
        progress: SharedProgress,
        cuda: CudaClock,
        before: Callable[[Statement], None] | None,
        awaited: Callable[[Any], None],
        send: Send,
        tracer: Tracer | None = None,
    ) -> None:
        """Run the set-up and measure. For the first arguments see :func:`..execute.statements.execute`.

        Args:
            namespace: the module's dictionary.
            progress: receives the times of the set-up and the current statement.
            cuda: waits until the GPU is idle.
            before: called before each statement.
            awaited: runs a statement that awaits.
            send: sends frames to the session.
            tracer: records GPU times after the samples.

        Raises:
            BaseException: whatever the snippet raises; running out of memory at a value of a sweep only ends the sweep.
        """
        self._namespace, self._progress, self._cuda = namespace, progress, cuda
        self._send, self._tracer = send, tracer if self._is_traced else None

        def set_up() -> None:
            execute(self._selection.set_up, namespace, progress, cuda, before, awaited)

        sweep = self._sweep
        if sweep is None:
            set_up()
            self._measure(Point(send, 1, 1), lambda: None)
        else:
            for index in range(len(sweep.values)):
                again = partial(sweep.set_up_again, index, namespace, progress, awaited)
                if not self._measure(Point(send, index + 1, len(sweep.values)), again if index else set_up):
                    break
        progress.words[Progress.CURRENT] = -1

    def _measure(self, point: Point, set_up: Callable[[], None]) -> bool:
        """Measure one point and report it; return whether the sweep can continue."""
        body = self._selection.body(self._namespace)
        meter = Meter(body, self._cuda, self._max_time_s, point.progress)
        error, began = None, 0
        try:
            set_up()
            began = self._enter_body()
            point.measure(meter, is_cold=self._is_cold)
        except BaseException as raised:
            error = raised
            if not (self._sweep is not None and is_out_of_memory(raised)):
                self._mark_failed(raised, began)
                raise
        finally:
            was_stopped = isinstance(error, KeyboardInterrupt)
            if meter.totals_ns or not was_stopped:
                failure = Failure("stopped") if was_stopped else self._failure(error, is_set_up=not began)
                point.report(meter, self._lines, self._namespace, failure)
        if error is None:
            point.trace(meter, self._tracer)
        return error is None

    @property
    def _slot(self) -> int:
        """Index of the body's row in the progress memory."""
        return Progress.FIRST + Progress.STRIDE * len(self._selection.set_up)

    def _enter_body(self) -> int:
        """Record the body as the current statement, and return the time."""
        words = self._progress.words
        words[Progress.CURRENT] = len(self._selection.set_up)
        words[self._slot + 3] = now_ns() - words[Progress.START_NS]
        return perf_counter_ns()

    def _mark_failed(self, error: BaseException, began: int) -> None:
        """Record the body as failed, unless it was stopped or the set-up failed before it."""
        if began and not isinstance(error, KeyboardInterrupt):
            words, slot = self._progress.words, self._slot
            words[slot], words[slot + 1] = perf_counter_ns() - began, -1
            words[slot + 2] = Progress.FAILED

    def _failure(self, error: BaseException | None, *, is_set_up: bool) -> Failure:
        if error is None:
            return Failure()
        frame = error_frame(error, without_our_frames(error.__traceback__), self._script)
        line = frame["line"]
        if isinstance(error, SystemExit):
            who = "The set-up" if is_set_up else "The measured code"
            return Failure(f"{who} ends the process{f' in line {line}' if line else ''}: remove that exit.")
        return Failure(frame["message"], line, has_no_memory=is_out_of_memory(error))


def is_out_of_memory(error: BaseException | None) -> bool:
    """Return whether an exception of any library means that memory ran out."""
    if error is None or isinstance(error, MemoryError):
        return error is not None
    try:
        text = f"{type(error).__name__} {error}".lower()
    except Exception:  # a broken __str__ is the snippet's own
        return False
    return any(words in text for words in _NO_MEMORY)
