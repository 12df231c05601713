"""Finds the Python environments that a snippet can run in.

These functions start interpreters and wait for them, some tens of milliseconds each, so call them in a worker thread.
An interpreter that the user did not choose is started only if nobody else can change it (see :mod:`.trust`).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Event

from gpuplayground.child.command_output import CommandTimeoutError, command_output
from gpuplayground.environments.framework_probes import PROBES
from gpuplayground.environments.installed import CONFIGURATION, packages_in, prefix_of, python_version_in
from gpuplayground.environments.managed.records import ManagedEnvironment
from gpuplayground.environments.trust import distrust

#: The oldest Python that can run a snippet.
OLDEST = (3, 10)
#: Maximum time for an interpreter to describe itself, in seconds.
PROBE_TIMEOUT_S = 10.0

# Must run on any Python, so that one that is too old can report its version.
_PROBE = (
    "import json, sys; print(json.dumps([list(sys.version_info[:3]), sys.prefix, "
    "getattr(sys, 'base_prefix', sys.prefix), sys.executable]))"
)


class InterpreterError(Exception):
    """An interpreter cannot be used; the message is a sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One Python environment, such as of version ``3.13.1``; ``is_current`` marks the one this program runs in.

    ``distrust`` says in a clause why it was not started. Then only its files were read: ``version`` may lack the third
    number or be empty. ``packages`` has its frameworks with their versions, such as ``PyTorch 2.11``, and ``versions``
    the version of every package by its normalized name. ``managed`` is its name if the application made it.
    """

    interpreter: str
    label: str
    version: str
    prefix: str
    is_current: bool = False
    distrust: str = ""
    packages: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict, compare=False)
    managed: str = ""


def probe(interpreter: str, timeout: float = PROBE_TIMEOUT_S, cancelled: Event | None = None) -> Environment:
    """Return the environment of an interpreter, which is started.

    Args:
        interpreter: a path, the name of a command on PATH, or an environment's folder.
        timeout: maximum time for its answer, in seconds.
        cancelled: set it to kill an interpreter that has not answered yet.

    Raises:
        InterpreterError: it is missing, is not Python, does not answer, or is older than Python 3.10.
    """
    path = _resolve(interpreter)
    answer = _query(path, timeout, cancelled)
    try:
        version, prefix, base_prefix, executable = json.loads(answer.splitlines()[-1])
        major, minor, micro = (int(part) for part in version)
    except (ValueError, IndexError, TypeError) as error:
        raise InterpreterError(f"{path} is not a Python interpreter: choose one such as /usr/bin/python3.") from error
    if (major, minor) < OLDEST:
        raise InterpreterError(
            f"{path} is Python {major}.{minor}, which is too old: choose Python {OLDEST[0]}.{OLDEST[1]} or newer."
        )
    versions = packages_in(Path(prefix))
    return Environment(
        # Resolves pyenv shims and other launchers, but keeps a venv's link, which makes it a venv.
        interpreter=str(executable or path),
        label=f"Python {major}.{minor} · {_kind(str(prefix), str(base_prefix))}",
        version=f"{major}.{minor}.{micro}",
        prefix=str(prefix),
        is_current=_same(str(prefix), sys.prefix),
        packages=_frameworks(versions),
        versions=versions,
    )


def environment_of(managed: ManagedEnvironment) -> Environment:
    """Return an environment that the application made. Nothing is started: what it holds is known."""
    short = ".".join(managed.python.split(".")[:2])
    return Environment(
        interpreter=managed.interpreter,
        label=f"{managed.name} · Python {short}",
        version=managed.python,
        prefix=str(Path(managed.interpreter).parents[1]),
        packages=_frameworks(managed.packages),
        versions=managed.packages,
        managed=managed.name,
    )


def _frameworks(versions: Mapping[str, str]) -> tuple[str, ...]:
    """Return the frameworks among packages with their versions, without build tags such as ``+cu130``."""
    found = ((each.name, each.version_in(versions)) for each in PROBES)
    return tuple(f"{name} {version.partition('+')[0]}" for name, version in found if version)


def discover(
    extra: Sequence[str] = (), working_directory: Path | None = None, cancelled: Event | None = None
) -> list[Environment]:
    """Return the environments found, each once: this program's own, then the active one, the folder's, and others.

    Args:
        extra: interpreters that the user added; those that no longer work are left out. Others that somebody else
            can change are not started, see ``Environment.distrust``.
        working_directory: its ``.venv`` and those of its parent folders count; the current folder by default.
        cancelled: set it to kill and leave out interpreters that have not answered yet.
    """
    candidates = list(dict.fromkeys(_candidates(extra, working_directory or _current_folder())))
    chosen = frozenset((*extra, sys.executable))
    query = partial(_environment_of, chosen=chosen, cancelled=cancelled)
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="probe") as pool:
        found = [environment for environment in pool.map(query, candidates) if environment is not None]
    # Links and shims to one environment share its prefix. The path that the user added is kept.
    unique: dict[str, Environment] = {}
    for environment in found:
        prefix = os.path.realpath(environment.prefix)
        known = unique.get(prefix)
        if known is None or environment.interpreter in extra or (known.distrust and not environment.distrust):
            unique[prefix] = environment
    return with_distinct_labels(list(unique.values()))


def interpreter_in(prefix: Path) -> Path | None:
    """Return the interpreter of the environment in the folder ``prefix``, or None without one."""
    if sys.platform == "win32":
        names = ("Scripts/python.exe", "python.exe")
    else:
        names = ("bin/python3", "bin/python")
    # os.path does not raise for an unreadable folder.
    return next((prefix / name for name in names if os.path.isfile(prefix / name)), None)  # noqa: PTH113


def _candidates(extra: Sequence[str], working_directory: Path) -> Iterator[str]:
    if sys.executable:
        yield sys.executable
    prefixes = [Path(os.environ[name]) for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if os.environ.get(name)]
    prefixes += [folder / ".venv" for folder in (working_directory, *working_directory.parents)]
    yield from _interpreters(prefixes)
    yield from extra
    yield from _interpreters([*_conda_environments(), *_pyenv_versions()])
    for name in ("python3", "python"):
        found = shutil.which(name)
        if found and os.path.isabs(found):  # noqa: PTH117 - ignores a "." on the PATH
            yield found


def _interpreters(prefixes: Sequence[Path]) -> Iterator[str]:
    for prefix in prefixes:
        interpreter = interpreter_in(prefix)
        if interpreter is not None:
            yield str(interpreter)


def _conda_environments() -> list[Path]:
    """Return the environments in conda's own list, which avoids the slow ``conda env list``."""
    try:
        lines = (Path.home() / ".conda" / "environments.txt").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError, RuntimeError):  # RuntimeError: an account without a home folder
        return []
    return [Path(line.strip()) for line in lines if line.strip()]


def _pyenv_versions() -> list[Path]:
    try:
        root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        return sorted((root / "versions").iterdir(), reverse=True)
    except (OSError, RuntimeError):
        return []


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:  # it was removed
        return Path("/")


def _resolve(interpreter: str) -> str:
    try:
        path = Path(interpreter).expanduser()
    except RuntimeError as error:  # "~name" of an unknown user
        raise InterpreterError(f"There is no Python interpreter at {interpreter}: choose an existing one.") from error
    if os.path.isdir(path):  # noqa: PTH112
        inside = interpreter_in(path)
        if inside is None:
            raise InterpreterError(f"{path} is a folder without a Python interpreter: choose another one.")
        return str(inside)
    if os.path.isfile(path):  # noqa: PTH113
        return str(path.absolute())
    found = shutil.which(interpreter)
    if found is None:
        raise InterpreterError(f"There is no Python interpreter at {interpreter}: choose an existing one.")
    return found


def _query(path: str, timeout: float, cancelled: Event | None) -> str:
    try:
        return command_output([path, "-I", "-c", _PROBE], timeout, cancelled)
    except CommandTimeoutError as error:
        raise InterpreterError(f"{path} did not answer within {timeout:g} s: choose another interpreter.") from error
    except PermissionError as error:
        raise InterpreterError(f"{path} is not executable: choose a Python interpreter.") from error
    except OSError as error:
        raise InterpreterError(f"{path} cannot be started: {error.strerror or error}.") from error


def _environment_of(interpreter: str, chosen: Container[str], cancelled: Event | None) -> Environment | None:
    """Return the environment of a candidate, started only if trusted; None if it cannot run snippets."""
    reason = "" if interpreter in chosen else distrust(interpreter)
    if reason:
        return _read(interpreter, reason)
    try:
        return probe(interpreter, cancelled=cancelled)
    except InterpreterError:
        return None


def _read(interpreter: str, reason: str) -> Environment | None:
    """Return an environment as described by its files; None if its Python is too old."""
    prefix = prefix_of(interpreter)
    version = python_version_in(prefix)
    if version and tuple(map(int, version.split(".")[:2])) < OLDEST:
        return None
    kind = _kind(str(prefix), "" if os.path.exists(prefix / CONFIGURATION) else str(prefix))  # noqa: PTH110
    words = ["Python", *([".".join(version.split(".")[:2])] if version else []), "·", kind]
    versions = packages_in(prefix)
    return Environment(
        interpreter,
        " ".join(words),
        version,
        str(prefix),
        distrust=reason,
        packages=_frameworks(versions),
        versions=versions,
    )


def _kind(prefix: str, base_prefix: str) -> str:
    if prefix != base_prefix:
        return "venv"
    if (Path(prefix) / "conda-meta").is_dir():
        return "conda"
    if Path(prefix).parent.name == "versions" and "pyenv" in Path(prefix).parent.parent.name:
        return "pyenv"
    return "system"


def with_distinct_labels(environments: Sequence[Environment]) -> list[Environment]:
    """Return the environments with their folder added to labels that are not unique."""
    counts = Counter(environment.label for environment in environments)
    return [
        replace(environment, label=f"{environment.label} ({_folder(environment.prefix)})")
        if counts[environment.label] > 1
        else environment
        for environment in environments
    ]


def _folder(prefix: str) -> str:
    """Return the folder name to show: the project's for a ``.venv``, else the environment's own."""
    path = Path(prefix)
    return path.parent.name if path.name in (".venv", "venv", "env") else path.name


def _same(first: str, second: str) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)
