"""Finds the build of a framework that covers the GPUs of a machine, and says why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from gpuplayground.environments.packages.builds import PYTHONS, Build, Pair, first_cuda_for
from gpuplayground.environments.packages.machine import Gpu, Machine


@dataclass(frozen=True, slots=True)
class Fit:
    """A build, its newest release that was asked for, and the GPUs that it covers."""

    build: Build
    release: Version
    covered: tuple[Gpu, ...]


def best_fit(
    builds: Iterable[Build],
    machine: Machine,
    gpus: Sequence[Gpu],
    specifiers: SpecifierSet,
    releases: Sequence[str] = (),
    chosen: str | None = None,
) -> Fit | None:
    """Return the build that covers the chosen GPU and the most others, then the newest one; None if there is none.

    Args:
        builds: the builds of one framework.
        machine: has the driver and the platform.
        gpus: the GPUs to cover.
        specifiers: the releases that were asked for.
        releases: the known releases; without them any release of a build is taken to exist.
        chosen: UUID of the GPU that must be covered.
    """
    driver = machine.cuda
    if driver is None:
        return None
    fits = []
    for build in builds_for(builds, machine):
        release = newest_release(build.first, build.last, specifiers, releases)
        covered = tuple(gpu for gpu in gpus if is_covered(build, gpu, driver))
        if release is not None and covered and (chosen is None or any(gpu.uuid == chosen for gpu in covered)):
            fits.append(Fit(build, release, covered))
    # A build for a CUDA version that is not above the driver's needs no compatibility between minor versions.
    return max(
        fits,
        key=lambda fit: (
            len(fit.covered),
            max(gpu.capability or (0, 0) for gpu in fit.covered),
            not fit.build.last,
            fit.release,
            fit.build.cuda <= driver,
            fit.build.cuda,
        ),
        default=None,
    )


def builds_for(builds: Iterable[Build], machine: Machine) -> list[Build]:
    """Return the builds with wheels for the machine's platform."""
    return [build for build in builds if (machine.system, machine.processor) in build.platforms]


def is_covered(build: Build, gpu: Gpu, driver: Pair) -> bool:
    """Return whether the build runs on the GPU; on one of unknown capability, whether the driver is new enough."""
    if gpu.capability is None:
        return build.cuda <= driver
    return build.covers(gpu.capability, driver)


def newest_release(first: str, last: str, specifiers: SpecifierSet, releases: Sequence[str] = ()) -> Version | None:
    """Return the newest release from ``first`` to ``last`` that the specifiers allow, None if there is none.

    Releases that only the specifiers name count too, as a release can be newer than the table.
    """
    known = [Version(release) for release in releases] or [Version(first), Version(last or first)]
    newest = max(known)
    named = [version for version in _named(specifiers) if not releases or version > newest]
    allowed = (version for version in (*known, *named) if is_within(version, first, last))
    return max((version for version in allowed if specifiers.contains(version, prereleases=True)), default=None)


def is_within(version: Version, first: str, last: str) -> bool:
    """Return whether a version is from ``first`` to ``last``, where ``2.7`` includes 2.7.1 and "" is no end."""
    return version >= Version(first) and (not last or version.release[:2] <= Version(last).release[:2])


def bounds(build: Build) -> SpecifierSet:
    """Return the specifiers for the releases of a build."""
    if not build.last:
        return SpecifierSet(f">={build.first}")
    major, minor = Version(build.last).release[:2]
    return SpecifierSet(f">={build.first},<{major}.{minor + 1}")


def pythons_of(
    releases: Sequence[str], table: Sequence[tuple[str, int, int]], first: str, last: str, specifiers: SpecifierSet
) -> tuple[str, ...]:
    """Return the Pythons with wheels, best first: those of the newest allowed release, then those of the older ones."""
    known = [Version(release) for release in releases]
    allowed = [each for each in known if is_within(each, first, last) and specifiers.contains(each)] or known[-1:]
    found: dict[str, None] = {}
    for release in sorted(allowed, reverse=True):
        lowest, highest = next(((low, high) for since, low, high in table if release >= Version(since)), (0, 0))
        found |= {python: None for python in PYTHONS if lowest <= int(python[2:]) <= highest}
    return tuple(found)


def reason_for_none(
    title: str, builds: Sequence[Build], machine: Machine, gpus: Sequence[Gpu], specifiers: SpecifierSet,
    releases: Sequence[str] = (),
) -> str:  # fmt: skip
    """Return the sentence that says why no build runs on the GPUs, and what would help."""
    here = builds_for(builds, machine)
    if not here:
        return f"{title} has no GPU build for {platform_name(machine)}."
    if machine.cuda is None:
        return f"{title} uses the GPU through an NVIDIA driver, and this machine has none: install it."
    if not gpus:
        return f"No NVIDIA GPU that this driver supports is visible to {title}."
    gpu, driver = gpus[0], machine.cuda
    asked = [build for build in here if newest_release(build.first, build.last, specifiers, releases) is not None]
    fitting = [build for build in here if is_covered(build, gpu, driver)]
    if fitting:
        build = fitting[-1]
        end = f" to {build.last}" if build.last else " or newer"
        sentence = f"{title} {specifiers} has no build for {gpu_name(gpu)} and this driver"
        return f"{sentence}; {title} {build.first}{end} has one."
    later = [build.cuda for build in asked or here if is_covered(build, gpu, (99, 0))]
    if later:
        return (
            f"No build of {title} for {gpu_name(gpu)} runs with a driver for CUDA {version_name(machine.cuda)}: "
            f"install a driver for CUDA {version_name(min(later))} or newer."
        )
    return f"No build of {title} has kernels for {gpu_name(gpu)}."


def usable_gpus(machine: Machine) -> tuple[tuple[Gpu, ...], tuple[str, ...]]:
    """Return the GPUs that the driver supports, and a sentence about each other one."""
    if machine.cuda is None:
        return (), ()
    usable, notes = [], []
    for gpu in machine.gpus:
        needed = first_cuda_for(gpu.capability) if gpu.capability else (0, 0)
        if machine.cuda >= needed:
            usable.append(gpu)
        else:
            notes.append(
                f"{gpu_name(gpu)} needs a driver for CUDA {version_name(needed)} or newer; "
                f"this one is for CUDA {version_name(machine.cuda)}."
            )
    return tuple(usable), tuple(notes)


def gpu_name(gpu: Gpu) -> str:
    """Return a GPU's name and compute capability."""
    return gpu.name if gpu.capability is None else f"{gpu.name} (compute capability {version_name(gpu.capability)})"


def version_name(version: Pair) -> str:
    """Return a version or a capability as text."""
    return f"{version[0]}.{version[1]}"


def platform_name(machine: Machine) -> str:
    """Return the platform as users call it."""
    system = {"linux": "Linux", "windows": "Windows", "macos": "macOS"}.get(machine.system, machine.system)
    return f"{system} on {machine.processor}"


def _named(specifiers: SpecifierSet) -> list[Version]:
    versions = []
    for specifier in specifiers:
        try:
            versions.append(Version(specifier.version.removesuffix(".*")))
        except InvalidVersion:
            continue
    return versions
