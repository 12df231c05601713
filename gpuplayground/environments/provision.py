"""From what a snippet needs to the Python that has it: one that exists, or one to be built."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

from packaging.requirements import Requirement

from gpuplayground.environments.installed import packages_in, prefix_of
from gpuplayground.environments.managed.records import (
    BuildCancelledError,
    BuildError,
    BuildPlan,
    ManagedEnvironment,
    OnProgress,
)
from gpuplayground.environments.managed.store import ManagedEnvironments
from gpuplayground.environments.packages.automatic import Candidate, Kind, choose_environment
from gpuplayground.environments.packages.machine import Machine
from gpuplayground.environments.packages.modules import distribution_for
from gpuplayground.environments.packages.names import plain_name
from gpuplayground.environments.packages.needs import Needs
from gpuplayground.environments.packages.select import select
from gpuplayground.environments.packages.sets import DEFAULT_SETS, set_for

#: A larger download is confirmed by the user first, in bytes.
CONFIRM_ABOVE_BYTES = 500_000_000
#: Environment variables that let a package simulate the GPU.
_SIMULATORS = {
    "numba": ("NUMBA_ENABLE_CUDASIM", "1"),
    "numba-cuda": ("NUMBA_ENABLE_CUDASIM", "1"),
    "triton": ("TRITON_INTERPRET", "1"),
}
_MISSING = re.compile(r"No module named '(?P<module>[\w.]+)'")


def missing_module(kind: str, message: str) -> str:
    """Return the module that an exception reports as missing, empty for any other exception.

    Args:
        kind: the name of the exception.
        message: its message, with or without the name.
    """
    if kind not in ("ModuleNotFoundError", "ImportError"):
        return ""
    match = _MISSING.search(message)
    # "import torch.nm" fails for torch.nm where torch is installed: no package to install.
    return match["module"] if match and not message.endswith("is not a package") else ""


def needs_of_module(module: str) -> Needs:
    """Return what a missing module needs: its distribution, or the module itself if no table knows it."""
    distribution = distribution_for(module)
    return Needs((distribution,)) if distribution else Needs(unknown=(module.partition(".")[0],))


def with_module(needs: Needs, module: str) -> Needs:
    """Return the needs of a snippet with a module that it turned out to lack, such as one that a library imports."""
    own = needs_of_module(module)
    named = {plain_name(Requirement(text).name) for text in needs.requirements}
    added = tuple(text for text in own.requirements if plain_name(text) not in named)
    return replace(needs, requirements=needs.requirements + added)


def variables_for(needs: Needs, machine: Machine) -> dict[str, str]:
    """Return environment variables to run a snippet with: without a GPU, those that let its packages simulate one."""
    if machine.cuda is not None and machine.gpus:
        return {}
    named = (plain_name(Requirement(text).name) for text in needs.requirements)
    return dict(_SIMULATORS[name] for name in named if name in _SIMULATORS)


def own_candidate() -> Candidate:
    """Return this application's environment."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Candidate(sys.executable, version, packages_in(Path(sys.prefix)), Kind.OWN, "gpuplayground")


def managed_candidates(environments: Iterable[ManagedEnvironment]) -> tuple[Candidate, ...]:
    """Return the environments that the application made."""
    return tuple(
        Candidate(each.interpreter, each.python, each.packages, Kind.MANAGED, each.name) for each in environments
    )


def found_candidate(interpreter: str, version: str, name: str = "") -> Candidate:
    """Return an environment that was found, from its files."""
    return Candidate(interpreter, version, packages_in(prefix_of(interpreter)), Kind.FOUND, name)


def plan_build(
    needs: Needs,
    machine: Machine,
    environments: ManagedEnvironments,
    gpu_uuid: str | None = None,
    cancelled: Event | None = None,
) -> BuildPlan:
    """Return the plan of the environment for a snippet. Needs the network.

    That is a default set if the snippet needs a part of one, else an environment of its own. What an existing
    environment of the set has in addition stays in it.

    Raises:
        NoBuildError: a package has no build that runs here.
        BuildError: the packages cannot be had together, or the index cannot be reached.
    """
    name, _ = set_for(needs, machine)
    existing = environments.find(name) if name in DEFAULT_SETS else None
    if existing is not None:
        needs = _with_members(needs, name, existing.requirements)
    name, requirements = set_for(needs, machine)
    selection = select(requirements, machine, gpu_uuid, needs.requires_python)
    try:
        return environments.plan(name, selection, cancelled)
    except BuildCancelledError:
        raise
    except BuildError:
        if name not in DEFAULT_SETS:
            raise
    alone = select(needs.requirements, machine, gpu_uuid, needs.requires_python)
    return environments.plan(name, alone, cancelled)


def needs_confirmation(plan: BuildPlan) -> bool:
    """Return whether the user should agree to the download first: it is large, or its size is not known."""
    return plan.download_bytes > CONFIRM_ABOVE_BYTES or not plan.is_size_known


def provision(
    needs: Needs,
    machine: Machine,
    environments: ManagedEnvironments,
    candidates: Sequence[Candidate],
    confirm: Callable[[BuildPlan], bool],
    on_progress: OnProgress,
    gpu_uuid: str | None = None,
    cancelled: Event | None = None,
) -> Candidate:
    """Return the environment that has what a snippet needs; if none of the candidates has, build one.

    Args:
        needs: what the snippet needs.
        machine: the machine.
        environments: builds environments.
        candidates: the environments to choose from.
        confirm: is asked before the build whether to go on.
        on_progress: is called with the progress of the build.
        gpu_uuid: the GPU to build for, None for as many as one build can cover.
        cancelled: ends the build when set.

    Raises:
        NoBuildError: a package has no build that runs here.
        BuildCancelledError: ``confirm`` said no, or ``cancelled`` was set.
        BuildError: the environment cannot be built.
    """
    choice = choose_environment(needs, candidates)
    if choice.candidate is not None:
        return choice.candidate
    plan = plan_build(needs, machine, environments, gpu_uuid, cancelled)
    if not confirm(plan):
        raise BuildCancelledError("Nothing was installed.")
    return managed_candidates([environments.build(plan, on_progress, cancelled)])[0]


def _with_members(needs: Needs, name: str, installed: Sequence[str]) -> Needs:
    own = {plain_name(Requirement(text).name) for text in needs.requirements}
    present = {plain_name(Requirement(text).name) for text in installed}
    kept = tuple(member for member in DEFAULT_SETS[name] if member in present and member not in own)
    return replace(needs, requirements=needs.requirements + kept)
