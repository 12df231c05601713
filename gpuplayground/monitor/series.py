"""Points of one metric over time, put into few enough stretches to plot without losing spikes or hiding gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

#: Without a sample for so many times the usual spacing, and at least so long, there is a gap.
GAP_PERIODS = 4
MIN_GAP_NS = 500_000_000
#: The usual spacing is that of so many of the newest points.
_SPACING_POINTS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A metric over time, for a plot: ``times_ns`` (int64) and minimum, mean and maximum (float64) of equal length.

    A point of NaN is a gap: nothing is drawn to or from it.
    """

    times_ns: Times
    minimum: Values
    mean: Values
    maximum: Values

    def __len__(self) -> int:
        return len(self.times_ns)

    @classmethod
    def empty(cls) -> Self:
        """Return a series without points."""
        none = np.empty(0, np.float64)
        return cls(np.empty(0, np.int64), none, none, none)


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """What a series is made from. ``gap_ns`` is the distance in time that counts as a gap, 0: to be found out."""

    times_ns: Times
    minimum: npt.NDArray[np.floating]
    mean: npt.NDArray[np.floating]
    maximum: npt.NDArray[np.floating]
    gap_ns: int

    @classmethod
    def raw(cls, times_ns: Times, values: npt.NDArray[np.floating]) -> Self:
        """Return samples as points: each is its own minimum, mean and maximum."""
        return cls(times_ns, values, values, values, gap_ns=0)

    @classmethod
    def joined(cls, parts: list[Self], gap_ns: int) -> Self:
        """Return points that follow one another as one."""
        return cls(
            np.concatenate([part.times_ns for part in parts]),
            np.concatenate([part.minimum for part in parts]),
            np.concatenate([part.mean for part in parts]),
            np.concatenate([part.maximum for part in parts]),
            gap_ns,
        )


def reduced(points: Points, start_ns: int, end_ns: int, max_points: int) -> Series:
    """Return points as a series of at most ``max_points`` (at least 4) points, those that mark gaps included."""
    times = points.times_ns
    if not len(times):
        return Series.empty()
    gap_ns = points.gap_ns or _usual_gap(times)
    width = 0 if len(times) <= max_points else stretch_ns(start_ns, end_ns, max_points)
    while True:
        series = _with_gaps(points, _starts(times, width), gap_ns)
        if len(series) <= max(4, max_points):
            return series
        width = 2 * width or stretch_ns(start_ns, end_ns, max_points)


def stretch_ns(start_ns: int, end_ns: int, max_points: int) -> int:
    """Return the length of the stretches an interval is put into: so that those cut off at its ends fit as well."""
    return max(1, -(-(end_ns - start_ns) // max(2, max_points - 2)))


def _usual_gap(times: Times) -> int:
    if len(times) < 3:
        return max(MIN_GAP_NS, GAP_PERIODS * 1_000_000_000)
    return max(MIN_GAP_NS, GAP_PERIODS * int(np.median(np.diff(times[-_SPACING_POINTS:]))))


def _starts(times: Times, width: int) -> npt.NDArray[np.intp]:
    """Return where each stretch of ``width`` ns begins; 0: each point is its own."""
    if not width:
        return np.arange(len(times))
    return np.flatnonzero(np.diff(times // width, prepend=-1))


def _with_gaps(points: Points, starts: npt.NDArray[np.intp], gap_ns: int) -> Series:
    times = points.times_ns
    ends = np.append(starts[1:], len(times)) - 1
    if len(starts) == len(times):
        middle, low, mean, high = times, points.minimum, points.mean, points.maximum
    else:
        middle = times[starts] + (times[ends] - times[starts]) // 2
        low = np.fmin.reduceat(points.minimum, starts)
        high = np.fmax.reduceat(points.maximum, starts)
        mean = _means(points.mean, starts)
    # A gap lies between the last point of one stretch and the first of the next.
    before = np.flatnonzero(times[starts[1:]] - times[ends[:-1]] > gap_ns)
    if len(before):
        gap_times = times[ends[before]] + (times[starts[before + 1]] - times[ends[before]]) // 2
        middle = np.insert(middle, before + 1, gap_times)
        low, mean, high = (np.insert(values.astype(np.float64), before + 1, np.nan) for values in (low, mean, high))
    return Series(middle, *(np.asarray(values, np.float64) for values in (low, mean, high)))


def _means(values: npt.NDArray[np.floating], starts: npt.NDArray[np.intp]) -> Values:
    """Return the mean of each stretch without its NaNs; a stretch of NaNs has none."""
    known = ~np.isnan(values)
    if known.all():
        return np.add.reduceat(values, starts, dtype=np.float64) / np.diff(starts, append=len(values))
    count = np.add.reduceat(known.astype(np.int64), starts)
    total = np.add.reduceat(np.where(known, values, 0).astype(np.float64), starts)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
