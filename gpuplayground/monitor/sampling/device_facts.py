"""Reads the fixed properties of the driver and the GPUs, once per enumeration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gpuplayground.model.samples import DriverInfo, GpuInfo
from gpuplayground.monitor.sampling.nvml_errors import LOST
from gpuplayground.monitor.sampling.probes import MAX_CLOCK_MHZ, MAX_MEMORY_BYTES, MAX_POWER_MW

_Value = TypeVar("_Value")


class Facts:
    """Reads fixed properties through NVML.

    Args:
        nvml: the module ``pynvml``.
        touch: called after each call into the driver.
    """

    def __init__(self, nvml: Any, touch: Callable[[], None]) -> None:
        self._nvml = nvml
        self._touch = touch

    def driver(self) -> DriverInfo:
        """Return the driver's versions."""
        nvml = self._nvml
        cuda = self._optional(nvml.nvmlSystemGetCudaDriverVersion)
        return DriverInfo(
            driver_version=self._optional(text, nvml.nvmlSystemGetDriverVersion),
            cuda_version=None if not cuda else f"{cuda // 1000}.{cuda % 1000 // 10}",
            nvml_version=self._optional(text, nvml.nvmlSystemGetNVMLVersion),
        )

    def gpu(self, index: int, handle: Any) -> GpuInfo:
        """Return the properties of a GPU.

        Raises:
            NVMLError: the GPU is lost, or its UUID cannot be read.
        """
        nvml = self._nvml
        memory = self._optional(nvml.nvmlDeviceGetMemoryInfo, handle)
        limit = self._at_most(MAX_POWER_MW, nvml.nvmlDeviceGetEnforcedPowerLimit, handle)
        return GpuInfo(
            index=index,
            uuid=text(nvml.nvmlDeviceGetUUID, handle),
            name=self._optional(text, nvml.nvmlDeviceGetName, handle) or f"GPU {index}",
            memory_total_bytes=memory.total if memory and 0 < memory.total <= MAX_MEMORY_BYTES else None,
            compute_capability=self._optional(nvml.nvmlDeviceGetCudaComputeCapability, handle),
            power_limit_w=None if limit is None else limit / 1000,
            max_sm_clock_mhz=self._at_most(MAX_CLOCK_MHZ, nvml.nvmlDeviceGetMaxClockInfo, handle, nvml.NVML_CLOCK_SM),
            max_memory_clock_mhz=self._at_most(
                MAX_CLOCK_MHZ, nvml.nvmlDeviceGetMaxClockInfo, handle, nvml.NVML_CLOCK_MEM
            ),
            pcie_generation_max=self._at_most(16, nvml.nvmlDeviceGetMaxPcieLinkGeneration, handle),
            pcie_width_max=self._at_most(64, nvml.nvmlDeviceGetMaxPcieLinkWidth, handle),
        )

    def _at_most(self, maximum: int, call: Callable[..., int], *arguments: Any) -> int | None:
        value = self._optional(call, *arguments)
        return value if value is not None and value <= maximum else None

    def _optional(self, call: Callable[..., _Value], *arguments: Any) -> _Value | None:
        """Return the result of a call, or None if it fails. Errors of a lost GPU are raised."""
        try:
            return call(*arguments)
        except self._nvml.NVMLError as error:
            if error.value in LOST:
                raise
            return None
        finally:
            self._touch()


def text(call: Callable[..., Any], *arguments: Any) -> str:
    """Return a string from the driver in any encoding; nvidia-ml-py raises if it is not UTF-8.

    Raises:
        NVMLError: the call failed.
    """
    undecoded = getattr(call, "__wrapped__", call)
    answer = undecoded(*arguments)
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
