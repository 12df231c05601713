"""What is installed into an environment: requirements, where they come from, and the Python they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class NoBuildError(Exception):
    """No build of a package runs on this machine; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The builds that were selected for a set of packages.

    Attributes:
        requirements: Requirements as in PEP 508, one per package, such as ``cupy-cuda13x[ctk]>=13.5``.
        indexes: The package index of each package that must come from a certain one, by its normalized name.
        pythons: The Python versions that have wheels of all packages, best first, such as ``3.12``.
        pycuda: The CUDA version to build PyCUDA for, None if PyCUDA is not among the packages.
        cupti: The requirement for cupti-python that fits the driver, empty if tracing is not possible.
        notes: Sentences about what the selection leaves out, such as a GPU that no build covers.
    """

    requirements: tuple[str, ...]
    indexes: Mapping[str, str] = field(default_factory=dict)
    pythons: tuple[str, ...] = ("3.12", "3.13", "3.11", "3.10")
    pycuda: tuple[int, int] | None = None
    cupti: str = ""
    notes: tuple[str, ...] = ()
