"""Runs one framework's kernel in a process of its own and reports what became of it.

Importing a framework may take long, crash, hang in the driver or break another framework.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Event
from typing import IO, Any

from gpuplayground.environments.doctor.kernel_code import KERNELS, SIZE
from gpuplayground.environments.framework_probes import FrameworkProbe

#: Maximum time for one framework, in seconds: a cold import of TensorFlow takes tens of seconds.
CHECK_TIMEOUT_S = 60.0
#: How often the end of the process is checked, in seconds.
_POLL_S = 0.02
#: Maximum wait for a killed process, which may hang in the driver, in seconds.
_KILL_WAIT_S = 0.2
#: How much later than the timeout the process ends itself, in seconds.
_ALARM_S = 10
_MAX_OUTPUT = 4000

_FRAME = """
import sys
if not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # before Python 3.11 that is the current folder
import importlib.util, json, os, signal, time
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # what the framework prints is not an answer

def tell(**facts):
    answers.write(json.dumps(facts) + "\\n")
    answers.flush()

def attempt(stage, code):
    started = time.perf_counter()
    try:
        exec(code, space)
    except BaseException as raised:
        lines = " ".join(str(raised).split())
        tell(stage=stage, error=": ".join([type(raised).__name__, lines[:600]]).rstrip(": "))
        os._exit(0)
    return time.perf_counter() - started

orders = json.loads(sys.argv[1])
if hasattr(signal, "alarm"):
    signal.alarm(orders["limit_s"])  # ends it where whoever started it was killed
space = dict(version=None, gpus=None, lacks="", device="", device_name="", reason="", result=None, SIZE=orders["size"])
try:
    is_missing = importlib.util.find_spec(orders["module"]) is None
except ModuleNotFoundError:  # its parent package is missing
    is_missing = True
if is_missing:
    tell(stage="missing")
    os._exit(0)
tell(stage="import")
import_s = attempt("import", orders["probe"])
gpus = space["gpus"]
tell(stage="imported", version=space["version"], gpus=gpus, lacks=space["lacks"], import_s=import_s)
space["on_gpu"] = bool(gpus)
kernel_s = attempt("kernel", orders["kernel"])
result = space["result"]
is_right = result is None or result == [3.0 * i + 1 for i in range(orders["size"])]
names = ("device", "device_name", "reason")
space["reason"] = " ".join(str(space["reason"]).split())[:600]
tell(stage="done", is_right=is_right, kernel_s=kernel_s, **{name: space[name] for name in names})
os._exit(0)  # some frameworks take seconds to shut down, or crash while they do
"""


class End(StrEnum):
    """How the check of a framework ended."""

    DONE = "done"
    MISSING = "missing"
    RAISED = "raised"
    WRONG = "wrong result"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class KernelResult:
    """What became of one framework in one environment.

    Attributes:
        end: How it ended.
        version: The framework's version, None if it was not imported.
        gpus: The number of GPUs it sees, None if that does not apply.
        lacks: What it lacks, a key of the probe's ``remedies``; empty if nothing.
        device: ``GPU`` or ``CPU``, where the arrays were added; empty if nothing was added.
        device_name: The name of that device, as the framework gives it.
        reason: What the framework says about why it sees no GPU.
        import_s: The time its import took, in seconds.
        kernel_s: The time from the first array to the result on the host, in seconds.
        during_import: Whether a failure came before the framework was imported.
        error: The exception with its message, the name of the signal, or the time after which it was killed.
        output: The end of what it wrote to stderr and stdout.
    """

    end: End
    version: str | None = None
    gpus: int | None = None
    lacks: str = ""
    device: str = ""
    device_name: str = ""
    reason: str = ""
    import_s: float = 0.0
    kernel_s: float = 0.0
    during_import: bool = True
    error: str = ""
    output: str = ""


def run_kernel(
    probe: FrameworkProbe, interpreter: str, timeout: float = CHECK_TIMEOUT_S, cancelled: Event | None = None
) -> KernelResult:
    """Run the kernel of one framework in a new process and return what became of it.

    Args:
        probe: the framework.
        interpreter: path of the environment's Python.
        timeout: maximum time in seconds; then the process is killed with everything it started.
        cancelled: set it to kill the process early.
    """
    if cancelled is not None and cancelled.is_set():
        return KernelResult(End.CANCELLED)
    orders = {"module": probe.module, "probe": probe.code, "kernel": KERNELS.get(probe.module, ""), "size": SIZE}
    orders["limit_s"] = int(timeout) + _ALARM_S
    with (
        tempfile.TemporaryFile() as answers,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryDirectory(prefix="gpuplayground-", ignore_cleanup_errors=True) as folder,
    ):
        try:
            process = subprocess.Popen(
                [interpreter, "-c", _FRAME, json.dumps(orders)],
                stdin=subprocess.DEVNULL,
                stdout=answers,
                stderr=output,
                env=_environment(folder),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                # So that a wrapper's children are killed with it.
                start_new_session=True,
            )
        except OSError as error:
            return KernelResult(End.NOT_STARTED, error=error.strerror or str(error))
        end = _wait(process, timeout, cancelled)
        result = _result(end, process.returncode, _answers(answers), _tail(output))
        return replace(result, error=f"{timeout:g} s") if end is End.TIMED_OUT else result


def _environment(folder: str) -> dict[str, str]:
    return {
        **os.environ,
        # A torch.py in the current folder is not PyTorch, and a simulated GPU does not count.
        "PYTHONSAFEPATH": "1",
        "NUMBA_ENABLE_CUDASIM": "0",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        # Otherwise TensorFlow takes nearly all memory of the GPU.
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        # A cached kernel would not show that the compiler works.
        "CUPY_CACHE_DIR": folder,
    }


def _wait(process: subprocess.Popen[bytes], timeout: float, cancelled: Event | None) -> End | None:
    """Wait for the process; return why it was killed, None if it ended by itself."""
    deadline = time.monotonic() + timeout
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_S)
            return None
        is_cancelled = cancelled is not None and cancelled.is_set()
        if is_cancelled or time.monotonic() > deadline:
            _kill(process)
            return End.CANCELLED if is_cancelled else End.TIMED_OUT


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_KILL_WAIT_S)


def _answers(file: IO[bytes]) -> dict[str, Any]:
    """Return all answers merged; ``stage`` is the last one."""
    file.seek(0)
    merged = dict[str, Any]()
    for line in file.read().decode("utf-8", "replace").splitlines():
        with suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict):
                merged.update(answer)
    return merged


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _MAX_OUTPUT))
    return file.read().decode("utf-8", "replace").strip()


def _result(end: End | None, code: int | None, answers: dict[str, Any], output: str) -> KernelResult:
    stage, error = answers.get("stage", ""), str(answers.get("error", ""))
    if end is None:
        end = _own_end(stage, error, is_right=answers.get("is_right", True) is True)
    if end is End.CRASHED:
        error = _signal_name(code)
    return KernelResult(
        end=end,
        version=answers.get("version"),
        gpus=answers.get("gpus"),
        lacks=str(answers.get("lacks", "")),
        device=str(answers.get("device", "")),
        device_name=str(answers.get("device_name", "")),
        reason=str(answers.get("reason", "")),
        import_s=float(answers.get("import_s", 0.0)),
        kernel_s=float(answers.get("kernel_s", 0.0)),
        during_import="import_s" not in answers,
        error=error,
        output=output,
    )


def _own_end(stage: str, error: str, *, is_right: bool) -> End:
    if error:
        return End.RAISED
    if stage == "missing":
        return End.MISSING
    if stage == "done":
        return End.DONE if is_right else End.WRONG
    return End.CRASHED


def _signal_name(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
