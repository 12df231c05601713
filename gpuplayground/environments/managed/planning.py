"""Resolves what an environment will contain: exact versions, a Python, and the size of the downloads."""

from __future__ import annotations

import os
import re
import ssl
import sys
import sysconfig
import tempfile
import tomllib
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http.client import HTTPException
from pathlib import Path
from threading import Event
from typing import Any, Protocol

import tomli_w
from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name

from gpuplayground.environments.installed import small_text
from gpuplayground.environments.managed import pycuda
from gpuplayground.environments.managed.pip_settings import own_indexes, uv_environment
from gpuplayground.environments.managed.records import BuildCancelledError, BuildError, BuildPlan, PlannedPackage
from gpuplayground.environments.managed.uv import UvError, run_uv
from gpuplayground.environments.packages.selection import Selection

#: Maximum time for an index to tell the size of a file, in seconds.
_SIZE_TIMEOUT_S = 5.0
_POLL_S = 0.05
#: Failures of an index that another one may not have.
_UNREACHABLE = ("network", "proxy", "certificate", "credentials")
_PYPI = "https://pypi.org/simple"
_PYPI_FILES = "https://files.pythonhosted.org/"
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
    for requirement in selection.requirements:
        check_requirement(requirement)
    wheels = tuple(each for each in selection.requirements if _name(each) != PYCUDA)
    if selection.pycuda is not None:
        wheels = (*wheels, *pycuda.requirements(selection.pycuda))
    python, lock, notes = _first_python(selection, wheels, cancelled)
    if selection.cupti:
        lock, note = _with_cupti(selection.cupti, wheels, lock, partial(_resolve, python=python, cancelled=cancelled))
        notes = (*notes, *note)
    lock = _shared_with_pypi(lock)
    packages = _packages(lock, selection.indexes.values(), cancelled)
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
        if error.kind not in _UNREACHABLE or not indexes:
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


def _shared_with_pypi(lock: str) -> str:
    """Name PyPI as the index of its packages: else uv does not share their wheels with what it installs otherwise."""
    content = tomllib.loads(lock)
    for package in content["packages"]:
        wheels = package.get("wheels", ())
        if wheels and all(str(wheel.get("url", "")).startswith(_PYPI_FILES) for wheel in wheels):
            package.setdefault("index", _PYPI)
    return tomli_w.dumps(content)


def _packages(lock: str, indexes: Iterable[str], cancelled: Event | None) -> tuple[PlannedPackage, ...]:
    """Return the packages of a resolution, the size of their wheels, and whether uv has them in its cache."""
    cache = Path(run_uv(["cache", "dir"], cancelled).splitlines()[-1])
    found, urls = [], []
    for package in tomllib.loads(lock)["packages"]:
        wheel: dict[str, Any] = next(iter(package.get("wheels", ())), {})
        found.append(_planned(package, wheel, cache))
        urls.append(str(wheel.get("url", "")))
    sizes = _sizes(found, urls, indexes, cancelled)
    return tuple(replace(package, size_bytes=size) for package, size in zip(found, sizes, strict=True))


def _planned(package: Mapping[str, Any], wheel: Mapping[str, Any], cache: Path) -> PlannedPackage:
    name, version, url = str(package["name"]), str(package["version"]), str(wheel.get("url", ""))
    size = wheel.get("size")
    is_local = "path" in wheel or url.startswith("file:")
    folder = "pypi" if package.get("index") == _PYPI else "index/*"
    found = is_local or _is_cached(cache, folder, name, version, str(wheel.get("name") or url.rpartition("/")[2]))
    return PlannedPackage(name, version, size if isinstance(size, int) else None, found)


def _is_cached(cache: Path, folder: str, name: str, version: str, file: str) -> bool:
    """Return whether uv has unpacked a wheel.

    The layout of uv's cache is its own affair: if it changes, the download is merely announced too large.
    """
    tags = "-".join(urllib.parse.unquote(file).removesuffix(".whl").split("-")[-3:])
    if any(entry.exists() for entry in cache.glob(f"wheels-v*/{folder}/{name}/{version}-{tags}")):
        return True
    # Long tags are hashed; then the wheel itself says what it is for.
    wanted = {str(tag) for tag in parse_tag(tags)} if tags.count("-") == 2 else set()
    hashed = cache.glob(f"wheels-v*/{folder}/{name}/{version}-{'[0-9a-f]' * 16}")
    metadata = (each for entry in hashed for each in entry.glob("*.dist-info/WHEEL"))
    return any(wanted & set(re.findall(r"(?m)^Tag: (\S+)", small_text(each))) for each in metadata)


def _sizes(
    packages: Sequence[PlannedPackage], urls: Sequence[str], indexes: Iterable[str], cancelled: Event | None
) -> list[int | None]:
    """Return the sizes of wheels; those that are not known are asked for at the same time."""
    pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="size")
    try:
        opener = _opener(indexes)
        asked = [pool.submit(_size_of, opener, package, url) for package, url in zip(packages, urls, strict=True)]
        while wait(asked, _POLL_S).not_done:
            if cancelled is not None and cancelled.is_set():
                raise BuildCancelledError("The build was cancelled.")
        return [each.result() for each in asked]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _size_of(opener: urllib.request.OpenerDirector, package: PlannedPackage, url: str) -> int | None:
    """Return the size of a wheel, asking its server where the index does not say."""
    if package.size_bytes is not None or package.is_cached:
        return package.size_bytes
    if not re.match(r"https?://", url):
        return None
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - checked above
    try:
        with opener.open(request, timeout=_SIZE_TIMEOUT_S) as answer:
            length = answer.headers.get("Content-Length", "")
    except (OSError, ValueError, HTTPException):
        return None
    return int(length) if length.isdecimal() else None


def _opener(indexes: Iterable[str]) -> urllib.request.OpenerDirector:
    """Return what opens addresses with the certificates, the proxy and the passwords that uv gets."""
    variables = {**uv_environment(os.environ), **os.environ}
    passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
    for index in (*indexes, *own_indexes(os.environ)):
        parts = urllib.parse.urlsplit(index)
        if parts.username:
            server = parts._replace(netloc=parts.netloc.rpartition("@")[2], path="/", query="").geturl()
            user, password = (urllib.parse.unquote(each or "") for each in (parts.username, parts.password))
            passwords.add_password(None, server, user, password, is_authenticated=True)
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPBasicAuthHandler(passwords)]
    with suppress(OSError):  # uv names a file that cannot be read
        context = ssl.create_default_context(cafile=variables.get("SSL_CERT_FILE") or None)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    if variables.get("ALL_PROXY"):
        handlers.append(urllib.request.ProxyHandler(dict.fromkeys(("http", "https"), variables["ALL_PROXY"])))
    return urllib.request.build_opener(*handlers)


def check_requirement(requirement: str) -> None:
    """Check a requirement as in PEP 508.

    Raises:
        BuildError: it is none.
    """
    try:
        Requirement(requirement)
    except InvalidRequirement as error:
        raise BuildError(
            f"“{requirement}” is not a requirement: name packages such as numpy or numpy>=2.", str(error)
        ) from error


def _name(requirement: str) -> str:
    return str(canonicalize_name(Requirement(requirement).name))
