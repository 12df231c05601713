"""Machines and environments as trees of files, and drivers as NVML would describe them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gpuplayground.environments.doctor.system import NVIDIA, System
from gpuplayground.environments.interpreters import Environment
from gpuplayground.model.samples import DriverInfo, GpuInfo, Inventory, Problem, ProblemCode

H200 = GpuInfo(0, "GPU-0000", "NVIDIA H200", 150_754_820_096, (9, 0))
GTX_1080 = GpuInfo(1, "GPU-1111", "NVIDIA GeForce GTX 1080", 8 << 30, (6, 1))
NO_LIBRARY = Problem(ProblemCode.NO_LIBRARY, "No NVIDIA driver was found (libnvidia-ml.so.1): install the driver.")


def inventory(
    gpus: Sequence[GpuInfo] = (H200,), driver: str = "580.159.04", cuda: str = "13.0", problem: Problem | None = None
) -> Inventory:
    """A machine with a driver that works."""
    return Inventory(0, DriverInfo(driver, cuda), tuple(gpus), problem)


def no_driver(problem: Problem = NO_LIBRARY) -> Inventory:
    """A machine whose driver is missing or does not work."""
    return Inventory(0, DriverInfo(), (), problem)


class MachineFiles:
    """The files of a Linux machine below a folder; nothing is there until it is added."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)

    def system(self, **variables: str) -> System:
        """The machine, with these environment variables only."""
        return System(self.root, variables)

    def write(self, path: str, text: str = "", mode: int = 0o666) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def pci(self, vendor: str = NVIDIA, device_class: str = "0x030000", address: str = "0000:01:00.0") -> None:
        self.write(f"sys/bus/pci/devices/{address}/vendor", f"{vendor}\n")
        self.write(f"sys/bus/pci/devices/{address}/class", f"{device_class}\n")

    def program(self, path: str, says: str) -> Path:
        return self.write(path, f"#!/bin/sh\necho '{says}'\n", 0o755)


def environment_of(
    folder: Path, *packages: str, metadata: str = "", interpreter: str = "/env/bin/python"
) -> Environment:
    """An environment with packages such as ``torch 2.13.0``; ``metadata`` is the METADATA of the first one."""
    site = folder / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)
    for number, package in enumerate((*packages, "pip 25.0")):
        name, version = package.split()
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\n{metadata if number == 0 else ''}\n")
    return Environment(interpreter, "Python 3.12 · venv", "3.12.1", str(folder))
