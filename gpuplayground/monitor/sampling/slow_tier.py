"""What takes the driver milliseconds, read in a thread of its own: the fast tier never waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from gpuplayground.model.samples import ProcessPass, ProcessSample, UnlistedProcesses
from gpuplayground.monitor.sampling.nvml_errors import DOES_NOT_ANSWER
from gpuplayground.runtime.clock import now_ns

#: A single call that takes longer than this, in seconds, is said not to be answered.
STUCK_S = 3.0
#: After so long, in seconds, another thread tries instead of one that is stuck; twice as long each time.
RETRY_S = 30.0
#: How long to wait for the call under way before the library is closed and opened again, in seconds.
_CLOSE_S = 1.0
#: How long a tick of the fast tier is waited for ahead of the next GPU, in seconds.
_TICK_S = 1.0

Touch = Callable[[], None]


class SlowGpu(Protocol):
    """A GPU as this thread sees it."""

    @property
    def uuid(self) -> str:
        """Its name in the rows of a pass."""

    def read_slowly(self, touch: Touch) -> list[ProcessSample | UnlistedProcesses]:
        """Read fan and power limit for the samples to come, and return its processes; ``touch`` after each call."""


class SlowTier:
    """Passes over the GPUs on request, one GPU at a time between the ticks of the fast tier.

    Args:
        on_finished: called in the thread when :meth:`finished` has something.
    """

    def __init__(self, on_finished: Callable[[], None]) -> None:
        self._on_finished = on_finished
        self._gpus: Sequence[SlowGpu] = ()
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._between_ticks = threading.Event()
        self._is_cancelled = False
        self._is_busy = False
        self._asked_at: float | None = None
        self._has_told = False
        self._found: ProcessPass | None = None
        self._thread: threading.Thread | None = None

    def watch(self, gpus: Sequence[SlowGpu]) -> None:
        """Read these GPUs from now on; a pass over others is given up."""
        self._gpus = gpus

    def begin(self) -> bool:
        """Start a pass; False while one is under way."""
        if self._is_busy:
            return False
        self._is_busy, self._is_cancelled, self._has_told = True, False, False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="slow tier", daemon=True)
            self._thread.start()
        self._wanted.set()
        return True

    def cancel(self) -> None:
        """Give up the pass under way ahead of its next GPU."""
        self._is_cancelled = True

    def finished(self) -> ProcessPass | None:
        """Return what the pass that has ended found, once; of one that is stuck, that nothing is known."""
        if self.stuck_s >= STUCK_S and not self._has_told:
            self._has_told = True
            time_ns = now_ns()
            return tuple(UnlistedProcesses(time_ns, gpu.uuid, DOES_NOT_ANSWER) for gpu in self._gpus)
        found, self._found = self._found, None
        return found

    @property
    def stuck_s(self) -> float:
        """How long the call under way has taken, in seconds."""
        asked_at = self._asked_at
        return 0.0 if asked_at is None else time.monotonic() - asked_at

    @contextmanager
    def tick(self) -> Iterator[None]:
        """Begin with no further GPU meanwhile: the driver serves one call at a time."""
        self._between_ticks.clear()
        try:
            yield
        finally:
            self._between_ticks.set()

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Make no call meanwhile, because the library is closed; False where the call under way does not end."""
        is_held = self._lock.acquire(timeout=_CLOSE_S)
        try:
            yield is_held
        finally:
            if is_held:
                self._lock.release()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            found = self._pass()
            self._is_busy = False
            if found is not None:
                self._found = found
                self._on_finished()

    def _pass(self) -> ProcessPass | None:
        rows: list[ProcessSample | UnlistedProcesses] = []
        gpus = self._gpus
        for gpu in gpus:
            self._between_ticks.wait(_TICK_S)
            with self._lock:
                if self._is_cancelled or self._gpus is not gpus:
                    return None
                self._touch()
                try:
                    rows += gpu.read_slowly(self._touch)
                finally:
                    self._asked_at = None
        return tuple(rows)

    def _touch(self) -> None:
        self._asked_at = time.monotonic()
