"""Reports which GPU frameworks an environment has and whether each sees a GPU.

Each framework is probed in its own process, because importing it may take long, crash, hang in the driver or break
another framework.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from gpuplayground.child.command_output import CommandTimeoutError, command_output
from gpuplayground.environments.framework_probes import PROBES, FrameworkProbe

#: Maximum time per framework, in seconds: a cold import of TensorFlow takes tens of seconds.
PROBE_TIMEOUT_S = 90.0

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

    ``version`` is None if it is not installed or failed to import. ``sees_gpu`` is None if not applicable.
    ``problem`` is a sentence that says what to do, ``install`` the command that installs the framework.
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
    """Probe each framework of an environment and return the reports in the order of ``probes``.

    Args:
        interpreter: path of the environment's Python.
        expects_gpu: whether the driver has a GPU; only then is a framework that sees none a problem.
        timeout: maximum time per framework in seconds.
        probes: the frameworks to probe.
    """
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="doctor") as pool:
        return tuple(pool.map(lambda probe: probe_framework(probe, interpreter, expects_gpu, timeout), probes))


def probe_framework(probe: FrameworkProbe, interpreter: str, expects_gpu: bool, timeout: float) -> FrameworkReport:
    """Probe one framework in its own process; see :func:`probe_frameworks`."""
    code = _FRAME.format(module=probe.module, code=probe.code)
    # A torch.py in the current folder is not PyTorch, and a simulated GPU does not count.
    environment = {**os.environ, "PYTHONSAFEPATH": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "NUMBA_ENABLE_CUDASIM": "0"}
    try:
        output = command_output([interpreter, "-c", code], timeout, environment=environment)
    except CommandTimeoutError:
        sentence = f"{probe.name} did not import within {timeout:g} s: if nvidia-smi hangs too, restart the machine."
        return FrameworkReport(probe.name, True, None, None, probe.install, sentence)
    answer = _answer_in(output)
    if answer is None:
        sentence = f"{probe.name} crashes on import: reinstall it ({probe.install} --force-reinstall)."
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
