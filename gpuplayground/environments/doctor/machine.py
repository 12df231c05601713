"""Findings about the driver and the GPUs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gpuplayground.environments.doctor.capabilities import (
    NEWEST_CUDA,
    abilities,
    architecture_of,
    dotted,
    last_cuda,
)
from gpuplayground.environments.doctor.finding import Finding, Level, Topic
from gpuplayground.environments.doctor.system import NVIDIA, WSL_LIBRARIES, System
from gpuplayground.model.samples import GpuInfo, Inventory, Problem, ProblemCode
from gpuplayground.units import gibibytes

DRIVERS = "https://www.nvidia.com/drivers"
_RESTART = "sudo reboot"


def driver_findings(inventory: Inventory, system: System) -> Iterator[Finding]:
    """Yield the findings about the driver: one that says whether it works, then what else is wrong with it."""
    yield _driver(inventory, system)
    yield from _open_nodes(inventory, system)
    yield from _version_mismatch(inventory, system)
    if system.is_wsl and inventory.gpus:
        yield from _hidden_wsl_driver(system)


def gpu_findings(inventory: Inventory, system: System, unlisted: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the findings about the GPUs.

    Args:
        inventory: the driver and the GPUs.
        system: the machine.
        unlisted: for each GPU whose processes cannot be listed the reason, by its UUID.
    """
    for gpu in inventory.gpus:
        yield gpu_finding(gpu)
        if gpu.uuid in unlisted:
            sentence = f"{gpu.label} shows no processes: {unlisted[gpu.uuid]}"
            yield Finding(f"{gpu.uuid}/processes", Topic.GPUS, Level.INFO, sentence)
    for problem in inventory.gpu_problems:
        yield Finding(
            f"{problem.gpu_uuid}/problem", Topic.GPUS, Level.PROBLEM, problem.sentence, details=problem.detail
        )
    yield from _hidden_gpus(inventory, system)


def gpu_finding(gpu: GpuInfo) -> Finding:
    """Return what a GPU can do and which CUDA versions support it."""
    capability = gpu.compute_capability
    memory = f", {gibibytes(gpu.memory_total_bytes)} GiB" if gpu.memory_total_bytes is not None else ""
    if capability is None:
        sentence = f"{gpu.label} is an {_nvidia(gpu.name)}{memory}; the driver does not say its compute capability."
        return Finding(gpu.uuid, Topic.GPUS, Level.INFO, sentence, details=gpu.uuid)
    architecture = architecture_of(capability)
    name = f" ({architecture.name})" if architecture is not None else ""
    what = f"{gpu.label} is an {_nvidia(gpu.name)}{memory} with compute capability {dotted(capability)}{name}"
    last = last_cuda(capability)
    has, lacks = abilities(gpu.name, capability)
    can = f"It has {', '.join(has)}." if has else "It has fp32 and fp64 arithmetic only."
    details = "\n".join([can, *([f"It lacks {', '.join(lacks)}."] if lacks else []), gpu.uuid])
    if last is None:
        support = f"CUDA {NEWEST_CUDA}, the newest, supports it."
        return Finding(gpu.uuid, Topic.GPUS, Level.OK, f"{what}; {support}", details=details)
    support = f"CUDA {dotted(last)} is the last version that supports it, so newer builds have no kernels for it."
    return Finding(gpu.uuid, Topic.GPUS, Level.WARNING, f"{what}; {support}", details=details)


def _nvidia(name: str) -> str:
    return name if name.upper().startswith("NVIDIA") else f"NVIDIA {name}"


def _driver(inventory: Inventory, system: System) -> Finding:
    driver, problem = inventory.driver, inventory.problem
    if problem is None and inventory.gpus:
        cuda = f" and supports CUDA up to {driver.cuda_version}" if driver.cuda_version else ""
        return _driver_finding(
            Level.OK, f"The NVIDIA driver {driver.driver_version or ''} works{cuda}.".replace("  ", " ")
        )
    return _missing(problem, system)


def _missing(problem: Problem | None, system: System) -> Finding:
    """Return why there is no working driver."""
    detail = problem.detail if problem is not None else ""
    no_library = problem is None or problem.code is ProblemCode.NO_LIBRARY
    has_nvidia = NVIDIA in system.graphics_vendors()
    if system.is_wsl and not system.has_wsl_library():
        sentence = (
            f"WSL lacks NVIDIA's library (/{WSL_LIBRARIES}/libcuda.so.1): install the NVIDIA driver in Windows, not in "
            "Linux, and restart WSL."
        )
        return _driver_finding(Level.PROBLEM, sentence, "wsl.exe --update && wsl.exe --shutdown", detail)
    if system.is_container and not system.device_nodes() and no_library:
        return _container_without_gpus(has_nvidia, detail)
    if problem is not None and not (no_library and has_nvidia):
        return _driver_finding(Level.PROBLEM, problem.sentence, _command(problem), detail)
    if has_nvidia:
        sentence = "This machine has an NVIDIA GPU but no NVIDIA driver: install the driver, then restart."
    else:
        sentence = f"No NVIDIA driver was found: install it from {DRIVERS} if this machine has an NVIDIA GPU."
    return _driver_finding(Level.PROBLEM, sentence, "sudo ubuntu-drivers install" if has_nvidia else "", detail)


def _container_without_gpus(has_nvidia: bool, detail: str) -> Finding:
    start = "docker run --gpus all …"
    if has_nvidia:
        sentence = (
            "This container was started without access to the machine's NVIDIA GPU: start it with --gpus all "
            "(needs NVIDIA's container toolkit on the host)."
        )
    else:
        sentence = (
            "No NVIDIA driver was found in this container: if its host has an NVIDIA GPU, start the container with "
            "--gpus all (needs NVIDIA's container toolkit on the host)."
        )
    return _driver_finding(Level.PROBLEM, sentence, start, detail)


def _command(problem: Problem) -> str:
    if problem.code is ProblemCode.NOT_RESPONDING:
        return _RESTART
    if problem.code is ProblemCode.DRIVER_NOT_LOADED:
        return "sudo modprobe nvidia" if "modprobe" in problem.sentence else _RESTART
    return "ls -l /dev/nvidia*" if problem.code is ProblemCode.NO_PERMISSION else ""


def _driver_finding(level: Level, sentence: str, command: str = "", details: str = "") -> Finding:
    return Finding("driver", Topic.DRIVER, level, sentence, command, details)


def _open_nodes(inventory: Inventory, system: System) -> Iterator[Finding]:
    closed = system.closed_nodes()
    if closed:
        names = ", ".join(f"/dev/{node.name}" for node in closed)
        sentence = f"This account may not use {names}: add it to the group that owns them, and log in again."
        group = _group_of(closed[0])
        yield Finding("driver/nodes", Topic.DRIVER, Level.PROBLEM, sentence, f"sudo usermod -aG {group} $USER")
    nodes = {node.name for node in system.device_nodes()}
    if inventory.gpus and "nvidiactl" in nodes and "nvidia-uvm" not in nodes:
        # nvidia-smi works without it, but every CUDA program fails with "unknown error".
        sentence = "/dev/nvidia-uvm is missing, so CUDA cannot start: load the module nvidia-uvm."
        command = "sudo nvidia-modprobe -u -c=0"
        yield Finding("driver/uvm", Topic.DRIVER, Level.PROBLEM, sentence, command)


def _group_of(node: Path) -> str:
    try:
        name = node.group()
    except (OSError, KeyError, NotImplementedError):
        return "video"
    # Nobody should be added to root's group; "video" is what the driver's packages use.
    return "video" if name == "root" else name


def _version_mismatch(inventory: Inventory, system: System) -> Iterator[Finding]:
    loaded, installed = system.kernel_module_version(), system.library_version()
    if loaded and installed and loaded != installed and not system.is_wsl:
        sentence = (
            f"The driver {loaded} is loaded, but its libraries are of version {installed}: restart the machine, or in "
            "a container update the host's driver packages."
        )
        level = Level.WARNING if inventory.gpus else Level.PROBLEM
        yield Finding("driver/mismatch", Topic.DRIVER, level, sentence, _RESTART)


def _hidden_wsl_driver(system: System) -> Iterator[Finding]:
    file = system.linux_driver_in_wsl()
    if file is not None:
        sentence = "A Linux driver is installed inside WSL and hides the one of Windows: remove it."
        command = "sudo apt remove --purge '^libnvidia-compute-.*' '^nvidia-driver-.*'"
        yield Finding("driver/wsl", Topic.DRIVER, Level.WARNING, sentence, command, str(file))


def _hidden_gpus(inventory: Inventory, system: System) -> Iterator[Finding]:
    """Yield what CUDA_VISIBLE_DEVICES hides: entries after the first that names no GPU count for nothing."""
    value = system.variables.get("CUDA_VISIBLE_DEVICES")
    if value is None or not inventory.gpus:
        return
    visible = visible_gpus(inventory, system)
    if len(visible) == len(inventory.gpus):
        return
    command = "set CUDA_VISIBLE_DEVICES=" if not system.is_linux else "unset CUDA_VISIBLE_DEVICES"
    if not visible:
        sentence = f"CUDA_VISIBLE_DEVICES is “{value}”, which hides every GPU from CUDA: unset it."
        yield Finding("gpus/hidden", Topic.GPUS, Level.PROBLEM, sentence, command)
        return
    hidden = ", ".join(gpu.label for gpu in inventory.gpus if gpu not in visible)
    sentence = f"CUDA_VISIBLE_DEVICES is “{value}”, which hides {hidden} from CUDA."
    yield Finding("gpus/hidden", Topic.GPUS, Level.INFO, sentence, command)


def visible_gpus(inventory: Inventory, system: System) -> list[GpuInfo]:
    """Return the GPUs that CUDA_VISIBLE_DEVICES leaves visible; all of them if it is not set."""
    value = system.variables.get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return list(inventory.gpus)
    visible = list[GpuInfo]()
    for entry in value.split(","):
        word = entry.strip()
        if re.fullmatch(r"\d+", word):
            found = [gpu for gpu in inventory.gpus if gpu.index == int(word)]
        elif word.startswith("MIG-"):
            found = list(inventory.gpus)  # which GPU a slice is of cannot be seen from its name
        else:
            found = [gpu for gpu in inventory.gpus if word and gpu.uuid.lower().startswith(word.lower())]
        if not found:
            break
        visible += [gpu for gpu in found if gpu not in visible]
    return visible
