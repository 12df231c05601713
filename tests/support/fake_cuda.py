"""Builds the fake ``libcuda.so.1`` of ``runtime/fake_libcuda.c``: two devices, contexts, kernels that take 30 ms."""

from __future__ import annotations

import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("fake_libcuda.c")


def build_fake_cuda(folder: Path) -> Path:
    """Compile the library into a folder and return its path; its soname is what the runtime looks for."""
    library = folder / "libcuda.so.1"
    command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-Wl,-soname,libcuda.so.1", "-o", str(library)]
    subprocess.run([*command, str(_SOURCE)], check=True)
    return library
