"""The monitor's records: GPUs, samples, processes, runs and problems, in base units with the unit in the name.

``None`` means that the driver does not support the metric or refused it. It is drawn as a gap and shown as a dash,
never as zero. All times are ``clock.now_ns()`` of the machine with the GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: The maximum number of GPUs: more than fit a machine.
MAX_GPUS = 256


@dataclass(frozen=True, slots=True)
class GpuInfo:
    """The properties of a GPU that do not change while it is present."""

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
        """The name among several GPUs: ``GPU 0``."""
        return f"GPU {self.index}"


@dataclass(frozen=True, slots=True)
class DriverInfo:
    """The driver's versions. ``cuda_version`` is the newest CUDA version it supports, such as ``13.0``."""

    driver_version: str | None = None
    cuda_version: str | None = None
    nvml_version: str | None = None


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One sample of one GPU. The metrics are those of :data:`gpuplayground.metrics.METRICS`, in the same order.

    Utilization is the share of time in which at least one kernel was resident, in the driver's own window.

    ``energy_j`` is the driver's counter of the energy consumed since the driver was loaded. Reading it takes
    milliseconds, so only about one sample per second has it, and none during a measurement. For this metric None may
    also mean that it was not read.
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
    """The processes on a GPU could not be listed. ``reason`` is a sentence."""

    time_ns: int
    gpu_uuid: str
    reason: str


#: One pass over the processes: those found, and the GPUs whose processes could not be listed. A GPU with neither has no
#: processes.
ProcessPass = tuple[ProcessSample | UnlistedProcesses, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """The actual sampling rate.

    ``call_s`` is the duration of a driver call if slow calls are why the rate is lower than requested, else None.
    """

    hz: float
    call_s: float | None = None


class ProblemCode(StrEnum):
    """Why the machine or one GPU has no live values."""

    NO_LIBRARY = "no-library"
    DRIVER_NOT_LOADED = "driver-not-loaded"
    NO_PERMISSION = "no-permission"
    NO_GPU = "no-gpu"
    GPU_LOST = "gpu-lost"
    NOT_RESPONDING = "not-responding"
    AGENT_FAILED = "agent-failed"


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure, with a sentence that says what to do. ``gpu_uuid`` is None for a problem of the whole machine."""

    code: ProblemCode
    sentence: str
    detail: str = ""
    since_ns: int | None = None
    gpu_uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """The GPUs found at the start or after a change. ``problem`` is the reason for none, or what else is wrong."""

    time_ns: int
    driver: DriverInfo
    gpus: tuple[GpuInfo, ...]
    problem: Problem | None = None
    gpu_problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RunSpan:
    """The time span of a run. ``end_ns`` is None while it is running; without GPUs it may have used any."""

    run_id: str
    label: str
    start_ns: int
    end_ns: int | None = None
    gpu_uuids: tuple[str, ...] = ()


#: An event of a feed: an inventory, the samples of one or more ticks (oldest first, never empty), one pass over the
#: processes (empty if there are none), a change of the sampling rate, or a problem of the feed itself (its agent died
#: or hangs), which ends with the next inventory.
MonitorEvent = Inventory | tuple[GpuSample, ...] | ProcessPass | Pace | Problem
