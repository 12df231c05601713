"""The environments of the application on disk.

Each environment is a folder ``NAME-ID`` and a file ``NAME.json`` that points to it. A folder never changes once it is
pointed to: a new one is built beside it, and replacing the file is what installs it. So an environment is whole or not
there, whatever interrupts a build. Folders that nothing points to are removed when no process uses them any more.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

from gpuplayground.environments.managed import building, planning
from gpuplayground.environments.managed.records import (
    BuildError,
    BuildPlan,
    ManagedEnvironment,
    OnProgress,
    interpreter_path,
)
from gpuplayground.environments.packages.selection import Selection
from gpuplayground.storage import locks
from gpuplayground.storage.locks import IN_USE

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,40}")
_FOLDER = re.compile(r"(?P<name>.+)-[0-9a-f]{8}")


class ManagedEnvironments:
    """The environments in a folder. Methods block, so call them in a worker thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def environments(self) -> tuple[ManagedEnvironment, ...]:
        """Return the environments by name. Reads a small file for each."""
        found = (self._read(file) for file in sorted(self.folder.glob("*.json")))
        return tuple(each for each in found if each is not None)

    def find(self, name: str) -> ManagedEnvironment | None:
        """Return an environment, or None."""
        return self._read(self.folder / f"{name}.json")

    def name_of(self, interpreter: str) -> str | None:
        """Return the name of the environment that an interpreter belongs or belonged to, or None."""
        path = Path(interpreter)
        if not path.is_relative_to(self.folder):
            return None
        match = _FOLDER.fullmatch(path.relative_to(self.folder).parts[0])
        return match["name"] if match else None

    def plan(self, name: str, selection: Selection, cancelled: Event | None = None) -> BuildPlan:
        """Return what building an environment will install. Needs the network.

        Raises:
            BuildError: the name or the packages are not possible, or the index cannot be reached.
        """
        check_name(name)
        return planning.make_plan(name, selection, cancelled)

    def build(self, plan: BuildPlan, on_progress: OnProgress, cancelled: Event | None = None) -> ManagedEnvironment:
        """Build an environment, or replace one, and return it.

        Args:
            plan: what to install.
            on_progress: called about ten times a second, in other threads too.
            cancelled: set it to give up.

        Raises:
            BuildCancelledError: ``cancelled`` was set.
            BuildError: it could not be built; an existing environment of that name is unchanged.
        """
        check_name(plan.name)
        with self._alone(plan.name):
            self._sweep(plan.name)
            folder = self.folder / f"{plan.name}-{os.urandom(4).hex()}"
            try:
                folder.mkdir(parents=True)
                (folder / IN_USE).touch()
                building.install(plan, folder, self.folder, on_progress, cancelled)
                self._point_to(folder, plan)
            except OSError as error:
                _remove(folder)
                raise BuildError(_disk_sentence(error, self.folder), str(error)) from error
            except BaseException:
                _remove(folder)
                raise
            self._sweep(plan.name)
        built = self.find(plan.name)
        if built is None:
            raise BuildError(f"The environment {plan.name} was removed while it was built: build it again.")
        return built

    def remove(self, name: str) -> None:
        """Remove an environment; its files go once no process uses them.

        Raises:
            BuildError: there is none of that name, it is in use, or it cannot be removed.
        """
        environment = self.find(name)
        if environment is None:
            raise BuildError(f"There is no environment {name}: “gpuplayground env list” shows those there are.")
        with self._alone(name):
            if self.is_in_use(environment):
                raise BuildError(f"The environment {name} is in use: stop what runs in it, then remove it.")
            try:
                (self.folder / f"{name}.json").unlink(missing_ok=True)
            except OSError as error:
                raise BuildError(_disk_sentence(error, self.folder), str(error)) from error
            self._sweep(name)

    def sweep(self) -> None:
        """Remove what interrupted builds and replaced environments have left."""
        for folder in self.folder.glob("*-*"):
            match = _FOLDER.fullmatch(folder.name)
            if match:
                with suppress(BuildError, OSError), self._alone(match["name"]):
                    self._sweep(match["name"])

    def is_in_use(self, environment: ManagedEnvironment) -> bool:
        """Return whether a run or a warm process uses an environment."""
        return not _is_free(Path(environment.interpreter).parents[1])

    def size_bytes(self, environment: ManagedEnvironment) -> int:
        """Return how much disk an environment takes. Files that it shares with uv's cache count in full.

        Walks over all files, which takes seconds for a large one.
        """
        return disk_usage(Path(environment.interpreter).parents[1])

    def _read(self, file: Path) -> ManagedEnvironment | None:
        try:
            data: dict[str, Any] = json.loads(file.read_text("utf-8"))
            interpreter = interpreter_path(self.folder / str(data["folder"]))
            if not _FOLDER.fullmatch(data["folder"]) or not interpreter.exists():
                return None
            return ManagedEnvironment(
                file.stem,
                str(interpreter),
                str(data["python"]),
                tuple(map(str, data["requirements"])),
                {str(name): str(version) for name, version in data["packages"].items()},
                float(data["created"]),
                tuple(map(str, data["notes"])),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # being removed, or damaged: it can be built again

    def _point_to(self, folder: Path, plan: BuildPlan) -> None:
        data = {
            "folder": folder.name,
            "python": building.python_version(folder),
            "requirements": plan.requirements,
            "packages": building.installed(folder),
            "created": time.time(),
            "notes": plan.notes,
        }
        temporary = self.folder / f".{folder.name}.tmp"
        try:
            temporary.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
            temporary.replace(self.folder / f"{plan.name}.json")
        finally:
            temporary.unlink(missing_ok=True)

    def _sweep(self, name: str) -> None:
        """Remove the folders of a name that nothing points to and nobody uses; needs the lock of the name."""
        environment = self.find(name)
        current = Path(environment.interpreter).parents[1] if environment is not None else None
        for folder in self.folder.glob(f"{name}-*"):
            match = _FOLDER.fullmatch(folder.name)
            if match and match["name"] == name and folder != current:
                _remove_unless_used(folder)

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Hold the lock of a name, so that two windows do not build or remove the same environment."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = (self.folder / f".{name}.lock").open("ab")
        except OSError as error:
            raise BuildError(_disk_sentence(error, self.folder), str(error)) from error
        with file:
            if not locks.try_lock(file):
                raise BuildError(f"The environment {name} is being built or removed elsewhere: wait for that.")
            yield


def check_name(name: str) -> None:
    """Check the name of an environment.

    Raises:
        BuildError: it cannot be a name.
    """
    if not _NAME.fullmatch(name):
        raise BuildError(
            f"“{name}” cannot be the name of an environment: use up to 41 lower-case letters, digits, dots and hyphens."
        )


def disk_usage(folder: Path) -> int:
    """Return the size of the files in a folder, in bytes on the disk."""
    total = 0
    for root, _, files in os.walk(folder):
        for file in files:
            with suppress(OSError):
                status = os.lstat(os.path.join(root, file))  # noqa: PTH118 - tens of thousands of files
                total += getattr(status, "st_blocks", 0) * 512 or status.st_size
    return total


def _is_free(folder: Path) -> bool:
    try:
        with (folder / IN_USE).open("rb+") as file:
            return locks.try_lock(file)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _remove_unless_used(folder: Path) -> None:
    try:
        file = (folder / IN_USE).open("rb+")
    except FileNotFoundError:
        _remove(folder)
        return
    except OSError:
        return
    with file:
        if not locks.try_lock(file):
            return
        _remove(folder)  # with the lock, so that nobody takes it into use meanwhile
    _remove(folder)  # Windows keeps the file that was open


def _remove(folder: Path) -> None:
    # The interpreter goes first: without it the rest is not an environment, even if removing is interrupted.
    with suppress(OSError):
        interpreter_path(folder).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _disk_sentence(error: OSError, folder: Path) -> str:
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full: free some space, then install again."
    return f"{folder} cannot be written to ({error.strerror or error}): check its owner and permissions."
