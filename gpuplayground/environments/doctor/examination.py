"""One examination of the machine and its environments: quick findings first, then the frameworks' kernels."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from queue import SimpleQueue
from threading import Event

from gpuplayground.child.command_output import CommandTimeoutError, command_output
from gpuplayground.environments.doctor.answers import answers, framework_findings
from gpuplayground.environments.doctor.cache import FILE, KernelCache, state_of
from gpuplayground.environments.doctor.finding import Answer, Finding, Level, Topic
from gpuplayground.environments.doctor.kernel_findings import Check, finding_of
from gpuplayground.environments.doctor.kernel_process import CHECK_TIMEOUT_S, End, KernelResult, run_kernel
from gpuplayground.environments.doctor.machine import driver_findings, gpu_findings, visible_gpus
from gpuplayground.environments.doctor.packages import conflicts, read_packages
from gpuplayground.environments.doctor.system import System
from gpuplayground.environments.doctor.tools import find_toolchain, tool_findings
from gpuplayground.environments.framework_probes import PROBES, FrameworkProbe
from gpuplayground.environments.interpreters import Environment
from gpuplayground.model.samples import Inventory
from gpuplayground.storage import paths

#: How many kernels run at the same time: more would compete for the GPU's memory and the processor.
PARALLEL = 2
#: Maximum time for an interpreter to say which frameworks it has, in seconds.
SURVEY_TIMEOUT_S = 10.0

_SURVEY = """
import sys
if not getattr(sys.flags, "safe_path", False):
    del sys.path[0]
import importlib.util, json
def has(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
print(json.dumps([name for name in sys.argv[1:] if has(name)]))
"""
_CUDNN = FrameworkProbe(
    "cuDNN",
    "nvidia.cudnn",
    "",
    """
import ctypes, glob, os, nvidia.cudnn
folders = [os.path.join(folder, part) for folder in nvidia.cudnn.__path__ for part in ("lib", "bin")]
files = [file for folder in folders for file in glob.glob(os.path.join(folder, "*cudnn*"))]
names = [file for file in files if os.path.basename(file).startswith(("libcudnn.so", "cudnn64_"))]
if not names:
    raise OSError("libcudnn.so: cannot open shared object file: it is not in " + ", ".join(folders))
library = ctypes.CDLL(names[0])
library.cudnnGetVersion.restype = ctypes.c_size_t
number = library.cudnnGetVersion()
step = 10000 if number >= 90000 else 1000
version = f"{number // step}.{number % step // 100}.{number % 100}"
""",
)


@dataclass(frozen=True, slots=True)
class Started:
    """A kernel is being run. ``id`` is that of the finding that follows."""

    id: str
    topic: str
    framework: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A kernel will be run. ``id`` is that of the finding that follows."""

    id: str
    topic: str
    framework: str


News = Started | Planned | Finding
#: A check, what became of it, and when that was found out if it comes from the cache.
_Result = tuple[Check, KernelResult, float | None]


@dataclass(frozen=True, slots=True)
class Examination:
    """What is examined, and how.

    Attributes:
        inventory: The driver and the GPUs.
        environments: The environments, each once; those that are not trusted are not started.
        unlisted: For each GPU whose processes cannot be listed the reason, by its UUID.
        system: The machine.
        probes: The frameworks.
        cache: Where the results of kernels are kept.
        timeout: Maximum time per kernel, in seconds.
        is_fresh: Whether kernels run although their results are in the cache.
    """

    inventory: Inventory
    environments: Sequence[Environment]
    unlisted: Mapping[str, str] = field(default_factory=dict)
    system: System = field(default_factory=System)
    probes: Sequence[FrameworkProbe] = PROBES
    cache: KernelCache = field(default_factory=lambda: KernelCache(None))
    timeout: float = CHECK_TIMEOUT_S
    is_fresh: bool = False


def default_cache() -> KernelCache:
    """Return the cache in the user's data folder; one that keeps nothing if there is no such folder."""
    try:
        return KernelCache(paths.data() / FILE)
    except (OSError, RuntimeError):
        return KernelCache(None)


def quick(examination: Examination) -> tuple[tuple[Answer, ...], tuple[Finding, ...]]:
    """Return the answers and the findings that need no framework to be started. Takes about a second.

    Ids are unique. Starts the compilers to ask their versions.
    """
    inventory, system = examination.inventory, examination.system
    packages = [read_packages(each) for each in examination.environments]
    driver = tuple(driver_findings(inventory, system))
    findings = [*driver, *gpu_findings(inventory, system, examination.unlisted)]
    tools = find_toolchain(system)
    findings += tool_findings(tools, packages)
    findings += framework_findings(packages)
    for each in packages:
        findings += conflicts(each, inventory, tools.cudnn)
        findings += _distrusted(each.environment)
    return answers(inventory, system, packages, driver[0]), tuple(findings)


def kernels(
    examination: Examination,
    quick_findings: Sequence[Finding] = (),
    cancelled: Event | None = None,
    on_result: Callable[[Check, KernelResult], None] | None = None,
) -> Generator[News, None, None]:
    """Run the kernel of every framework that is installed and yield what happens, as it happens.

    Two run at a time. Every kernel is planned, started and found, in this order; one from the cache is found at once.

    Args:
        examination: what to examine.
        quick_findings: those of :func:`quick`; a conflict among them explains a failure.
        cancelled: set it to kill running kernels; those that have not started are not run.
        on_result: called in the calling thread with each raw result, before its finding.
    """
    cancelled = cancelled or Event()
    problems = [finding for finding in quick_findings if finding.level is Level.PROBLEM]
    known = {finding.id.rpartition("/")[0]: finding for finding in problems}
    # One of the driver, such as a device that may not be opened, stops every framework.
    of_driver = next((finding for finding in problems if finding.topic == Topic.DRIVER), None)
    jobs = _Jobs(examination, cancelled)
    try:
        for environment in examination.environments:
            if not environment.distrust:
                jobs.survey(environment)
        while (new := jobs.next()) is not None:
            if isinstance(new, Started):
                yield new
            elif isinstance(new, list):
                for check in new:
                    yield Planned(check.id, check.environment.label, check.probe.name)
                    jobs.run(check)
            else:
                check, result, checked_at = new
                if on_result is not None:
                    on_result(check, result)
                yield _dated(_found(check, result, examination, known.get(check.id, of_driver)), checked_at)
    except BaseException:  # also where the caller stops listening
        cancelled.set()
        raise
    finally:
        jobs.end()
    examination.cache.save()


class _Jobs:
    """Surveys environments and runs kernels in threads; what became of them is taken by :meth:`next`."""

    def __init__(self, examination: Examination, cancelled: Event) -> None:
        self._examination, self._cancelled = examination, cancelled
        self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="doctor")
        self._news: SimpleQueue[Started | list[Check] | _Result] = SimpleQueue()
        self._left = 0

    def survey(self, environment: Environment) -> None:
        """Find out which frameworks an environment has."""
        self._left += 1
        self._pool.submit(self._survey, environment)

    def run(self, check: Check) -> None:
        """Run a kernel, or take its result from the cache."""
        self._left += 1
        self._pool.submit(self._run, check)

    def next(self) -> Started | list[Check] | _Result | None:
        """Wait for the next news and return it; None when everything is done."""
        if self._left == 0:
            return None
        new = self._news.get()
        self._left -= not isinstance(new, Started)
        return new

    def end(self) -> None:
        """Wait for the threads, which end soon after a cancel."""
        self._pool.shutdown(cancel_futures=True)

    def _survey(self, environment: Environment) -> None:
        checks = list[Check]()
        try:
            checks = list(_survey(environment, self._examination, self._cancelled))
        finally:
            self._news.put(checks)

    def _run(self, check: Check) -> None:
        result, checked_at = KernelResult(End.NOT_STARTED), None
        try:
            key = state_of(check, self._examination.inventory)
            entry = None if self._examination.is_fresh else self._examination.cache.find(key)
            if entry is not None:
                result, checked_at = entry.result, entry.checked_at
                return
            self._news.put(Started(check.id, check.environment.label, check.probe.name))
            interpreter, timeout = check.environment.interpreter, self._examination.timeout
            result = run_kernel(check.probe, interpreter, timeout, self._cancelled)
            self._examination.cache.keep(key, result)
        except OSError as error:  # such as a full disk
            result = KernelResult(End.NOT_STARTED, error=error.strerror or str(error))
        finally:
            self._news.put((check, result, checked_at))


def _survey(environment: Environment, examination: Examination, cancelled: Event) -> Iterator[Check]:
    """Yield a check for every framework that the environment's interpreter would find."""
    packages = read_packages(environment)
    probes = list(examination.probes)
    if packages.cudnn_wheel:
        install = f"python -m pip install --no-deps {packages.cudnn_wheel}=={packages.cudnn}"
        probes.append(replace(_CUDNN, install=install))
    modules = [probe.module for probe in probes]
    command = [environment.interpreter, "-c", _SURVEY, *modules]
    variables = {**examination.system.variables, "PYTHONSAFEPATH": "1"}
    try:
        found = json.loads(command_output(command, SURVEY_TIMEOUT_S, cancelled, variables).splitlines()[-1])
    except (OSError, CommandTimeoutError, ValueError, IndexError):
        found = modules  # each check says what is wrong with the interpreter
    for probe in probes:
        if probe.module in found:
            yield Check(environment, probe)


def _found(check: Check, result: KernelResult, examination: Examination, known: Finding | None) -> Finding:
    # Where every GPU is hidden, that is one problem, and not one more with each framework.
    expects_gpu = bool(visible_gpus(examination.inventory, examination.system))
    return finding_of(check, result, expects_gpu=expects_gpu, known=known if expects_gpu else None)


def _dated(finding: Finding, checked_at: float | None) -> Finding:
    if checked_at is None:
        return finding
    when = datetime.fromtimestamp(checked_at).astimezone().strftime("%Y-%m-%d %H:%M")
    return replace(finding, sentence=f"{finding.sentence} Checked on {when}, unchanged since.")


def _distrusted(environment: Environment) -> Iterator[Finding]:
    if environment.distrust:
        sentence = f"This Python was not started, because {environment.distrust}: choose it in the list to trust it."
        yield Finding(f"{environment.prefix}/trust", environment.label, Level.INFO, sentence)
