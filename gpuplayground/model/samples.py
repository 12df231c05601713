"""What the monitor knows about the GPUs: plain values in base units, the unit in the name.

``None`` always means that the driver does not support the metric (or refused it): it is drawn as a gap and shown
as a dash, never as zero. All times are ``clock.now_ns()`` of the machine the GPU is in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: GPUs that are kept track of at once: more than fit a machine.
MAX_GPUS = 256


@dataclass(frozen=True, slots=True)
class GpuInfo:
    """What does not change while a GPU is present."""

    index: int
    uuid: str
    name: str
    memory_total_bytes: int | None = None
    compute_capability: tuple[int, int] | None = None
    power_limit_w: float | None = None
    max_sm_clock_mhz: int | None = None
    max_memory_clock_mhz: int | None = None
    pcie_generation_max: int | None = None
    pcie_width_max: int | None = None

    @property
    def label(self) -> str:
        """What it is called where there are several: ``GPU 0``."""
        return f"GPU {self.index}"


@dataclass(frozen=True, slots=True)
class DriverInfo:
    """Versions of the driver: ``cuda_version`` is the newest CUDA it supports, such as ``13.0``."""

    driver_version: str | None = None
    cuda_version: str | None = None
    nvml_version: str | None = None


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One reading of one GPU. The metrics are those of :data:`gpuplayground.metrics.METRICS`, in the same order.

    Utilization is the share of time in which at least one kernel was resident, in the driver's own window.

    ``energy_j`` is the driver's counter of what the GPU has consumed since the driver was loaded. Reading it takes
    milliseconds, so that only about one sample a second has it, and none while something is measured: there None says
    no more than that it was not read.
    """

    time_ns: int
    gpu_uuid: str
    gpu_util_percent: float | None = None
    memory_util_percent: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    power_average_w: float | None = None
    power_limit_w: float | None = None
    sm_clock_mhz: int | None = None
    memory_clock_mhz: int | None = None
    encoder_util_percent: float | None = None
    decoder_util_percent: float | None = None
    performance_state: int | None = None
    event_reasons: int | None = None
    fan_percent: float | None = None
    energy_j: float | None = None


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """One process on one GPU. ``kind`` is ``compute`` or ``graphics``."""

    time_ns: int
    gpu_uuid: str
    pid: int
    name: str | None = None
    kind: str = "compute"
    memory_used_bytes: int | None = None
    sm_util_percent: float | None = None


@dataclass(frozen=True, slots=True)
class UnlistedProcesses:
    """The processes on a GPU are not known. ``reason`` is a sentence."""

    time_ns: int
    gpu_uuid: str
    reason: str


#: One pass over the processes: those found, and the GPUs whose processes could not be listed. A GPU of which there is
#: neither has no processes.
ProcessPass = tuple[ProcessSample | UnlistedProcesses, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the GPUs are really sampled.

    ``call_s`` is what a call into the driver takes where that is why it is less often than asked for, else None.
    """

    hz: float
    call_s: float | None = None


class ProblemCode(StrEnum):
    """Why there are no live values, of the machine or of one GPU."""

    NO_LIBRARY = "no-library"
    DRIVER_NOT_LOADED = "driver-not-loaded"
    NO_PERMISSION = "no-permission"
    NO_GPU = "no-gpu"
    GPU_LOST = "gpu-lost"
    NOT_RESPONDING = "not-responding"
    AGENT_FAILED = "agent-failed"


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure in one sentence that says what to do. ``gpu_uuid`` is None when it concerns the machine."""

    code: ProblemCode
    sentence: str
    detail: str = ""
    since_ns: int | None = None
    gpu_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """The GPUs found at start, or again after a change. ``problem`` says why there are none, or what is wrong."""

    time_ns: int
    driver: DriverInfo
    gpus: tuple[GpuInfo, ...]
    problem: Problem | None = None
    gpu_problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RunSpan:
    """A run of the playground as a band on the graphs. ``end_ns`` is None while it is running."""

    run_id: str
    label: str
    start_ns: int
    end_ns: int | None = None
    gpu_uuids: tuple[str, ...] = ()


#: What a feed reports: an inventory, the samples of a tick or of several (oldest first, never empty), one pass over
#: the processes (empty when there are none), the rate of sampling when it has changed, or a problem of the feed itself
#: (its agent died or hangs). The next inventory means that such a problem is over.
MonitorEvent = Inventory | tuple[GpuSample, ...] | ProcessPass | Pace | Problem
