"""Facts about the machine from its files: device nodes, container, WSL, PCI devices, the loaded driver.

Everything is read below a root folder, so that any machine can be described by a tree of files.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gpuplayground.environments.installed import small_text

NVIDIA, AMD, INTEL = "0x10de", "0x1002", "0x8086"
#: The PCI class of display controllers: VGA, 3D and others.
_DISPLAY = "0x03"
#: Files that a container runtime leaves in its containers.
_CONTAINER_MARKS = (".dockerenv", "run/.containerenv")
_CONTAINER_GROUPS = re.compile(r"docker|containerd|kubepods|libpod|lxc", re.IGNORECASE)
_LIBRARY_FOLDERS = ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib")
#: Where Windows puts the driver's libraries for WSL.
WSL_LIBRARIES = "usr/lib/wsl/lib"
_VERSION = re.compile(r"\b(\d{3}(?:\.\d{1,3}){1,2})\b")


@dataclass(frozen=True, slots=True)
class System:
    """A machine: the root of its files, its environment variables, and what this process may do."""

    root: Path = Path("/")
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def is_linux(self) -> bool:
        """Whether the files are laid out as on Linux."""
        return sys.platform == "linux"

    @property
    def is_wsl(self) -> bool:
        """Whether this is Linux inside Windows."""
        return "microsoft" in small_text(self.root / "proc/version").lower()

    @property
    def is_container(self) -> bool:
        """Whether the processes run in a container."""
        if any(os.path.exists(self.root / mark) for mark in _CONTAINER_MARKS):  # noqa: PTH110 - never raises
            return True
        return bool(_CONTAINER_GROUPS.search(small_text(self.root / "proc/1/cgroup")))

    def device_nodes(self) -> list[Path]:
        """Return the driver's device nodes that CUDA opens: ``nvidiactl``, ``nvidia-uvm`` and one per GPU."""
        try:
            names = os.listdir(self.root / "dev")  # noqa: PTH208
        except OSError:
            return []
        wanted = re.compile(r"nvidia(\d+|ctl|-uvm)")
        return [self.root / "dev" / name for name in sorted(names) if wanted.fullmatch(name)]

    def closed_nodes(self) -> list[Path]:
        """Return the device nodes that this account cannot read and write."""
        return [node for node in self.device_nodes() if not os.access(node, os.R_OK | os.W_OK)]

    def graphics_vendors(self) -> set[str]:
        """Return the PCI vendor ids of the graphics devices, such as ``0x10de``; containers see them too."""
        vendors = set()
        for device in self._entries("sys/bus/pci/devices"):
            if small_text(device / "class").startswith(_DISPLAY):
                vendors.add(small_text(device / "vendor").strip())
        return vendors

    def kernel_module_version(self) -> str:
        """Return the version of the loaded kernel module of the driver; empty if it is not loaded."""
        match = _VERSION.search(small_text(self.root / "proc/driver/nvidia/version"))
        return match[1] if match else ""

    def library_version(self) -> str:
        """Return the version of the driver's installed library; empty if it is not found."""
        for folder in self.library_folders():
            for file in folder.glob("libcuda.so.*"):
                version = file.name.removeprefix("libcuda.so.")
                if _VERSION.fullmatch(version):
                    return version
        return ""

    def library_folders(self) -> list[Path]:
        """Return the folders in which the system's libraries are."""
        return [self.root / name for name in _LIBRARY_FOLDERS if (self.root / name).is_dir()]

    def has_wsl_library(self) -> bool:
        """Return whether Windows offers its driver to WSL."""
        return os.path.exists(self.root / WSL_LIBRARIES / "libcuda.so.1")  # noqa: PTH110

    def linux_driver_in_wsl(self) -> Path | None:
        """Return a driver library that was installed inside WSL, where it hides the one of Windows."""
        candidates = (folder / "libcuda.so.1" for folder in self.library_folders())
        for file in candidates:
            target = os.path.realpath(file)
            if os.path.isfile(file) and "/wsl/" not in target:  # noqa: PTH113
                return file
        return None

    def _entries(self, folder: str) -> list[Path]:
        try:
            return sorted((self.root / folder).iterdir())
        except OSError:
            return []
