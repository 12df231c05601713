"""The version of this program."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from importlib.metadata import version as version_of
from pathlib import Path


def version() -> str:
    """Return the version such as ``0.1.0``: of the installed package, or of the source tree this file lies in.

    Where neither can be read it is ``unknown``: no result may be lost for it.
    """
    with suppress(Exception):
        return version_of("gpuplayground")
    with suppress(OSError, ValueError, KeyError):
        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        return str(tomllib.loads(project.read_text("utf-8"))["project"]["version"])
    return "unknown"
