"""Validates the benchmark frames of a snippet's process, which runs untrusted code, and turns them into records."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from textwrap import dedent
from typing import Any

from gpuplayground.model import run_summary
from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan, Phase
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed
from gpuplayground.model.result_value import result_of
from gpuplayground.model.results import RunRequest
from gpuplayground.runtime.io import wire

#: Frames with more samples are rejected; the measurement stops at half of this.
MAX_SAMPLES = 100_000
#: Maximum number of windows of a traced pass; the measurement makes at most twenty.
_MAX_WINDOWS = 100
_MAX_INTEGER = (1 << 63) - 1
_MAX_TEXT = 2_000
#: Maximum length of an exception's message, in characters.
MAX_MESSAGE = 1 << 16


@dataclass(frozen=True, slots=True)
class GpuWindow:
    """An interval (``clock.now_ns()``) in which the body was executed ``repeats`` times while tracing."""

    start_ns: int
    end_ns: int
    repeats: int


@dataclass(frozen=True, slots=True)
class GpuPass:
    """The traced pass after a measurement; ``note`` says why windows are missing or incomplete."""

    windows: tuple[GpuWindow, ...] = ()
    note: str = ""


def order_of(plan: BenchmarkPlan | None) -> dict[str, Any] | None:
    """Return a plan as sent to the snippet's process."""
    if plan is None:
        return None
    sweep = plan.sweep
    return {
        "first_line": plan.first_line,
        "last_line": plan.last_line,
        "max_time_s": plan.max_time_s,
        "cold_l2": plan.cold_l2,
        "sweep": None if sweep is None else {"variable": sweep.variable, "values": list(sweep.values)},
    }


class BenchmarkFrames:
    """Parses the benchmark frames of one run and collects the results.

    Args:
        request: what runs; without a benchmark in it every frame is rejected.
    """

    def __init__(self, request: RunRequest) -> None:
        self._request = request
        self._plan = request.benchmark
        self._values = () if self._plan is None or self._plan.sweep is None else self._plan.sweep.values
        self._measured: list[Benchmark] = []
        self._passes: dict[int, GpuPass] = {}
        #: Why nothing was measured, a sentence; empty if something was.
        self.refusal = ""

    @property
    def steps(self) -> int:
        """Number of measurements planned."""
        return len(self._values) or 1

    @property
    def benchmarks(self) -> tuple[Benchmark, ...]:
        """The benchmarks measured so far, each with the reason for missing GPU times."""
        return tuple(
            replace(benchmark, gpu_note=self._passes[index].note) if index in self._passes else benchmark
            for index, benchmark in enumerate(self._measured)
        )

    @property
    def passes(self) -> tuple[GpuPass, ...]:
        """The traced pass of each benchmark; an empty one if there was none."""
        return tuple(self._passes.get(index, GpuPass()) for index in range(len(self._measured)))

    @property
    def is_complete(self) -> bool:
        """Whether everything planned was measured. Running out of memory also counts: it is a result of a sweep."""
        if not self._measured:
            return False
        last = self._measured[-1]
        return last.out_of_memory or (len(self._measured) == self.steps and not last.error)

    def take(
        self, frame: wire.Frame, *, is_stopping: bool = False
    ) -> BenchmarkProgressed | BenchmarkMeasured | str | None:
        """Return the event or the note for the user that a frame carries; None if it carries neither.

        Args:
            frame: a frame of the snippet's process.
            is_stopping: whether the user has stopped the run.

        Raises:
            KeyError, TypeError, ValueError, OverflowError: the frame is invalid.
        """
        if self._plan is None:
            raise ValueError("there is no benchmark")
        kind = frame["kind"]
        if kind == "refused":
            self.refusal = _text(frame["sentence"])
            return None
        step = _whole(frame["step"], 1, self.steps)
        if kind == "bench_note":
            return _text(frame["sentence"])
        if kind == "bench_progress":
            return self._progress(frame, step)
        if kind == "bench_gpu":
            self._passes[step - 1] = _gpu_pass(frame)
            return None
        if kind != "bench_result" or step != len(self._measured) + 1:
            raise ValueError("out of order")
        measured = self._benchmark(frame, step, self._plan)
        if measured.was_stopped and not is_stopping:
            measured = replace(measured, error="KeyboardInterrupt")  # raised by the snippet itself
        self._measured.append(measured)
        return BenchmarkMeasured(self._request.run_id, self._measured[-1], step, self.steps)

    def _progress(self, frame: wire.Frame, step: int) -> BenchmarkProgressed:
        return BenchmarkProgressed(
            run_id=self._request.run_id,
            phase=Phase(frame["phase"]),
            samples=_whole(frame["samples"]),
            median_ns=_number(frame["median_ns"]),
            half_width=_number(frame["half_width"]),
            elapsed_s=_number(frame["elapsed_s"]) or 0.0,
            step=step,
            steps=self.steps,
        )

    def _benchmark(self, frame: wire.Frame, step: int, plan: BenchmarkPlan) -> Benchmark:
        totals, repeats = frame["totals_ns"], _whole(frame["repeats"], 1)
        if not isinstance(totals, list) or len(totals) > MAX_SAMPLES:
            raise ValueError("not a list of samples")
        first_line, last_line = _whole(frame["first_line"], 1), _whole(frame["last_line"], 1)
        moved = frame["bytes_moved"]
        failure, line = _text(frame["error"], MAX_MESSAGE), frame["error_line"]
        error = run_summary.of_failure(failure, None if line is None else _whole(line, 1)) if failure else ""
        return Benchmark(
            label=plan.label,
            first_line=first_line,
            last_line=last_line,
            source=_lines(self._request.source, first_line, last_line),
            samples_ns=tuple(_whole(total) / repeats for total in totals),
            repeats=repeats,
            warmup_repeats=_whole(frame["warmup_repeats"]),
            warmup_ns=_whole(frame["warmup_ns"]),
            overhead=min(1.0, _number(frame["overhead"]) or 0.0),
            converged=frame["converged"] is True and not error,
            cold_l2=frame["is_cold"] is True,
            start_ns=_whole(frame["start_ns"]),
            end_ns=_whole(frame["end_ns"]),
            uses_gpu=frame["uses_gpu"] is True,
            bytes_moved=None if moved is None else _whole(moved),
            parameter=(plan.sweep.variable, self._values[step - 1]) if plan.sweep is not None else None,
            error=error,
            out_of_memory=frame["out_of_memory"] is True,
            result=result_of(frame["result"]),
            error_text=failure if failure != run_summary.brief(failure) else "",
        )


def _gpu_pass(frame: wire.Frame) -> GpuPass:
    rows = frame["windows"]
    if not isinstance(rows, list) or len(rows) > _MAX_WINDOWS:
        raise ValueError("not a list of windows")
    windows = tuple(GpuWindow(_whole(start), _whole(end), _whole(repeats, 1)) for start, end, repeats in rows)
    return GpuPass(windows, _text(frame["note"]))


def _lines(source: str, first: int, last: int) -> str:
    """Return a range of lines without their common indentation."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return dedent("\n".join(lines[first - 1 : last]))


def _whole(value: object, least: int = 0, most: int = _MAX_INTEGER) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError("not a valid integer")
    return value


def _number(value: object) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float):
        raise TypeError("not a number")
    number = float(value)  # type: ignore[arg-type]
    if not (math.isfinite(number) and number >= 0):
        raise ValueError("not a valid number")
    return number


def _text(value: object, limit: int = _MAX_TEXT) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value[:limit]
