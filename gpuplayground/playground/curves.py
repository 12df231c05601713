"""Times over the values of a sweep, and where one implementation overtakes another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The median of one repeat at one value of the swept variable, and the ends of its 95 % interval, in nanoseconds.

    The ends are None where there is no interval. ``gb_per_s`` is None where the bytes moved are not known.
    """

    value: float
    median_ns: float
    low_ns: float | None
    high_ns: float | None
    gb_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where two curves meet. Below ``value`` the first is faster or, if not ``first_leads_below``, the second."""

    value: float
    time_ns: float
    first_leads_below: bool


def crossings(first: Sequence[CurvePoint], second: Sequence[CurvePoint]) -> tuple[Crossing, ...]:
    """Return where one curve overtakes the other, from the smallest value up.

    Between two measured values each curve is a straight line in the logarithms of value and time. Only the range that
    both cover counts; values and times that are not positive have no logarithm and are left out. Curves that touch,
    or run together for a while and part again on the same sides, do not cross.
    """
    first_logs, second_logs = _logs(first), _logs(second)
    if first_logs is None or second_logs is None:
        return ()
    low = max(first_logs[0][0], second_logs[0][0])
    high = min(first_logs[0][-1], second_logs[0][-1])
    grid = np.union1d(first_logs[0], second_logs[0])
    grid = grid[(grid >= low) & (grid <= high)]
    times = np.interp(grid, *first_logs)
    gaps = times - np.interp(grid, *second_logs)
    found = []
    apart = np.flatnonzero(gaps)
    for before, after in itertools.pairwise(apart):
        if (gaps[before] < 0) == (gaps[after] < 0):
            continue
        # The curves may be equal at a measured value in between, or at several: then it is the first of these.
        end = before + 1
        share = gaps[before] / (gaps[before] - gaps[end])
        place = grid[before] + share * (grid[end] - grid[before])
        time = times[before] + share * (times[end] - times[before])
        found.append(Crossing(math.exp(place), math.exp(time), bool(gaps[before] < 0)))
    return tuple(found)


def _logs(curve: Sequence[CurvePoint]) -> tuple[Floats, Floats] | None:
    """Return the logarithms of values, ascending, and of times; None where there is nothing to draw a logarithm of."""
    points = sorted(
        {point.value: point.median_ns for point in curve if point.value > 0 and point.median_ns > 0}.items()
    )
    if not points:
        return None
    values, times = zip(*points, strict=True)
    return np.log(np.array(values)), np.log(np.array(times))
