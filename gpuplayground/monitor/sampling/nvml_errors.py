"""Translates NVML return codes into problems with a sentence that says what to do."""

from __future__ import annotations

from enum import IntEnum

from gpuplayground.model.samples import Problem, ProblemCode


class Code(IntEnum):
    """The return codes of nvml.h used here; their numbers are part of NVML's binary interface."""

    SUCCESS = 0
    UNINITIALIZED = 1
    INVALID_ARGUMENT = 2
    NOT_SUPPORTED = 3
    NO_PERMISSION = 4
    NOT_FOUND = 6
    DRIVER_NOT_LOADED = 9
    LIBRARY_NOT_FOUND = 12
    FUNCTION_NOT_FOUND = 13
    GPU_IS_LOST = 15
    RESET_REQUIRED = 16
    LIB_RM_VERSION_MISMATCH = 18
    ARGUMENT_VERSION_MISMATCH = 25
    GPU_NOT_FOUND = 28
    UNKNOWN = 999


#: The metric is unavailable on this GPU, driver or account; it is not read until the next enumeration.
NOT_AVAILABLE = frozenset(
    {Code.NOT_SUPPORTED, Code.NO_PERMISSION, Code.FUNCTION_NOT_FOUND, Code.ARGUMENT_VERSION_MISMATCH}
)
#: The GPU is lost for all calls.
LOST = frozenset({Code.GPU_IS_LOST, Code.RESET_REQUIRED, Code.GPU_NOT_FOUND})
#: NVML must be reopened.
CLOSED = frozenset({Code.UNINITIALIZED, Code.DRIVER_NOT_LOADED})

_MACHINE = {
    Code.LIBRARY_NOT_FOUND: (
        ProblemCode.NO_LIBRARY,
        "No NVIDIA driver was found (libnvidia-ml.so.1): install the driver to see live GPUs.",
    ),
    Code.FUNCTION_NOT_FOUND: (
        ProblemCode.NO_LIBRARY,
        "The NVIDIA driver is too old: install driver 450 or newer to see live GPUs.",
    ),
    Code.DRIVER_NOT_LOADED: (
        ProblemCode.DRIVER_NOT_LOADED,
        "The NVIDIA driver is installed but not loaded: run “sudo modprobe nvidia” or restart the computer.",
    ),
    Code.LIB_RM_VERSION_MISMATCH: (
        ProblemCode.DRIVER_NOT_LOADED,
        "The NVIDIA driver was updated, but the old one is still loaded: restart the computer.",
    ),
    Code.NO_PERMISSION: (
        ProblemCode.NO_PERMISSION,
        "This account may not use the NVIDIA driver: ask for read and write access to /dev/nvidiactl and /dev/nvidia*.",
    ),
    Code.GPU_NOT_FOUND: (
        ProblemCode.NO_GPU,
        "The NVIDIA driver is loaded but finds no GPU: check that one is installed and passed to this machine.",
    ),
}


#: The driver call that lists processes has not returned.
DOES_NOT_ANSWER = "The NVIDIA driver does not respond when asked for processes: restart the computer if this persists."
#: A container sees only its own processes, not others on its GPUs.
OUTSIDE_CONTAINER = "The processes on this GPU run outside this container: start it with “--pid=host” to see them."
_UNLISTED = {
    Code.NO_PERMISSION: "This account may not list the processes on this GPU: ask for permission, or run as root.",
    Code.NOT_SUPPORTED: "The driver does not list the processes on this GPU.",
    Code.FUNCTION_NOT_FOUND: "The driver is too old to list processes: install driver 450 or newer.",
}


class NvmlCallError(Exception):
    """An NVML call failed in a way that affects more than one metric."""

    def __init__(self, code: int, call: str = "") -> None:
        super().__init__(f"{call}: NVML error {code}" if call else f"NVML error {code}")
        self.code = code


def machine_problem(code: int, detail: str, since_ns: int | None = None) -> Problem:
    """Return the reason why the machine has no GPUs."""
    known = _MACHINE.get(Code(code)) if code in Code.__members__.values() else None
    if known is None:
        sentence = f"The NVIDIA driver reports an error ({detail}): restart the computer if this persists."
        return Problem(ProblemCode.DRIVER_NOT_LOADED, sentence, detail, since_ns)
    return Problem(known[0], known[1], detail, since_ns)


def why_unlisted(code: int) -> str:
    """Return the reason why processes could not be listed."""
    known = _UNLISTED.get(Code(code)) if code in Code.__members__.values() else None
    return known or f"The driver reports an error when asked for processes (NVML error {code})."


def gpu_problem(code: int, index: int, uuid: str, since_ns: int) -> Problem:
    """Return the reason why one GPU has no values."""
    detail = f"NVML error {code}"
    if code == Code.NO_PERMISSION:
        sentence = f"This account may not use GPU {index}: ask for read and write access to /dev/nvidia{index}."
        return Problem(ProblemCode.NO_PERMISSION, sentence, detail, since_ns, uuid)
    if code == Code.RESET_REQUIRED:
        sentence = f"GPU {index} must be reset before it can be used: run “sudo nvidia-smi --gpu-reset -i {index}”."
    elif code not in LOST:
        sentence = f"GPU {index} reports an error ({detail}): restart the computer if this persists."
    else:
        sentence = f"GPU {index} has fallen off the bus: save your work and restart the computer to bring it back."
    return Problem(ProblemCode.GPU_LOST, sentence, detail, since_ns, uuid)
