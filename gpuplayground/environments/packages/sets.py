"""Sets of packages that live together in one environment, shared by all snippets that need only a part of one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from gpuplayground.environments.packages.frameworks import FRAMEWORK_OF
from gpuplayground.environments.packages.machine import Machine
from gpuplayground.environments.packages.names import plain_name
from gpuplayground.environments.packages.needs import Needs
from gpuplayground.environments.packages.select import select
from gpuplayground.environments.packages.selection import NoBuildError

_COMMON = ("numpy", "scipy", "matplotlib", "pillow")
#: Requirements by the name of the environment.
DEFAULT_SETS: Mapping[str, tuple[str, ...]] = {
    "pytorch": ("torch", "torchvision", *_COMMON),
    "tensorflow": ("tensorflow", *_COMMON),
    "cuda": ("cupy", "numba", "pycuda", "pyopencl", *_COMMON),
}
_DIGITS = 6
_MAX_NAMES = 3


def set_for(needs: Needs, machine: Machine | None = None) -> tuple[str, tuple[str, ...]]:
    """Return the name and the requirements of the environment for a snippet.

    A snippet that needs only a part of a default set gets the whole set, unless it limits a version: the others should
    not have to live with that. Given the machine, the set has only what runs there; of that, PyCUDA only if the snippet
    needs it or its compiler comes as a wheel.
    """
    own = {_key(requirement): requirement for requirement in map(Requirement, needs.requirements)}
    frameworks = {FRAMEWORK_OF[key] for key in own if key in FRAMEWORK_OF}
    if frameworks and _is_open(needs, own.values()):
        for name, members in DEFAULT_SETS.items():
            if own.keys() <= {*map(plain_name, members)}:
                kept = [member for member in members if member in own or _is_available(member, machine)]
                return name, tuple(str(own.get(member, member)) for member in kept)
    return _derived_name(own, needs), tuple(needs.requirements)


def _key(requirement: Requirement) -> str:
    name = plain_name(requirement.name)
    return "numba" if name == "numba-cuda" else name


def _is_open(needs: Needs, requirements: Iterable[Requirement]) -> bool:
    specifiers = [*(requirement.specifier for requirement in requirements), SpecifierSet(needs.requires_python)]
    if any(requirement.url for requirement in map(Requirement, needs.requirements)):
        return False
    return all(specifier.operator in (">=", ">") for each in specifiers for specifier in each)


def _is_available(member: str, machine: Machine | None) -> bool:
    if machine is None or member not in FRAMEWORK_OF:
        return True
    try:
        selection = select([member], machine)
    except NoBuildError:
        return False
    return selection.pycuda is None or selection.pycuda >= (13, 0)


def _derived_name(own: Mapping[str, Requirement], needs: Needs) -> str:
    """Return a name such as ``pandas-torch-1f9a0c``: the first packages, and a digest of all requirements."""
    names = sorted(own, key=lambda name: (name not in FRAMEWORK_OF, name))[:_MAX_NAMES]
    text = "\n".join([*sorted(needs.requirements), needs.requires_python])
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    return "-".join([*(re.sub(r"[^a-z0-9]+", "-", name)[:20] for name in names), digest])
