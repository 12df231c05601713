"""A benchmark as it was asked for and as it came out: frozen values. Durations are nanoseconds of one repeat."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gpuplayground.model.gpu_timing import GpuTiming
from gpuplayground.model.result_value import ResultValue

#: How long a benchmark samples at most, unless it is told otherwise.
DEFAULT_MAX_TIME_S = 10.0
#: The ``error`` of a benchmark that the user stopped, as the snippet's process says it.
STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """A variable of the set-up, and the values it takes one after the other."""

    variable: str
    values: tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class BenchmarkPlan:
    """What to repeat: the top-level statements within ``first_line`` to ``last_line``, from 1, inclusive.

    What stands above runs once as set-up. ``max_time_s`` limits warm-up and sampling together, for each value of a
    sweep anew. ``cold_l2`` overwrites the GPU's L2 cache ahead of each sample. ``label`` is what the benchmark is
    called.
    """

    first_line: int
    last_line: int
    label: str
    max_time_s: float = DEFAULT_MAX_TIME_S
    cold_l2: bool = False
    sweep: SweepPlan | None = None


class FlagKind(StrEnum):
    """Why a number cannot be taken at face value; ``STEADY`` says that nothing was found."""

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
    """One finding about a benchmark and its reason, a sentence with its figure."""

    kind: FlagKind
    sentence: str


class Phase(StrEnum):
    """Where a benchmark stands."""

    SET_UP = "set-up"
    WARMING_UP = "warm-up"
    SAMPLING = "sampling"
    TRACING = "GPU time"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One measurement.

    ``samples_ns`` are times until idle of one repeat each, in the order they were taken: each is the mean of
    ``repeats`` executions in a row, so that clock and synchronisation are no more than ``overhead`` (0 to 1) of a
    sample. ``start_ns`` and ``end_ns`` bound the sampling, in ``clock.now_ns()``. ``gpu`` is from a traced pass of
    ``gpu_repeats`` repeats after it; None where there was none. ``gpu_note`` says why there was none, or what is
    missing in it. ``bytes_moved`` is what the snippet says it moves in one repeat, by a variable of that name.
    ``parameter`` is the sweep's variable and its value. ``error`` says in a line why there is no (complete)
    measurement, ``error_text`` has the whole message where that is longer; ``out_of_memory`` is whether it was memory.
    ``result`` is what the snippet had in its variable of that name at the end. ``verdict`` is empty until it has been
    judged.
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
        """GPU busy time of one repeat, or None where it is not known."""
        return None if self.gpu is None else self.gpu.busy_ns / self.gpu_repeats
