"""How often the GPUs are really sampled, and whether a slow driver is why it is not more often."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from gpuplayground.model.samples import Pace

#: The rate is measured over this time, in nanoseconds, and no fewer than so many ticks.
_MEASURED_NS = 2_000_000_000
_LEAST_TICKS = 3
#: Rates that are closer to each other than this are one.
_TOLERANCE = 0.05


class PaceMeter:
    """Measures the ticks of the fast tier."""

    def __init__(self) -> None:
        #: How many calls the driver has answered.
        self.calls = 0
        #: How long the last tick took, in nanoseconds.
        self.tick_ns = 0
        self._period_ns = 0
        #: When each tick began, how long it took and by how many calls.
        self._ticks: deque[tuple[int, int, int]] = deque()
        self._told: Pace | None = None

    @contextmanager
    def tick(self, period_ns: int) -> Iterator[None]:
        """Measure one tick; ``period_ns`` is the time there should be between two."""
        if period_ns != self._period_ns:
            self._period_ns = period_ns
            self._ticks.clear()
        start, calls = time.monotonic_ns(), self.calls
        yield
        self.tick_ns = time.monotonic_ns() - start
        self._ticks.append((start, self.tick_ns, self.calls - calls))
        while len(self._ticks) > _LEAST_TICKS and start - self._ticks[1][0] >= _MEASURED_NS:
            self._ticks.popleft()

    def changed(self) -> Pace | None:
        """Return the pace once it is known, and again when it is another one."""
        starts = [start for start, _, _ in self._ticks]
        if len(starts) < _LEAST_TICKS or starts[-1] - starts[0] < min(_MEASURED_NS, _LEAST_TICKS * self._period_ns) / 2:
            return None
        spacing_ns = (starts[-1] - starts[0]) / (len(starts) - 1)
        pace = Pace(1e9 / self._period_ns)
        if spacing_ns > (1 + _TOLERANCE) * self._period_ns:
            # The middle one: a process that had to wait for a processor does not make the driver slow.
            is_driver = median(took for _, took, _ in self._ticks) > 0.9 * self._period_ns
            call_ns = median(took / max(1, calls) for _, took, calls in self._ticks)
            pace = Pace(1e9 / spacing_ns, call_ns / 1e9 if is_driver else None)
        if self._told is not None and _are_alike(pace, self._told):
            return None
        self._told = pace
        return pace


def _are_alike(one: Pace, other: Pace) -> bool:
    return abs(one.hz - other.hz) <= _TOLERANCE * other.hz and (one.call_s is None) == (other.call_s is None)
