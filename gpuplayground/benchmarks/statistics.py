"""Statistics of a benchmark's samples: median with interval, spread, histogram and speed-up.

All values are in the unit of the samples: nanoseconds of one repeat.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gpuplayground.runtime.bench import medians

#: Minimum and maximum number of bins of a histogram, unless all samples are equal.
LEAST_BINS, MOST_BINS = 5, 60
#: Samples more than this many IQRs outside the quartiles are left out of a histogram's bins.
_FENCE = 5.0


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary statistics. ``low`` to ``high`` is the 95 % confidence interval of the median.

    The interval allows for correlation in time, see :mod:`gpuplayground.runtime.bench.medians`. With fewer than six
    samples, or too few effectively independent ones, ``has_interval`` is false and ``low`` to ``high`` is the range.
    ``iqr`` is ``q3 - q1``; ``stddev`` is that of a sample (n - 1), 0 for a single one.
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
        """Whether there are too few samples for an interval even if all are independent."""
        return self.count < medians.LEAST_FOR_INTERVAL

    @property
    def half_width(self) -> float:
        """Half the interval relative to the median; infinity if the median is 0 and the samples vary."""
        return _relative((self.high - self.low) / 2, self.median)

    @property
    def spread(self) -> float:
        """The IQR relative to the median; infinity if the median is 0 and the samples vary."""
        return _relative(self.iqr, self.median)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Number of samples in each bin. ``edges`` has one item more than ``counts``; a bin includes its lower edge.

    The last bin also includes its upper edge. ``below`` and ``above`` count the outliers outside all bins.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int = 0
    above: int = 0


@dataclass(frozen=True, slots=True)
class SpeedUp:
    """Speed relative to a baseline. ``low`` to ``high`` follows from the intervals of both medians.

    Both intervals hold together in at least 90 % of cases, so the bounds of the ratio do too. ``is_difference`` is
    false if the intervals overlap.
    """

    ratio: float
    low: float
    high: float
    is_difference: bool


def summary(samples: Sequence[float]) -> Summary:
    """Return the statistics of samples, given in sampling order.

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
    """Return a histogram with bins of equal width by the Freedman-Diaconis rule (1981): 2 IQR / n^(1/3).

    Args:
        samples: in any order.
        most_bins: maximum number of bins.
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
    # If the quartiles are equal, Sturges' rule is used.
    wished = width * len(inner) ** (1 / 3) / (2 * (q3 - q1)) if q3 > q1 else math.log2(len(inner)) + 1
    bins = max(1, min(max(LEAST_BINS, math.ceil(wished)), most_bins))
    edges = [low + width * number / bins for number in range(bins)] + [inner[-1]]
    starts = [bisect_left(inner, edge) for edge in edges[:-1]] + [len(inner)]
    counts = tuple(after - before for before, after in pairwise(starts))
    return Histogram(tuple(edges), counts, below=first, above=len(by_size) - end)


def overlap(one: Summary, other: Summary) -> bool:
    """Return whether the intervals overlap or one is missing, so that no difference is significant."""
    if not (one.has_interval and other.has_interval):
        return True
    return one.low <= other.high and other.low <= one.high


def speed_up(baseline: Summary, other: Summary) -> SpeedUp:
    """Return the speed of ``other`` relative to the baseline; above 1 is faster."""
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
