"""Chooses the environment that fits a snippet, from what is installed in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from gpuplayground.environments.packages.frameworks import FRAMEWORK_OF
from gpuplayground.environments.packages.names import installed_version
from gpuplayground.environments.packages.needs import Needs


class Kind(StrEnum):
    """Who made an environment."""

    MANAGED = "managed"
    OWN = "own"
    FOUND = "found"


#: A framework comes from an environment that was made for this GPU, anything else from the application's own.
_ORDER_FOR_FRAMEWORKS = (Kind.MANAGED, Kind.OWN, Kind.FOUND)
_ORDER = (Kind.OWN, Kind.MANAGED, Kind.FOUND)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An environment that a snippet can run in.

    Attributes:
        interpreter: Path of its Python.
        python: Version of the Python, such as ``3.12.4``; empty if it is not known.
        packages: Versions by normalized name.
        kind: Who made it.
        name: What the user calls it.
    """

    interpreter: str
    python: str
    packages: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = Kind.FOUND
    name: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The environment that fits, or None and what the nearest one lacks: requirements, and modules nobody knows."""

    candidate: Candidate | None
    missing: tuple[str, ...] = ()


def choose_environment(needs: Needs, candidates: Sequence[Candidate]) -> Choice:
    """Return the environment that has all that the snippet needs.

    Environments that the application made for this GPU come first, then its own, then those that were found. A module
    that no known distribution provides does not exclude an environment: it may be importable from elsewhere.
    """
    lacking = {id(candidate): missing_in(candidate, needs) for candidate in candidates}
    ordered = _in_order(needs, candidates)
    fitting = [candidate for candidate in ordered if not lacking[id(candidate)]]
    if fitting:
        best = min(fitting, key=lambda candidate: len(unknown_in(candidate, needs)))
        return Choice(best, unknown_in(best, needs))
    nearest = min((lacking[id(candidate)] for candidate in ordered), key=len, default=tuple(needs.requirements))
    return Choice(None, (*nearest, *needs.unknown))


def who_has(needs: Needs, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the environments that have everything, including the modules that no known distribution provides."""
    ordered = _in_order(needs, candidates)
    return tuple(each for each in ordered if not missing_in(each, needs) and not unknown_in(each, needs))


def missing_in(candidate: Candidate, needs: Needs) -> tuple[str, ...]:
    """Return the requirements that an environment does not meet, ``python>=3.12`` among them."""
    missing = [text for text in needs.requirements if not _has(candidate, Requirement(text))]
    if needs.requires_python and not _allows(needs.requires_python, candidate.python):
        missing.insert(0, f"python{needs.requires_python}")
    return tuple(missing)


def unknown_in(candidate: Candidate, needs: Needs) -> tuple[str, ...]:
    """Return the unknown modules that no package of the same name provides there."""
    return tuple(module for module in needs.unknown if installed_version(candidate.packages, module) is None)


def _has(candidate: Candidate, requirement: Requirement) -> bool:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    version = installed_version(candidate.packages, requirement.name)
    if version is None:
        # Without a GPU the environments that we make have Numba's simulator only.
        return (
            requirement.name == "numba-cuda"
            and candidate.kind is Kind.MANAGED
            and installed_version(candidate.packages, "numba") is not None
        )
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def _allows(specifiers: str, python: str) -> bool:
    try:
        allowed = SpecifierSet(specifiers)
        if python.count(".") == 1:  # the patch release is not known
            return any(allowed.contains(f"{python}.{patch}") for patch in range(40))
        return allowed.contains(Version(python), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False


def _in_order(needs: Needs, candidates: Iterable[Candidate]) -> list[Candidate]:
    names = (Requirement(text).name.lower() for text in needs.requirements)
    kinds = _ORDER_FOR_FRAMEWORKS if any(name in FRAMEWORK_OF for name in names) else _ORDER
    # Of several that fit, the smallest has most likely been made for just this.
    return sorted(candidates, key=lambda each: (kinds.index(each.kind), len(each.packages)))
