"""The Pythons that may run snippets: looked for in the background, and the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from gpuplayground.playground.environments import Environment, discover, probe
from gpuplayground.workers.task import Task


class Interpreters(QObject):
    """Knows the environments found so far. Asking an interpreter for its version takes a process: never this thread."""

    changed = Signal()
    failed = Signal(str)  # a sentence

    def __init__(self, own: str, chosen: str, added: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.chosen = chosen or own
        self.added = list(added)
        self.environments: list[Environment] = []
        self._own = own
        self._tasks: list[Task] = []

    def discover(self) -> None:
        """Look for environments; ``changed`` follows."""
        self._start(partial(discover, tuple(self.added)), self._discovered)

    def choose(self, interpreter: str) -> None:
        """Run snippets by an interpreter that was found."""
        self.chosen = interpreter
        self.changed.emit()

    def add(self, interpreter: str) -> None:
        """Ask an interpreter who it is and choose it; ``failed`` says in a sentence why it cannot be used."""
        self._start(partial(probe, interpreter), self._added)

    def shutdown(self) -> None:
        """Wait for what is still being asked: each question has a time limit of its own."""
        for task in self._tasks:
            task.wait()

    def _start(self, work: Callable[[], object], done: Callable[..., None]) -> None:
        self._tasks = [task for task in self._tasks if not task.isFinished()]
        task = Task(work, self)
        task.succeeded.connect(done)
        task.failed.connect(self.failed)
        self._tasks.append(task)
        task.start()

    def _discovered(self, environments: list[Environment]) -> None:
        self.environments = environments
        if not any(environment.interpreter == self.chosen for environment in environments):
            self.chosen = next((found.interpreter for found in environments if found.is_current), self._own)
        self.changed.emit()

    def _added(self, environment: Environment) -> None:
        known = [found for found in self.environments if found.interpreter != environment.interpreter]
        self.environments = [*known, environment]
        self.added = [*(path for path in self.added if path != environment.interpreter), environment.interpreter]
        self.choose(environment.interpreter)
