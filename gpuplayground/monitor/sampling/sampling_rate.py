"""Measures the actual sampling rate, and whether a slow driver limits it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from gpuplayground.model.samples import Pace

#: The rate is measured over this time in nanoseconds, and over at least this many ticks.
_MEASURED_NS = 2_000_000_000
_MIN_TICKS = 3
#: Relative difference up to which rates count as equal.
_TOLERANCE = 0.05


class PaceMeter:
    """Measures the ticks of the fast tier."""

    def __init__(self) -> None:
        #: Number of driver calls so far.
        self.calls = 0
        #: Duration of the last tick in nanoseconds.
        self.tick_ns = 0
        self._period_ns = 0
        #: Start, duration and number of calls of each tick.
        self._ticks: deque[tuple[int, int, int]] = deque()
        self._reported: Pace | None = None

    @contextmanager
    def tick(self, period_ns: int) -> Iterator[None]:
        """Measure one tick; ``period_ns`` is the requested period."""
        if period_ns != self._period_ns:
            self._period_ns = period_ns
            self._ticks.clear()
        start, calls = time.monotonic_ns(), self.calls
        yield
        self.tick_ns = time.monotonic_ns() - start
        self._ticks.append((start, self.tick_ns, self.calls - calls))
        while len(self._ticks) > _MIN_TICKS and start - self._ticks[1][0] >= _MEASURED_NS:
            self._ticks.popleft()

    def changed(self) -> Pace | None:
        """Return the pace once it is known, and whenever it changes; else None."""
        starts = [start for start, _, _ in self._ticks]
        if len(starts) < _MIN_TICKS or starts[-1] - starts[0] < min(_MEASURED_NS, _MIN_TICKS * self._period_ns) / 2:
            return None
        spacing_ns = (starts[-1] - starts[0]) / (len(starts) - 1)
        pace = Pace(1e9 / self._period_ns)
        if spacing_ns > (1 + _TOLERANCE) * self._period_ns:
            # The median, because a single delay of this process does not mean that the driver is slow.
            is_driver = median(took for _, took, _ in self._ticks) > 0.9 * self._period_ns
            call_ns = median(took / max(1, calls) for _, took, calls in self._ticks)
            pace = Pace(1e9 / spacing_ns, call_ns / 1e9 if is_driver else None)
        if self._reported is not None and _are_alike(pace, self._reported):
            return None
        self._reported = pace
        return pace


def _are_alike(one: Pace, other: Pace) -> bool:
    return abs(one.hz - other.hz) <= _TOLERANCE * other.hz and (one.call_s is None) == (other.call_s is None)
