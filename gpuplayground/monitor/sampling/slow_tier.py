"""Reads what takes the driver milliseconds in a separate thread, so that the fast tier does not wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from gpuplayground.model.samples import ProcessPass, ProcessSample, UnlistedProcesses
from gpuplayground.monitor.sampling.nvml_errors import DOES_NOT_ANSWER
from gpuplayground.runtime.clock import now_ns

#: A call that takes longer than this, in seconds, is reported as not responding.
STUCK_S = 3.0
#: A stuck thread is replaced after this time in seconds, doubled each time.
RETRY_S = 30.0
#: Maximum wait for the current call before the library is reopened, in seconds.
_CLOSE_S = 1.0
#: Maximum wait for a tick of the fast tier before the next GPU is read, in seconds.
_TICK_S = 1.0

Touch = Callable[[], None]


class SlowGpu(Protocol):
    """The interface of a GPU for the slow tier."""

    @property
    def uuid(self) -> str:
        """The GPU's UUID."""

    def read_slowly(self, touch: Touch) -> list[ProcessSample | UnlistedProcesses]:
        """Read fan and power limit for later samples, and return the processes; ``touch`` after each call."""


class SlowTier:
    """Reads the GPUs on request, one at a time between the ticks of the fast tier.

    Args:
        on_finished: called in the thread when :meth:`finished` has a result.
    """

    def __init__(self, on_finished: Callable[[], None]) -> None:
        self._on_finished = on_finished
        self._gpus: Sequence[SlowGpu] = ()
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._between_ticks = threading.Event()
        self._is_cancelled = False
        self._is_busy = False
        self._called_at: float | None = None
        self._is_reported = False
        self._found: ProcessPass | None = None
        self._thread: threading.Thread | None = None

    def watch(self, gpus: Sequence[SlowGpu]) -> None:
        """Set the GPUs to read; the current pass over others is cancelled."""
        self._gpus = gpus

    def begin(self) -> bool:
        """Start a pass; return False while one is running."""
        if self._is_busy:
            return False
        self._is_busy, self._is_cancelled, self._is_reported = True, False, False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="slow tier", daemon=True)
            self._thread.start()
        self._wanted.set()
        return True

    def cancel(self) -> None:
        """Cancel the current pass before its next GPU."""
        self._is_cancelled = True

    def finished(self) -> ProcessPass | None:
        """Return the result of a finished pass once; a stuck pass returns unlisted processes for all GPUs."""
        if self.stuck_s >= STUCK_S and not self._is_reported:
            self._is_reported = True
            time_ns = now_ns()
            return tuple(UnlistedProcesses(time_ns, gpu.uuid, DOES_NOT_ANSWER) for gpu in self._gpus)
        found, self._found = self._found, None
        return found

    @property
    def stuck_s(self) -> float:
        """Duration of the current call so far, in seconds."""
        called_at = self._called_at
        return 0.0 if called_at is None else time.monotonic() - called_at

    @contextmanager
    def tick(self) -> Iterator[None]:
        """Start no other GPU meanwhile, because the driver serves one call at a time."""
        self._between_ticks.clear()
        try:
            yield
        finally:
            self._between_ticks.set()

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Prevent calls while the library is closed; yield False if the current call does not end."""
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
                    self._called_at = None
        return tuple(rows)

    def _touch(self) -> None:
        self._called_at = time.monotonic()
