"""The records of managed environments: an environment, the plan of a build, its progress, and its errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class BuildError(Exception):
    """An environment could not be built or removed.

    The message is a sentence that says what to do; ``details`` is what uv printed.
    """

    def __init__(self, sentence: str, details: str = "") -> None:
        super().__init__(sentence)
        self.details = details


class BuildCancelledError(BuildError):
    """The build was cancelled. Building again continues with what has been downloaded."""


@dataclass(frozen=True, slots=True)
class ManagedEnvironment:
    """One environment of the application.

    Attributes:
        name: Its name, such as ``pytorch``.
        interpreter: The path of its Python.
        python: The version of its Python, such as ``3.12.1``.
        requirements: What it was built for, as in PEP 508.
        packages: The version of each installed package, by its normalized name.
        created: When it was built, in seconds since the epoch.
        notes: What was left out when it was built, in sentences.
    """

    name: str
    interpreter: str
    python: str
    requirements: tuple[str, ...]
    packages: Mapping[str, str]
    created: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedPackage:
    """A package to install. ``size_bytes`` is the size of its wheel, None if its index does not say."""

    name: str
    version: str
    size_bytes: int | None
    is_cached: bool


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What a build will install, and how much it downloads.

    Attributes:
        name: The name of the environment.
        requirements: What is asked for, as in PEP 508.
        python: The Python to use: a path, or a version such as ``3.12`` that uv downloads.
        packages: All packages with their dependencies.
        lock: The resolution as a ``pylock.toml`` file (PEP 751).
        pycuda: The CUDA version to build PyCUDA for; None if it is not wanted.
        notes: What is left out, in sentences.
    """

    name: str
    requirements: tuple[str, ...]
    python: str
    packages: tuple[PlannedPackage, ...]
    lock: str
    pycuda: tuple[int, int] | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def download_bytes(self) -> int:
        """The known size of what is not downloaded yet."""
        return sum(package.size_bytes or 0 for package in self.packages if not package.is_cached)

    @property
    def is_size_known(self) -> bool:
        """Whether the size of every package to download is known."""
        return all(package.is_cached or package.size_bytes is not None for package in self.packages)


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """The state of a build.

    Attributes:
        step: What is being done, such as ``Downloading``.
        package: The largest package that is being downloaded, or the one that is being checked; may be empty.
        received_bytes: How much has been downloaded.
        total_bytes: How much is downloaded in all; None if unknown.
    """

    step: str
    package: str = ""
    received_bytes: int = 0
    total_bytes: int | None = None


OnProgress = Callable[[BuildProgress], None]


def interpreter_path(prefix: Path) -> Path:
    """Return the path of the Python in a virtual environment."""
    windows = prefix / "Scripts" / "python.exe"
    return windows if windows.exists() else prefix / "bin" / "python"
