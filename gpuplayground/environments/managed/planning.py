"""Resolves what an environment will contain: exact versions, a Python, and the size of the downloads."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import tempfile
import tomllib
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, Protocol

import tomli_w
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gpuplayground.environments.managed import pycuda
from gpuplayground.environments.managed.pip_settings import own_indexes
from gpuplayground.environments.managed.records import BuildError, BuildPlan, PlannedPackage
from gpuplayground.environments.managed.uv import UvError, run_uv
from gpuplayground.environments.packages.selection import Selection

#: Maximum time for an index to tell the size of a file, in seconds.
_SIZE_TIMEOUT_S = 10.0
#: Not on any index as a wheel: it is built here.
PYCUDA = "pycuda"


class _Resolve(Protocol):
    """Resolves requirements for one Python; see :func:`_resolve`."""

    def __call__(self, requirements: Sequence[str], *, indexes: Mapping[str, str]) -> str:
        """Return the resolution as pylock.toml."""


def make_plan(name: str, selection: Selection, cancelled: Event | None = None) -> BuildPlan:
    """Return the plan of an environment. It takes about a second with a warm cache, and needs the network.

    Raises:
        BuildCancelledError: ``cancelled`` was set.
        BuildError: the packages cannot be had together, or the index cannot be reached.
    """
    wheels = tuple(each for each in selection.requirements if _name(each) != PYCUDA)
    if selection.pycuda is not None:
        wheels = (*wheels, *pycuda.requirements(selection.pycuda))
    python, lock, notes = _first_python(selection, wheels, cancelled)
    if selection.cupti:
        lock, note = _with_cupti(selection.cupti, wheels, lock, partial(_resolve, python=python, cancelled=cancelled))
        notes = (*notes, *note)
    packages = _packages(lock, cancelled)
    return BuildPlan(name, selection.requirements, python, packages, lock, selection.pycuda, (*selection.notes, *notes))


def _first_python(
    selection: Selection, wheels: tuple[str, ...], cancelled: Event | None
) -> tuple[str, str, tuple[str, ...]]:
    """Return the first Python that all packages have wheels for, with the resolution and notes."""
    first_error: UvError | None = None
    for python in _pythons(selection.pythons, cancelled):
        try:
            resolve = partial(_resolve, python=python, cancelled=cancelled)
            return python, *_from_reachable_indexes(resolve, wheels, selection.indexes)
        except UvError as error:
            if error.kind not in ("no wheel", "conflict", "python"):
                raise
            first_error = first_error or error
    raise first_error or BuildError(
        f"None of the Pythons that these packages support ({', '.join(selection.pythons)}) is installed: install one."
    )


def _pythons(versions: Sequence[str], cancelled: Event | None) -> list[str]:
    """Return interpreters to try: those of the wanted versions that are installed, then the versions themselves."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found: list[str] = []
    if own in versions and not sysconfig.get_config_var("Py_GIL_DISABLED"):
        found.append(str(getattr(sys, "_base_executable", "") or sys.executable))
    for version in versions:
        if version != own:
            try:
                said = run_uv(["python", "find", "--no-python-downloads", "--no-project", version], cancelled)
            except UvError:
                continue
            lines = [line for line in said.splitlines() if os.path.isfile(line)]  # noqa: PTH113 - never raises
            found += lines[-1:]
    return [*found, *versions]


def _from_reachable_indexes(
    resolve: _Resolve, wheels: tuple[str, ...], indexes: Mapping[str, str]
) -> tuple[str, tuple[str, ...]]:
    """Resolve; if PyTorch's index cannot be reached, take what it should provide from the user's own indexes."""
    try:
        return resolve(wheels, indexes=indexes), ()
    except UvError as error:
        if error.kind != "network" or not indexes:
            raise
        for url in own_indexes(os.environ):
            try:
                lock = resolve(wheels, indexes=dict.fromkeys(indexes, url))
            except UvError:
                continue
            names = ", ".join(sorted(indexes))
            return lock, (f"{names} comes from {url}, because {next(iter(indexes.values()))} cannot be reached.",)
        raise


def _resolve(
    requirements: Sequence[str], *, python: str, indexes: Mapping[str, str], cancelled: Event | None = None
) -> str:
    """Return the resolution as pylock.toml."""
    with tempfile.TemporaryDirectory(prefix="gpuplayground-") as folder:
        project, lock = Path(folder) / "pyproject.toml", Path(folder) / "pylock.toml"
        project.write_text(project_file(requirements, indexes), "utf-8")
        command = ("pip", "compile", "--format", "pylock.toml", "--only-binary", ":all:", "--no-header")
        # A single run: an index that cannot be reached is tried three times anyway.
        run_uv([*command, "--python", python, "--quiet", "--output-file", lock, project], cancelled)
        return lock.read_text("utf-8")


def project_file(requirements: Sequence[str], indexes: Mapping[str, str]) -> str:
    """Return the pyproject.toml of an environment, with the index of each package that needs a certain one."""
    urls = {url: f"index-{number}" for number, url in enumerate(dict.fromkeys(indexes.values()))}
    wanted = {str(canonicalize_name(name)): url for name, url in indexes.items()}
    # uv takes a source only for packages that the project itself names.
    named = [*requirements, *(name for name in wanted if name not in {_name(each) for each in requirements})]
    project: dict[str, Any] = {
        "project": {"name": "gpuplayground-environment", "version": "0", "dependencies": named},
        "tool": {
            "uv": {
                "index": [{"name": name, "url": url, "explicit": True} for url, name in urls.items()],
                "sources": {name: {"index": urls[url]} for name, url in wanted.items()},
            }
        },
    }
    return tomli_w.dumps(project)


def _with_cupti(cupti: str, wheels: Sequence[str], lock: str, resolve: _Resolve) -> tuple[str, tuple[str, ...]]:
    """Add cupti-python if that changes no version: unpinned, it pulls frameworks years back."""
    pins = [f"{package['name']}=={package['version']}" for package in tomllib.loads(lock)["packages"]]
    extras = [each for each in wheels if Requirement(each).extras]
    try:
        return resolve([*pins, *(_without_version(each) for each in extras), cupti], indexes={}), ()
    except UvError as error:
        if error.kind not in ("no wheel", "conflict", "unknown", "network"):
            raise
        return lock, ("GPU operations are not traced in this environment: no cupti-python fits its packages.",)


def _without_version(requirement: str) -> str:
    parsed = Requirement(requirement)
    return f"{parsed.name}[{','.join(sorted(parsed.extras))}]"


def _packages(lock: str, cancelled: Event | None) -> tuple[PlannedPackage, ...]:
    """Return the packages of a resolution, the size of their wheels, and whether uv has them in its cache."""
    cache = Path(run_uv(["cache", "dir"], cancelled).splitlines()[-1])
    found, urls = [], []
    for package in tomllib.loads(lock)["packages"]:
        wheel: dict[str, Any] = next(iter(package.get("wheels", ())), {})
        found.append(_planned(package, wheel, cache))
        urls.append(str(wheel.get("url", "")))
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="size") as pool:
        sizes = list(pool.map(_size_of, found, urls))
    return tuple(replace(package, size_bytes=size) for package, size in zip(found, sizes, strict=True))


def _planned(package: Mapping[str, Any], wheel: Mapping[str, Any], cache: Path) -> PlannedPackage:
    name, version = str(package["name"]), str(package["version"])
    size = wheel.get("size")
    # The layout of uv's cache is its own affair: if it changes, the download is merely announced too large.
    is_cached = any(
        not path.name.endswith((".lock", ".http", ".msgpack", ".rev"))
        for pattern in (f"wheels-v*/*/{name}/{version}-*", f"wheels-v*/*/*/{name}/{version}-*")
        for path in cache.glob(pattern)
    )
    return PlannedPackage(name, version, size if isinstance(size, int) else None, is_cached)


def _size_of(package: PlannedPackage, url: str) -> int | None:
    """Return the size of a wheel, asking its server where the index does not say."""
    if package.size_bytes is not None or package.is_cached:
        return package.size_bytes
    if url.startswith("file:"):
        try:
            return os.stat(urllib.request.url2pathname(url.removeprefix("file:"))).st_size  # noqa: PTH116
        except OSError:
            return None
    if not re.match(r"https?://", url):
        return None
    try:
        request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=_SIZE_TIMEOUT_S) as answer:  # noqa: S310
            length = answer.headers.get("Content-Length", "")
    except (OSError, ValueError):
        return None
    return int(length) if length.isdecimal() else None


def _name(requirement: str) -> str:
    return str(canonicalize_name(Requirement(requirement).name))
