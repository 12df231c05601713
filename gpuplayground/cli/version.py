"""The version of this program."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from importlib.metadata import version as version_of
from pathlib import Path


def version() -> str:
    """Return a version such as ``0.1.0``: that of the installed package, or of the source tree around this file.

    It is ``unknown`` if neither can be read: results are still written then.
    """
    with suppress(Exception):
        return version_of("gpuplayground")
    with suppress(OSError, ValueError, KeyError):
        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        return str(tomllib.loads(project.read_text("utf-8"))["project"]["version"])
    return "unknown"
