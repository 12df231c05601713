"""Which GPU frameworks an environment has, and whether each sees a GPU.

Each framework is asked in a process of its own: importing one may take long, crash, hang in the driver, or keep
another from working.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from gpuplayground.environments.framework_probes import PROBES, FrameworkProbe

#: How long one framework may take to answer, in seconds: a cold import of TensorFlow takes tens of seconds.
PROBE_TIMEOUT_S = 90.0
#: How long a killed process may take to go. One that hangs inside the driver never does and is left behind.
_KILL_WAIT_S = 1.0

_FRAME = """
import sys
if not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # before Python 3.11 that is the current folder
import importlib.util, json, os
answers, sys.stdout = sys.stdout, sys.stderr
version = gpus = None
lacks = error = ""
missing = importlib.util.find_spec({module!r}) is None
if not missing:
    try:
        exec({code!r})
    except BaseException as raised:
        error = ": ".join([type(raised).__name__, " ".join(str(raised).split())[:300]]).rstrip(": ")
answer = dict(missing=missing, version=version, gpus=gpus, lacks=lacks, error=error)
answers.write("\\n" + json.dumps(answer) + "\\n")
answers.flush()
os._exit(0)  # some frameworks take seconds to shut down, or crash while they do
"""


@dataclass(frozen=True, slots=True)
class FrameworkReport:
    """One framework in one environment.

    ``version`` is None when it is not installed or did not come up. ``sees_gpu`` is None where that makes no sense.
    ``problem`` is one sentence that says what to do; ``install`` the command that installs the framework.
    """

    name: str
    installed: bool
    version: str | None
    sees_gpu: bool | None
    install: str
    problem: str | None = None


def probe_frameworks(
    interpreter: str,
    expects_gpu: bool,
    timeout: float = PROBE_TIMEOUT_S,
    probes: Sequence[FrameworkProbe] = PROBES,
) -> tuple[FrameworkReport, ...]:
    """Ask each framework of an environment and return the reports in the order of ``probes``.

    Args:
        interpreter: path of the environment's Python.
        expects_gpu: whether the driver has a GPU to offer; only then is a framework that sees none a problem.
        timeout: seconds each framework may take.
        probes: the frameworks to ask about.
    """
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="doctor") as pool:
        return tuple(pool.map(lambda probe: probe_framework(probe, interpreter, expects_gpu, timeout), probes))


def probe_framework(probe: FrameworkProbe, interpreter: str, expects_gpu: bool, timeout: float) -> FrameworkReport:
    """Ask one framework in a process of its own; see :func:`probe_frameworks`."""
    code = _FRAME.format(module=probe.module, code=probe.code)
    # Not from the current folder: a torch.py lying there is not PyTorch. A simulated GPU is not a GPU.
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "NUMBA_ENABLE_CUDASIM": "0"}
    try:
        output = output_of([interpreter, "-c", code], timeout, environment)
    except TimeoutError:
        sentence = f"{probe.name} did not come up within {timeout:g} s: if nvidia-smi hangs too, restart the machine."
        return FrameworkReport(probe.name, True, None, None, probe.install, sentence)
    answer = _answer_in(output)
    if answer is None:
        sentence = f"{probe.name} crashes while it is imported: reinstall it ({probe.install} --force-reinstall)."
        return FrameworkReport(probe.name, True, None, None, probe.install, sentence)
    if answer["missing"]:
        return FrameworkReport(probe.name, False, None, None, probe.install)
    sees_gpu = None if answer["gpus"] is None else answer["gpus"] > 0
    problem = _problem(probe, answer, sees_gpu, expects_gpu)
    return FrameworkReport(probe.name, True, answer["version"], sees_gpu, probe.install, problem)


def _problem(probe: FrameworkProbe, answer: dict[str, Any], sees_gpu: bool | None, expects_gpu: bool) -> str | None:
    if answer["error"]:
        return f"{probe.name} cannot be used ({answer['error']}): reinstall it ({probe.install} --force-reinstall)."
    if not expects_gpu:
        return None
    if answer["lacks"]:
        return f"{probe.name} {answer['version']} {probe.remedies[answer['lacks']]}."
    if sees_gpu is False:
        return (
            f"{probe.name} {answer['version']} sees no GPU although the driver has one: "
            "unset CUDA_VISIBLE_DEVICES, or install a build for this driver's CUDA version."
        )
    return None


def _answer_in(output: str) -> dict[str, Any] | None:
    lines = output.splitlines()
    try:
        answer = json.loads(lines[-1])
    except (IndexError, ValueError):
        return None
    return answer if isinstance(answer, dict) and answer.keys() >= {"missing", "version", "gpus", "error"} else None


def output_of(command: Sequence[str], timeout: float, environment: Mapping[str, str] | None = None) -> str:
    """Return what a command writes to its standard output, and never wait longer than ``timeout`` seconds for it.

    ``subprocess.run`` waits for good for a process that it killed; one that hangs in the driver cannot be killed.

    Raises:
        TimeoutError: the command has not ended in time. It was killed, with what it started.
        OSError: the command cannot be started.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        return process.communicate(timeout=timeout)[0].decode("utf-8", "replace")
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{command[0]} did not end in time ({timeout:g} s)") from error
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        if sys.platform == "win32":
            process.kill()
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_KILL_WAIT_S)
