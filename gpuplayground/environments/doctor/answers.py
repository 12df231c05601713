"""Answers the questions that everybody has before the first kernel: GPU, libraries, CUDA."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gpuplayground.environments.doctor.capabilities import NEWEST_CUDA, dotted, last_cuda
from gpuplayground.environments.doctor.finding import Answer, Finding, Level, Topic
from gpuplayground.environments.doctor.packages import CUDA, PYTORCH, TENSORFLOW, Packages, cuda_major
from gpuplayground.environments.doctor.system import AMD, INTEL, NVIDIA, System
from gpuplayground.environments.framework_probes import PROBES
from gpuplayground.model.samples import GpuInfo, Inventory

_OTHER_MAKERS = {AMD: "AMD", INTEL: "Intel"}
#: The default environments: what can be built, and the frameworks in it.
_SETS = (
    (PYTORCH, ("PyTorch",)),
    (TENSORFLOW, ("TensorFlow",)),
    (CUDA, ("CuPy", "Numba", "PyCUDA")),
)
_PROBES = {probe.name: probe for probe in PROBES}


def answers(
    inventory: Inventory, system: System, environments: Sequence[Packages], driver: Finding
) -> tuple[Answer, ...]:
    """Return the three answers.

    Args:
        inventory: the driver and the GPUs.
        system: the machine.
        environments: the packages of the environments that are known.
        driver: the finding that says whether the driver works.
    """
    return (
        Answer("Is my GPU supported?", *_support(inventory, system, driver)),
        Answer("Which libraries do I need?", *_libraries(inventory, environments)),
        Answer("How do I set CUDA up?", *_set_up(inventory, system)),
    )


def framework_findings(environments: Sequence[Packages]) -> Iterator[Finding]:
    """Yield where each default set of frameworks is, or what builds an environment with it."""
    for fix, names in _SETS:
        places = {name: [each.label for each in environments if _has(each, name)] for name in names}
        there = [name for name in names if places[name]]
        missing = [name for name in names if not places[name]]
        identity = f"frameworks/{fix.name}"
        sentence = " ".join(f"{name} is in {_listed(places[name])}." for name in there)
        if not missing:
            yield Finding(identity, Topic.FRAMEWORKS, Level.OK, sentence)
            continue
        lacking = f"No environment that was checked has {_listed(missing, 'or')}: build one when a snippet needs it."
        sentence = " ".join(filter(None, (sentence, lacking)))
        command = f"gpuplayground env create {fix.name} {' '.join(fix.requirements)}"
        yield Finding(identity, Topic.FRAMEWORKS, Level.INFO, sentence, command, fix=fix)


def _has(packages: Packages, name: str) -> bool:
    return bool(_PROBES[name].version_in(packages.versions))


def _support(inventory: Inventory, system: System, driver: Finding) -> tuple[str, Level]:
    if not inventory.gpus:
        return _no_gpu(system, driver)
    old = [gpu for gpu in inventory.gpus if gpu.compute_capability and last_cuda(gpu.compute_capability)]
    current = [gpu for gpu in inventory.gpus if gpu not in old]
    sentences = []
    if current:
        sentences.append(f"Yes: every current version of CUDA supports {_gpus(current)}.")
    for gpu in old:
        last = last_cuda(gpu.compute_capability) if gpu.compute_capability else None
        version = dotted(last) if last else ""
        sentences.append(
            f"{'Partly: the' if not current else 'The'} {_gpus([gpu])} is supported up to CUDA {version}: builds for "
            f"CUDA {version.partition('.')[0]} and older frameworks run on it, the newest builds do not."
        )
    major = cuda_major(inventory)
    if current and major is not None and major < NEWEST_CUDA:
        sentences.append(f"This driver runs builds for CUDA {major} and older; a newer driver runs newer builds too.")
    return " ".join(sentences), Level.OK if current else Level.WARNING


def _no_gpu(system: System, driver: Finding) -> tuple[str, Level]:
    vendors = system.graphics_vendors()
    if NVIDIA in vendors:
        return f"There is an NVIDIA GPU here, but it cannot be used yet. {driver.sentence}", Level.PROBLEM
    others = [maker for vendor, maker in _OTHER_MAKERS.items() if vendor in vendors]
    if others:
        sentence = f"No: the graphics here is by {' and '.join(others)}, and CUDA needs an NVIDIA GPU. "
    elif system.is_container:
        sentence = "No NVIDIA GPU is visible in this container. "
    else:
        sentence = "No NVIDIA GPU was found, and CUDA needs one. "
    return sentence + "Snippets run on the CPU with NumPy, PyTorch, TensorFlow, Numba and PyOpenCL.", Level.INFO


def _libraries(inventory: Inventory, environments: Sequence[Packages]) -> tuple[str, Level]:
    frameworks = [f"{each.label}: {found}" for each in environments if (found := _frameworks(each))]
    there = f" Found so far: {'; '.join(frameworks)}." if frameworks else ""
    major = cuda_major(inventory)
    if inventory.gpus and major is not None:
        text = (
            "Only the framework that your snippet imports, in a build for CUDA "
            f"{major} or older. Its wheels bring cuBLAS, cuDNN and the other libraries of CUDA."
        )
    else:
        text = (
            "Only the framework that your snippet imports, in its CPU build. CuPy and PyCUDA do nothing without a GPU."
        )
    return text + there, Level.OK


def _frameworks(packages: Packages) -> str:
    named = ((probe.name, probe.version_in(packages.versions)) for probe in PROBES if probe.module != "cupti")
    return ", ".join(f"{name} {version}" for name, version in named if version)


def _set_up(inventory: Inventory, system: System) -> tuple[str, Level]:
    major = cuda_major(inventory)
    if inventory.gpus and major is not None:
        version = inventory.driver.cuda_version
        pycuda = (
            "Even PyCUDA, which compiles with nvcc, gets it from NVIDIA's wheels."
            if major >= 13 and all((gpu.compute_capability or (0, 0)) >= (7, 5) for gpu in inventory.gpus)
            else "Only PyCUDA needs one here, because NVIDIA's wheels for CUDA 12 have no nvcc."
        )
        text = (
            f"It is set up: the driver supports CUDA up to {version}, and an environment brings the rest. "
            f"You need no CUDA toolkit and no LD_LIBRARY_PATH. {pycuda}"
        )
        return text, Level.OK
    if NVIDIA in system.graphics_vendors() or system.is_wsl:
        text = "Install or repair the NVIDIA driver as said below. You need no CUDA toolkit: environments bring it."
        return text, Level.WARNING
    text = (
        "There is nothing to set up without an NVIDIA GPU. On a machine with one, install the NVIDIA driver only: "
        "environments bring CUDA's libraries, so you need no CUDA toolkit."
    )
    return text, Level.INFO


def _gpus(gpus: Sequence[GpuInfo]) -> str:
    words = []
    for gpu in gpus:
        capability = f" (compute capability {dotted(gpu.compute_capability)})" if gpu.compute_capability else ""
        words.append(f"{gpu.name}{capability}")
    return _listed(list(dict.fromkeys(words)))


def _listed(names: Sequence[str], word: str = "and") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
