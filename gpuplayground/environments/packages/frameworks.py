"""Selects the build of each framework: one function for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from gpuplayground.environments.packages import builds
from gpuplayground.environments.packages.fitting import (
    bounds,
    newest_release,
    platform_name,
    pythons_of,
    version_name,
)
from gpuplayground.environments.packages.plan import Plan
from gpuplayground.environments.packages.selection import NoBuildError

#: Environment variable with the address that holds PyTorch's indexes, for a mirror.
PYTORCH_INDEX_VARIABLE = "GPUPLAYGROUND_PYTORCH_INDEX"
PYTORCH_INDEX = "https://download.pytorch.org/whl"

#: Framework by distribution. Headers may name any of them, and get the build that fits.
FRAMEWORK_OF: Mapping[str, str] = {
    "torch": "torch",
    "torchvision": "torch",
    "torchaudio": "torch",
    "tensorflow": "tensorflow",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-intel": "tensorflow",
    "jax": "jax",
    "cupy": "cupy",
    "cupy-cuda11x": "cupy",
    "cupy-cuda12x": "cupy",
    "cupy-cuda13x": "cupy",
    "numba": "numba",
    "numba-cuda": "numba",
    "pycuda": "pycuda",
    "pyopencl": "pyopencl",
    "triton": "triton",
    "cuda-python": "cuda-python",
    "cuda-bindings": "cuda-python",
}
_OLDEST_BLACKWELL = (10, 0)
_NUMPY_1 = SpecifierSet("<2")


def select_torch(plan: Plan, asked: Sequence[Requirement]) -> None:
    """Select PyTorch, with torchvision and torchaudio from the same index."""
    specifiers = _specifiers(asked, "torch")
    machine = plan.machine
    if machine.system == "macos" and machine.processor == "x86_64":
        specifiers &= SpecifierSet("<2.3")  # the last releases for Intel Macs
    newest = newest_release("2.0", "", specifiers, builds.TORCH_RELEASES)
    if newest is None:
        raise NoBuildError(f"No known release of PyTorch is {specifiers}: ask for torch>=2.0.")
    found = plan.fit("PyTorch", builds.TORCH, specifiers, builds.TORCH_RELEASES)
    first, last, index = "2.0", "", ""
    if found is not None:
        first, last, newest = found.build.first, found.build.last, found.release
        specifiers &= bounds(found.build)
        index = found.build.label
    elif machine.system != "macos":
        index = "cpu"
        if machine.cuda is not None:
            reason = plan.reason("PyTorch", builds.TORCH, specifiers, builds.TORCH_RELEASES)
            plan.note(f"{reason} PyTorch is installed for the CPU.")
    address = f"{_pytorch_index()}/{index}" if index else ""
    plan.require("torch", specifiers, _extras(asked, "torch"), address)
    for name in ("torchvision", "torchaudio"):
        if any(canonicalize_name(each.name) == name for each in asked):
            plan.require(name, _specifiers(asked, name), _extras(asked, name), address)
    if newest < Version("2.3"):
        plan.require("numpy", _NUMPY_1)  # built against NumPy 1
    plan.limit_pythons(pythons_of(builds.TORCH_RELEASES, builds.TORCH_PYTHONS, first, last, specifiers))


def select_tensorflow(plan: Plan, asked: Sequence[Requirement]) -> None:
    """Select TensorFlow, for the GPU only on Linux on x86_64: there are no other GPU wheels."""
    specifiers = _specifiers(asked)
    machine = plan.machine
    if machine.system == "macos" and machine.processor == "x86_64":
        specifiers &= SpecifierSet("<2.17")  # the last releases for Intel Macs
    releases = builds.TENSORFLOW_RELEASES
    if newest_release("2.16", "", specifiers, releases) is None:
        raise NoBuildError(f"No known release of TensorFlow is {specifiers}: ask for tensorflow>=2.16.")
    found = plan.fit("TensorFlow", builds.TENSORFLOW, specifiers, releases)
    first, last = "2.16", ""
    if found is not None:
        first, last = found.build.first, found.build.last
        specifiers &= bounds(found.build)
        plan.require("tensorflow", specifiers, ["and-cuda"])
        if any((gpu.capability or (0, 0)) >= _OLDEST_BLACKWELL for gpu in found.covered):
            plan.note(
                "TensorFlow has no machine code for Blackwell GPUs: the driver compiles its kernels at the first "
                "start, which takes minutes, and XLA (jit_compile) may fail."
            )
    else:
        _select_tensorflow_for_cpu(plan, specifiers)
    plan.limit_pythons(pythons_of(releases, builds.TENSORFLOW_PYTHONS, first, last, specifiers))


def _select_tensorflow_for_cpu(plan: Plan, specifiers: SpecifierSet) -> None:
    machine = plan.machine
    if machine.system == "windows" and machine.processor != "x86_64":
        raise NoBuildError(f"TensorFlow has no wheels for {platform_name(machine)}: use it in WSL 2.")
    has_cpu_wheel = machine.system in ("linux", "windows") and machine.processor == "x86_64"
    plan.require("tensorflow-cpu" if has_cpu_wheel else "tensorflow", specifiers)
    if machine.cuda is None:
        return
    if machine.system == "windows":
        plan.note("TensorFlow runs on the CPU: it has no GPU build for Windows. Use WSL 2 for the GPU.")
        return
    reason = plan.reason("TensorFlow", builds.TENSORFLOW, specifiers, builds.TENSORFLOW_RELEASES)
    plan.note(f"{reason} TensorFlow is installed for the CPU.")


def select_jax(plan: Plan, asked: Sequence[Requirement]) -> None:
    """Select JAX."""
    specifiers = _specifiers(asked)
    found = plan.fit("JAX", builds.JAX, specifiers)
    if found is not None:
        plan.require_build(found.build, specifiers)
    else:
        plan.require("jax", specifiers)
        if plan.machine.cuda is not None:
            plan.note(f"{plan.reason('JAX', builds.JAX, specifiers)} JAX is installed for the CPU.")
    plan.limit_pythons(("3.12", "3.13", "3.14", "3.11"))


def select_cupy(plan: Plan, asked: Sequence[Requirement]) -> None:
    """Select CuPy, which runs only with a driver."""
    specifiers = _specifiers(asked)
    found = plan.fit("CuPy", builds.CUPY, specifiers)
    if found is None:
        raise NoBuildError(plan.reason("CuPy", builds.CUPY, specifiers))
    plan.require_build(found.build, specifiers)
    if found.build.cuda[0] == 11:
        plan.note("CuPy for CUDA 11 finds CUDA's libraries in an installed toolkit or by LD_LIBRARY_PATH only.")
        plan.limit_pythons(("3.12", "3.13", "3.11", "3.10"))


def select_numba(plan: Plan, asked: Sequence[Requirement]) -> None:
    """Select Numba, with its CUDA target where there is a GPU; elsewhere its simulator runs the kernels."""
    plan.require("numba", _specifiers(asked, "numba"), _extras(asked, "numba"))
    specifiers = _specifiers(asked, "numba-cuda")
    found = plan.fit("Numba", builds.NUMBA, specifiers)
    if found is not None:
        plan.require_build(found.build, specifiers)
        return
    reason = plan.reason("Numba", builds.NUMBA, specifiers) if plan.machine.cuda is not None else ""
    plan.note(f"{reason} Numba runs kernels in its simulator (NUMBA_ENABLE_CUDASIM=1).".strip())


def select_pycuda(plan: Plan, asked: Sequence[Requirement]) -> None:
    """Select the CUDA version to build PyCUDA with."""
    specifiers = _specifiers(asked)
    found = plan.fit("PyCUDA", builds.PYCUDA, specifiers)
    if found is None:
        raise NoBuildError(plan.reason("PyCUDA", builds.PYCUDA, specifiers))
    driver = plan.machine.cuda
    assert driver is not None
    plan.require("pycuda", specifiers)
    # The newest compiler of that major version which the driver supports in full.
    plan.pycuda = driver if driver[0] == found.build.cuda[0] else found.build.cuda
    if plan.pycuda[0] < 13:
        plan.note(
            f"PyCUDA needs a CUDA {plan.pycuda[0]} toolkit to be built: NVIDIA's wheels hold the compiler only for "
            "CUDA 13, which needs a driver for CUDA 13 and a GPU of compute capability 7.5 or newer."
        )


def select_pyopencl(plan: Plan, asked: Sequence[Requirement]) -> None:
    """Select PyOpenCL, with PoCL where nothing else brings OpenCL."""
    specifiers = _specifiers(asked)
    machine = plan.machine
    extras = set(_extras(asked, "pyopencl")) - {"pocl"}
    if (machine.system, machine.processor) == ("linux", "x86_64"):
        wanted = any("pocl" in each.extras for each in asked)
        if wanted or not plan.gpus:
            extras.add("pocl")
    elif machine.system != "macos" and not plan.gpus:
        plan.note(f"PyOpenCL needs an OpenCL driver, and PoCL has no wheel for {platform_name(machine)}: install one.")
    plan.require("pyopencl", specifiers, sorted(extras))


def select_triton(plan: Plan, asked: Sequence[Requirement]) -> None:
    """Select Triton, which has wheels for Linux only."""
    if plan.machine.system != "linux":
        raise NoBuildError(f"Triton has no wheels for {platform_name(plan.machine)}: it runs on Linux.")
    plan.require("triton", _specifiers(asked))
    if not plan.gpus:
        plan.note("Triton runs kernels on the CPU in its interpreter (TRITON_INTERPRET=1).")
    old = [gpu for gpu in plan.gpus if gpu.capability is not None and gpu.capability < (7, 0)]
    if len(old) == len(plan.gpus) and old:
        raise NoBuildError(f"Triton has no support for {old[0].name}: it needs compute capability 7.0 or newer.")


def select_cuda_python(plan: Plan, asked: Sequence[Requirement]) -> None:
    """Select NVIDIA's Python bindings of the driver's major CUDA version."""
    driver = plan.machine.cuda
    for name in dict.fromkeys(canonicalize_name(each.name) for each in asked):
        own = _specifiers(asked, name)
        if driver is not None:
            own &= SpecifierSet(f"<{driver[0] + 1}")
        plan.require(name, own, _extras(asked, name))


#: In this order: the frameworks that are compiled in advance have fewer GPUs to choose from.
SELECTORS: Mapping[str, Callable[[Plan, Sequence[Requirement]], None]] = {
    "torch": select_torch,
    "tensorflow": select_tensorflow,
    "jax": select_jax,
    "cupy": select_cupy,
    "numba": select_numba,
    "pycuda": select_pycuda,
    "triton": select_triton,
    "cuda-python": select_cuda_python,
    "pyopencl": select_pyopencl,
}


def cupti_for(plan: Plan) -> str:
    """Return the requirement for the newest cupti-python that the driver and the GPUs support, empty if none does.

    Releases, their platforms and Pythons: https://pypi.org/project/cupti-python/#files.
    """
    driver, machine = plan.machine.cuda, plan.machine
    if driver is None or not plan.gpus or machine.system != "linux":
        return ""
    has_13 = all(gpu.capability is None or gpu.capability >= (7, 5) for gpu in plan.gpus)
    if driver >= (13, 0) and has_13:
        return f"cupti-python>=13.0,<{version_name((driver[0], driver[1] + 1))}"
    if machine.processor != "x86_64" or driver < (12, 6):
        return ""
    return "cupti-python>=12.8,<12.9" if driver >= (12, 8) else "cupti-python>=12.6,<12.7"


def _pytorch_index() -> str:
    return (os.environ.get(PYTORCH_INDEX_VARIABLE) or PYTORCH_INDEX).rstrip("/")


def _specifiers(asked: Sequence[Requirement], name: str = "") -> SpecifierSet:
    specifiers = SpecifierSet()
    for requirement in asked:
        if not name or canonicalize_name(requirement.name) == name:
            specifiers &= requirement.specifier
    return specifiers


def _extras(asked: Sequence[Requirement], name: str) -> list[str]:
    found = (requirement.extras for requirement in asked if canonicalize_name(requirement.name) == name)
    return sorted({extra for extras in found for extra in extras} - {"cu11", "cu12", "cu13"})
