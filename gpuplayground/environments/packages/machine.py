"""The machine as far as it decides which builds of a framework run on it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from gpuplayground.model.samples import DriverInfo, GpuInfo


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU. ``capability`` is its compute capability, None if the driver does not report it."""

    name: str
    uuid: str
    capability: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Machine:
    """The platform, the CUDA version of the driver, and the GPUs.

    ``system`` is ``linux``, ``windows`` or ``macos``; ``processor`` is ``x86_64`` or ``arm64``. ``cuda`` is the newest
    CUDA version that the driver supports, None without an NVIDIA driver.
    """

    system: str
    processor: str
    cuda: tuple[int, int] | None = None
    gpus: tuple[Gpu, ...] = ()


def machine_of(driver: DriverInfo, gpus: Sequence[GpuInfo]) -> Machine:
    """Return this machine, given what NVML says about its driver and GPUs."""
    system = {"linux": "linux", "win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    processor = {"amd64": "x86_64", "x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
    name = platform.machine().lower()
    parts = (driver.cuda_version or "").split(".")
    cuda = (int(parts[0]), int(parts[1])) if len(parts) == 2 and all(part.isdecimal() for part in parts) else None
    found = tuple(Gpu(gpu.name, gpu.uuid, gpu.compute_capability) for gpu in gpus)
    return Machine(system, processor.get(name, name), cuda, found)
