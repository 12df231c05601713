"""Finds the Pythons that can run snippets, in the background, and holds the selected one."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from gpuplayground.environments.interpreters import Environment, discover, probe, with_distinct_labels
from gpuplayground.workers.task import Tasks


class Interpreters(QObject):
    """The environments found so far. Interpreters are probed in threads, because each probe starts a process."""

    changed = Signal()
    failed = Signal(str)  # a sentence

    def __init__(self, own: str, chosen: str, added: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        is_there = os.path.isfile(chosen)  # noqa: PTH113 - Path raises where a folder cannot be read
        self.chosen = chosen if is_there else own
        self.added = list(added)
        self.environments: list[Environment] = []
        self._own = own
        self._missing = chosen if chosen and not is_there else ""
        # The selection when the search began, and what was added since, which the search does not find.
        self._chosen_at_start = self.chosen
        self._added_since: list[Environment] = []
        self._tasks = Tasks(self)
        self._cancelled = threading.Event()

    def discover(self) -> None:
        """Search for environments; emits ``changed``, and ``failed`` if the selected one no longer works."""
        self._chosen_at_start, self._added_since = self.chosen, []
        # The selected one may have been found in a folder that this program was started in last time.
        search = partial(discover, tuple(dict.fromkeys((*self.added, self.chosen))), cancelled=self._cancelled)
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

    def end(self) -> None:
        """Cancel running probes and end their interpreters. Returns at once."""
        self._cancelled.set()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long, after :meth:`end`, and return whether every thread has ended."""
        return self._tasks.wait(seconds)

    def _discovered(self, environments: list[Environment]) -> None:
        self.environments = with_distinct_labels(_merged(environments, self._added_since))
        is_chosen_since = self.chosen != self._chosen_at_start
        if not is_chosen_since and not any(found.interpreter == self.chosen for found in self.environments):
            self._missing = self._missing or self.chosen
            self.chosen = next((found.interpreter for found in self.environments if found.is_current), self._own)
        self.changed.emit()
        if self._missing and not is_chosen_since:
            sentence = self.tr("{0} can no longer run snippets: GPU Playground's own environment is used instead.")
            self.failed.emit(sentence.format(self._missing))
        self._missing = ""

    def _added(self, environment: Environment) -> None:
        self._added_since = _merged(self._added_since, [environment])
        self.environments = with_distinct_labels(_merged(self.environments, [environment]))
        self.added = [*(path for path in self.added if path != environment.interpreter), environment.interpreter]
        self.choose(environment.interpreter)


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
