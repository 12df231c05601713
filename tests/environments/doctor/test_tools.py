"""The CUDA toolkit and compilers, on machines that are trees of files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gpuplayground.environments.doctor.finding import Finding, Level
from gpuplayground.environments.doctor.packages import read_packages
from gpuplayground.environments.doctor.tools import Toolchain, find_toolchain, tool_findings
from tests.support.machines import MachineFiles, environment_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the compilers are shell scripts")


@pytest.fixture
def files(tmp_path: Path) -> MachineFiles:
    return MachineFiles(tmp_path / "root")


def by_id(tools: Toolchain, *environments: Path) -> dict[str, Finding]:
    packages = [read_packages(environment_of(folder, "pycuda 2026.1")) for folder in environments]
    return {finding.id: finding for finding in tool_findings(tools, packages)}


def test_a_machine_without_tools_needs_none(files: MachineFiles) -> None:
    tools = find_toolchain(files.system(PATH=""))
    assert tools == Toolchain()
    assert {finding.level for finding in by_id(tools).values()} == {Level.OK}


def test_the_newest_toolkit_is_found_with_its_version(files: MachineFiles) -> None:
    for version in ("9.2", "12.6", "13.0"):
        files.program(f"usr/local/cuda-{version}/bin/nvcc", f"Cuda compilation tools, release {version}, V{version}.88")
        text = json.dumps({"cuda": {"version": f"{version}.1"}})
        files.write(f"usr/local/cuda-{version}/version.json", text)
    tools = find_toolchain(files.system(PATH=""))
    assert (tools.toolkit, tools.nvcc_version) == ("13.0.1", "13.0")
    assert tools.nvcc == str(files.root / "usr/local/cuda-13.0/bin/nvcc")


def test_a_toolkit_without_headers_is_not_good_for_pycuda(files: MachineFiles) -> None:
    files.program("usr/local/cuda/bin/nvcc", "release 13.0")
    assert "lacks cuda.h" in by_id(find_toolchain(files.system(PATH="")))["tools/toolkit"].sentence
    files.write("usr/local/cuda/include/cuda.h")
    assert "Only PyCUDA uses it" in by_id(find_toolchain(files.system(PATH="")))["tools/toolkit"].sentence


def test_the_toolkit_that_cuda_home_names_comes_first(files: MachineFiles) -> None:
    files.program("usr/local/cuda/bin/nvcc", "release 13.0")
    files.program("opt/mine/bin/nvcc", "release 12.6")
    tools = find_toolchain(files.system(PATH="", CUDA_HOME=str(files.root / "opt/mine")))
    assert tools.nvcc_version == "12.6"


def test_a_compiler_that_hangs_or_fails_has_no_version(files: MachineFiles) -> None:
    files.write("bin/nvcc", "#!/bin/sh\nexit 1\n", 0o755)
    tools = find_toolchain(files.system(PATH=str(files.root / "bin")))
    assert tools.nvcc.endswith("bin/nvcc")
    assert tools.nvcc_version == ""


def test_nvcc_is_needed_where_pycuda_is(tmp_path: Path) -> None:
    missing = by_id(Toolchain(), tmp_path / "one")["tools/nvcc"]
    assert missing.level is Level.WARNING
    assert "PyCUDA in Python 3.12 · venv needs it" in missing.sentence
    assert missing.fix is not None
    there = by_id(Toolchain(nvcc="/usr/bin/nvcc", nvcc_version="13.0"), tmp_path / "two")["tools/nvcc"]
    assert "compiles its kernels with it" in there.sentence


def test_an_environment_that_brings_nvcc_needs_none_of_the_machine(tmp_path: Path) -> None:
    own = tmp_path / "env/lib/python3.12/site-packages/nvidia/cu13/bin/nvcc"
    environment = environment_of(tmp_path / "env", "pycuda 2026.1")
    own.parent.mkdir(parents=True)
    own.touch()
    nvcc = next(each for each in tool_findings(Toolchain(), [read_packages(environment)]) if each.id == "tools/nvcc")
    assert "Nothing here needs it" in nvcc.sentence


def test_a_compiler_is_needed_where_something_is_compiled(tmp_path: Path) -> None:
    assert by_id(Toolchain())["tools/compiler"].level is Level.OK
    missing = by_id(Toolchain(), tmp_path / "one")["tools/compiler"]
    assert missing.level is Level.WARNING
    assert missing.command


def test_cudnn_of_the_machine_is_found_with_its_version(files: MachineFiles) -> None:
    for name in ("libcudnn.so.9", "libcudnn.so.9.10.2", "libcudnn_ops.so.9"):
        files.write(f"usr/lib/x86_64-linux-gnu/{name}")
    tools = find_toolchain(files.system(PATH=""))
    assert tools.cudnn == "9.10.2"
    assert "Nothing here needs it" in by_id(tools)["tools/cudnn"].sentence
