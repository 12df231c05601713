"""Turns what became of a framework's kernel into a finding: a sentence, and a command where one helps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gpuplayground.environments.doctor.finding import Finding, Fix, Level
from gpuplayground.environments.doctor.kernel_process import End, KernelResult
from gpuplayground.environments.doctor.packages import CUDA, PYTORCH, TENSORFLOW, install_command
from gpuplayground.environments.framework_probes import FrameworkProbe
from gpuplayground.environments.interpreters import Environment
from gpuplayground.units import duration

#: What the application can build for a framework, by its module.
FIXES: dict[str, Fix] = {
    "torch": PYTORCH,
    "tensorflow": TENSORFLOW,
    "cupy": CUDA,
    "numba": CUDA,
    "pycuda": CUDA,
}
_LIBRARY = re.compile(r"(lib[\w.+-]+?\.so[\w.]*|[\w-]+\.dll)")


@dataclass(frozen=True, slots=True)
class Check:
    """One framework to check in one environment."""

    environment: Environment
    probe: FrameworkProbe

    @property
    def id(self) -> str:
        """The id of its finding."""
        return f"{self.environment.prefix}/{self.probe.module}"


@dataclass(frozen=True, slots=True)
class _Cause:
    """A cause that is recognized in an error message: a pattern, what to say, and what to type."""

    pattern: str
    sentence: str
    command: str = ""


_REBUILD = "build an environment for it"
#: The first match counts. ``{name}`` is the framework with its version, ``{library}`` the first library in the message.
_CAUSES = (
    _Cause(
        r"no kernel image|cudaErrorNoKernelImageForDevice|CUDA_ERROR_NO_BINARY_FOR_GPU",
        f"{{name}} has no kernels for this GPU's compute capability: {_REBUILD} with a build that covers it.",
    ),
    _Cause(
        r"out of memory|OUT_OF_MEMORY|ResourceExhausted|MemoryError|MEM_ALLOC",
        "{name} found no free GPU memory: end a process that holds it.",
        "nvidia-smi",
    ),
    _Cause(
        r"driver version is insufficient|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH|driver on your system is too old",
        "{name} needs a newer NVIDIA driver than this one: update the driver, or build an environment for this one.",
        "nvidia-smi",
    ),
    _Cause(
        r"[Uu]nsupported (toolchain|PTX|ptx)|UNSUPPORTED_PTX_VERSION|unsupported toolchain",
        f"{{name}} compiles with a CUDA compiler that is newer than the driver: update the driver, or {_REBUILD}.",
    ),
    _Cause(
        r"numpy\.core\.multiarray failed|compiled using NumPy 1\.x|needs NumPy|_ARRAY_API|numpy\.dtype size changed|"
        r"module 'numpy' has no attribute",
        "{name} does not fit the installed NumPy: install the version of NumPy that it needs.",
    ),
    _Cause(
        r"nvcc.*(not found|No such file)|No such file.*nvcc|nvcc compilation|nvcc could not",
        "{name} cannot compile kernels because nvcc does not work here: build an environment for PyCUDA, or install "
        "the CUDA toolkit and put its bin folder on PATH.",
    ),
    _Cause(
        r"libcudnn|cudnn64_|CUDNN_STATUS_(NOT_INITIALIZED|.*MISMATCH)|cudnn.*(load|version)",
        "{name} cannot load cuDNN: install it again.",
    ),
    _Cause(
        r"PLATFORM_NOT_FOUND|clGetPlatformIDs",
        "{name} finds no OpenCL driver: install PoCL, which runs OpenCL on the CPU.",
    ),
    _Cause(
        r"libnvvm|libdevice|NvvmSupportError|libnvrtc|nvrtc\S*\.dll|cannot open source file|cuda_fp16\.h|CUDA_PATH",
        f"{{name}} lacks CUDA's run-time compiler or its headers: {_REBUILD}.",
    ),
    _Cause(
        r"driver library cannot be found|libcuda\.so|nvcuda\.dll|DRIVER_NOT_FOUND",
        "{name} cannot find the driver's CUDA library (libcuda): install the driver's compute libraries, or start the "
        "container with NVIDIA_DRIVER_CAPABILITIES=compute,utility.",
        "ldconfig -p | grep libcuda",
    ),
    _Cause(
        r"cannot open shared object file|DLL load failed|could not load (dynamic )?library",
        f"{{name}} cannot load {{library}}: {_REBUILD}, or install it again.",
    ),
    _Cause(
        r"DevicesUnavailable|CUDA_ERROR_DEVICE_UNAVAILABLE|busy or unavailable|exclusive",
        "{name} may not use the GPU because another process has it to itself (compute mode): end that process.",
        "nvidia-smi",
    ),
    _Cause(
        r"CUDA_ERROR_UNKNOWN|unknown error|initialization error|CUDA_ERROR_NOT_INITIALIZED|ECC",
        "{name} cannot start CUDA: if nvidia-smi works, load the module nvidia-uvm or restart the machine.",
        "sudo nvidia-modprobe -u -c=0",
    ),
)


def finding_of(check: Check, result: KernelResult, *, expects_gpu: bool, known: Finding | None = None) -> Finding:
    """Return the finding for a framework's kernel.

    Args:
        check: what was checked.
        result: what became of it.
        expects_gpu: whether the driver has a GPU; only then is a framework that does not use one a problem.
        known: a problem that was already found and explains a failure, which then is no second problem.
    """
    finding = _finding(check, result, expects_gpu=expects_gpu)
    if known is not None and finding.level is Level.PROBLEM:
        details = "\n".join(part for part in (finding.sentence, finding.details) if part)
        sentence = f"{_named(check, result)} does not run its kernel; the problem above is the likely reason."
        return Finding(finding.id, finding.topic, Level.WARNING, sentence, details=details)
    return finding


def _finding(check: Check, result: KernelResult, *, expects_gpu: bool) -> Finding:
    if result.end is End.DONE:
        return _done(check, result, expects_gpu=expects_gpu)
    name, install = check.probe.name, _reinstall(check)
    if result.end is End.MISSING:
        return _made(check, Level.INFO, f"{name} is not installed.", check.probe.install)
    if result.end is End.CANCELLED:
        return _made(check, Level.INFO, f"{name} was not checked: the check was cancelled.")
    if result.end is End.NOT_STARTED:
        sentence = f"{name} was not checked: {check.environment.interpreter} cannot be started ({result.error})."
        return _made(check, Level.WARNING, sentence)
    if result.end is End.TIMED_OUT:
        what = "import" if result.during_import else "run its kernel"
        sentence = f"{name} did not {what} within {result.error}: if nvidia-smi hangs too, restart the machine."
        return _made(check, Level.PROBLEM, sentence, "nvidia-smi", result.output)
    if result.end is End.CRASHED:
        when = "on import" if result.during_import else "while its kernel runs"
        sentence = f"{_named(check, result)} crashes {when} ({result.error}): reinstall it."
        return _made(check, Level.PROBLEM, sentence, install, result.output, FIXES.get(check.probe.module))
    if result.end is End.WRONG:
        sentence = (
            f"{_named(check, result)} adds two arrays on the {result.device} and gets a wrong result: reinstall it."
        )
        return _made(check, Level.PROBLEM, sentence, install, result.output, FIXES.get(check.probe.module))
    return _raised(check, result)


def _done(check: Check, result: KernelResult, *, expects_gpu: bool) -> Finding:
    named = _named(check, result)
    if not result.device:
        return _without_kernel(check, result, expects_gpu=expects_gpu)
    where = result.device_name or f"the {result.device}"
    if result.device == "CPU":
        where = f"the CPU ({result.device_name})" if result.device_name else "the CPU"
    times = f"import {duration(result.import_s * 1e9)}, kernel {duration(result.kernel_s * 1e9)}"
    sentence = f"{named} added two arrays on {where}: {times}."
    if result.device == "GPU" or not expects_gpu or (result.gpus is None and check.probe.module != "pyopencl"):
        return _made(check, Level.OK, sentence)
    return _misses_gpu(check, result, sentence)


def _without_kernel(check: Check, result: KernelResult, *, expects_gpu: bool) -> Finding:
    if result.gpus is None:
        loads = "loads" if check.probe.module == "nvidia.cudnn" else "is installed"
        return _made(check, Level.OK, f"{_named(check, result)} {loads}.")
    if expects_gpu:
        return _misses_gpu(check, result, "")
    sentence = f"{_named(check, result)} is installed; it needs an NVIDIA GPU to run anything, and finds none."
    return _made(check, Level.INFO, sentence)


def _misses_gpu(check: Check, result: KernelResult, details: str) -> Finding:
    named, fix = _named(check, result), FIXES.get(check.probe.module)
    if check.probe.module == "pyopencl":
        sentence = f"{named} runs on the CPU only: the NVIDIA driver's OpenCL is not registered in /etc/OpenCL/vendors."
        command = (
            "sudo sh -c 'mkdir -p /etc/OpenCL/vendors && echo libnvidia-opencl.so.1 > /etc/OpenCL/vendors/nvidia.icd'"
        )
        return _made(check, Level.WARNING, sentence, command, details)
    if result.lacks in check.probe.remedies:
        sentence = f"{named} {check.probe.remedies[result.lacks]}."
        return _made(check, Level.PROBLEM, sentence, _build(fix), details, fix)
    cause = _cause_in(result.reason)
    if cause is not None:
        return _explained(check, result, cause, result.reason)
    silently = " and silently runs on the CPU" if check.probe.module == "tensorflow" else ""
    sentence = (
        f"{named} sees no GPU although the driver has one{silently}: unset CUDA_VISIBLE_DEVICES, or install a build "
        "for this driver's CUDA version."
    )
    return _made(check, Level.PROBLEM, sentence, _build(fix), _lines(details, result.reason, result.output), fix)


def _raised(check: Check, result: KernelResult) -> Finding:
    named, fix = _named(check, result), FIXES.get(check.probe.module)
    details = _lines(result.error, result.output)
    if result.lacks in check.probe.remedies and not result.during_import:
        return _made(check, Level.PROBLEM, f"{named} {check.probe.remedies[result.lacks]}.", _build(fix), details, fix)
    cause = _cause_in(result.error)
    if cause is None:
        sentence = f"{named} cannot be used ({result.error[:300]}): reinstall it."
        return _made(check, Level.PROBLEM, sentence, _reinstall(check), result.output, fix)
    return _explained(check, result, cause, result.error)


def _cause_in(message: str) -> _Cause | None:
    return next((each for each in _CAUSES if re.search(each.pattern, message)), None)


def _explained(check: Check, result: KernelResult, cause: _Cause, message: str) -> Finding:
    if check.probe.module == "nvidia.cudnn":
        return _made(check, Level.PROBLEM, "cuDNN does not load: install it again.", _reinstall(check), message)
    library = _LIBRARY.search(message)
    sentence = cause.sentence.format(name=_named(check, result), library=library[1] if library else "a library")
    command = cause.command or _command_for(check, cause)
    details = _lines(message, result.output)
    # A new environment does not help where the machine is the cause.
    helps = not cause.command or "build an environment" in cause.sentence
    return _made(check, Level.PROBLEM, sentence, command, details, FIXES.get(check.probe.module) if helps else None)


def _lines(*parts: str) -> str:
    return "\n".join(filter(None, parts))


def _command_for(check: Check, cause: _Cause) -> str:
    if "OpenCL driver" in cause.sentence:
        return install_command(check.environment, "pocl-binary-distribution")
    fix = FIXES.get(check.probe.module)
    return _build(fix) if _REBUILD in cause.sentence and fix is not None else _reinstall(check)


def _build(fix: Fix | None) -> str:
    return f"gpuplayground env create {fix.name} {' '.join(fix.requirements)}" if fix is not None else ""


def _reinstall(check: Check) -> str:
    requirements = check.probe.install.removeprefix("python -m pip install ")
    return install_command(check.environment, f"--force-reinstall {requirements}")


def _named(check: Check, result: KernelResult) -> str:
    return f"{check.probe.name} {result.version}" if result.version else check.probe.name


def _made(
    check: Check, level: Level, sentence: str, command: str = "", details: str = "", fix: Fix | None = None
) -> Finding:
    return Finding(check.id, check.environment.label, level, sentence, command, details, fix)
