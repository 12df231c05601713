"""What a run produced: frozen values that the window shows and ``--json`` writes. Durations are nanoseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan
from gpuplayground.model.gpu_timing import GpuTiming
from gpuplayground.model.result_value import ResultValue

if TYPE_CHECKING:
    from gpuplayground.model.trace import Trace

#: Version of the JSON written by ``gpuplayground run --json``; raised when a field changes its meaning.
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class StatementTiming:
    """One top-level statement of a snippet, executed once.

    ``wall_ns`` is the time on the CPU until the statement returned, ``synced_ns`` the time until every CUDA context
    in use was idle, or None when CUDA is not in use. ``prewarmed_ns`` is what the modules it imports cost when the
    warm spare imported them ahead of the run (0 when nothing was imported ahead); it is not part of ``wall_ns``.
    Lines are counted from 1, both ends included. ``failed`` marks the statement that raised. ``start_ns`` is
    ``clock.now_ns()`` at its beginning, or 0 where that is not known. ``gpu`` is None where the run was not traced.
    ``is_region`` marks the row of an NVTX range, which tables put under its statement; no run has one.
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
        """What the statement cost in all: until the GPU was idle, and what was imported ahead for it."""
        return max(self.wall_ns, self.synced_ns or 0) + self.prewarmed_ns


class RunState(StrEnum):
    """Where a run stands. The last four are final."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING_FOR_INPUT = "waiting for input"
    FINISHING = "finishing"  # every statement is done, threads of the snippet still run
    STOPPING = "stopping"
    FINISHED = "finished"  # exit code 0
    FAILED = "failed"  # an exception, a non-zero exit code or a signal nobody asked for
    STOPPED = "stopped"  # by Stop, Kill or a time-out
    NOT_STARTED = "not started"  # the interpreter could not be started

    @property
    def is_final(self) -> bool:
        """Whether the run is over."""
        return self in (RunState.FINISHED, RunState.FAILED, RunState.STOPPED, RunState.NOT_STARTED)


@dataclass(frozen=True, slots=True)
class RunError:
    """An exception that ended a snippet: ``ValueError: message`` and the line of the snippet it came from.

    ``summary`` has no more than a line of the message, ``message`` has all of it, the name in front.
    """

    summary: str
    line: int | None = None
    kind: str = ""
    #: The whole traceback, when the one printed left frames of libraries out.
    full_traceback: str = ""
    message: str = ""

    @property
    def text(self) -> str:
        """The whole message; of a run that an older version kept, what there is."""
        return self.message or self.summary


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run. ``source`` is the text as it stands in the editor; ``path`` the file on disk it belongs to.

    Where the file's bytes equal ``source`` the file itself is run; otherwise a private copy under the tab's name is.
    ``cuda_visible_devices`` is the value for CUDA_VISIBLE_DEVICES, or None to leave the environment alone.
    ``trace`` asks for the GPU's own times by CUPTI where that can be had. With a ``benchmark`` the snippet is not
    simply executed, but measured as the plan says.
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


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is over. ``start_ns`` and ``end_ns`` are ``clock.now_ns()``: the clock of the monitor's samples."""

    run_id: str
    name: str
    state: RunState
    start_ns: int
    end_ns: int
    #: Exit code as the shell would see it, or None when a signal ended the process.
    exit_code: int | None = None
    #: Name of the signal that ended it, such as ``SIGSEGV``.
    signal_name: str | None = None
    error: RunError | None = None
    timings: tuple[StatementTiming, ...] = ()
    #: One line that says how it ended: ``exit 0 · 3.41 s``, ``ValueError: … (line 4)``, ``ended by SIGSEGV …``.
    summary: str = ""
    #: Things the user should know: processes that were left running and ended, output that was dropped.
    notes: tuple[str, ...] = ()
    was_warm: bool = False
    #: Whether the time-out of the request ended it.
    timed_out: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    #: The snippet's process.
    pid: int | None = None
    #: What the GPU did, where it was traced; ``trace_note`` says in a sentence why not, or what GPU times lack.
    trace: Trace | None = field(default=None, repr=False, compare=False)
    trace_note: str = ""
    #: One for each value of a sweep, else one at most; empty for a plain run.
    benchmarks: tuple[Benchmark, ...] = ()
    result: ResultValue | None = None
    #: Peak bytes by the count of a framework's own allocator, such as ``PyTorch``.
    allocator_peaks: dict[str, int] = field(default_factory=dict)

    @property
    def duration_ns(self) -> int:
        """Wall time from the first statement to the end of the process."""
        return self.end_ns - self.start_ns

    @property
    def used_cuda(self) -> bool:
        """Whether the GPU was waited for after any statement, or in a benchmark."""
        was_waited_for = any(timing.synced_ns is not None for timing in self.timings)
        return was_waited_for or any(benchmark.uses_gpu for benchmark in self.benchmarks)
