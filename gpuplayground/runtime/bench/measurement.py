"""Runs one measurement, from warm-up to the traced pass, and reports it to the session."""

from __future__ import annotations

import gc
import math
import operator
from contextlib import contextmanager, suppress
from time import perf_counter_ns, sleep
from typing import Any, Callable, Iterator, NamedTuple, Protocol

from ..clock import now_ns
from ..execute.outcome import result_value
from ..io import wire
from ..io.interrupts import deferred_interrupts
from .l2 import L2Error, L2Flush
from .medians import LEAST_TIME_NS
from .meter import Meter

_TRACING = "GPU time"
#: Minimum time between two reports of progress.
_PROGRESS_NS = 200_000_000
#: Approximate maximum duration of the traced pass, and its maximum number of executions, also with a cold cache.
_PASS_NS = 500_000_000
_PASS_REPEATS = 1000
_COLD_PASS_REPEATS = 20
#: Pause in seconds between a cache flush and an execution's window, so that clock errors cannot mix them up.
_GAP_S = 0.0002
_MOST_BYTES = 1 << 62

Send = Callable[[wire.Frame], None]


class Tracer(Protocol):
    """Interface for recording GPU times during a traced pass."""

    @property
    def available(self) -> bool:
        """Whether recording is possible; asking may attach the tracer."""

    @property
    def reason(self) -> str:
        """Why recording is not possible, a sentence."""

    def begin_pass(self) -> None:
        """Start recording."""

    def end_pass(self) -> None:
        """Stop recording."""


class Failure(NamedTuple):
    """Why a measurement is incomplete: the whole message, empty if it is complete, and the snippet's line."""

    message: str = ""
    line: int | None = None
    has_no_memory: bool = False


class Point:
    """One value of a sweep, or the only measurement of a benchmark.

    Args:
        send: sends frames to the session.
        step: number of the point, from 1.
        steps: number of points.
    """

    def __init__(self, send: Send, step: int, steps: int) -> None:
        self._to_session = send
        self._place = {"step": step, "steps": steps}
        self._phase = ""
        self._next_progress = 0

    def progress(self, phase: str, meter: Meter) -> None:
        """Report progress a few times per second, and collect garbage, which is disabled inside samples."""
        now = perf_counter_ns()
        if now < self._next_progress and phase == self._phase:
            return
        self._phase, self._next_progress = phase, now + _PROGRESS_NS
        known = meter.convergence
        if known.time_ns < LEAST_TIME_NS:  # the stop rule does not evaluate it yet
            known.evaluate()
        width = known.half_width
        frame = {
            "kind": "bench_progress",
            "phase": phase,
            "samples": len(known.samples_ns),
            "median_ns": known.median_ns,
            "half_width": width if width is not None and math.isfinite(width) else None,
            "elapsed_s": meter.elapsed_s,
        }
        self._send(frame)
        gc.collect()

    def measure(self, meter: Meter, *, is_cold: bool) -> None:
        """Warm up and sample.

        Raises:
            BaseException: whatever the body raises; the meter has the samples taken until then.
        """
        with _garbage_kept():
            meter.warm_up()
            flush = self._flush() if is_cold else None
            try:
                meter.choose_repeats(None if flush is None else flush.flush)
                meter.sample()
            finally:
                if flush is not None:
                    flush.close()

    def _flush(self) -> L2Flush | None:
        try:
            return L2Flush()
        except L2Error as error:
            self._send({"kind": "bench_note", "sentence": str(error)})
            return None

    def report(self, meter: Meter, lines: tuple[int, int], namespace: dict[str, Any], failure: Failure) -> None:
        """Send the measurement, complete or not."""
        with deferred_interrupts():
            meter.convergence.evaluate()
            frame = {
                "kind": "bench_result",
                "first_line": lines[0],
                "last_line": lines[1],
                "totals_ns": meter.totals_ns,
                "repeats": meter.repeats,
                "warmup_repeats": meter.warmup_repeats,
                "warmup_ns": meter.warmup_ns,
                "overhead": meter.overhead,
                "converged": meter.convergence.converged and not failure.message,
                "is_cold": meter.is_cold,
                "start_ns": meter.start_ns,
                "end_ns": meter.end_ns,
                "uses_gpu": meter.uses_gpu,
                "bytes_moved": _bytes_moved(namespace),
                "error": failure.message,
                "error_line": failure.line,
                "out_of_memory": failure.has_no_memory,
                "result": None if failure.message else result_value(namespace),
            }
            self._send(frame)

    def trace(self, meter: Meter, tracer: Tracer | None) -> None:
        """Execute the body again while tracing, and report the windows in which it ran."""
        if not meter.uses_gpu or tracer is None:
            return
        self.progress(_TRACING, meter)
        windows = []
        if tracer.available:
            flush = self._flush() if meter.is_cold else None
            tracer.begin_pass()
            try:
                windows = _windows(meter, flush)
            finally:
                tracer.end_pass()
                if flush is not None:
                    flush.close()
        self._send({"kind": "bench_gpu", "windows": windows, "note": tracer.reason})

    def _send(self, frame: wire.Frame) -> None:
        self._to_session({**frame, **self._place})


def _windows(meter: Meter, flush: L2Flush | None) -> list[list[int]]:
    """Execute the body and return the windows: start and end in ``clock.now_ns()``, and number of executions."""
    count = max(1, min(round(_PASS_NS / max(1.0, meter.repeat_ns)), _PASS_REPEATS))
    if flush is None:
        return [_window(meter, count)]
    windows = []
    for _ in range(min(count, _COLD_PASS_REPEATS)):
        flush.flush()
        sleep(_GAP_S)
        windows.append(_window(meter, 1))
        sleep(_GAP_S)
    return windows


def _window(meter: Meter, count: int) -> list[int]:
    start = now_ns()
    meter.execute(count)
    return [start, now_ns(), count]


def _bytes_moved(namespace: dict[str, Any]) -> int | None:
    """Return the snippet's variable ``bytes_moved`` if it is a positive integer, or a float such as ``1e6``."""
    value: Any = namespace.get("bytes_moved")
    with suppress(Exception):  # may be any object of the snippet
        number = operator.index(value) if hasattr(value, "__index__") else int(value)
        return number if number == value and 0 < number < _MOST_BYTES else None
    return None


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Disable garbage collection inside samples, as ``timeit`` does, and freeze existing objects.

    So collections between samples are quick, and cycles that hold GPU memory do not accumulate.
    """
    was_enabled, is_ours = gc.isenabled(), gc.get_freeze_count() == 0
    gc.collect()
    gc.disable()
    if is_ours:
        gc.freeze()
    try:
        yield
    finally:
        if is_ours:
            gc.unfreeze()
        if was_enabled:
            gc.enable()
