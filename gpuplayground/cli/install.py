"""``--install``: finds or builds the environment that a file needs, on this terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gpuplayground.cli.inventory import read_inventory
from gpuplayground.cli.usage import UsageError
from gpuplayground.printable import visible_line
from gpuplayground.standard_streams import CommandFailedError, tell, tell_styled
from gpuplayground.storage import paths
from gpuplayground.storage.locks import hold_environment
from gpuplayground.units import data_size

if TYPE_CHECKING:
    from gpuplayground.environments.managed.records import BuildPlan, BuildProgress

#: Return to the start of the line and erase it (ECMA-48).
_ERASE = "\r\033[K"
#: uv's last lines of output that are shown below the reason for a failure.
_DETAIL_LINES = 20
#: Locks that keep an environment from being removed, until this process ends.
_held: list[BinaryIO] = []


def environment_for(source: str, folder: Path, gpu_uuid: str | None, *, is_agreed: bool) -> str:
    """Return the interpreter of the environment that a file needs; it is built if there is none.

    Where there is no GPU, the variables that let its packages simulate one are set for this process and its children.

    Args:
        source: the file's text.
        folder: the folder that it imports its own modules from.
        gpu_uuid: the GPU it will see, None for all.
        is_agreed: whether the user has agreed to any download.

    Raises:
        UsageError: the header of the file is invalid, or a download was not agreed to.
        CommandFailedError: the environment cannot be had; the message says why.
    """
    # Imported here, because a run without --install needs none of them.
    from gpuplayground.environments import provision as provisioning
    from gpuplayground.environments.managed.records import BuildCancelledError, BuildError
    from gpuplayground.environments.managed.store import ManagedEnvironments
    from gpuplayground.environments.packages.machine import machine_of
    from gpuplayground.environments.packages.needs import needs_of
    from gpuplayground.environments.packages.script_header import HeaderError
    from gpuplayground.environments.packages.selection import NoBuildError

    try:
        needs = needs_of(source, folder)
        environments = ManagedEnvironments(paths.data() / paths.ENVIRONMENTS_FOLDER)
        candidates = (provisioning.own_candidate(), *provisioning.managed_candidates(environments.environments()))
        inventory = read_inventory()
        machine = machine_of(inventory.driver, inventory.gpus)
        progress = BuildLine(sys.stderr.isatty())
        found = provisioning.provision(
            needs,
            machine,
            environments,
            candidates,
            _confirmation(provisioning.needs_confirmation, is_agreed),
            progress.show,
            gpu_uuid,
        )
        progress.clear()
    except HeaderError as error:
        raise UsageError(str(error)) from error
    except NoBuildError as error:
        raise CommandFailedError(str(error)) from error
    except BuildCancelledError as error:
        raise UsageError(str(error)) from error
    except BuildError as error:
        lines = error.details.strip().splitlines()[-_DETAIL_LINES:]
        tell("".join(f"    {visible_line(line)}\n" for line in lines))
        raise CommandFailedError(str(error)) from error
    for name, value in provisioning.variables_for(needs, machine).items():
        os.environ.setdefault(name, value)
    if (held := hold_environment(found.interpreter)) is not None:
        _held.append(held)
    return found.interpreter


def tell_how_to_install(module: str, command: str) -> None:
    """Say how to get a module that was missing, if its package is known.

    Args:
        module: the module.
        command: the command that installs it, empty if that is the given one with ``--install``.
    """
    from gpuplayground.environments.packages.modules import distribution_for

    distribution = distribution_for(module)
    if distribution is not None:
        how = f"“{visible_line(command)}” installs it" if command else "add --install to install it"
        tell(f"gpuplayground: {distribution} is not installed there: {how}.\n")


class BuildLine:
    """Shows the progress of a build: in one line of a terminal, else a line for each step.

    Args:
        is_terminal: whether stderr is a terminal.
    """

    def __init__(self, is_terminal: bool) -> None:
        self._is_terminal = is_terminal
        self._step = ""

    def show(self, progress: BuildProgress) -> None:
        """Show the progress."""
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            tell_styled(f"{_ERASE}{progress_text(progress)[:width]}")
        elif progress.step != self._step:
            tell(f"{progress.step}\n")
        self._step = progress.step

    def clear(self) -> None:
        """Erase the line."""
        if self._is_terminal and self._step:
            tell_styled(_ERASE)


def progress_text(progress: BuildProgress) -> str:
    """Return ``Downloading · torch · 212 MB of 1.31 GB``."""
    parts = [progress.step]
    if progress.package:
        parts.append(progress.package)
    if progress.total_bytes:
        parts.append(f"{data_size(progress.received_bytes)} of {data_size(progress.total_bytes)}")
    elif progress.received_bytes:
        parts.append(data_size(progress.received_bytes))
    return " · ".join(parts)


def size_text(plan: BuildPlan) -> str:
    """Return the size of the download, with what is not known about it."""
    if plan.is_size_known:
        return data_size(plan.download_bytes)
    return f"at least {data_size(plan.download_bytes)}, the rest unknown" if plan.download_bytes else "size unknown"


def _confirmation(is_large: Callable[[BuildPlan], bool], is_agreed: bool) -> Callable[[BuildPlan], bool]:
    def confirm(plan: BuildPlan) -> bool:
        for note in plan.notes:
            tell(f"{note}\n")
        named = ", ".join(plan.requirements)
        tell(f"The environment {plan.name} gets {named} ({size_text(plan)} to download).\n")
        if is_agreed or not is_large(plan):
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError(f"This downloads a lot ({size_text(plan)}): add --yes to agree.")
        tell("Download it? [y/N] ")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return confirm
