"""The visible time range of the timeline, and the ticks of its axis."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gpuplayground.ui.trace_timeline.density import Floats

#: Shortest visible range. The timestamps of GPUs have a resolution of 1 to 32 ns.
LEAST_SPAN_NS = 10.0
#: Margin at both ends of a run, as a share of its duration.
_MARGIN = 0.015
#: If labels had more digits than this, the common part is shown once and labels are relative to it.
_DIGITS = 5
_UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))


class View:
    """The visible part of a run: ``start`` and ``span`` in nanoseconds from the run's start."""

    def __init__(self) -> None:
        self._low, self._high = 0.0, 1.0
        self.start, self.span = 0.0, 1.0

    @property
    def end(self) -> float:
        """The right edge."""
        return self.start + self.span

    @property
    def whole(self) -> tuple[float, float]:
        """Start and end of the whole axis."""
        return self._low, self._high

    @property
    def is_whole(self) -> bool:
        """Whether the whole axis is visible."""
        return self.start <= self._low and self.end >= self._high

    def set_whole(self, start: float, end: float) -> None:
        """Set the range of the axis and show all of it."""
        margin = max((end - start) * _MARGIN, LEAST_SPAN_NS / 2)
        self._low, self._high = start - margin, end + margin
        self.fit()

    def fit(self) -> None:
        """Show the whole axis."""
        self.start, self.span = self._low, self._high - self._low

    def show(self, start: float, end: float) -> None:
        """Show a range with a margin."""
        margin = (end - start) * 0.08
        self._place(start - margin, max(end - start + 2 * margin, LEAST_SPAN_NS))

    def zoom(self, factor: float, share: float) -> None:
        """Multiply the visible range by ``factor``; the time at ``share`` (0 to 1) of the width stays in place."""
        fixed = self.start + share * self.span
        span = min(max(self.span * factor, LEAST_SPAN_NS), self._high - self._low)
        self._place(fixed - share * span, span)

    def pan(self, share: float) -> None:
        """Move by a share of the visible range; positive shares move towards later times."""
        self._place(self.start + share * self.span, self.span)

    def edges(self, columns: int) -> Floats:
        """Return the times of the ``columns + 1`` edges of equally wide columns."""
        return self.start + np.arange(columns + 1, dtype=np.float64) * (self.span / columns)

    def _place(self, start: float, span: float) -> None:
        self.span = min(span, self._high - self._low)
        self.start = min(max(start, self._low), self._high - self.span)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Times and their labels; if ``base`` is not empty, labels are relative to the time it names."""

    times: tuple[float, ...]
    labels: tuple[str, ...]
    base: str = ""


def ticks(view: View, width: float, spacing: float = 88.0) -> Ticks:
    """Return ticks at round times that are at least ``spacing`` pixels apart."""
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
    times = tuple(number * step for number in range(first, last + 1))
    labels = tuple(f"+{(number - base) * step / scale:.{decimals}f} {unit}" for number in range(first, last + 1))
    return Ticks(times, labels, exact(base * step))


def exact(nanoseconds: float) -> str:
    """Format a time with nanosecond resolution: ``845 ns``, ``245.312 µs``, ``1.234567890 s``."""
    whole = round(nanoseconds)
    scale, unit = _unit(abs(whole))
    return f"{whole / scale:.{_decimals(1 / scale)}f} {unit}".replace("-", "\N{MINUS SIGN}")


def _step(least: float) -> float:
    """Return the smallest 1, 2 or 5 times a power of ten that is at least ``least`` and at least 1 ns."""
    power: float = 10.0 ** math.floor(math.log10(max(least, 1.0)))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least or factor == 10))


def _unit(largest: float) -> tuple[float, str]:
    return next((unit for unit in _UNITS if largest >= unit[0]), _UNITS[-1])


def _decimals(step: float) -> int:
    """Return the number of decimals that distinguishes multiples of a step."""
    return max(0, -math.floor(math.log10(step) + 1e-9))
