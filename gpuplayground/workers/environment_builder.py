"""Plans and builds environments in threads; uv works in a process of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from gpuplayground.environments.managed.records import (
    BuildCancelledError,
    BuildError,
    BuildPlan,
    BuildProgress,
)
from gpuplayground.environments.managed.store import ManagedEnvironments
from gpuplayground.environments.packages.selection import NoBuildError
from gpuplayground.workers.task import Tasks


class EnvironmentBuilder(QObject):
    """Builds one environment at a time. ``key`` is what it is built for, such as the ID of a tab."""

    planned = Signal(str, object)  # key, BuildPlan
    progressed = Signal(str, object)  # key, BuildProgress
    built = Signal(str, object)  # key, ManagedEnvironment
    failed = Signal(str, str, str)  # key, sentence, uv's own words
    cancelled = Signal(str)  # key
    changed = Signal()  # environments have been built or removed
    _failed_badly = Signal(str)

    def __init__(self, environments: ManagedEnvironments, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.environments = environments
        self._tasks = Tasks(self)
        self._stops: dict[str, threading.Event] = {}
        #: Ends what only waits in an environment, such as a warm process; called in a thread before a removal.
        self.release: Callable[[str], object] = lambda _: None
        self._failed_badly.connect(lambda sentence: self.failed.emit("", sentence, ""))

    def is_busy(self, key: str) -> bool:
        """Return whether something is planned or built for a key."""
        return key in self._stops

    def plan(self, key: str, make: Callable[[threading.Event], BuildPlan]) -> None:
        """Make a plan; ``planned`` or ``failed`` follows. A plan or build of the same key is cancelled."""
        self._start(key, lambda stop: self.planned.emit(key, make(stop)))

    def build(self, key: str, plan: BuildPlan) -> None:
        """Build an environment; ``progressed`` and then ``built``, ``failed`` or ``cancelled`` follow."""

        def work(stop: threading.Event) -> None:
            def report(progress: BuildProgress) -> None:
                self.progressed.emit(key, progress)

            self.built.emit(key, self.environments.build(plan, report, stop))
            self.changed.emit()

        self._start(key, work)

    def remove(self, name: str) -> None:
        """Remove an environment; ``changed`` or ``failed`` follows, with the name as key."""

        def work(_stop: threading.Event) -> None:
            environment = self.environments.find(name)
            if environment is not None:
                self.release(environment.interpreter)
            self.environments.remove(name)
            self.changed.emit()

        self._start(name, work)

    def sizes(self, done: Callable[..., None]) -> None:
        """Measure the disk use of every environment; ``done`` gets it in bytes by name."""

        def measure() -> dict[str, int]:
            return {each.name: self.environments.size_bytes(each) for each in self.environments.environments()}

        self._tasks.start(measure, done, self._failed_badly)

    def cancel(self, key: str) -> None:
        """Cancel what is planned or built for a key."""
        if key in self._stops:
            self._stops[key].set()

    def end(self) -> None:
        """Cancel everything. Returns at once."""
        for stop in self._stops.values():
            stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long, after :meth:`end`, and return whether every thread has ended."""
        return self._tasks.wait(seconds)

    def _start(self, key: str, work: Callable[[threading.Event], None]) -> None:
        self.cancel(key)
        stop = self._stops[key] = threading.Event()
        self._tasks.start(partial(self._work, key, stop, work), None, self._failed_badly)

    def _work(self, key: str, stop: threading.Event, work: Callable[[threading.Event], None]) -> None:
        """Run in a thread. Signals are queued into the thread of the window."""
        failure: tuple[str, str] | None = None
        try:
            work(stop)
        except BuildCancelledError:
            pass
        except BuildError as error:
            failure = str(error), error.details
        except (NoBuildError, ValueError, OSError) as error:
            failure = str(error), ""
        if self._stops.get(key) is stop:
            del self._stops[key]
        if stop.is_set():
            self.cancelled.emit(key)
        elif failure is not None:
            self.failed.emit(key, *failure)
