"""Selects the builds of the packages that a snippet needs: those that run with this driver on this GPU."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from gpuplayground.environments.packages.builds import PYTHONS
from gpuplayground.environments.packages.frameworks import FRAMEWORK_OF, SELECTORS, cupti_for
from gpuplayground.environments.packages.machine import Machine
from gpuplayground.environments.packages.plan import Plan
from gpuplayground.environments.packages.selection import NoBuildError, Selection

#: Keras runs on one of these.
_BACKENDS = {"torch", "tensorflow", "jax"}
_PLATFORM_MARKERS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
}


def select(
    requirements: Sequence[str], machine: Machine, gpu_uuid: str | None = None, requires_python: str = ""
) -> Selection:
    """Return the builds that cover the machine's GPUs, within the bounds of the requirements.

    Args:
        requirements: requirements as in PEP 508. The frameworks' names are replaced by those of their builds.
        machine: the machine.
        gpu_uuid: the GPU that must be covered. Without it the builds cover as many GPUs as one build can.
        requires_python: version specifiers of the Python.

    Raises:
        NoBuildError: no build fits; the message says why and what would help.
    """
    plan = Plan(machine, gpu_uuid)
    python = _allowed(plan.pythons, requires_python)[:1]
    asked: dict[str, list[Requirement]] = {}
    for requirement in map(_parsed, requirements):
        if not _applies(requirement, machine, *python):
            continue
        framework = FRAMEWORK_OF.get(canonicalize_name(requirement.name))
        if framework is None or requirement.url is not None:
            requirement.marker = None if requirement.url is None else requirement.marker
            _keep(plan, requirement)
        else:
            asked.setdefault(framework, []).append(requirement)
    if "keras" in plan.requirements and not _BACKENDS & asked.keys():
        asked["tensorflow"] = [Requirement("tensorflow")]
    for framework, select_framework in SELECTORS.items():
        if framework in asked:
            select_framework(plan, asked[framework])
    _limit_by(plan, requires_python)
    return Selection(
        requirements=tuple(plan.requirements.values()),
        indexes=plan.indexes,
        pythons=plan.pythons,
        pycuda=plan.pycuda,
        cupti=cupti_for(plan),
        notes=tuple(plan.notes),
    )


def _parsed(text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement:
        raise NoBuildError(f'"{text}" is no requirement: write it as in "numpy>=2".') from None


def _applies(requirement: Requirement, machine: Machine, python: str = PYTHONS[0]) -> bool:
    if requirement.marker is None:
        return True
    arm = "aarch64" if machine.system == "linux" else "arm64"
    processor = arm if machine.processor == "arm64" else machine.processor
    environment = {
        **_PLATFORM_MARKERS.get(machine.system, {}),
        "platform_machine": processor,
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    return requirement.marker.evaluate(environment)


def _keep(plan: Plan, requirement: Requirement) -> None:
    if requirement.url is not None:
        plan.requirements[canonicalize_name(requirement.name)] = str(requirement)
    else:
        plan.require(requirement.name, requirement.specifier, sorted(requirement.extras))


def _limit_by(plan: Plan, requires_python: str) -> None:
    with_wheels = plan.pythons
    if not with_wheels:
        names = ", ".join(plan.requirements)
        raise NoBuildError(f"No Python has wheels of all these packages together: {names}. Run them in two snippets.")
    plan.limit_pythons(_allowed(with_wheels, requires_python))
    if not plan.pythons:
        raise NoBuildError(
            f"The snippet asks for Python {requires_python}, but its packages have wheels for "
            f"{', '.join(sorted(with_wheels, key=lambda python: int(python[2:])))} only: change requires-python."
        )


def _allowed(pythons: Sequence[str], requires_python: str) -> list[str]:
    try:
        specifiers = SpecifierSet(requires_python)
    except InvalidSpecifier:
        raise NoBuildError(f'The Python "{requires_python}" is not valid: write it as in ">=3.10".') from None
    # Any patch release will do.
    return [python for python in pythons if any(specifiers.contains(f"{python}.{patch}") for patch in range(40))]
