"""Findings about the CUDA toolkit, cuDNN and the C++ compiler: what is there, and whether anything here needs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gpuplayground.child.command_output import CommandTimeoutError, command_output
from gpuplayground.environments.doctor.finding import Finding, Fix, Level, Topic
from gpuplayground.environments.doctor.packages import Packages
from gpuplayground.environments.doctor.system import System
from gpuplayground.environments.installed import small_text

#: Maximum time for a compiler to say its version, in seconds.
VERSION_TIMEOUT_S = 2.0
_RELEASE = re.compile(r"release (\d+\.\d+)")
_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_CUDNN = re.compile(r"libcudnn\.so\.(\d+(?:\.\d+)*)")
_COMPILERS = ("cl",) if sys.platform == "win32" else ("c++", "g++", "clang++")


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What was found, each as a version; empty if it was not found.

    ``nvcc`` and ``compiler`` are paths. ``has_headers`` says whether the toolkit has the headers that PyCUDA needs.
    """

    toolkit: str = ""
    toolkit_folder: str = ""
    has_headers: bool = True
    nvcc: str = ""
    nvcc_version: str = ""
    cudnn: str = ""
    compiler: str = ""
    compiler_version: str = ""


def find_toolchain(system: System) -> Toolchain:
    """Return what is installed on a machine. Starts nvcc and the compiler to ask their versions."""
    path = system.variables.get("PATH", "")
    folder = _toolkit_folder(system)
    nvcc = shutil.which("nvcc", path=path) or _in_folder(folder, "bin/nvcc")
    compiler = next((found for name in _COMPILERS if (found := shutil.which(name, path=path))), "")
    return Toolchain(
        toolkit=_toolkit_version(folder),
        toolkit_folder=str(folder or ""),
        has_headers=folder is None or os.path.isfile(folder / "include" / "cuda.h"),  # noqa: PTH113
        nvcc=nvcc,
        nvcc_version=_asked(nvcc, _RELEASE, 1),
        cudnn=_cudnn_version(system, folder),
        compiler=compiler,
        compiler_version=_asked(compiler, _NUMBER, 0),
    )


def tool_findings(tools: Toolchain, environments: Sequence[Packages]) -> Iterator[Finding]:
    """Yield whether each tool was found and what needs it.

    Args:
        tools: what was found.
        environments: the packages of the environments that are checked.
    """
    yield _toolkit(tools)
    yield _nvcc(tools, environments)
    yield _cudnn(tools, environments)
    yield _compiler(tools, environments)


def _toolkit(tools: Toolchain) -> Finding:
    if tools.toolkit_folder:
        version = f" {tools.toolkit}" if tools.toolkit else ""
        use = "Only PyCUDA uses it." if tools.has_headers else "It lacks cuda.h, so PyCUDA cannot be built with it."
        sentence = f"The CUDA toolkit{version} is in {tools.toolkit_folder}. {use}"
        return Finding("tools/toolkit", Topic.TOOLS, Level.INFO, sentence)
    sentence = "No CUDA toolkit was found, and none is needed: environments bring the parts of it that they use."
    return Finding("tools/toolkit", Topic.TOOLS, Level.OK, sentence)


def _nvcc(tools: Toolchain, environments: Sequence[Packages]) -> Finding:
    needing = [each.label for each in environments if "pycuda" in each.versions and not each.has_own_nvcc]
    if tools.nvcc:
        version = f" {tools.nvcc_version}" if tools.nvcc_version else ""
        use = f"PyCUDA in {_listed(needing)} compiles its kernels with it." if needing else "Nothing here needs it."
        sentence = f"nvcc{version} is at {tools.nvcc}. {use}"
        return Finding("tools/nvcc", Topic.TOOLS, Level.OK if needing else Level.INFO, sentence)
    if needing:
        sentence = (
            f"nvcc was not found, and PyCUDA in {_listed(needing)} needs it to compile kernels: build an environment "
            "for PyCUDA, which brings it, or install the CUDA toolkit."
        )
        fix = Fix("cuda", ("cupy", "numba", "pycuda"))
        command = "gpuplayground env create cuda cupy numba pycuda"
        return Finding("tools/nvcc", Topic.TOOLS, Level.WARNING, sentence, command, fix=fix)
    sentence = (
        "nvcc was not found. Nothing here needs it: CuPy, Numba, PyTorch and TensorFlow bring their own compiler."
    )
    return Finding("tools/nvcc", Topic.TOOLS, Level.OK, sentence)


def _cudnn(tools: Toolchain, environments: Sequence[Packages]) -> Finding:
    own = [each.label for each in environments if each.cudnn]
    if own:
        versions = sorted({each.cudnn for each in environments if each.cudnn})
        sentence = f"cuDNN {_listed(versions)} comes with {_listed(own)}."
        return Finding("tools/cudnn", Topic.TOOLS, Level.OK, sentence)
    if tools.cudnn:
        sentence = f"cuDNN {tools.cudnn} is installed for the whole machine. Nothing here needs it."
        return Finding("tools/cudnn", Topic.TOOLS, Level.INFO, sentence)
    sentence = "cuDNN was not found. Nothing here needs it: GPU builds of PyTorch and TensorFlow bring it."
    return Finding("tools/cudnn", Topic.TOOLS, Level.OK, sentence)


def _compiler(tools: Toolchain, environments: Sequence[Packages]) -> Finding:
    if tools.compiler:
        version = f" {tools.compiler_version}" if tools.compiler_version else ""
        sentence = f"A C++ compiler is at {tools.compiler}{version and f' (version{version})'}."
        return Finding("tools/compiler", Topic.TOOLS, Level.OK, sentence)
    needing = [each.label for each in environments if each.versions.keys() & {"triton", "pycuda"}]
    if sys.platform == "win32":
        command = "winget install Microsoft.VisualStudio.2022.BuildTools"
    elif sys.platform == "darwin":
        command = "xcode-select --install"
    else:
        command = "sudo apt install g++"
    if needing:
        sentence = f"No C++ compiler was found. torch.compile and PyCUDA in {_listed(needing)} need one: install it."
        return Finding("tools/compiler", Topic.TOOLS, Level.WARNING, sentence, command)
    sentence = "No C++ compiler was found. Only PyCUDA and torch.compile need one, and neither is here."
    return Finding("tools/compiler", Topic.TOOLS, Level.OK, sentence, command)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _toolkit_folder(system: System) -> Path | None:
    named = [
        Path(system.variables[name]) for name in ("CUDA_HOME", "CUDA_PATH", "CUDA_ROOT") if system.variables.get(name)
    ]
    local = system.root / "usr/local"
    versions = sorted(local.glob("cuda-*"), key=lambda path: _numbers(path.name), reverse=True)
    candidates = [*named, local / "cuda", *versions]
    program = "bin/nvcc.exe" if sys.platform == "win32" else "bin/nvcc"
    return next((folder for folder in candidates if os.path.isfile(folder / program)), None)  # noqa: PTH113


def _numbers(name: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", name)]


def _toolkit_version(folder: Path | None) -> str:
    if folder is None:
        return ""
    try:
        return str(json.loads(small_text(folder / "version.json"))["cuda"]["version"])
    except (ValueError, KeyError, TypeError):
        return ""


def _in_folder(folder: Path | None, program: str) -> str:
    return str(folder / program) if folder is not None else ""


def _asked(program: str, pattern: re.Pattern[str], group: int) -> str:
    if not program:
        return ""
    try:
        match = pattern.search(command_output([program, "--version"], VERSION_TIMEOUT_S))
    except (OSError, CommandTimeoutError):
        return ""
    return match[group] if match else ""


def _cudnn_version(system: System, toolkit: Path | None) -> str:
    named = [Path(part) for part in system.variables.get("LD_LIBRARY_PATH", "").split(os.pathsep) if part]
    folders = [*named, *([toolkit / "lib64"] if toolkit is not None else []), *system.library_folders()]
    found = (
        match[1] for folder in folders for file in folder.glob("libcudnn.so.*") if (match := _CUDNN.match(file.name))
    )
    return max(found, key=_numbers, default="")
