"""Records for the plan and the result of a benchmark. Durations are nanoseconds of one repeat."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gpuplayground.model.gpu_timing import GpuTiming
from gpuplayground.model.result_value import ResultValue

#: Default time limit of a benchmark, in seconds.
DEFAULT_MAX_TIME_S = 10.0
#: ``error`` of a benchmark that the user stopped, as reported by the snippet's process.
STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """A variable of the set-up and the values it takes in turn."""

    variable: str
    values: tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class BenchmarkPlan:
    """What to measure: the top-level statements in ``first_line`` to ``last_line``, counted from 1, inclusive.

    The statements above run once as set-up. ``max_time_s`` limits warm-up and sampling together, for each value of a
    sweep. ``cold_l2`` overwrites the GPU's L2 cache before each sample. ``label`` is the benchmark's name.
    """

    first_line: int
    last_line: int
    label: str
    max_time_s: float = DEFAULT_MAX_TIME_S
    cold_l2: bool = False
    sweep: SweepPlan | None = None


class FlagKind(StrEnum):
    """Reasons to doubt a measurement; ``STEADY`` means that there is none."""

    STEADY = "steady"
    NOISY = "noisy"
    NOT_CONVERGED = "time limit"
    INCOMPLETE = "incomplete"
    CLOCKS = "clocks changed"
    CAPPED = "capped"
    SHARED = "GPU shared"
    LAUNCH_BOUND = "launch-bound"
    COPIES = "includes copies"


@dataclass(frozen=True, slots=True)
class Flag:
    """One finding about a benchmark with its reason: a sentence with a figure."""

    kind: FlagKind
    sentence: str


class Phase(StrEnum):
    """Phases of a benchmark."""

    SET_UP = "set-up"
    WARMING_UP = "warm-up"
    SAMPLING = "sampling"
    TRACING = "GPU time"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One measurement.

    ``samples_ns`` are times until the GPU is idle, in sampling order. Each is the mean of ``repeats`` consecutive
    executions, so that clock and synchronisation are at most the share ``overhead`` (0 to 1) of a sample. ``start_ns``
    and ``end_ns`` bound the sampling, in ``clock.now_ns()``. ``gpu`` is from a traced pass of ``gpu_repeats`` repeats
    afterwards, None without one; ``gpu_note`` says why it is missing or incomplete. ``bytes_moved`` is the value of
    the snippet's variable of that name: the bytes that one repeat moves. ``parameter`` is the sweep's variable and
    its value. ``error`` says in one line why the measurement is missing or incomplete, ``error_text`` has the whole
    message if it is longer, and ``out_of_memory`` says whether memory ran out. ``result`` is the final value of the
    snippet's variable ``result``. ``verdict`` is empty until the benchmark has been judged.
    """

    label: str
    first_line: int
    last_line: int
    source: str
    samples_ns: tuple[float, ...] = ()
    repeats: int = 1
    warmup_repeats: int = 0
    warmup_ns: int = 0
    overhead: float = 0.0
    converged: bool = False
    cold_l2: bool = False
    start_ns: int = 0
    end_ns: int = 0
    gpu: GpuTiming | None = None
    gpu_repeats: int = 1
    gpu_note: str = ""
    uses_gpu: bool = False
    bytes_moved: int | None = None
    parameter: tuple[str, int | float] | None = None
    error: str = ""
    out_of_memory: bool = False
    result: ResultValue | None = None
    verdict: tuple[Flag, ...] = ()
    error_text: str = ""

    @property
    def was_stopped(self) -> bool:
        """Whether the user stopped it."""
        return self.error == STOPPED

    @property
    def gpu_busy_ns(self) -> float | None:
        """GPU busy time of one repeat, or None if unknown."""
        return None if self.gpu is None else self.gpu.busy_ns / self.gpu_repeats
