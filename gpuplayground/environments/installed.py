"""Reads what is installed in a Python environment from its files, without starting it.

The files are untrusted: only the beginning of regular files is read, and versions must look like versions.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

CONFIGURATION = "pyvenv.cfg"
_VERSION = re.compile(r"3\.\d{1,3}(\.\d{1,3})?")
#: Folder that describes an installed package in the binary distribution format: name-version.dist-info.
_DIST_INFO = re.compile(r"(?P<name>[A-Za-z0-9_.]{1,80})-(?P<version>\d[A-Za-z0-9_.+!]{0,40})\.dist-info")
#: Package folders, below the folder of the standard library.
_PACKAGES = ("site-packages", "dist-packages")
#: Standard library folders that Python imports from before the first line of a program.
_EARLY = ("encodings", "importlib", "collections", "json", "re", "lib-dynload")
_MAX_BYTES = 1 << 16


def prefix_of(interpreter: str) -> Path:
    """Return the folder of the environment that an interpreter belongs to, found as Python does."""
    folder = Path(interpreter).parent
    return folder if os.path.exists(folder / CONFIGURATION) else folder.parent  # noqa: PTH110 - never raises


def base_folder(prefix: Path) -> Path | None:
    """Return the folder of the interpreter that a virtual environment was created with; None for other environments."""
    home = _configuration(prefix).get("home", "")
    return Path(home) if home.startswith("/") else None


def library_folders(prefix: Path) -> list[Path]:
    """Return the existing folders of the standard library."""
    libraries = sorted({*prefix.glob("lib/python3*"), *prefix.glob("lib64/python3*")})
    return _folders(libraries)


def package_folders(prefix: Path) -> list[Path]:
    """Return the existing package folders."""
    return _folders(library / name for library in library_folders(prefix) for name in _PACKAGES)


def early_folders(prefix: Path) -> list[Path]:
    """Return the folders from which Python runs code before the first line of a program."""
    libraries = library_folders(prefix)
    early = (library / name for library in libraries for name in _EARLY)
    return [*libraries, *package_folders(prefix), *_folders(early)]


def python_version_in(prefix: Path) -> str:
    """Return the version of an environment's Python, such as ``3.13.1``, or ``3.13`` if that is all that is known."""
    configuration = _configuration(prefix)
    said = [configuration.get("version", ""), configuration.get("version_info", "")]
    said += [path.name.removeprefix("python-") for path in sorted(prefix.glob("conda-meta/python-3*.json"))]
    said += [path.name.removeprefix("python") for path in reversed(library_folders(prefix))]
    found = (match.group() for text in said if (match := _VERSION.match(text)))
    return next(found, "")


def packages_in(prefix: Path) -> dict[str, str]:
    """Return the version of each package by its normalized name: lower case with hyphens."""
    packages: dict[str, str] = {}
    for folder in package_folders(prefix):
        try:
            names = os.listdir(folder)  # noqa: PTH208 - names alone, thousands of them
        except OSError:
            continue
        for match in filter(None, map(_DIST_INFO.fullmatch, names)):
            packages[re.sub(r"[-_.]+", "-", match["name"]).lower()] = match["version"]
    return packages


def small_text(path: Path) -> str:
    """Return the first 64 KiB of a regular file; an empty string for anything else, such as a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        return os.read(descriptor, _MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)


def _folders(paths: Iterable[Path]) -> list[Path]:
    # os.path does not raise for an unreadable folder.
    return [path for path in paths if os.path.isdir(path)]  # noqa: PTH112


def _configuration(prefix: Path) -> Mapping[str, str]:
    lines = small_text(prefix / CONFIGURATION).splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
