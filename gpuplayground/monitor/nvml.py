"""What NVML says, as plain values. The only module that imports ``pynvml`` (the package nvidia-ml-py)."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import pynvml

from gpuplayground.monitor.nvml_errors import (
    CLOSED,
    LOST,
    Code,
    NvmlCallError,
    gpu_problem,
    machine_problem,
)
from gpuplayground.monitor.probes import MAX_CLOCK_MHZ, MAX_MEMORY_BYTES, MAX_POWER_MW, GpuProbes
from gpuplayground.monitor.processes import ProcessReader
from gpuplayground.monitor.samples import DriverInfo, GpuInfo, GpuSample, Inventory, Problem, ProcessSample

#: One folder per GPU bound to the driver: the cheapest sign that one came or went (Linux).
GPU_FOLDERS = Path("/proc/driver/nvidia/gpus")
#: NVML cannot tell when a lost GPU is back: it is opened again after so long, twice as long each time.
RETRY_LOST_S = (2.0, 60.0)
#: How often a GPU's medium tier is read.
MEDIUM_NS = 1_000_000_000

_Value = TypeVar("_Value")


class _Gpu:
    """One GPU, its prepared calls while it answers, or why it does not."""

    def __init__(self, info: GpuInfo, probes: GpuProbes | None, reader: ProcessReader | None) -> None:
        self.info = info
        self.probes = probes
        self.reader = reader
        self.problem: Problem | None = None
        #: ``time.monotonic_ns()`` from which on the medium tier is due.
        self.medium_at = 0

    def medium_is_due(self) -> bool:
        """Return whether to read the medium tier now, and then not again for a period."""
        late = time.monotonic_ns() - self.medium_at
        if late < 0:
            return False
        # In step with its own beginning, so that several GPUs do not come to be read in the same tick.
        self.medium_at += (late // MEDIUM_NS + 1) * MEDIUM_NS
        return True

    def lose(self, code: int) -> None:
        self.probes = self.reader = None
        self.problem = gpu_problem(code, self.info.index, self.info.uuid, time.time_ns())


class Nvml:
    """The GPUs of this machine. No method raises because of the driver: what is wrong is in the inventory.

    ``revision`` grows whenever :meth:`inventory` would say something new.
    """

    def __init__(self, gpu_folders: Path = GPU_FOLDERS) -> None:
        self.revision = 0
        self._gpu_folders = gpu_folders
        self._gpus: list[_Gpu] = []
        self._driver = DriverInfo()
        self._problem: Problem | None = None
        self._is_open = False
        self._must_reopen = False
        self._folders: frozenset[str] = frozenset()
        self._retry_lost_s = RETRY_LOST_S[0]
        self._retry_lost_at = 0.0

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Load the driver's library and enumerate the GPUs, keeping what is known of those that do not answer."""
        before = self._state()
        self._must_reopen = False
        self._folders = self._read_folders()
        try:
            pynvml.nvmlInit()
            self._is_open = True
            self._driver = _driver_info()
            self._gpus = self._enumerate()
            self._problem = None if self._gpus else machine_problem(Code.GPU_NOT_FOUND, "no device", time.time_ns())
        except pynvml.NVMLError as error:
            self._gpus = []
            self._problem = machine_problem(error.value, str(error), time.time_ns())
        if any(gpu.problem for gpu in self._gpus):
            self._retry_lost_at = time.monotonic() + self._retry_lost_s
            self._retry_lost_s = min(2 * self._retry_lost_s, RETRY_LOST_S[1])
        else:
            self._retry_lost_s = RETRY_LOST_S[0]
        if self._state() != before:
            self.revision += 1

    def close(self) -> None:
        """Let go of the driver. The GPUs found last are still known to the next :meth:`open`."""
        if self._is_open:
            self._is_open = False
            with suppress(pynvml.NVMLError):
                pynvml.nvmlShutdown()

    def inventory(self) -> Inventory:
        """Return the GPUs as found by the last :meth:`open`, with what has gone wrong since."""
        problems = tuple(gpu.problem for gpu in self._gpus if gpu.problem is not None)
        infos = tuple(gpu.info for gpu in self._gpus)
        return Inventory(time.time_ns(), self._driver, infos, self._problem, problems)

    def must_reopen(self) -> bool:
        """Return whether the GPUs have to be enumerated again. Cheap enough to be asked every two seconds."""
        if self._problem is not None or self._must_reopen or self._folders != self._read_folders():
            return True
        if any(gpu.problem for gpu in self._gpus) and time.monotonic() >= self._retry_lost_at:
            return True
        try:
            return bool(pynvml.nvmlDeviceGetCount() != len(self._gpus))
        except pynvml.NVMLError:
            return True

    def fast(self, medium: bool = False) -> tuple[GpuSample, ...]:
        """Return one sample of every GPU that answers; with ``medium`` also its medium tier, where that is due."""
        question = _sample_with_medium if medium else _sample
        return tuple(sample for gpu in self._gpus if (sample := self._ask(gpu, question)) is not None)

    def refresh_slow(self) -> None:
        """Read fan speed and power limit, for the samples to come."""
        for gpu in self._gpus:
            self._ask(gpu, _refresh_slow)

    def processes(self) -> tuple[ProcessSample, ...]:
        """Return the processes on every GPU that answers, compute and graphics merged."""
        return tuple(process for gpu in self._gpus for process in self._ask(gpu, _processes) or ())

    def _ask(self, gpu: _Gpu, question: Callable[[_Gpu], _Value | None]) -> _Value | None:
        try:
            return question(gpu)
        except NvmlCallError as failure:
            if failure.code in CLOSED:
                self._must_reopen = True
            else:
                gpu.lose(failure.code)
                self._retry_lost_at = time.monotonic() + self._retry_lost_s
                self.revision += 1
            return None

    def _enumerate(self) -> list[_Gpu]:
        gpus = [self._gpu(index) for index in range(pynvml.nvmlDeviceGetCount())]
        for number, gpu in enumerate(gpus):
            gpu.medium_at = time.monotonic_ns() + number * MEDIUM_NS // len(gpus)
        return gpus

    def _gpu(self, index: int) -> _Gpu:
        try:
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            info = _gpu_info(index, handle)
            gpu = _Gpu(info, GpuProbes(pynvml.nvmlLib, handle, info.uuid), ProcessReader(pynvml, handle, info.uuid))
            self._ask(gpu, _refresh_slow)
            return gpu
        except pynvml.NVMLError as error:
            if error.value in CLOSED:
                raise
            known = next((gpu.info for gpu in self._gpus if gpu.info.index == index), None)
            gpu = _Gpu(known or GpuInfo(index, f"GPU-index-{index}", f"GPU {index}"), None, None)
            gpu.lose(error.value)
            return gpu

    def _state(self) -> object:
        return _code(self._problem), [(gpu.info, _code(gpu.problem)) for gpu in self._gpus]

    def _read_folders(self) -> frozenset[str]:
        try:
            return frozenset(entry.name for entry in self._gpu_folders.iterdir())
        except OSError:
            return frozenset()


def _code(problem: Problem | None) -> str | None:
    return None if problem is None else problem.code


def _sample(gpu: _Gpu) -> GpuSample | None:
    return gpu.probes.sample() if gpu.probes else None


def _sample_with_medium(gpu: _Gpu) -> GpuSample | None:
    return gpu.probes.sample(gpu.medium_is_due()) if gpu.probes else None


def _refresh_slow(gpu: _Gpu) -> None:
    if gpu.probes:
        gpu.probes.refresh_slow()


def _processes(gpu: _Gpu) -> list[ProcessSample] | None:
    return gpu.reader.read() if gpu.reader else None


def _driver_info() -> DriverInfo:
    cuda = _optional(pynvml.nvmlSystemGetCudaDriverVersion)
    return DriverInfo(
        driver_version=_optional(pynvml.nvmlSystemGetDriverVersion),
        cuda_version=None if not cuda else f"{cuda // 1000}.{cuda % 1000 // 10}",
        nvml_version=_optional(pynvml.nvmlSystemGetNVMLVersion),
    )


def _gpu_info(index: int, handle: Any) -> GpuInfo:
    memory = _optional(pynvml.nvmlDeviceGetMemoryInfo, handle)
    limit = _at_most(MAX_POWER_MW, pynvml.nvmlDeviceGetEnforcedPowerLimit, handle)
    return GpuInfo(
        index=index,
        uuid=pynvml.nvmlDeviceGetUUID(handle),
        name=_optional(pynvml.nvmlDeviceGetName, handle) or f"GPU {index}",
        memory_total_bytes=memory.total if memory and 0 < memory.total <= MAX_MEMORY_BYTES else None,
        compute_capability=_optional(pynvml.nvmlDeviceGetCudaComputeCapability, handle),
        power_limit_w=None if limit is None else limit / 1000,
        max_sm_clock_mhz=_at_most(MAX_CLOCK_MHZ, pynvml.nvmlDeviceGetMaxClockInfo, handle, pynvml.NVML_CLOCK_SM),
        max_memory_clock_mhz=_at_most(MAX_CLOCK_MHZ, pynvml.nvmlDeviceGetMaxClockInfo, handle, pynvml.NVML_CLOCK_MEM),
        pcie_generation_max=_at_most(16, pynvml.nvmlDeviceGetMaxPcieLinkGeneration, handle),
        pcie_width_max=_at_most(64, pynvml.nvmlDeviceGetMaxPcieLinkWidth, handle),
    )


def _at_most(maximum: int, call: Callable[..., int], *arguments: Any) -> int | None:
    value = _optional(call, *arguments)
    return value if value is not None and value <= maximum else None


def _optional(call: Callable[..., _Value], *arguments: Any) -> _Value | None:
    """Return a call's answer, or None where the driver has none. A lost GPU is told to the caller."""
    try:
        return call(*arguments)
    except pynvml.NVMLError as error:
        if error.value in LOST:
            raise
        return None
