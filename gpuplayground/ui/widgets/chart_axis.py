"""Maps a range of values to pixels, linearly or logarithmically."""

from __future__ import annotations

import math

from gpuplayground.ui.widgets.ticks import linear_ticks, power_ticks


class Axis:
    """An axis from ``low`` at the pixel ``start`` to ``high`` at the pixel ``end``, which may be smaller.

    Raises:
        ValueError: the range is empty, or logarithmic but not positive.
    """

    def __init__(self, low: float, high: float, start: float, end: float, *, log: bool) -> None:
        if not high > low or (log and low <= 0):
            raise ValueError(f"No axis reaches from {low} to {high}.")
        self.low, self.high, self.log = low, high, log
        self._start, self._end = start, end

    def pixel(self, value: float) -> float:
        """Return the pixel of a value, clamped to the range."""
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self._start + share * (self._end - self._start)

    def ticks(self, most: int, base: int = 10) -> list[float]:
        """Return at most ``most`` round values; on a logarithmic axis powers of ``base`` if there are enough."""
        if self.log:
            powers = power_ticks(self.low, self.high, most, base)
            if len(powers) >= min(3, most):
                return powers
            steps = [power * factor for power in self._decades() for factor in (1, 2, 5)]
            inside = [value for value in steps if self.low <= value <= self.high]
            if 2 <= len(inside) <= most:
                return inside
            if len(powers) >= 2:
                return powers
        return linear_ticks(self.low, self.high, most)

    def _decades(self) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.floor(math.log10(self.high))
        return [10.0**power for power in range(first, last + 1)]


def padded(low: float, high: float, share: float, *, log: bool) -> tuple[float, float]:
    """Return a range widened by a fraction of itself at both ends, and never empty."""
    if log:
        factor = (high / low) ** share if high > low else 2.0
        return low / max(factor, 1.001), high * max(factor, 1.001)
    room = (high - low) * share if high > low else abs(high) * 0.5 or 1.0
    # A tiny fraction would be lost in rounding.
    room = max(room, max(abs(low), abs(high)) * 1e-12)
    return low - room, high + room
