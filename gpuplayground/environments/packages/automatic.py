"""Chooses the environment that fits a snippet, from what is installed in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from gpuplayground.environments.packages.names import installed_version
from gpuplayground.environments.packages.needs import Needs


class Kind(StrEnum):
    """Who made an environment. In this order one is preferred to another: managed ones are made for this GPU."""

    MANAGED = "managed"
    OWN = "own"
    FOUND = "found"


_PREFERENCE = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An environment that a snippet can run in.

    Attributes:
        interpreter: Path of its Python.
        python: Version of the Python, such as ``3.12.4``; it may lack the third number or be empty.
        packages: Versions by distribution.
        kind: Who made it: a ``Kind`` or its value, such as ``managed``.
        name: What the user calls it.
    """

    interpreter: str
    python: str
    packages: Mapping[str, str] = field(default_factory=dict)
    kind: str = Kind.FOUND
    name: str = ""


def fits(needs: Needs, candidate: Candidate) -> tuple[str, ...]:
    """Return the requirements that an environment does not meet, ``python>=3.12`` among them; empty if it fits.

    Another build of a package will do, such as tensorflow-cpu for tensorflow. Modules that no known distribution
    provides are not counted: they may be importable from elsewhere.
    """
    packages = _normalized(candidate)
    missing = [text for text in needs.requirements if not _has(packages, Requirement(text), candidate)]
    if needs.requires_python and not _allows(needs.requires_python, candidate.python):
        missing.insert(0, f"python{needs.requires_python}")
    return tuple(missing)


def choose(needs: Needs, candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the environment to run a snippet in, None if none fits.

    Of those that fit, environments with packages named like the unknown modules come first; then those that the
    application made, its own, and those that were found; then the smallest. A snippet that needs nothing runs in the
    application's own.
    """
    fitting = [candidate for candidate in _in_order(candidates) if not fits(needs, candidate)]
    if not needs.requirements and not needs.unknown:
        own = next((candidate for candidate in fitting if candidate.kind == Kind.OWN), None)
        if own is not None:
            return own
    return min(fitting, key=lambda candidate: len(_unknown_in(needs, candidate)), default=None)


def who_has(needs: Needs, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the environments that have everything, best first.

    They also have a package of the name of each module that no known distribution provides.
    """
    return tuple(each for each in _in_order(candidates) if not fits(needs, each) and not _unknown_in(needs, each))


def _in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    # Of several that fit, the smallest has most likely been made for just this.
    return sorted(candidates, key=lambda each: (_PREFERENCE.index(Kind(each.kind)), len(each.packages)))


def _unknown_in(needs: Needs, candidate: Candidate) -> tuple[str, ...]:
    packages = _normalized(candidate)
    return tuple(module for module in needs.unknown if installed_version(packages, module) is None)


def _normalized(candidate: Candidate) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in candidate.packages.items()}


def _has(packages: Mapping[str, str], requirement: Requirement, candidate: Candidate) -> bool:
    if requirement.marker is not None and not requirement.marker.evaluate(_marker_environment(candidate.python)):
        return True
    version = installed_version(packages, requirement.name)
    if version is None:
        # Without a GPU the environments that we make have Numba's simulator only.
        is_numba = canonicalize_name(requirement.name) == "numba-cuda"
        return is_numba and candidate.kind == Kind.MANAGED and installed_version(packages, "numba") is not None
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return not requirement.specifier


def _marker_environment(python: str) -> dict[str, str]:
    numbers = python.split(".")
    if len(numbers) < 2:
        return {}
    return {"python_version": ".".join(numbers[:2]), "python_full_version": ".".join([*numbers, "0"][:3])}


def _allows(specifiers: str, python: str) -> bool:
    try:
        allowed = SpecifierSet(specifiers)
        if python.count(".") == 1:  # the patch release is not known
            return any(allowed.contains(f"{python}.{patch}") for patch in range(40))
        return allowed.contains(Version(python), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False
