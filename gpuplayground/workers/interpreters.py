"""Finds the Pythons that can run snippets, in the background, and holds the selected one."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gpuplayground.environments.interpreters import (
    Environment,
    discover,
    environment_of,
    probe,
    with_distinct_labels,
)
from gpuplayground.workers.task import Tasks

if TYPE_CHECKING:
    from gpuplayground.environments.managed.store import ManagedEnvironments
    from gpuplayground.environments.packages.automatic import Candidate

#: The choice of a tab that leaves the environment to what its snippet needs.
AUTOMATIC = "automatic"
#: How much of a snippet is examined for its imports, in characters: the window must not wait for an enormous file.
EXAMINED = 1_000_000


class Interpreters(QObject):
    """The environments found so far. Interpreters are probed in threads, because each probe starts a process.

    ``chosen`` is an interpreter, or ``AUTOMATIC``: then each run gets the environment that fits its snippet.
    """

    changed = Signal()
    failed = Signal(str)  # a sentence

    def __init__(
        self,
        own: str,
        chosen: str,
        added: Sequence[str],
        managed: ManagedEnvironments | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        chosen = chosen or AUTOMATIC
        # Path raises where a folder cannot be read.
        is_there = chosen == AUTOMATIC or os.path.isfile(chosen)  # noqa: PTH113
        self.chosen = chosen if is_there else AUTOMATIC
        self.added = list(added)
        self.environments: list[Environment] = []
        self._own, self._managed = own, managed
        self._missing = chosen if not is_there else ""
        # The selection when the search began, and what was added since, which the search does not find.
        self._chosen_at_start = self.chosen
        self._added_since: list[Environment] = []
        self._tasks = Tasks(self)
        self._cancelled = threading.Event()

    def discover(self) -> None:
        """Search for environments; emits ``changed``, and ``failed`` if the selected one no longer works."""
        self._chosen_at_start, self._added_since = self.chosen, []
        # The selected one may have been found in a folder that this program was started in last time.
        chosen = () if self.chosen == AUTOMATIC else (self.chosen,)
        search = partial(self._search, tuple(dict.fromkeys((*self.added, *chosen))))
        self._tasks.start(search, self._discovered, self.failed)

    def choose(self, interpreter: str) -> None:
        """Select an interpreter that was found. One not started yet is probed first, as in :meth:`add`."""
        is_unknown = any(each.distrust for each in self.environments if each.interpreter == interpreter)
        if is_unknown:
            self.add(interpreter)
        else:
            self.chosen = interpreter
        self.changed.emit()

    def add(self, interpreter: str) -> None:
        """Probe an interpreter and select it; ``failed`` carries the reason if it cannot be used."""
        probing = partial(probe, interpreter, cancelled=self._cancelled)
        self._tasks.start(probing, self._added, self.failed)

    def add_environment(self, environment: Environment) -> None:
        """List an environment that was just built, in place of an older one of its name."""
        kept = [each for each in self.environments if each.managed != environment.managed]
        self.environments = with_distinct_labels([environment, *kept])
        self._added_since = _merged(self._added_since, [environment])
        self.changed.emit()

    def environment(self, interpreter: str) -> Environment | None:
        """Return what is known about an interpreter; None if it was not found, or not yet."""
        return next((each for each in self.environments if each.interpreter == interpreter), None)

    def resolve(self, chosen: str, source: str, folder: Path | None) -> str:
        """Return the interpreter that runs a snippet.

        Args:
            chosen: the choice of its tab.
            source: its text.
            folder: the folder of its file, whose modules it can import.
        """
        if chosen != AUTOMATIC:
            return self._current(chosen)
        from gpuplayground.environments.packages.automatic import choose
        from gpuplayground.environments.packages.needs import needs_of
        from gpuplayground.environments.packages.script_header import HeaderError

        try:
            wanted = needs_of(source[:EXAMINED], folder)
        except HeaderError:
            return self._own  # the run says what is wrong, if anything is
        best = choose(wanted, candidates(self.environments))
        return best.interpreter if best is not None else self._own

    def _current(self, interpreter: str) -> str:
        """Return the interpreter of the same environment, which may have been built anew since it was chosen."""
        if self._managed is None or os.path.isfile(interpreter):  # noqa: PTH113
            return interpreter
        name = self._managed.name_of(interpreter)
        found = self._managed.find(name) if name else None
        return found.interpreter if found is not None else interpreter

    def _search(self, extra: Sequence[str]) -> list[Environment]:
        managed = [] if self._managed is None else [environment_of(each) for each in self._managed.environments()]
        if self._managed is not None:
            self._managed.sweep()
        return [*managed, *discover(extra, cancelled=self._cancelled)]

    def end(self) -> None:
        """Cancel running probes and end their interpreters. Returns at once."""
        self._cancelled.set()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long, after :meth:`end`, and return whether every thread has ended."""
        return self._tasks.wait(seconds)

    def _discovered(self, environments: list[Environment]) -> None:
        self.environments = with_distinct_labels(_merged(environments, self._added_since))
        is_chosen_since = self.chosen != self._chosen_at_start
        is_known = self.chosen == AUTOMATIC or self.environment(self.chosen) is not None
        if not is_chosen_since and not is_known:
            self._missing = self._missing or self.chosen
            self.chosen = AUTOMATIC
        self.changed.emit()
        if self._missing and not is_chosen_since:
            sentence = self.tr("{0} can no longer run snippets: the environment that fits a snippet is used instead.")
            self.failed.emit(sentence.format(self._missing))
        self._missing = ""

    def _added(self, environment: Environment) -> None:
        self._added_since = _merged(self._added_since, [environment])
        self.environments = with_distinct_labels(_merged(self.environments, [environment]))
        self.added = [*(path for path in self.added if path != environment.interpreter), environment.interpreter]
        self.choose(environment.interpreter)


def candidates(environments: Sequence[Environment]) -> list[Candidate]:
    """Return the environments that may run a snippet unasked: not those that others can change."""
    from gpuplayground.environments.packages.automatic import Candidate, Kind

    def kind(environment: Environment) -> str:
        return Kind.MANAGED if environment.managed else Kind.OWN if environment.is_current else Kind.FOUND

    return [
        Candidate(each.interpreter, each.version, each.versions, kind(each))
        for each in environments
        if not each.distrust
    ]


def _merged(known: Sequence[Environment], newer: Sequence[Environment]) -> list[Environment]:
    """Return the known environments followed by the newer ones, each interpreter once.

    An environment that was not started is replaced by the same one under another path.
    """
    replaced = {environment.interpreter for environment in newer}
    prefixes = {os.path.realpath(environment.prefix) for environment in newer}
    kept = (
        environment
        for environment in known
        if environment.interpreter not in replaced
        and not (environment.distrust and os.path.realpath(environment.prefix) in prefixes)
    )
    return [*kept, *newer]
