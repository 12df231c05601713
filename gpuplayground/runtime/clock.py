"""The clock of every time stamp: the time of day when a window or command started, plus the time that has passed.

The system's time of day can be set, forward or back, at any moment. Stamps of this clock stay in order and their
differences are durations. A process that is started for another one takes over its offset, so that the samples of an
agent and the statements of a snippet lie on one axis.
"""

from __future__ import annotations

import sys
from time import perf_counter_ns, time_ns

if sys.platform == "linux":
    # Bound here, because a snippet may put something else in their place.
    from time import CLOCK_BOOTTIME, clock_gettime_ns

    def _steady_ns() -> int:
        # Unlike CLOCK_MONOTONIC this one goes on while the machine sleeps: see clock_gettime(2).
        return clock_gettime_ns(CLOCK_BOOTTIME)

else:
    _steady_ns = perf_counter_ns


class _Clock:
    """An offset in nanoseconds between a steady clock of the machine and the time of day."""

    def __init__(self) -> None:
        self.offset_ns = time_ns() - _steady_ns()


_clock = _Clock()


def now_ns() -> int:
    """Return the time in nanoseconds since 1970, UTC."""
    return _steady_ns() + _clock.offset_ns


def offset_ns() -> int:
    """Return what a process started for this one passes to :func:`follow`."""
    return _clock.offset_ns


def follow(offset_ns: int) -> None:
    """Go by the clock of the process that started this one, on the same machine."""
    _clock.offset_ns = offset_ns
