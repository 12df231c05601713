"""PyCUDA: what it needs, with which toolkit, and how nvcc and the libraries are found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gpuplayground.environments.managed import pycuda
from gpuplayground.environments.managed.records import BuildError, BuildProgress, ManagedEnvironment
from gpuplayground.environments.managed.store import ManagedEnvironments
from tests.support.managed import build_plan, said_by, selection
from tests.support.package_index import PackageIndex

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="PyCUDA is built on Linux only")

PYTHON = f"cp{sys.version_info[0]}{sys.version_info[1]}"
NO_CUDA = ("CUDA_ROOT", "CUDA_HOME", "CUDA_PATH")
WHICH = "import shutil; print(shutil.which('nvcc'))"


@pytest.fixture(autouse=True)
def no_toolkit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a C++ compiler and nothing of CUDA; returns the folder for toolkits."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "g++").symlink_to(shutil.which("g++") or "/bin/true")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    for name in NO_CUDA:
        monkeypatch.delenv(name, raising=False)
    installed = tmp_path / "installed"
    installed.mkdir()
    monkeypatch.setattr(pycuda, "INSTALLED", installed)
    return installed


def add_toolkit(folder: Path, version: int) -> Path:
    """Make a folder look like a CUDA toolkit."""
    for name in ("bin", "include", "lib64"):
        (folder / name).mkdir(parents=True)
    (folder / "include" / "cuda.h").write_text(f"#define CUDA_VERSION {version}\n")
    (folder / "bin" / "nvcc").write_text("#!/bin/sh\n")
    (folder / "bin" / "nvcc").chmod(0o755)
    return folder


def test_without_a_compiler_the_command_that_installs_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BuildError, match=r"PyCUDA needs a C\+\+ compiler .*: sudo apt-get install g\+\+"):
        pycuda.requirements((13, 0))


def test_for_cuda_13_the_wheels_of_one_release_suffice() -> None:
    assert "cuda-toolkit[cccl,cudart,curand,nvcc,profiler]>=13,<14" in pycuda.requirements((13, 0))


def test_for_cuda_12_without_a_toolkit_both_remedies_are_named() -> None:
    with pytest.raises(BuildError) as caught:
        pycuda.requirements((12, 4))
    assert str(caught.value) == (
        "PyCUDA needs the CUDA toolkit with this driver: install CUDA 12.4 from "
        "https://developer.nvidia.com/cuda-toolkit-archive, or a driver for CUDA 13, with which it needs no toolkit."
    )


def test_a_toolkit_is_found_where_installers_put_it(no_toolkit: Path) -> None:
    add_toolkit(no_toolkit / "cuda-13.0", 13000)
    with pytest.raises(BuildError, match="PyCUDA needs the CUDA toolkit with this driver"):
        pycuda.requirements((12, 4))
    older = add_toolkit(no_toolkit / "cuda-12.2", 12020)
    assert pycuda.installed_toolkit((12, 4)) == older
    assert not any("nvidia" in each or "cuda" in each for each in pycuda.requirements((12, 4)))


@pytest.mark.parametrize("name", NO_CUDA)
def test_a_toolkit_is_found_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    toolkit = add_toolkit(tmp_path / "own", 12040)
    monkeypatch.setenv(name, str(toolkit))
    assert pycuda.installed_toolkit((12, 4)) == toolkit


def test_a_toolkit_is_found_by_the_nvcc_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toolkit = add_toolkit(tmp_path / "own", 12040)
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{toolkit / 'bin'}")
    assert pycuda.installed_toolkit((12, 4)) == toolkit


def test_a_folder_without_a_compiler_is_no_toolkit(no_toolkit: Path) -> None:
    toolkit = add_toolkit(no_toolkit / "cuda-12.2", 12020)
    (toolkit / "bin" / "nvcc").unlink()
    with pytest.raises(BuildError):
        pycuda.installed_toolkit((12, 4))


def keep_wheel(index: PackageIndex, environments: ManagedEnvironments, key: str, version: str) -> None:
    """Put a PyCUDA wheel where built ones are kept."""
    wheel = index.add("pycuda", version, tag=f"{PYTHON}-{PYTHON}-linux_x86_64")
    del index.wheels[wheel.file]
    kept = environments.folder / ".wheels" / key
    kept.mkdir(parents=True, exist_ok=True)
    (kept / wheel.file).write_bytes(wheel.data)


def add_cuda_wheels(index: PackageIndex) -> None:
    """Add what PyCUDA needs to an index, with a compiler that does nothing."""
    for name in ("numpy", "mako", "platformdirs"):
        index.add(name, "9.9")
    index.add("pytools", "2026.1")
    parts = ("cccl", "cudart", "curand", "nvcc", "profiler")
    needs = [f"nvidia-cuda-nvcc; extra == '{part}'" for part in parts]
    index.add("cuda-toolkit", "13.5.0", requires=needs, modules={})
    index.add("cuda-toolkit", "14.0.0", requires=needs, modules={})
    index.add("nvidia-cuda-nvcc", "13.5", modules={}, files={"nvidia/cu13/bin/nvcc": b"#!/bin/sh\n"})


def build_pycuda(
    environments: ManagedEnvironments, cuda: tuple[int, int], requirement: str = "pycuda"
) -> tuple[ManagedEnvironment, list[str]]:
    """Build an environment with PyCUDA; return it and the steps."""
    steps: list[BuildProgress] = []
    plan = environments.plan("cuda", selection(requirement, pycuda=cuda))
    return build_plan(environments, plan, progress=steps), [step.step for step in steps]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the wheel is for x86_64")
def test_a_wheel_that_was_built_before_is_used_again_and_finds_nvcc(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    add_cuda_wheels(index)
    keep_wheel(index, environments, "cu13", "2026.1")
    keep_wheel(index, environments, "cu13", "2025.1")
    built, steps = build_pycuda(environments, (13, 0))
    assert not any("Compiling" in step for step in steps)
    assert (built.packages["pycuda"], built.packages["cuda-toolkit"]) == ("2026.1", "13.5.0")
    nvcc = said_by(built.interpreter, WHICH).strip()
    assert Path(nvcc).is_relative_to(Path(built.interpreter).parents[1])
    assert nvcc.endswith("site-packages/nvidia/cu13/bin/nvcc")
    assert environments.environments() == (built,)
    older, _ = build_pycuda(environments, (13, 0), "pycuda<2026")
    assert older.packages["pycuda"] == "2025.1"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the wheel is for x86_64")
def test_with_an_installed_toolkit_nvcc_is_that_of_the_toolkit(
    index: PackageIndex, environments: ManagedEnvironments, no_toolkit: Path
) -> None:
    add_cuda_wheels(index)
    toolkit = add_toolkit(no_toolkit / "cuda-12.2", 12020)
    keep_wheel(index, environments, pycuda.Toolkit(toolkit, toolkit / "lib64", is_of_wheels=False).key, "2026.1")
    keep_wheel(index, environments, "cu13", "2027.1")
    built, _ = build_pycuda(environments, (12, 4))
    assert built.packages["pycuda"] == "2026.1"
    assert "cuda-toolkit" not in built.packages
    assert said_by(built.interpreter, WHICH).strip() == str(toolkit / "bin" / "nvcc")


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
def test_a_module_that_is_built_asks_for_the_driver_and_finds_the_libraries(tmp_path: Path) -> None:
    root = tmp_path / "site-packages" / "nvidia" / "cu13"
    (root / "lib").mkdir(parents=True)
    (tmp_path / "code.cpp").write_text('extern "C" int cuInit(); int start() { return cuInit(); }\n')
    (tmp_path / "curand.cpp").write_text('extern "C" int curandCreate() { return 0; }\n')
    library = root / "lib" / "libcurand.so.10"
    compile_it(tmp_path / "curand.cpp", library, "-Wl,-soname,libcurand.so.10")
    toolkit = pycuda.Toolkit(root, root / "lib", is_of_wheels=True)
    stubs = pycuda.link_stubs(tmp_path / "stubs", toolkit, None)
    variables = pycuda.build_variables(toolkit, stubs)
    assert variables["PATH"].startswith(f"{root / 'bin'}:")
    module = tmp_path / "module.so"
    compile_it(tmp_path / "code.cpp", module, *variables["LDFLAGS"].split(), "-lcuda", "-lcurand")
    content = module.read_bytes()
    for name in (b"libcuda.so.1", b"libcurand.so.10", b"$ORIGIN/../nvidia/cu13/lib"):
        assert name + b"\0" in content


def compile_it(source: Path, target: Path, *options: str) -> None:
    """Compile a shared library, the sources before what they need."""
    flags = [each for each in options if not each.startswith("-l")]
    libraries = [each for each in options if each.startswith("-l")]
    command = ["g++", "-shared", "-fPIC", *flags, str(source), *libraries, "-o", str(target)]
    subprocess.run(command, check=True, timeout=120)


def test_what_the_compiler_says_is_below_the_sentence(
    index: PackageIndex, environments: ManagedEnvironments, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_cuda_wheels(index)
    index.add("setuptools")
    index.add("wheel")
    index.add("pip", modules={"pip": "import sys\nprint('wrap.cpp:1: error: no good')\nsys.exit(1)\n"})
    plan = environments.plan("cuda", selection("pycuda", pycuda=(13, 0)))
    with pytest.raises(BuildError) as caught:
        build_plan(environments, plan)
    assert str(caught.value) == "PyCUDA could not be compiled: see the compiler's messages below."
    assert "wrap.cpp:1: error: no good" in caught.value.details
    assert environments.environments() == ()
