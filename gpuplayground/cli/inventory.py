"""Reads the GPUs of this machine once, in another process, so that a hanging driver cannot hang the command."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, SimpleQueue

from gpuplayground.model.samples import (
    DriverInfo,
    Inventory,
    MonitorEvent,
    Problem,
    ProblemCode,
    ProcessSample,
    UnlistedProcesses,
)
from gpuplayground.monitor.sampling.feed import START_S, Feed
from gpuplayground.runtime.clock import now_ns

#: Maximum wait for the driver, in seconds: the start of the sampling process and the feed's own timeout.
ANSWER_S = START_S + 5.0
#: Maximum wait for the first list of processes once the GPUs are known, in seconds.
PROCESSES_S = 5.0


def read_inventory(timeout: float = ANSWER_S) -> Inventory:
    """Return the driver and the GPUs; without any, ``problem`` of the inventory says why.

    Args:
        timeout: maximum wait for the driver, in seconds.
    """
    with _listening() as events:
        return _first_inventory(events, time.monotonic() + timeout)


def read_machine(timeout: float = ANSWER_S) -> tuple[Inventory, dict[str, str]]:
    """Return the same, and for each GPU whose processes cannot be listed the reason, by its UUID."""
    with _listening() as events:
        inventory = _first_inventory(events, time.monotonic() + timeout)
        return inventory, _unlisted(events, time.monotonic() + PROCESSES_S) if inventory.gpus else {}


@contextmanager
def _listening() -> Iterator[SimpleQueue[MonitorEvent]]:
    feed = Feed()
    events: SimpleQueue[MonitorEvent] = SimpleQueue()
    reader = threading.Thread(target=feed.run, args=(events.put,), daemon=True)
    reader.start()
    try:
        yield events
    finally:
        feed.stop()
        reader.join(2.0)


def _first_inventory(events: SimpleQueue[MonitorEvent], deadline: float) -> Inventory:
    while True:
        event = _next(events, deadline)
        if isinstance(event, Inventory):
            return event
        if event is None or (isinstance(event, Problem) and event.code is ProblemCode.NOT_RESPONDING):
            sentence = "The NVIDIA driver does not answer: restart the computer."
            return _inventory_of(Problem(ProblemCode.NOT_RESPONDING, sentence))
        if isinstance(event, Problem):
            sentence = f"The process that reads the GPUs ended ({event.detail}): reinstall gpuplayground."
            return _inventory_of(replace(event, sentence=" ".join(sentence.split())))


def _unlisted(events: SimpleQueue[MonitorEvent], deadline: float) -> dict[str, str]:
    while (event := _next(events, deadline)) is not None:
        if isinstance(event, tuple) and all(isinstance(row, ProcessSample | UnlistedProcesses) for row in event):
            return {row.gpu_uuid: row.reason for row in event if isinstance(row, UnlistedProcesses)}
    return {}


def _next(events: SimpleQueue[MonitorEvent], deadline: float) -> MonitorEvent | None:
    try:
        return events.get(timeout=max(0.0, deadline - time.monotonic()))
    except Empty:
        return None


def _inventory_of(problem: Problem) -> Inventory:
    return Inventory(now_ns(), DriverInfo(), (), problem)
