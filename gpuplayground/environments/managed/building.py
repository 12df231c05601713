"""Installs a plan into a new folder, and verifies that what was asked for can be imported."""

from __future__ import annotations

import json
import os
import threading
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from threading import Event

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gpuplayground.environments.installed import packages_in, python_version_in
from gpuplayground.environments.managed import planning, pycuda, wheels
from gpuplayground.environments.managed.records import (
    BuildError,
    BuildPlan,
    BuildProgress,
    OnProgress,
    interpreter_path,
)
from gpuplayground.environments.managed.uv import UvError, run_tool, run_uv, uv_path, uv_variables

#: Maximum time for the imports of an environment, in seconds: TensorFlow takes tens of seconds from a cold disk.
_VERIFY_TIMEOUT_S = 300.0
#: The folder of downloads that are not installed yet.
DOWNLOADS = ".downloads"
_PYPI = "https://pypi.org/simple"
#: Minimum time between two reports of progress, in seconds.
_REPORT_S = 0.1

# Imports the modules of the distributions named on the command line. A module that only lacks the driver is fine.
_VERIFY = """
import importlib, importlib.metadata, json, os, sys
answers = sys.argv.pop(1)
modules = importlib.metadata.packages_distributions() if sys.version_info >= (3, 10) else {}
failed = {}
for name in sys.argv[1:]:
    own = [each for each, names in modules.items()
           if name in {n.lower().replace("_", "-").replace(".", "-") for n in names}]
    named = [each for each in own if not each.startswith("_") and each.isidentifier()]
    plain = name.replace("-", "_")
    for module in sorted(named, key=lambda each: (each != plain, each))[:1]:
        try:
            importlib.import_module(module)
        except BaseException as error:
            failed[name] = f"{type(error).__name__}: {error}"[:2000]
with open(answers, "w", encoding="utf-8") as file:
    json.dump(failed, file)
os._exit(0)
"""


def install(plan: BuildPlan, folder: Path, root: Path, on_progress: OnProgress, cancelled: Event | None) -> None:
    """Make the environment of a plan in an empty folder.

    Args:
        plan: what to install.
        folder: the folder of the new environment.
        root: the folder of all environments, where PyCUDA's wheel is kept.
        on_progress: receives the progress.
        cancelled: set it to give up.

    Raises:
        BuildError: it could not be built.
        OSError: the folder cannot be written to.
    """
    is_there = os.path.isabs(plan.python)  # noqa: PTH117 - a version otherwise
    on_progress(BuildProgress("Creating the environment" if is_there else f"Downloading Python {plan.python}"))
    run_uv(["venv", "--quiet", "--no-project", "--allow-existing", "--python", plan.python, folder], cancelled)
    python = interpreter_path(folder)
    _install_wheels(plan, folder, root / DOWNLOADS, on_progress, cancelled)
    wanted = {str(canonicalize_name(each.name)): each for each in map(Requirement, plan.requirements)}
    if plan.pycuda is not None:
        requirement = wanted.get(planning.PYCUDA, Requirement(planning.PYCUDA))
        pycuda.install(folder, requirement, plan.pycuda, root, on_progress, cancelled)
    on_progress(BuildProgress("Checking the imports"))
    _verify(python, list(wanted), folder, cancelled)


def _install_wheels(
    plan: BuildPlan, folder: Path, kept: Path, on_progress: OnProgress, cancelled: Event | None
) -> None:
    lock = folder / "pylock.toml"
    downloads = _Downloads(plan, on_progress)
    on_progress(downloads.progress())
    files = wheels.fetch(plan, kept, downloads.add, cancelled)
    if files:
        # What uv takes from the downloads it reports as downloaded.
        downloads = _Downloads(plan, on_progress, "Installing")
        on_progress(downloads.progress())
    command: list[str | Path] = [
        "pip",
        "sync",
        "--python",
        interpreter_path(folder),
        "--no-build",
        "--preview-features",
        "pylock",
    ]
    variables = uv_variables(os.environ)
    variables |= {name: ",".join(filter(None, [variables.get(name), "127.0.0.1"])) for name in ("NO_PROXY", "no_proxy")}
    with wheels.handed_over(plan.lock, files) as redirected:
        lock.write_text(redirected, "utf-8")
        run_tool([uv_path(), *command, *_cached_indexes(redirected), lock], variables, cancelled, downloads.add)
    lock.write_text(plan.lock, "utf-8")
    for file in files.values():
        file.unlink(missing_ok=True)


def _cached_indexes(lock: str) -> list[str]:
    """Return options that name the indexes of a lock: uv looks for wheels in its cache only under indexes it knows."""
    indexes = dict.fromkeys(str(each["index"]) for each in tomllib.loads(lock)["packages"] if "index" in each)
    return [part for url in indexes if url != _PYPI for part in ("--index", url)]


def python_version(folder: Path) -> str:
    """Return the version of the Python of an environment."""
    return python_version_in(folder)


def installed(folder: Path) -> Mapping[str, str]:
    """Return the versions of the packages in an environment."""
    return packages_in(folder)


class _Downloads:
    """Adds up the bytes that uv reports for each package."""

    def __init__(self, plan: BuildPlan, on_progress: OnProgress, step: str = "Downloading") -> None:
        self._step = step
        self._total = plan.download_bytes if plan.is_size_known else None
        self._wanted = {package.name: package.size_bytes or 0 for package in plan.packages if not package.is_cached}
        self._received: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._on_progress, self._reported_at = on_progress, 0.0
        self._lock = threading.Lock()

    def add(self, name: str, received: int, size: int) -> None:
        """Take what uv says about one download; called in its reader's thread."""
        with self._lock:
            self._received[name], self._sizes[name] = received, size
            now = time.monotonic()
            if now - self._reported_at < _REPORT_S and received < size:
                return
            self._reported_at = now
            # Inside the lock, so that the sum never goes back.
            self._on_progress(self.progress())

    def progress(self) -> BuildProgress:
        """Return the sum."""
        if not self._wanted:
            return BuildProgress("Installing from the cache")
        pending = {name: size for name, size in self._sizes.items() if self._received[name] < size}
        largest = max(pending, key=lambda name: pending[name], default="")
        return BuildProgress(self._step, largest, sum(self._received.values()), self._total)


def _verify(python: Path, names: list[str], folder: Path, cancelled: Event | None) -> None:
    # What lies in the current folder or on PYTHONPATH is not part of the environment.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    variables |= {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONSAFEPATH": "1"}
    answers = folder / ".imports.json"
    try:
        run_tool([python, "-c", _VERIFY, answers, *names], variables, cancelled, timeout_s=_VERIFY_TIMEOUT_S)
        failed: dict[str, str] = json.loads(answers.read_text("utf-8"))
    except UvError as error:
        if error.kind == "timed out":
            raise BuildError("The new environment did not import in time: install it again.", error.details) from error
        raise BuildError("The new environment crashes on import: choose other versions.", error.details) from error
    except (OSError, ValueError) as error:
        raise BuildError("The new environment ends on import: choose other versions.") from error
    finally:
        answers.unlink(missing_ok=True)
    if failed:
        name, reason = next(iter(failed.items()))
        first = reason.splitlines()[0]
        raise BuildError(f"{name} was installed but cannot be imported ({first}): choose another version.", reason)
