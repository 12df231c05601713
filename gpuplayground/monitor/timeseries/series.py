"""Downsamples one metric over time for a plot without losing spikes or hiding gaps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from gpuplayground.deferred import np

if TYPE_CHECKING:
    import numpy.typing as npt

    Times = npt.NDArray[np.int64]
    Values = npt.NDArray[np.float64]
    #: Start and end of each gap between samples, oldest first.
    GapTimes = tuple[Times, Times]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A metric over time for a plot: ``times_ns`` (int64), and minimum, mean and maximum (float64), of equal length.

    A NaN point is a gap: no line is drawn to or from it.
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


def _no_gaps() -> GapTimes:
    return np.empty(0, np.int64), np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The input of a series. ``period_ns`` is the length of the bucket that a point summarizes, 0 for samples."""

    times_ns: Times
    minimum: npt.NDArray[np.floating]
    mean: npt.NDArray[np.floating]
    maximum: npt.NDArray[np.floating]
    period_ns: int = 0
    gaps: GapTimes = field(default_factory=_no_gaps)

    @classmethod
    def joined(cls, parts: list[Self], period_ns: int, gaps: GapTimes) -> Self:
        """Concatenate consecutive points."""
        return cls(
            np.concatenate([part.times_ns for part in parts]),
            np.concatenate([part.minimum for part in parts]),
            np.concatenate([part.mean for part in parts]),
            np.concatenate([part.maximum for part in parts]),
            period_ns,
            gaps,
        )

    def within(self, start_ns: int, end_ns: int) -> Self:
        """Return the points in an interval and the next one on each side, unless a gap lies between."""
        first, last = np.searchsorted(self.times_ns, (start_ns, end_ns + 1))
        cuts = self.gap_positions(0)
        before = int(first > 0 and first not in cuts)
        after = int(last < len(self.times_ns) and last not in cuts)
        if first == last and before + after < 2:
            before = after = 0  # a line from outside that does not reach the interval
        return self._part(slice(int(first) - before, int(last) + after))

    def until(self, time_ns: int) -> Self:
        """Return the points up to and including a time."""
        return self._part(slice(0, int(np.searchsorted(self.times_ns, time_ns, "right"))))

    def gap_positions(self, width_ns: int) -> npt.NDArray[np.intp]:
        """Return the indexes of the points after a gap, ignoring gaps not longer than a bucket or ``width_ns``.

        The middle of a longer gap lies between two points, even if these are the middles of their buckets.
        """
        starts, ends = self.gaps
        if not len(starts):
            return np.empty(0, np.intp)
        middles = (starts + (ends - starts) // 2)[ends - starts > max(self.period_ns, width_ns)]
        return np.searchsorted(self.times_ns, middles)

    def _part(self, part: slice) -> Self:
        return replace(
            self,
            times_ns=self.times_ns[part],
            minimum=self.minimum[part],
            mean=self.mean[part],
            maximum=self.maximum[part],
        )


def reduced(points: Points, start_ns: int, end_ns: int, max_points: int) -> Series:
    """Return points as a series of at most ``max_points`` (at least 4) points, including those that mark gaps."""
    times = points.times_ns
    if not len(times):
        return Series.empty()
    width = 0 if len(times) <= max_points else bucket_ns(start_ns, end_ns, max_points)
    while True:
        series = _with_gaps(points, _starts(times, width), points.gap_positions(width))
        if len(series) <= max(4, max_points):
            return series
        width = 2 * width or bucket_ns(start_ns, end_ns, max_points)


def bucket_ns(start_ns: int, end_ns: int, max_points: int) -> int:
    """Return the bucket length for an interval, so that the partial buckets at its ends fit as well."""
    # Two buckets are partial, and two more start with the points next to the interval.
    return max(1, -(-(end_ns - start_ns) // max(2, max_points - 4)))


def _starts(times: Times, width: int) -> npt.NDArray[np.intp]:
    """Return the index of the first point of each bucket of ``width`` ns; 0: each point is a bucket."""
    if not width:
        return np.arange(len(times))
    return np.flatnonzero(np.diff(times // width, prepend=-1))


def _with_gaps(points: Points, starts: npt.NDArray[np.intp], gaps: npt.NDArray[np.intp]) -> Series:
    times = points.times_ns
    ends = np.append(starts[1:], len(times)) - 1
    if len(starts) == len(times):
        middle, low, mean, high = times, points.minimum, points.mean, points.maximum
    else:
        middle = times[starts] + (times[ends] - times[starts]) // 2
        low = np.fmin.reduceat(points.minimum, starts)
        high = np.fmax.reduceat(points.maximum, starts)
        mean = _means(points.mean, starts)
    # A gap appears between the last point of one bucket and the first of the next.
    before = np.flatnonzero(np.isin(starts[1:], gaps)) if len(gaps) else gaps
    if len(before):
        gap_times = times[ends[before]] + (times[starts[before + 1]] - times[ends[before]]) // 2
        middle = np.insert(middle, before + 1, gap_times)
        low, mean, high = (np.insert(values.astype(np.float64), before + 1, np.nan) for values in (low, mean, high))
    return Series(middle, *(np.asarray(values, np.float64) for values in (low, mean, high)))


def _means(values: npt.NDArray[np.floating], starts: npt.NDArray[np.intp]) -> Values:
    """Return the mean of each bucket, ignoring NaN; NaN for a bucket without values."""
    known = ~np.isnan(values)
    if known.all():
        return np.add.reduceat(values, starts, dtype=np.float64) / np.diff(starts, append=len(values))
    count = np.add.reduceat(known.astype(np.int64), starts)
    total = np.add.reduceat(np.where(known, values, 0).astype(np.float64), starts)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
