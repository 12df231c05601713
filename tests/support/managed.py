"""Environments built by uv from an index of the test's own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from threading import Event

import pytest

from gpuplayground.environments.managed.records import BuildPlan, BuildProgress, ManagedEnvironment
from gpuplayground.environments.managed.store import ManagedEnvironments
from gpuplayground.environments.packages.selection import Selection


def use_index(monkeypatch: pytest.MonkeyPatch, url: str, cache: Path) -> None:
    """Let uv know one index only, without a cache or settings from elsewhere, and fail at the first attempt."""
    for name in list(os.environ):
        if name.startswith(("UV_", "PIP_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    settings = {
        "PIP_CONFIG_FILE": os.devnull,
        "UV_CACHE_DIR": str(cache),
        "UV_DEFAULT_INDEX": url,
        "UV_HTTP_RETRIES": "0",
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def selection(*requirements: str, **more: object) -> Selection:
    """Return what to install, for the Python of the tests."""
    import sys

    chosen = {"pythons": (f"{sys.version_info[0]}.{sys.version_info[1]}",), **more}
    return Selection(requirements, **chosen)  # type: ignore[arg-type]


def build(
    environments: ManagedEnvironments,
    name: str,
    *requirements: str,
    cancelled: Event | None = None,
    progress: list[BuildProgress] | None = None,
) -> ManagedEnvironment:
    """Plan an environment and build it."""
    plan = environments.plan(name, selection(*requirements))
    return build_plan(environments, plan, cancelled, progress)


def build_plan(
    environments: ManagedEnvironments,
    plan: BuildPlan,
    cancelled: Event | None = None,
    progress: list[BuildProgress] | None = None,
) -> ManagedEnvironment:
    """Build a planned environment."""
    steps: list[BuildProgress] = [] if progress is None else progress
    return environments.build(plan, steps.append, cancelled)


def folders(environments: ManagedEnvironments) -> list[str]:
    """Return what lies in the folder of the environments, hidden files excepted."""
    if not environments.folder.is_dir():
        return []
    return sorted(path.name for path in environments.folder.iterdir() if not path.name.startswith("."))


def processes_with(text: str) -> list[int]:
    """Return the processes whose command line or environment holds a text, this one excepted."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        try:
            words = (folder / "cmdline").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if text.encode() in words and state not in "ZX":
            found.append(int(folder.name))
    return found


def said_by(interpreter: str, code: str) -> str:
    """Return what a Python prints."""
    return subprocess.run([interpreter, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout
