"""Records for a run: what the window shows and ``--json`` writes. Durations are nanoseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan
from gpuplayground.model.gpu_timing import GpuTiming
from gpuplayground.model.result_value import ResultValue

if TYPE_CHECKING:
    from gpuplayground.model.trace import Trace

#: Version of the JSON written by ``gpuplayground run --json``; incremented when a field changes its meaning.
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class StatementTiming:
    """One top-level statement of a snippet, executed once.

    ``wall_ns`` is the time until the statement returned, ``synced_ns`` the time until every CUDA context in use was
    idle, or None if CUDA is not in use. ``prewarmed_ns`` is the cost of its imports that the warm spare made before
    the run, 0 without any; it is not part of ``wall_ns``. Lines are counted from 1, inclusive. ``failed`` marks the
    statement that raised. ``start_ns`` is ``clock.now_ns()`` at its beginning, or 0 if unknown. ``gpu`` is None if the
    run was not traced. ``is_region`` marks the row of an NVTX range that tables add below its statement.
    """

    index: int
    line: int
    end_line: int
    source: str
    wall_ns: int
    synced_ns: int | None = None
    is_import: bool = False
    prewarmed_ns: int = 0
    failed: bool = False
    start_ns: int = 0
    gpu: GpuTiming | None = None
    is_region: bool = False

    @property
    def cost_ns(self) -> int:
        """Total cost: the time until the GPU was idle, and the imports made before the run."""
        return max(self.wall_ns, self.synced_ns or 0) + self.prewarmed_ns


class RunState(StrEnum):
    """States of a run. The last four are final."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING_FOR_INPUT = "waiting for input"
    FINISHING = "finishing"  # every statement is done, but threads of the snippet still run
    STOPPING = "stopping"
    FINISHED = "finished"  # exit code 0
    FAILED = "failed"  # an exception, a non-zero exit code or an unexpected signal
    STOPPED = "stopped"  # by Stop, Kill or a time-out
    NOT_STARTED = "not started"  # the interpreter could not be started

    @property
    def is_final(self) -> bool:
        """Whether the run is over."""
        return self in (RunState.FINISHED, RunState.FAILED, RunState.STOPPED, RunState.NOT_STARTED)


@dataclass(frozen=True, slots=True)
class RunError:
    """An exception that ended a snippet, and the snippet's line it came from.

    ``message`` is the whole message after the exception's name, ``summary`` is its first line, shortened.
    """

    summary: str
    line: int | None = None
    kind: str = ""
    #: The whole traceback if the printed one omits library frames.
    full_traceback: str = ""
    message: str = ""

    @property
    def text(self) -> str:
        """The whole message; the summary for runs kept by older versions."""
        return self.message or self.summary


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run. ``source`` is the editor's text, ``path`` its file on disk.

    If the file's bytes equal ``source``, the file itself is run, otherwise a private copy with the tab's name.
    ``cuda_visible_devices`` is the value for CUDA_VISIBLE_DEVICES, or None to keep the environment's. ``trace`` asks
    for GPU times from CUPTI if it is available. With a ``benchmark`` the snippet is measured as planned. ``variables``
    are further environment variables, by name.
    """

    run_id: str
    source: str
    name: str = "snippet.py"
    path: str | None = None
    arguments: tuple[str, ...] = ()
    interpreter: str | None = None
    working_directory: str | None = None
    cuda_visible_devices: str | None = None
    timeout_s: float | None = None
    trace: bool = True
    benchmark: BenchmarkPlan | None = None
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run. ``start_ns`` and ``end_ns`` are ``clock.now_ns()``, the clock of the monitor's samples."""

    run_id: str
    name: str
    state: RunState
    start_ns: int
    end_ns: int
    #: Exit code as the shell sees it, or None if a signal ended the process.
    exit_code: int | None = None
    #: Name of the signal that ended it, such as ``SIGSEGV``.
    signal_name: str | None = None
    error: RunError | None = None
    timings: tuple[StatementTiming, ...] = ()
    #: One line about its end: ``exit 0 · 3.41 s``, ``ValueError: … (line 4)``, ``ended by SIGSEGV …``.
    summary: str = ""
    #: Sentences for the user, such as about processes that were left running or output that was dropped.
    notes: tuple[str, ...] = ()
    was_warm: bool = False
    #: Whether the request's time-out ended it.
    timed_out: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    #: Process id of the snippet.
    pid: int | None = None
    #: The GPU trace, if there is one; ``trace_note`` is a sentence that says why it is missing or incomplete.
    trace: Trace | None = field(default=None, repr=False, compare=False)
    trace_note: str = ""
    #: One per value of a sweep, one for a plain benchmark; empty for a run.
    benchmarks: tuple[Benchmark, ...] = ()
    result: ResultValue | None = None
    #: Peak bytes by framework, such as ``PyTorch``, as counted by its allocator.
    allocator_peaks: dict[str, int] = field(default_factory=dict)

    @property
    def duration_ns(self) -> int:
        """Wall time from the first statement to the end of the process."""
        return self.end_ns - self.start_ns

    @property
    def used_cuda(self) -> bool:
        """Whether any statement or benchmark used CUDA."""
        was_waited_for = any(timing.synced_ns is not None for timing in self.timings)
        return was_waited_for or any(benchmark.uses_gpu for benchmark in self.benchmarks)
