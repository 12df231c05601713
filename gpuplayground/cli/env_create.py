"""``gpuplayground env create``: plans an environment, shows what will be downloaded, and builds it."""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Self

from gpuplayground.cli.arguments import PROGRAM
from gpuplayground.cli.columns import aligned
from gpuplayground.cli.inventory import read_inventory
from gpuplayground.cli.usage import EXIT_PROBLEM, EXIT_SIGNAL_BASE, UsageError
from gpuplayground.environments.managed.planning import check_requirement
from gpuplayground.environments.managed.records import (
    BuildCancelledError,
    BuildError,
    BuildPlan,
    BuildProgress,
    PlannedPackage,
)
from gpuplayground.environments.managed.store import ManagedEnvironments, check_name
from gpuplayground.environments.packages.machine import machine_of
from gpuplayground.environments.packages.select import select
from gpuplayground.environments.packages.selection import NoBuildError, Selection
from gpuplayground.environments.provision import needs_confirmation
from gpuplayground.printable import visible_line
from gpuplayground.standard_streams import CommandFailedError, say, tell, tell_styled
from gpuplayground.units import data_size

#: How many packages are listed, the largest first.
_LISTED = 12
#: Time between two lines of progress where there is no terminal, in seconds.
_LINE_S = 5.0
#: Return to the start of the line and erase it (ECMA-48).
_ERASE = "\r\033[K"
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def selection_for(packages: Sequence[str], python: str) -> Selection:
    """Return the builds of packages that run on this machine.

    Args:
        packages: the requirements from the command line.
        python: the wanted version of Python; empty for any.

    Raises:
        NoBuildError: no build runs on this machine.
    """
    inventory = read_inventory()
    machine = machine_of(inventory.driver, inventory.gpus)
    return select(packages, machine, requires_python=f"=={python}.*" if python else "")


def create(options: argparse.Namespace, environments: ManagedEnvironments) -> int:
    """Build an environment and return 0, or 128 + N if signal N ended it.

    Raises:
        UsageError: the name, a package or the version of Python is none, or a large download is not confirmed.
        CommandFailedError: the output cannot be written.
    """
    _check(options)
    try:
        with _cancelled_by_signals() as cancelled:
            tell(f"Resolving {', '.join(options.packages)}…\n")
            plan = environments.plan(options.name, selection_for(options.packages, options.python), cancelled)
        tell("".join(f"{line}\n" for line in plan_text(plan)))
        if not (options.yes or is_confirmed(plan)):
            tell("Nothing was downloaded.\n")
            return EXIT_PROBLEM
        with _cancelled_by_signals() as cancelled, _Progress() as progress:
            built = environments.build(plan, progress, cancelled)
    except BuildCancelledError:
        tell("Cancelled. What has been downloaded is kept for the next time.\n")
        return EXIT_SIGNAL_BASE + cancelled.number
    except NoBuildError as error:
        raise CommandFailedError(str(error)) from error
    except BuildError as error:
        details = textwrap.indent(error.details.rstrip(), "  ")
        tell(f"{PROGRAM}: {visible_line(str(error))}\n{details}".rstrip() + "\n")
        return EXIT_PROBLEM
    say(f"{built.name} is ready: {built.interpreter}\n")
    return 0


def plan_text(plan: BuildPlan) -> Iterator[str]:
    """Yield lines about what will be installed and downloaded."""
    packages = sorted(plan.packages, key=lambda each: (each.is_cached, -(each.size_bytes or 0), each.name))
    yield from aligned([(f"  {each.name}", each.version, _size(each)) for each in packages[:_LISTED]], "<<>")
    if len(packages) > _LISTED:
        yield f"  and {len(packages) - _LISTED} more"
    if plan.pycuda is not None:
        yield "  pycuda is compiled here, which takes some minutes"
    yield from plan.notes
    yield f"To download: {download_text(plan)}."


def download_text(plan: BuildPlan) -> str:
    """Return how much is downloaded: ``1.30 GB``, ``nothing``, ``more than 1.30 GB (the size of torch is unknown)``."""
    unknown = [each.name for each in plan.packages if not each.is_cached and each.size_bytes is None]
    if unknown:
        return f"more than {data_size(plan.download_bytes)} (the size of {', '.join(unknown)} is unknown)"
    return data_size(plan.download_bytes) if plan.download_bytes else "nothing"


def is_confirmed(plan: BuildPlan) -> bool:
    """Return whether a download may begin; asks on the terminal if it is large or its size is unknown.

    Raises:
        UsageError: it is, and there is no terminal to ask on.
    """
    if not needs_confirmation(plan):
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{plan.name} would download {download_text(plan)}: add --yes to allow that.")
    tell("Continue? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def progress_text(progress: BuildProgress) -> str:
    """Return ``Downloading 1.20 GB of 2.51 GB · torch``."""
    text = progress.step
    if progress.received_bytes or progress.total_bytes:
        total = "" if progress.total_bytes is None else f" of {data_size(progress.total_bytes)}"
        text = f"{text} {data_size(progress.received_bytes)}{total}"
    return f"{text} · {progress.package}" if progress.package else text


def _check(options: argparse.Namespace) -> None:
    if options.python and not re.fullmatch(r"3\.\d{1,2}", options.python):
        raise UsageError(f"{options.python} is not a version of Python: name one such as 3.12.")
    try:
        check_name(options.name)
        for requirement in options.packages:
            check_requirement(requirement)
    except BuildError as error:
        raise UsageError(str(error)) from error


def _size(package: PlannedPackage) -> str:
    if package.is_cached:
        return "is here already"
    return "size unknown" if package.size_bytes is None else data_size(package.size_bytes)


class _Progress:
    """Progress on stderr: one line that changes on a terminal, otherwise a line per step and every few seconds."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._step, self._told_at = "", 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_terminal:
            tell_styled(_ERASE)

    def __call__(self, progress: BuildProgress) -> None:
        """Show the progress; called in threads of the build too, one at a time."""
        text = visible_line(progress_text(progress))
        if self._is_terminal:
            tell_styled(f"{_ERASE}{text[: shutil.get_terminal_size().columns - 1]}")
            return
        now = time.monotonic()
        if progress.step != self._step or now - self._told_at >= _LINE_S:
            self._step, self._told_at = progress.step, now
            tell(f"{text}\n")


class _Cancelled(Event):
    """Is set by a signal. ``number`` is that of the signal."""

    number = int(signal.SIGINT)

    def on_signal(self, number: int, _: FrameType | None) -> None:
        """Take a signal."""
        self.number = number
        self.set()


@contextmanager
def _cancelled_by_signals() -> Iterator[_Cancelled]:
    """Let Ctrl+C and polite kills cancel what runs in the block, which then cleans up; ignored ones stay ignored."""
    cancelled = _Cancelled()
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {each: signal.getsignal(each) for each in numbers if signal.getsignal(each) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, cancelled.on_signal)
    try:
        yield cancelled
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
