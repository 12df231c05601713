"""Builds PyCUDA, which has no wheels, from its source package, and keeps the wheel for other environments.

For drivers of CUDA 13 or newer NVIDIA's wheels hold all that it needs, so no toolkit is installed. For CUDA 12 they
lack nvcc; there an installed toolkit is used.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from gpuplayground.environments.managed.records import BuildError, BuildProgress, OnProgress, interpreter_path
from gpuplayground.environments.managed.uv import UvError, run_tool, run_uv, uv_variables

#: What PyCUDA needs at run time besides NVIDIA's packages.
PYTHON_PACKAGES = ("numpy", "pytools>=2011.2", "platformdirs>=2.2.0", "mako")
#: NVIDIA's packages with nvcc, its headers, and cuRAND, which PyCUDA links to.
_NVIDIA_PACKAGES = (
    "nvidia-cuda-nvcc",
    "nvidia-cuda-runtime",
    "nvidia-curand",
    "nvidia-cuda-cccl",
    "nvidia-cuda-profiler-api",
)
_FIRST_WITH_WHEELS = 13

# Runs when Python starts, so that nvcc is found without any setting.
_MODULE = """\
\"\"\"Puts this environment's nvcc on the PATH; written by GPU Playground.\"\"\"

import os

_BIN = {bin}
if os.path.isdir(_BIN) and _BIN not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([_BIN, *filter(None, [os.environ.get("PATH")])])
"""


@dataclass(frozen=True, slots=True)
class _Toolkit:
    """The CUDA toolkit to build with. ``is_of_wheels`` if it lies in the environment's own packages."""

    root: Path
    libraries: Path
    is_of_wheels: bool

    @property
    def key(self) -> str:
        """What a kept wheel depends on: its libraries are found relative to it or in this toolkit."""
        if self.is_of_wheels:
            return self.root.name
        return "toolkit-" + hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    @property
    def rpath(self) -> str:
        """Where the extension module looks for cuRAND."""
        return f"$ORIGIN/../nvidia/{self.root.name}/lib" if self.is_of_wheels else str(self.libraries)


def requirements(cuda: tuple[int, int]) -> tuple[str, ...]:
    """Return the packages with wheels that PyCUDA needs, for a driver of that CUDA version.

    Raises:
        BuildError: something is missing that only the user can install.
    """
    if sys.platform == "win32":
        raise BuildError("PyCUDA cannot be built on Windows by this application: use CuPy or Numba, or WSL.")
    if shutil.which("g++") is None:
        raise BuildError("PyCUDA needs a C++ compiler to be built and to run: sudo apt-get install g++")
    if cuda[0] >= _FIRST_WITH_WHEELS:
        nvidia = (f"{name}>={cuda[0]},<{cuda[0] + 1}" for name in _NVIDIA_PACKAGES)
        return (*PYTHON_PACKAGES, *nvidia)
    installed_toolkit(cuda)
    return PYTHON_PACKAGES


def installed_toolkit(cuda: tuple[int, int]) -> Path:
    """Return the folder of an installed CUDA toolkit that is not newer than the driver's major version.

    Raises:
        BuildError: there is none.
    """
    nvcc = shutil.which("nvcc")
    named = [os.environ.get(name) for name in ("CUDA_ROOT", "CUDA_HOME", "CUDA_PATH")]
    folders = [Path(folder) for folder in named if folder]
    folders += [Path(nvcc).resolve().parents[1]] if nvcc else []
    folders += [Path("/usr/local/cuda"), *sorted(Path("/usr/local").glob("cuda-*"), reverse=True)]
    for folder in folders:
        version = _toolkit_version(folder)
        if version is not None and version[0] <= cuda[0]:
            return folder.resolve()
    raise BuildError(
        f"PyCUDA needs the CUDA toolkit with this driver: install CUDA {cuda[0]}.{cuda[1]} from "
        "https://developer.nvidia.com/cuda-toolkit-archive, or a driver for CUDA 13, with which it needs no toolkit."
    )


def install(
    environment: Path, cuda: tuple[int, int], root: Path, on_progress: OnProgress, cancelled: Event | None
) -> None:
    """Install PyCUDA into an environment that has the packages of :func:`requirements`.

    Args:
        environment: its folder.
        cuda: the CUDA version of the driver.
        root: the folder in which wheels are kept.
        on_progress: receives the progress.
        cancelled: set it to give up.

    Raises:
        BuildError: it could not be built.
    """
    python = interpreter_path(environment)
    site = next((environment / "lib").glob("python3.*/site-packages"))
    toolkit = _toolkit_for(site, cuda)
    tag = "cp" + "".join(re.findall(r"\d+", site.parent.name))
    kept = root / ".wheels" / toolkit.key
    wheel = next(iter(sorted(kept.glob(f"pycuda-*-{tag}-*.whl"), reverse=True)), None)
    if wheel is None:
        on_progress(BuildProgress("Compiling PyCUDA, which takes some minutes", "pycuda"))
        wheel = _build(python, toolkit, kept, cancelled)
    run_uv(["pip", "install", "--quiet", "--python", python, "--no-deps", "--no-index", wheel], cancelled)
    _put_nvcc_on_path(site, toolkit)


def _toolkit_for(site: Path, cuda: tuple[int, int]) -> _Toolkit:
    if cuda[0] >= _FIRST_WITH_WHEELS:
        root = site / "nvidia" / f"cu{cuda[0]}"
        return _Toolkit(root, root / "lib", is_of_wheels=True)
    root = installed_toolkit(cuda)
    libraries = next((root / name for name in ("lib64", "lib") if (root / name).is_dir()), root / "lib64")
    return _Toolkit(root, libraries, is_of_wheels=False)


def _build(python: Path, toolkit: _Toolkit, kept: Path, cancelled: Event | None) -> Path:
    """Build the wheel with the environment's Python, and keep it."""
    with tempfile.TemporaryDirectory(prefix="gpuplayground-pycuda-") as name:
        folder = Path(name)
        stubs = _link_stubs(folder / "stubs", toolkit, cancelled)
        builder = folder / "builder"
        run_uv(["venv", "--quiet", "--no-project", "--python", python, builder], cancelled)
        tool = interpreter_path(builder)
        run_uv(["pip", "install", "--quiet", "--python", tool, "pip", "setuptools", "wheel", "numpy"], cancelled)
        command: list[str | Path] = [tool, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-cache-dir"]
        try:
            run_tool([*command, "--wheel-dir", folder, "pycuda"], _build_variables(toolkit, stubs), cancelled)
        except UvError as error:
            raise BuildError(
                "PyCUDA could not be compiled: see the compiler's messages below.", error.details
            ) from error
        wheel = next(folder.glob("pycuda-*.whl"))
        kept.mkdir(parents=True, exist_ok=True)
        part = kept / f".{wheel.name}.part"
        shutil.copyfile(wheel, part)
        return part.replace(kept / wheel.name)


def _build_variables(toolkit: _Toolkit, stubs: Path) -> Mapping[str, str]:
    include = str(toolkit.root / "include")
    variables = uv_variables(os.environ)
    return {
        **variables,
        "CUDA_ROOT": str(toolkit.root),
        "CUDA_INC_DIR": include,
        "CPATH": os.pathsep.join(filter(None, [include, variables.get("CPATH")])),
        "LDFLAGS": f"-L{stubs} -L{toolkit.libraries} -Wl,-rpath,{toolkit.rpath}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _link_stubs(folder: Path, toolkit: _Toolkit, cancelled: Event | None) -> Path:
    """Make the names that the linker looks for: wheels have no ``.so`` links, and the driver may be missing."""
    folder.mkdir(parents=True)
    source = folder / "empty.cpp"
    source.write_text("")
    for name in ("libcuda", "libcurand"):
        found = next(iter(sorted(toolkit.libraries.glob(f"{name}.so.*"))), None) if name != "libcuda" else None
        if found is not None:
            (folder / f"{name}.so").symlink_to(found)
        elif name == "libcuda":
            soname = f"-Wl,-soname,{name}.so.1"
            run_tool(["g++", "-shared", soname, "-o", folder / f"{name}.so", source], os.environ, cancelled)
    return folder


def _put_nvcc_on_path(site: Path, toolkit: _Toolkit) -> None:
    name = "_gpuplayground_cuda"
    where = (
        f"os.path.join(os.path.dirname(os.path.abspath(__file__)), 'nvidia', {toolkit.root.name!r}, 'bin')"
        if toolkit.is_of_wheels
        else repr(str(toolkit.root / "bin"))
    )
    (site / f"{name}.py").write_text(_MODULE.format(bin=where), "utf-8")
    (site / f"{name}.pth").write_text(f"import {name}\n", "utf-8")


def _toolkit_version(folder: Path) -> tuple[int, int] | None:
    """Return the version of the toolkit in a folder, read from its header; None if there is no whole toolkit."""
    try:
        text = (folder / "include" / "cuda.h").read_text("utf-8", "replace")
    except OSError:
        return None
    match = re.search(r"#define CUDA_VERSION (\d+)", text)
    if match is None or not (folder / "bin" / "nvcc").exists():
        return None
    return divmod(int(match[1]) // 10, 100)
