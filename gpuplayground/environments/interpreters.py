"""The Python environments a snippet can run in: found on this machine, or added by the user.

Everything here starts interpreters and waits for them, some tens of milliseconds each: call it in a worker thread. Of
those that are only found, one is started only where nobody else can change it (see :mod:`.trust`).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event

from gpuplayground.child.ask import NoAnswerError, answer_of
from gpuplayground.environments.framework_probes import PROBES
from gpuplayground.environments.installed import CONFIGURATION, packages_in, prefix_of, python_version_in
from gpuplayground.environments.trust import distrust

#: The oldest Python that can run a snippet.
OLDEST = (3, 10)
#: How long an interpreter may take to describe itself, in seconds.
PROBE_TIMEOUT_S = 10.0

# Must itself run on any Python, so that one that is too old can say so.
_PROBE = (
    "import json, sys; print(json.dumps([list(sys.version_info[:3]), sys.prefix, "
    "getattr(sys, 'base_prefix', sys.prefix), sys.executable]))"
)


class InterpreterError(Exception):
    """An interpreter cannot be used; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One Python environment. ``version`` is such as ``3.13.1``; ``is_current`` marks the one this program runs in.

    ``distrust`` says in a clause why it was not started, so that what is known of it is what its files say: its version
    may lack the third number or be empty, and ``packages`` are the frameworks installed in it.
    """

    interpreter: str
    label: str
    version: str
    prefix: str
    is_current: bool = False
    distrust: str = ""
    packages: tuple[str, ...] = ()


def probe(interpreter: str, timeout: float = PROBE_TIMEOUT_S, given_up: Event | None = None) -> Environment:
    """Return the environment of ``interpreter``, a path, the name of a command on PATH, or an environment's folder.

    Args:
        interpreter: what the user typed or chose.
        timeout: seconds it may take to answer.
        given_up: once set, an interpreter that has not answered yet is ended.

    Raises:
        InterpreterError: it is missing, is not Python, does not answer, or is older than Python 3.10.
    """
    path = _resolve(interpreter)
    answer = _ask(path, timeout, given_up)
    try:
        version, prefix, base_prefix, executable = json.loads(answer.splitlines()[-1])
        major, minor, micro = (int(part) for part in version)
    except (ValueError, IndexError, TypeError) as error:
        raise InterpreterError(f"{path} is not a Python interpreter: choose one such as /usr/bin/python3.") from error
    if (major, minor) < OLDEST:
        raise InterpreterError(
            f"{path} is Python {major}.{minor}, which is too old: choose Python {OLDEST[0]}.{OLDEST[1]} or newer."
        )
    return Environment(
        # A pyenv shim or another launcher is replaced by what it starts; a venv's own link stays what makes it a venv.
        interpreter=str(executable or path),
        label=f"Python {major}.{minor} · {_kind(str(prefix), str(base_prefix))}",
        version=f"{major}.{minor}.{micro}",
        prefix=str(prefix),
        is_current=_same(str(prefix), sys.prefix),
    )


def discover(
    extra: Sequence[str] = (), working_directory: Path | None = None, given_up: Event | None = None
) -> list[Environment]:
    """Return the environments found, each once: this program's own first, then the active, the folder's, and others.

    Args:
        extra: interpreters the user chose or added; those that no longer work are left out. Of the others, those
            that somebody else can change are not started: see ``Environment.distrust``.
        working_directory: whose ``.venv`` counts, and those of the folders above it; the current one by default.
        given_up: once set, interpreters that have not answered yet are ended and left out.
    """
    candidates = list(dict.fromkeys(_candidates(extra, working_directory or _current_folder())))
    chosen = frozenset((*extra, sys.executable))
    ask = partial(_environment_of, chosen=chosen, given_up=given_up)
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="probe") as pool:
        found = [environment for environment in pool.map(ask, candidates) if environment is not None]
    # Links and shims lead to the same environment: its prefix says so. The name the user knows it by is kept.
    unique: dict[str, Environment] = {}
    for environment in found:
        prefix = os.path.realpath(environment.prefix)
        known = unique.get(prefix)
        if known is None or environment.interpreter in extra or (known.distrust and not environment.distrust):
            unique[prefix] = environment
    return told_apart(list(unique.values()))


def interpreter_in(prefix: Path) -> Path | None:
    """Return the interpreter of the environment in the folder ``prefix``, or None when there is none."""
    if sys.platform == "win32":
        names = ("Scripts/python.exe", "python.exe")
    else:
        names = ("bin/python3", "bin/python")
    # Asked by os.path: what is in a folder that cannot be read is not there, and is no error.
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
        if found and os.path.isabs(found):  # noqa: PTH117 - a "." on the PATH is no place to look for interpreters
            yield found


def _interpreters(prefixes: Sequence[Path]) -> Iterator[str]:
    for prefix in prefixes:
        interpreter = interpreter_in(prefix)
        if interpreter is not None:
            yield str(interpreter)


def _conda_environments() -> list[Path]:
    """Conda keeps a list of every environment it made, which saves starting the slow ``conda env list``."""
    try:
        lines = (Path.home() / ".conda" / "environments.txt").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError, RuntimeError):  # the last: an account without a home
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
    except RuntimeError as error:  # "~name" of nobody
        raise InterpreterError(f"There is no Python interpreter at {interpreter}: choose an existing one.") from error
    if os.path.isdir(path):  # noqa: PTH112
        inside = interpreter_in(path)
        if inside is None:
            raise InterpreterError(f"{path} is a folder without Python in it: choose an interpreter.")
        return str(inside)
    if os.path.isfile(path):  # noqa: PTH113
        return str(path.absolute())
    found = shutil.which(interpreter)
    if found is None:
        raise InterpreterError(f"There is no Python interpreter at {interpreter}: choose an existing one.")
    return found


def _ask(path: str, timeout: float, given_up: Event | None) -> str:
    try:
        return answer_of([path, "-I", "-c", _PROBE], timeout, given_up)
    except NoAnswerError as error:
        raise InterpreterError(f"{path} did not answer within {timeout:g} s: choose another interpreter.") from error
    except PermissionError as error:
        raise InterpreterError(f"{path} may not be executed: choose a Python interpreter.") from error
    except OSError as error:
        raise InterpreterError(f"{path} cannot be started: {error.strerror or error}.") from error


def _environment_of(interpreter: str, chosen: Container[str], given_up: Event | None) -> Environment | None:
    """Return the environment of a candidate, started or not; None where it cannot run snippets."""
    reason = "" if interpreter in chosen else distrust(interpreter)
    if reason:
        return _read(interpreter, reason)
    try:
        return probe(interpreter, given_up=given_up)
    except InterpreterError:
        return None


def _read(interpreter: str, reason: str) -> Environment | None:
    """Return what the files of an environment say; None where its Python is too old."""
    prefix = prefix_of(interpreter)
    version = python_version_in(prefix)
    if version and tuple(map(int, version.split(".")[:2])) < OLDEST:
        return None
    kind = _kind(str(prefix), "" if os.path.exists(prefix / CONFIGURATION) else str(prefix))  # noqa: PTH110
    words = ["Python", *([".".join(version.split(".")[:2])] if version else []), "·", kind]
    versions = packages_in(prefix)
    frameworks = (f"{each.name} {found}" for each in PROBES if (found := each.version_in(versions)))
    return Environment(interpreter, " ".join(words), version, str(prefix), distrust=reason, packages=tuple(frameworks))


def _kind(prefix: str, base_prefix: str) -> str:
    if prefix != base_prefix:
        return "venv"
    if (Path(prefix) / "conda-meta").is_dir():
        return "conda"
    if Path(prefix).parent.name == "versions" and "pyenv" in Path(prefix).parent.parent.name:
        return "pyenv"
    return "system"


def told_apart(environments: Sequence[Environment]) -> list[Environment]:
    """Add the folder to labels that would otherwise be the same, as two projects' environments are."""
    counts = Counter(environment.label for environment in environments)
    return [
        replace(environment, label=f"{environment.label} ({_folder(environment.prefix)})")
        if counts[environment.label] > 1
        else environment
        for environment in environments
    ]


def _folder(prefix: str) -> str:
    """Return the name people know an environment by: of the project, when it is the project's ``.venv``."""
    path = Path(prefix)
    return path.parent.name if path.name in (".venv", "venv", "env") else path.name


def _same(first: str, second: str) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)
