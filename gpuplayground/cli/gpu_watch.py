"""The GPUs while a command runs something on them: what a receipt and a verdict are made of."""

from __future__ import annotations

import ctypes
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from gpuplayground.cli.afterwards import attempt
from gpuplayground.model.benchmarks import Phase
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed, SessionEvent
from gpuplayground.model.results import Run
from gpuplayground.model.samples import Inventory, MonitorEvent, Problem
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.receipts.receipt import SETTLE_S
from gpuplayground.receipts.run_usage import RunUsage, has_used_gpu, usage_of
from gpuplayground.receipts.verdicts import judge

if TYPE_CHECKING:
    from gpuplayground.receipts.sample_log import SampleLog

#: A snippet with none of these words waits for no monitor: it hardly uses a GPU.
_MENTIONS = re.compile(r"\b(?:cu[a-z]+|torch|tensorflow|keras|pycuda|numba|jax|triton|warp|nv[a-z]+)\b", re.IGNORECASE)
#: So long the monitor may take to its first sample before the run begins without what was used ahead of it.
_READY_S = 2.0
#: How often the processes are looked at while something runs.
_PROCESS_PERIOD_S = 0.5


class Watch:
    """Follows the GPUs from :meth:`start` to :meth:`stop`; without a driver it does nothing."""

    def __init__(self) -> None:
        self._log: SampleLog | None = None
        self._feed = Feed()
        self._thread: threading.Thread | None = None
        self._is_ready = threading.Event()
        self._last_ns = 0
        #: The driver and the GPUs, None without a driver or before it has answered.
        self.inventory: Inventory | None = None

    def start(self, source: str) -> None:
        """Begin, and where the snippet ``source`` may use a GPU wait for the first sample."""
        if not _has_driver():
            return
        # It needs numpy, which takes longer to import than a short snippet to run: on other machines in vain.
        from gpuplayground.receipts.sample_log import SampleLog

        self._log = SampleLog()
        self._feed.set_process_period(_PROCESS_PERIOD_S)
        self._thread = threading.Thread(target=self._feed.run, args=(self._take,), name="watch", daemon=True)
        self._thread.start()
        if _MENTIONS.search(source):
            self._is_ready.wait(_READY_S)

    def stop(self) -> None:
        """End the monitor."""
        self._feed.stop()
        if self._thread is not None:
            self._thread.join(2.0)

    def follow(self, event: SessionEvent) -> None:
        """Leave the GPUs alone, as far as it disturbs, while a benchmark is timed."""
        if isinstance(event, BenchmarkMeasured) or (
            isinstance(event, BenchmarkProgressed) and event.phase is Phase.TRACING
        ):
            self._feed.resume_slow_tier()
        elif isinstance(event, BenchmarkProgressed) and event.phase is Phase.WARMING_UP:
            self._feed.pause_slow_tier()

    def account(self, run: Run, gpu_uuids: Sequence[str] = ()) -> RunUsage:
        """Return what was seen of a run that is over; may wait for a last sample.

        Args:
            run: the run, whose benchmarks have not been judged.
            gpu_uuids: the GPU that it was given, none where it saw all.
        """
        log = self._log
        if log is None:
            return RunUsage(
                run, benchmarks=tuple(replace(each, verdict=judge(each, (), (), ())) for each in run.benchmarks)
            )
        if log.gpus and has_used_gpu(run, log):
            settled_ns = run.end_ns + round(SETTLE_S * 1e9)
            deadline = time.monotonic() + 2 * SETTLE_S
            while self._last_ns < settled_ns and time.monotonic() < deadline:
                time.sleep(0.05)
        return usage_of(run, log, gpu_uuids)

    def account_or_none(self, run: Run, gpu_uuids: Sequence[str] = ()) -> RunUsage:
        """Do as :meth:`account` does; where that fails, say so and return the run without what was seen of it."""
        found = [RunUsage(run, benchmarks=run.benchmarks)]
        attempt(lambda: found.append(self.account(run, gpu_uuids)), "What the GPUs did is not known")
        return found[-1]

    def _take(self, event: MonitorEvent) -> None:
        assert self._log is not None  # there is no feed without it
        self._log.add(event)
        if isinstance(event, Inventory):
            self.inventory = event
        if isinstance(event, tuple) and event:
            self._last_ns = event[-1].time_ns
            self._is_ready.set()
        elif isinstance(event, Problem) or (isinstance(event, Inventory) and not event.gpus):
            self._is_ready.set()


@contextmanager
def watching(source: str) -> Iterator[Watch]:
    """Watch the GPUs while something like the snippet ``source`` runs, and end the monitor whatever happens."""
    watch = Watch()
    watch.start(source)
    try:
        yield watch
    finally:
        attempt(watch.stop, "The monitor did not end")


def _has_driver() -> bool:
    """Return whether there is a driver to ask, without asking it: on other machines no process is started in vain."""
    try:
        ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
    except OSError:
        return False
    return True
