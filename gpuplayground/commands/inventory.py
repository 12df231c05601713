"""The GPUs of this machine, asked once through an agent process: a driver that hangs cannot hang the command."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from queue import Empty, SimpleQueue

from gpuplayground.monitor.feed import Feed
from gpuplayground.monitor.samples import DriverInfo, Inventory, MonitorEvent, Problem, ProblemCode
from gpuplayground.runtime.clock import now_ns

#: How long the driver may take to answer, in seconds: waking many sleeping GPUs takes seconds.
ANSWER_S = 15.0


def read_inventory(timeout: float = ANSWER_S) -> Inventory:
    """Return the driver and the GPUs, or an inventory whose ``problem`` says why there are none.

    Args:
        timeout: seconds the driver may take to answer.
    """
    feed = Feed()
    events: SimpleQueue[MonitorEvent] = SimpleQueue()
    reader = threading.Thread(target=feed.run, args=(events.put,), daemon=True)
    reader.start()
    try:
        return _first_inventory(events, time.monotonic() + timeout)
    finally:
        feed.stop()
        reader.join(2.0)


def _first_inventory(events: SimpleQueue[MonitorEvent], deadline: float) -> Inventory:
    while True:
        try:
            event = events.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            sentence = "The NVIDIA driver does not answer: restart the computer."
            return _without(Problem(ProblemCode.NOT_RESPONDING, sentence))
        if isinstance(event, Inventory):
            return event
        if isinstance(event, Problem) and event.code is ProblemCode.AGENT_FAILED:
            sentence = f"The process that reads the GPUs ended ({event.detail}): reinstall gpuplayground."
            return _without(replace(event, sentence=" ".join(sentence.split())))


def _without(problem: Problem) -> Inventory:
    return Inventory(now_ns(), DriverInfo(), (), problem)
