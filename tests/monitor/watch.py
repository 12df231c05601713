"""Runs a feed in a thread and waits for its events."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from gpuplayground.model.samples import (
    GpuSample,
    Inventory,
    MonitorEvent,
    Pace,
    Problem,
    ProcessPass,
    ProcessSample,
    UnlistedProcesses,
)
from gpuplayground.monitor.sampling.agent_process import agent_command
from gpuplayground.monitor.sampling.feed import Feed

#: Generous: the machine may be busy. Nothing waits that long when things work.
PATIENCE_S = 30.0


class AnyFeed(Protocol):
    def run(self, on_event: Callable[[MonitorEvent], None]) -> None: ...
    def stop(self) -> None: ...


def quick_feed(env: Mapping[str, str], hz: float = 20, slow_s: float = 0.1, stall_s: float = 3.0) -> Feed:
    """A feed of a real agent that looks for changes more often than a user's."""
    return Feed(agent_command(hz, slow_s), hz, {**os.environ, **env}, stall_s)


FeedT = TypeVar("FeedT", bound=AnyFeed)


class Watch(Generic[FeedT]):
    """A running feed and everything it has reported so far."""

    def __init__(self, feed: FeedT) -> None:
        self.feed = feed
        self.events: list[MonitorEvent] = []
        self._arrived = threading.Condition()
        self.thread = threading.Thread(target=feed.run, args=(self._put,))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the feed, which must not wait for what hangs."""
        self.feed.stop()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()

    def _put(self, event: MonitorEvent) -> None:
        with self._arrived:
            self.events.append(event)
            self._arrived.notify_all()

    def mark(self) -> int:
        """A position to look for events from."""
        with self._arrived:
            return len(self.events)

    def wait(self, wanted: Callable[[MonitorEvent], bool], since: int = 0) -> MonitorEvent:
        """Wait for an event; what came before position ``since`` does not count."""
        end = time.monotonic() + PATIENCE_S
        with self._arrived:
            while True:
                for event in self.events[since:]:
                    if wanted(event):
                        return event
                since = len(self.events)
                left = end - time.monotonic()
                if left <= 0 or not self._arrived.wait(left):
                    raise AssertionError(f"did not come; the last of {since} events: {self.events[-3:]}")

    def ticks_without_a_pass(self, count: int) -> None:
        """Wait until so many ticks in a row came without a pass over the processes between them."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            position = self.mark()
            for _ in range(count):
                self.samples(since=self.mark())
            if not any(is_pass(event) for event in self.events[position:]):
                return
        raise AssertionError("the processes are still being read")

    def silence(self, seconds: float) -> None:
        """Wait until nothing came for so long."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            position = self.mark()
            time.sleep(seconds)
            if self.mark() == position:
                return
        raise AssertionError("events keep coming")

    def inventory(self, wanted: Callable[[Inventory], bool] = lambda _: True, since: int = 0) -> Inventory:
        """Wait for an inventory."""
        event = self.wait(lambda event: isinstance(event, Inventory) and wanted(event), since)
        assert isinstance(event, Inventory)
        return event

    def problem(self, since: int = 0) -> Problem:
        """Wait for a problem of the feed itself."""
        event = self.wait(lambda event: isinstance(event, Problem), since)
        assert isinstance(event, Problem)
        return event

    def samples(
        self, wanted: Callable[[tuple[GpuSample, ...]], bool] = lambda _: True, since: int = 0
    ) -> tuple[GpuSample, ...]:
        """Wait for a tick."""
        return _samples(self.wait(lambda event: is_tick(event) and wanted(_samples(event)), since))

    def found(self, wanted: Callable[[ProcessPass], bool] = lambda _: True, since: int = 0) -> ProcessPass:
        """Wait for a pass over the processes, with what it could not list."""
        return _found(self.wait(lambda event: is_pass(event) and wanted(_found(event)), since))

    def pace(self, wanted: Callable[[Pace], bool] = lambda _: True, since: int = 0) -> Pace:
        """Wait until the rate of sampling is told."""
        event = self.wait(lambda event: isinstance(event, Pace) and wanted(event), since)
        assert isinstance(event, Pace)
        return event

    def processes(
        self, wanted: Callable[[tuple[ProcessSample, ...]], bool] = lambda _: True, since: int = 0
    ) -> tuple[ProcessSample, ...]:
        """Wait for a pass over the processes."""
        return _processes(self.wait(lambda event: is_pass(event) and wanted(_processes(event)), since))


def is_tick(event: MonitorEvent) -> bool:
    return isinstance(event, tuple) and bool(event) and isinstance(event[0], GpuSample)


def is_pass(event: MonitorEvent) -> bool:
    return isinstance(event, tuple) and not is_tick(event)


def _samples(event: MonitorEvent) -> tuple[GpuSample, ...]:
    assert isinstance(event, tuple)
    return tuple(each for each in event if isinstance(each, GpuSample))


def _processes(event: MonitorEvent) -> tuple[ProcessSample, ...]:
    assert isinstance(event, tuple)
    return tuple(each for each in event if isinstance(each, ProcessSample))


def _found(event: MonitorEvent) -> ProcessPass:
    assert isinstance(event, tuple)
    return tuple(each for each in event if isinstance(each, ProcessSample | UnlistedProcesses))


def process_state(pid: int) -> str:
    """The letter ``ps`` shows for a process, ``X`` when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def has_ended(pid: int) -> bool:
    """Whether a process is gone, waiting for it a while; a zombie counts as gone."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if process_state(pid) in "XZ":
            return True
        time.sleep(0.02)
    return False
