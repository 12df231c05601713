"""What the samples of a benchmark say: the median and its interval, the spread, a histogram, and comparisons.

Everything is in the unit of the samples, nanoseconds of one repeat.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gpuplayground.runtime.bench import medians

#: A histogram has at least and at most so many bins, unless all samples are equal.
LEAST_BINS, MOST_BINS = 5, 60
#: Samples so many IQR beyond the quartiles are outliers that would leave the rest of a histogram in one bin.
_FENCE = 5.0


@dataclass(frozen=True, slots=True)
class Summary:
    """The samples in short. ``low`` to ``high`` is the 95 % confidence interval of the median.

    It allows for samples that hang together in time, see
    :mod:`gpuplayground.runtime.bench.medians`. Where they are fewer than six, or worth too few independent ones, there
    is no such interval: it is the range, and ``has_interval`` is false. ``iqr`` is ``q3 - q1``; ``stddev`` is that of a
    sample (n - 1), 0 of one alone.
    """

    count: int
    median: float
    low: float
    high: float
    q1: float
    q3: float
    iqr: float
    minimum: float
    maximum: float
    mean: float
    stddev: float
    has_interval: bool

    @property
    def lacks_samples(self) -> bool:
        """Whether there are too few samples for an interval even if none depends on another."""
        return self.count < medians.LEAST_FOR_INTERVAL

    @property
    def half_width(self) -> float:
        """Half the interval, relative to the median; infinity for a median of 0 that varies."""
        return _relative((self.high - self.low) / 2, self.median)

    @property
    def spread(self) -> float:
        """The IQR relative to the median; infinity for a median of 0 that varies."""
        return _relative(self.iqr, self.median)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many samples lie in each bin. ``edges`` has one more than ``counts``; a bin holds its lower edge.

    The last bin also holds its upper edge. ``below`` and ``above`` count the outliers that lie outside all bins.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int = 0
    above: int = 0


@dataclass(frozen=True, slots=True)
class SpeedUp:
    """How many times as fast as a baseline. ``low`` to ``high`` is what the two intervals of the medians allow.

    Both hold at once in at least 90 of 100 cases, and the true ratio lies within these bounds more often still.
    ``is_difference`` is false where the intervals overlap, so that no difference can be told.
    """

    ratio: float
    low: float
    high: float
    is_difference: bool


def summary(samples: Sequence[float]) -> Summary:
    """Return the samples in short; they come in the order in which they were taken.

    Raises:
        ValueError: there are no samples.
    """
    by_size = sorted(samples)
    inflated = medians.inflation(samples, by_size)
    low, high = medians.interval(by_size, inflated)
    q1, q3 = medians.quantile(by_size, 0.25), medians.quantile(by_size, 0.75)
    count = len(by_size)
    mean = math.fsum(by_size) / count
    variance = math.fsum((value - mean) ** 2 for value in by_size) / max(1, count - 1)
    return Summary(
        count=count,
        median=medians.median(by_size),
        low=low,
        high=high,
        q1=q1,
        q3=q3,
        iqr=q3 - q1,
        minimum=by_size[0],
        maximum=by_size[-1],
        mean=mean,
        stddev=math.sqrt(variance),
        has_interval=medians.has_interval(count, inflated),
    )


def histogram(samples: Sequence[float], most_bins: int = MOST_BINS) -> Histogram:
    """Return a histogram with bins of equal width, by the rule of Freedman and Diaconis (1981): 2 IQR / n^(1/3).

    Args:
        samples: in any order.
        most_bins: for how many there is room.
    """
    by_size = sorted(samples)
    if not by_size:
        return Histogram((), ())
    if by_size[0] == by_size[-1]:
        margin = abs(by_size[0]) * 0.005 or 0.5
        return Histogram((by_size[0] - margin, by_size[0] + margin), (len(by_size),))
    q1, q3 = medians.quantile(by_size, 0.25), medians.quantile(by_size, 0.75)
    fence = _FENCE * (q3 - q1) or math.inf
    first, end = bisect_left(by_size, q1 - fence), bisect_left(by_size, math.nextafter(q3 + fence, math.inf))
    inner = by_size[first:end]
    low, width = inner[0], inner[-1] - inner[0]
    # Without a spread between the quartiles Sturges' rule has to do.
    wished = width * len(inner) ** (1 / 3) / (2 * (q3 - q1)) if q3 > q1 else math.log2(len(inner)) + 1
    bins = max(1, min(max(LEAST_BINS, math.ceil(wished)), most_bins))
    edges = [low + width * number / bins for number in range(bins)] + [inner[-1]]
    starts = [bisect_left(inner, edge) for edge in edges[:-1]] + [len(inner)]
    counts = tuple(after - before for before, after in pairwise(starts))
    return Histogram(tuple(edges), counts, below=first, above=len(by_size) - end)


def overlap(one: Summary, other: Summary) -> bool:
    """Return whether no difference can be told: the intervals overlap, or one of the two has none."""
    if not (one.has_interval and other.has_interval):
        return True
    return one.low <= other.high and other.low <= one.high


def speed_up(baseline: Summary, other: Summary) -> SpeedUp:
    """Return how many times as fast as the baseline the other is: above 1 is faster."""
    return SpeedUp(
        ratio=_ratio(baseline.median, other.median),
        low=_ratio(baseline.low, other.high),
        high=_ratio(baseline.high, other.low),
        is_difference=not overlap(baseline, other),
    )


def _ratio(one: float, other: float) -> float:
    if other > 0:
        return one / other
    return math.inf if one > 0 else 1.0


def _relative(value: float, median: float) -> float:
    if median > 0:
        return value / median
    return 0.0 if value == 0 else math.inf
