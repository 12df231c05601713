"""Examines the machine in a background thread and reports each finding in the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, QThread, Signal

from gpuplayground.environments.doctor.examination import Examination, Planned, Started, default_cache, kernels, quick
from gpuplayground.environments.interpreters import Environment, with_distinct_labels
from gpuplayground.model.samples import Inventory
from gpuplayground.workers.threads import Threads


class Doctor(QObject):
    """Runs one examination at a time.

    Quick findings come within seconds. Then ``planned`` and ``started`` announce each kernel, and ``found`` its finding
    with the same id.
    """

    answered = Signal(object)  # tuple[Answer, ...]
    planned = Signal(object)  # Planned
    started = Signal(object)  # Started
    found = Signal(object)  # Finding
    failed = Signal(str)  # a sentence
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads = Threads(self)
        self._running: _Run | None = None

    @property
    def is_running(self) -> bool:
        """Whether an examination is going on."""
        return self._running is not None

    def start(
        self,
        inventory: Inventory,
        environments: Sequence[Environment],
        unlisted: Mapping[str, str] | None = None,
        *,
        is_fresh: bool = False,
    ) -> bool:
        """Start an examination and return whether it started; one that is running goes on instead.

        Args:
            inventory: the driver and the GPUs of this machine, not those of a recording.
            environments: the environments to check.
            unlisted: for each GPU whose processes cannot be listed the reason, by its UUID.
            is_fresh: whether to run kernels whose results are known.
        """
        if self._running is not None:
            return False
        run = _Run(inventory, tuple(with_distinct_labels(environments)), dict(unlisted or {}), is_fresh=is_fresh)
        run.answered.connect(self.answered)
        run.planned.connect(self.planned)
        run.started_kernel.connect(self.started)
        run.found.connect(self.found)
        run.failed.connect(self.failed)
        run.finished.connect(self._ended)
        self._running = run
        self._threads.start(run)
        return True

    def cancel(self) -> None:
        """Kill the running kernels and run no more. Returns at once; ``ended`` follows."""
        if self._running is not None:
            self._running.cancelled.set()

    def end(self) -> None:
        """Cancel before the window closes. Returns at once."""
        self.cancel()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long, after :meth:`end`, and return whether the thread has ended."""
        return self._threads.wait(seconds)

    def _ended(self) -> None:
        self._running = None
        self.ended.emit()


class _Run(QThread):
    answered = Signal(object)
    planned = Signal(object)
    started_kernel = Signal(object)
    found = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        inventory: Inventory,
        environments: tuple[Environment, ...],
        unlisted: Mapping[str, str],
        *,
        is_fresh: bool,
    ) -> None:
        super().__init__()
        self.cancelled = threading.Event()
        self._inventory, self._environments, self._unlisted = inventory, environments, unlisted
        self._is_fresh = is_fresh

    def run(self) -> None:
        """Examine the machine; called by ``start()`` in the new thread."""
        try:
            self._examine()
        except Exception as error:  # reported to the user
            self.failed.emit(str(error) or type(error).__name__)

    def _examine(self) -> None:
        examination = Examination(
            self._inventory, self._environments, self._unlisted, cache=default_cache(), is_fresh=self._is_fresh
        )
        answers, findings = quick(examination)
        self.answered.emit(answers)
        for finding in findings:
            self.found.emit(finding)
        for new in kernels(examination, findings, self.cancelled):
            if isinstance(new, Planned):
                self.planned.emit(new)
            elif isinstance(new, Started):
                self.started_kernel.emit(new)
            else:
                self.found.emit(new)
