"""The frameworks of one environment as a table: which are installed, and whether each uses the GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gpuplayground.environments.doctor.finding import Finding, Level
from gpuplayground.environments.doctor.kernel_findings import Check
from gpuplayground.environments.doctor.kernel_process import End, KernelResult
from gpuplayground.environments.framework_probes import PROBES, FrameworkProbe
from gpuplayground.environments.installed import packages_in
from gpuplayground.environments.interpreters import Environment


@dataclass(frozen=True, slots=True)
class FrameworkReport:
    """One framework in one environment.

    ``version`` is None if it is not installed or failed to import. ``sees_gpu`` is None if not applicable or not
    checked. ``install`` is the command that installs the framework, ``problem`` a sentence that says what to do.
    ``device`` is ``GPU`` or ``CPU``, where its kernel ran, empty if none did; ``kernel_s`` is the kernel's time in
    seconds.
    """

    name: str
    installed: bool
    version: str | None
    sees_gpu: bool | None
    install: str
    problem: str | None = None
    device: str = ""
    kernel_s: float | None = None


def installed_frameworks(
    environment: Environment, probes: Sequence[FrameworkProbe] = PROBES
) -> tuple[FrameworkReport, ...]:
    """Return what an environment's files say about the frameworks, without starting it."""
    versions = packages_in(Path(environment.prefix))
    found = ((probe, probe.version_in(versions)) for probe in probes)
    return tuple(FrameworkReport(probe.name, bool(text), text or None, None, probe.install) for probe, text in found)


def report_of(check: Check, result: KernelResult, finding: Finding) -> FrameworkReport:
    """Return the report of a framework whose kernel was run."""
    return FrameworkReport(
        name=check.probe.name,
        installed=result.end is not End.MISSING,
        version=result.version,
        sees_gpu=None if result.gpus is None else result.gpus > 0,
        install=check.probe.install,
        problem=finding.sentence if finding.level is Level.PROBLEM else None,
        device=result.device,
        kernel_s=result.kernel_s if result.device else None,
    )
