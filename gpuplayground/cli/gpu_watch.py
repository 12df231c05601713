"""Samples the GPUs while a command runs a snippet, for its receipts and verdicts."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from gpuplayground.cli.best_effort import best_effort
from gpuplayground.model.events import SessionEvent
from gpuplayground.model.results import Run, RunRequest
from gpuplayground.model.samples import Inventory, MonitorEvent, Problem
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.receipts.receipt import SETTLE_S
from gpuplayground.receipts.run_observer import ObservedRun, RunObserver
from gpuplayground.runtime.trace.gpu_modules import may_use_gpu

#: Maximum wait for the first sample, in seconds. Without one the receipt lacks what was in use before the run.
_READY_S = 2.0
#: How often to look for the last sample, in seconds.
_POLL_S = 0.05


class GpuWatch:
    """Samples the GPUs from :meth:`start` to :meth:`stop`; does nothing without a driver."""

    def __init__(self) -> None:
        self._feed = Feed()
        self.observer = RunObserver(self._feed)
        self._thread: threading.Thread | None = None
        self._is_ready = threading.Event()

    @property
    def inventory(self) -> Inventory | None:
        """The driver and the GPUs; None without a driver or before it has answered."""
        return self.observer.inventory

    def start(self, request: RunRequest) -> None:
        """Start sampling; if the snippet may use a GPU, wait for the first sample."""
        self.observer.begin(request)
        if not _has_driver():
            return
        # Needs numpy, which takes longer to import than a short snippet to run.
        from gpuplayground.receipts.sample_log import SampleLog

        self.observer.log = SampleLog()
        self._thread = threading.Thread(target=self._feed.run, args=(self._take,), name="watch", daemon=True)
        self._thread.start()
        if may_use_gpu(request.source):
            self._is_ready.wait(_READY_S)

    def stop(self) -> None:
        """Stop sampling."""
        self._feed.stop()
        if self._thread is not None:
            self._thread.join(2.0)

    def follow(self, event: SessionEvent) -> None:
        """Take an event of the run."""
        self.observer.follow(event)

    def observe(self, run: Run) -> ObservedRun:
        """Return what was sampled of a run that has ended; may wait :data:`SETTLE_S` or more for its last sample."""
        deadline = time.monotonic() + 2 * SETTLE_S
        while not self.observer.is_settled(run) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        return self.observer.evaluation(run.run_id)()

    def try_to_observe(self, run: Run) -> ObservedRun:
        """Do the same; if that fails, say so on stderr and return the run without what was sampled of it."""
        observed = [ObservedRun(run, benchmarks=run.benchmarks)]
        best_effort(lambda: observed.append(self.observe(run)), "What the GPUs did is not known")
        return observed[-1]

    def _take(self, event: MonitorEvent) -> None:
        self.observer.add(event)
        is_sample = isinstance(event, tuple) and bool(event)
        has_failed = isinstance(event, Problem) or (isinstance(event, Inventory) and not event.gpus)
        if is_sample or has_failed:
            self._is_ready.set()


@contextmanager
def watching(request: RunRequest) -> Iterator[GpuWatch]:
    """Sample the GPUs while a snippet runs; sampling always stops at the end."""
    watch = GpuWatch()
    watch.start(request)
    try:
        yield watch
    finally:
        best_effort(watch.stop, "The monitor did not end")


def _has_driver() -> bool:
    """Return whether the NVIDIA driver's library can be loaded, so that no sampling process is started for nothing."""
    try:
        ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
    except OSError:
        return False
    return True
