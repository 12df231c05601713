"""Clock of all timestamps: the time of day at the application's start plus the steady time passed since.

Unlike the system's time of day, which can be set at any moment, it never jumps, so that differences are durations.
Child processes take over the offset, so that the agent's samples and the snippet's statements share one time axis.
"""

from __future__ import annotations

import sys
from time import perf_counter_ns, time_ns

if sys.platform == "linux":
    # Imported by name, because a snippet may replace attributes of ``time``.
    from time import CLOCK_BOOTTIME, clock_gettime_ns

    def _steady_ns() -> int:
        # Unlike CLOCK_MONOTONIC it keeps running while the machine sleeps, see clock_gettime(2).
        return clock_gettime_ns(CLOCK_BOOTTIME)

else:
    _steady_ns = perf_counter_ns


class _Clock:
    """Holds the offset in nanoseconds between the machine's steady clock and the time of day."""

    def __init__(self) -> None:
        self.offset_ns = time_ns() - _steady_ns()


_clock = _Clock()


def now_ns() -> int:
    """Return the time in nanoseconds since 1970, UTC."""
    return _steady_ns() + _clock.offset_ns


def offset_ns() -> int:
    """Return the offset that a child process passes to :func:`follow`."""
    return _clock.offset_ns


def follow(offset_ns: int) -> None:
    """Take over the clock of the parent process, given its :func:`offset_ns`."""
    _clock.offset_ns = offset_ns
