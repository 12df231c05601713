"""Events of a running session, in the order they happen. Each has the id of its run."""

from __future__ import annotations

from dataclasses import dataclass

from gpuplayground.model.benchmarks import Benchmark, Phase
from gpuplayground.model.results import Run, RunError, RunState, StatementTiming


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The run entered ``state``; ``detail`` is a short text such as ``waiting for 1 thread``."""

    run_id: str
    state: RunState
    time_ns: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OutputChunk:
    """Bytes that the snippet wrote to ``stdout`` or ``stderr``."""

    stream: str
    data: bytes


@dataclass(frozen=True, slots=True)
class OutputAppended:
    """One batch of output; ``dropped_bytes`` were cut from its beginning because it came too fast to show."""

    run_id: str
    chunks: tuple[OutputChunk, ...]
    dropped_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StatementsTimed:
    """Statements that finished since the last such event, and the first line of the current statement, if any."""

    run_id: str
    timings: tuple[StatementTiming, ...]
    current_line: int | None = None


@dataclass(frozen=True, slots=True)
class InputRequested:
    """The snippet waits for a line of input. Its prompt was sent as output."""

    run_id: str


@dataclass(frozen=True, slots=True)
class ErrorRaised:
    """An exception ends the snippet, or a SyntaxError prevents its start."""

    run_id: str
    error: RunError


@dataclass(frozen=True, slots=True)
class BenchmarkProgressed:
    """Progress of a benchmark, a few times per second.

    ``half_width`` is half the 95 % confidence interval of the median, relative to the median. ``step`` of ``steps``
    counts the values of a sweep from 1. ``elapsed_s`` counts from the beginning of this step's warm-up.
    """

    run_id: str
    phase: Phase
    samples: int = 0
    median_ns: float | None = None
    half_width: float | None = None
    elapsed_s: float = 0.0
    step: int = 1
    steps: int = 1


@dataclass(frozen=True, slots=True)
class BenchmarkMeasured:
    """A benchmark, or one value of its sweep, is complete."""

    run_id: str
    benchmark: Benchmark
    step: int = 1
    steps: int = 1


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The process has ended and all its output has been reported. Always the last event of a run."""

    run_id: str
    run: Run


SessionEvent = (
    StateChanged
    | OutputAppended
    | StatementsTimed
    | InputRequested
    | ErrorRaised
    | BenchmarkProgressed
    | BenchmarkMeasured
    | RunFinished
)
