"""What a running session reports, in the order things happened. Every event carries the id of its run."""

from __future__ import annotations

from dataclasses import dataclass

from gpuplayground.model.benchmarks import Benchmark, Phase
from gpuplayground.model.results import Run, RunError, RunState, StatementTiming


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The run entered ``state``; ``detail`` is a few words for the user, such as ``waiting for 1 thread``."""

    run_id: str
    state: RunState
    time_ns: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OutputChunk:
    """Bytes the snippet wrote: ``stream`` is ``stdout`` or ``stderr``."""

    stream: str
    data: bytes


@dataclass(frozen=True, slots=True)
class OutputAppended:
    """One coalesced batch of output. ``dropped_bytes`` were cut from its beginning because it came too fast to show."""

    run_id: str
    chunks: tuple[OutputChunk, ...]
    dropped_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StatementsTimed:
    """Statements that finished since the last such event, and the first line of the one now executing, if any."""

    run_id: str
    timings: tuple[StatementTiming, ...]
    current_line: int | None = None


@dataclass(frozen=True, slots=True)
class InputRequested:
    """The snippet waits for a line of input. The prompt itself has come as output."""

    run_id: str


@dataclass(frozen=True, slots=True)
class ErrorRaised:
    """An exception is ending the snippet (or a SyntaxError keeps it from starting)."""

    run_id: str
    error: RunError


@dataclass(frozen=True, slots=True)
class BenchmarkProgressed:
    """Where a benchmark stands, a few times a second.

    ``half_width`` is half the 95 % confidence interval of the median, relative to it; ``step`` of ``steps`` is the
    value of a sweep that is being measured, counted from 1. Seconds count from the beginning of the warm-up of this
    step.
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
    """A benchmark is complete, or this value of its sweep is."""

    run_id: str
    benchmark: Benchmark
    step: int = 1
    steps: int = 1


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The process is gone and everything it wrote has been reported: always the last event of a run."""

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
