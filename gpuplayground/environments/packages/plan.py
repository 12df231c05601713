"""A selection while it is being made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from gpuplayground.environments.packages.builds import PYTHONS, Build, Pair
from gpuplayground.environments.packages.fitting import (
    Fit,
    best_fit,
    bounds,
    gpu_name,
    reason_for_none,
    usable_gpus,
)
from gpuplayground.environments.packages.machine import Machine


class Plan:
    """Collects requirements, indexes, Pythons and notes.

    The GPUs get fewer with each framework that leaves one out, so that all frameworks are selected for the same GPUs.
    """

    def __init__(self, machine: Machine, chosen: str | None) -> None:
        # CUDA ended on macOS with version 10.2.
        self.machine = machine if machine.system != "macos" else replace(machine, cuda=None, gpus=())
        self.gpus, notes = usable_gpus(self.machine)
        known = {gpu.uuid for gpu in machine.gpus}
        self.chosen = chosen if chosen in known else None
        self.notes = list(notes)
        self.requirements: dict[str, str] = {}
        self.indexes: dict[str, str] = {}
        self.pythons: tuple[str, ...] = PYTHONS
        self.pycuda: Pair | None = None

    def fit(self, title: str, builds: Sequence[Build], asked: SpecifierSet, releases: Sequence[str] = ()) -> Fit | None:
        """Return the build for the GPUs and drop the GPUs that it does not cover; None if no build covers any."""
        found = best_fit(builds, self.machine, self.gpus, asked, releases, self.chosen)
        if found is None:
            return None
        for gpu in self.gpus:
            if gpu not in found.covered:
                others = " and ".join(other.name for other in found.covered)
                self.note(f"{title} is selected for {others}; this build does not run on {gpu_name(gpu)}.")
        self.gpus = found.covered
        return found

    def reason(self, title: str, builds: Sequence[Build], asked: SpecifierSet, releases: Sequence[str] = ()) -> str:
        """Return why no build was found."""
        gpus = [gpu for gpu in self.gpus if self.chosen in (None, gpu.uuid)]
        if not gpus and self.notes and self.machine.gpus:
            return self.notes[0]
        return reason_for_none(title, builds, self.machine, gpus, asked, releases)

    def require(self, name: str, specifiers: SpecifierSet, extras: Sequence[str] = (), index: str = "") -> None:
        """Add a requirement; its specifiers are added to those that are already there."""
        key = canonicalize_name(name)
        requirement = Requirement(self.requirements.get(key, name))
        requirement.extras = requirement.extras | set(extras)
        requirement.specifier &= specifiers
        self.requirements[key] = str(requirement)
        if index:
            self.indexes[key] = index

    def require_build(self, build: Build, asked: SpecifierSet, extras: Sequence[str] = ()) -> None:
        """Add a build's requirement, within the releases that were asked for."""
        own = Requirement(build.distribution)
        self.require(own.name, bounds(build) & asked, sorted({*own.extras, *extras}))
        for library in build.libraries:
            self.require(library, SpecifierSet())

    def limit_pythons(self, pythons: Sequence[str]) -> None:
        """Keep only these Pythons, in their order."""
        self.pythons = tuple(python for python in pythons if python in self.pythons)

    def note(self, sentence: str) -> None:
        """Add a sentence, once."""
        if sentence and sentence not in self.notes:
            self.notes.append(sentence)
