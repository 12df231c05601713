"""The stretch of time in view, and the ticks along it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gpuplayground.ui.trace_timeline.density import Floats

#: Nothing on a GPU is shorter: its clock steps by 32 ns on some, by 1 ns on others.
LEAST_SPAN_NS = 10.0
#: Empty room at both ends of a run, as a share of it.
_MARGIN = 0.015
#: More digits than this are written once, at the left, and the ticks count from there.
_DIGITS = 5
_UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))


class View:
    """The part of a run that is in sight: ``start`` and ``span`` in nanoseconds from the run's beginning."""

    def __init__(self) -> None:
        self._low, self._high = 0.0, 1.0
        self.start, self.span = 0.0, 1.0

    @property
    def end(self) -> float:
        """The right edge."""
        return self.start + self.span

    @property
    def whole(self) -> tuple[float, float]:
        """The ends of what can be seen."""
        return self._low, self._high

    @property
    def is_whole(self) -> bool:
        """Whether everything is in sight."""
        return self.start <= self._low and self.end >= self._high

    def set_whole(self, start: float, end: float) -> None:
        """Give the axis its ends, and show all of it."""
        margin = max((end - start) * _MARGIN, LEAST_SPAN_NS / 2)
        self._low, self._high = start - margin, end + margin
        self.fit()

    def fit(self) -> None:
        """Show everything."""
        self.start, self.span = self._low, self._high - self._low

    def show(self, start: float, end: float) -> None:
        """Show a stretch with some room around it."""
        margin = (end - start) * 0.08
        self._place(start - margin, max(end - start + 2 * margin, LEAST_SPAN_NS))

    def zoom(self, factor: float, share: float) -> None:
        """Show ``factor`` times as much; what lies at ``share`` (0 to 1) of the width stays there."""
        fixed = self.start + share * self.span
        span = min(max(self.span * factor, LEAST_SPAN_NS), self._high - self._low)
        self._place(fixed - share * span, span)

    def pan(self, share: float) -> None:
        """Move by a share of the width; to the right what comes later comes into sight."""
        self._place(self.start + share * self.span, self.span)

    def edges(self, columns: int) -> Floats:
        """Return the moments at the ``columns + 1`` edges of equal columns."""
        return self.start + np.arange(columns + 1, dtype=np.float64) * (self.span / columns)

    def _place(self, start: float, span: float) -> None:
        self.span = min(span, self._high - self._low)
        self.start = min(max(start, self._low), self._high - self.span)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Moments and their labels; where ``base`` is not empty, labels count from the moment that it names."""

    moments: tuple[float, ...]
    labels: tuple[str, ...]
    base: str = ""


def ticks(view: View, width: float, spacing: float = 88.0) -> Ticks:
    """Return ticks at round moments that are at least ``spacing`` pixels apart."""
    step = _step(view.span * spacing / max(width, 1.0))
    first, last = math.ceil(view.start / step), math.floor(view.end / step)
    largest = max(abs(view.start), abs(view.end))
    if largest / step < 10**_DIGITS:
        scale, unit = _unit(largest)
        decimals = _decimals(step / scale)
        numbers = range(first, last + 1)
        labels = tuple(f"{number * step / scale:.{decimals}f} {unit}" if number else "0" for number in numbers)
        return Ticks(tuple(number * step for number in numbers), labels)
    base = math.floor(view.start / (step * 10)) * 10
    scale, unit = _unit((last - base) * step)
    decimals = _decimals(step / scale)
    moments = tuple(number * step for number in range(first, last + 1))
    labels = tuple(f"+{(number - base) * step / scale:.{decimals}f} {unit}" for number in range(first, last + 1))
    return Ticks(moments, labels, exact(base * step))


def exact(nanoseconds: float) -> str:
    """Return a time to the nanosecond: ``845 ns``, ``245.312 µs``, ``1.234567890 s``."""
    whole = round(nanoseconds)
    scale, unit = _unit(abs(whole))
    return f"{whole / scale:.{_decimals(1 / scale)}f} {unit}".replace("-", "\N{MINUS SIGN}")


def _step(least: float) -> float:
    """Return the smallest of 1, 2 or 5 times a power of ten that is not below ``least``, and not below 1 ns."""
    power: float = 10.0 ** math.floor(math.log10(max(least, 1.0)))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least or factor == 10))


def _unit(largest: float) -> tuple[float, str]:
    return next((unit for unit in _UNITS if largest >= unit[0]), _UNITS[-1])


def _decimals(step: float) -> int:
    """Return the decimals that tell multiples of a step apart."""
    return max(0, -math.floor(math.log10(step) + 1e-9))
