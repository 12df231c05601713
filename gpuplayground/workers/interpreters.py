"""The Pythons that may run snippets: looked for in the background, and the one that is chosen."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from gpuplayground.environments.interpreters import Environment, discover, probe, with_distinct_labels
from gpuplayground.workers.task import Tasks


class Interpreters(QObject):
    """Knows the environments found so far. Asking an interpreter for its version takes a process: never this thread."""

    changed = Signal()
    failed = Signal(str)  # a sentence

    def __init__(self, own: str, chosen: str, added: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        is_there = os.path.isfile(chosen)  # noqa: PTH113 - Path raises where a folder cannot be read
        self.chosen = chosen if is_there else own
        self.added = list(added)
        self.environments: list[Environment] = []
        self._own = own
        self._lost = chosen if chosen and not is_there else ""
        # What was chosen when the search began, and what was added since: the search knows nothing of the latter.
        self._chosen_then = self.chosen
        self._added_since: list[Environment] = []
        self._tasks = Tasks(self)
        self._given_up = threading.Event()

    def discover(self) -> None:
        """Look for environments; ``changed`` follows, and ``failed`` if the remembered one can be used no longer."""
        self._chosen_then, self._added_since = self.chosen, []
        # The chosen one may be that of a folder this program was started in the last time.
        look = partial(discover, tuple(dict.fromkeys((*self.added, self.chosen))), cancelled=self._given_up)
        self._tasks.start(look, self._discovered, self.failed)

    def choose(self, interpreter: str) -> None:
        """Run snippets by an interpreter that was found; one that was not started yet is now, as by :meth:`add`."""
        is_unknown = any(each.distrust for each in self.environments if each.interpreter == interpreter)
        if is_unknown:
            self.add(interpreter)
        else:
            self.chosen = interpreter
        self.changed.emit()

    def add(self, interpreter: str) -> None:
        """Ask an interpreter who it is and choose it; ``failed`` says in a sentence why it cannot be used."""
        ask = partial(probe, interpreter, cancelled=self._given_up)
        self._tasks.start(ask, self._added, self.failed)

    def end(self) -> None:
        """Give up what is being asked: interpreters that have not answered yet are ended. Returns at once."""
        self._given_up.set()

    def wait(self, seconds: float) -> bool:
        """Wait that long in all, after :meth:`end`, and return whether every thread has ended."""
        return self._tasks.wait(seconds)

    def _discovered(self, environments: list[Environment]) -> None:
        self.environments = with_distinct_labels(_joined(environments, self._added_since))
        is_chosen_since = self.chosen != self._chosen_then
        if not is_chosen_since and not any(found.interpreter == self.chosen for found in self.environments):
            self._lost = self._lost or self.chosen
            self.chosen = next((found.interpreter for found in self.environments if found.is_current), self._own)
        self.changed.emit()
        if self._lost and not is_chosen_since:
            sentence = self.tr("{0} can no longer run snippets: GPU Playground's own environment runs them now.")
            self.failed.emit(sentence.format(self._lost))
        self._lost = ""

    def _added(self, environment: Environment) -> None:
        self._added_since = _joined(self._added_since, [environment])
        self.environments = with_distinct_labels(_joined(self.environments, [environment]))
        self.added = [*(path for path in self.added if path != environment.interpreter), environment.interpreter]
        self.choose(environment.interpreter)


def _joined(known: Sequence[Environment], newer: Sequence[Environment]) -> list[Environment]:
    """Return those that are known with the newer ones behind them, each interpreter once.

    An environment that was not started gives way to the same one by another name.
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
