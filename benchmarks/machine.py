"""One line that names the machine the figures are measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import PySide6


def machine() -> str:
    """Return the processor, number of cores, and versions of the system, Python and Qt."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{_processor()}, {cores} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, Qt {PySide6.__version__}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
