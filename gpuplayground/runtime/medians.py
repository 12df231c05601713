"""The median of timings, how far it can be trusted, and when to stop: standard library only, also inside a snippet.

Timings are skewed and have outliers, so nothing here assumes a normal distribution. The interval of the median is that
of order statistics: of ``n`` independent samples the number below the true median is binomial (n, 1/2), whatever their
distribution. See W. J. Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2, and T. Hoefler and
R. Belli, Scientific Benchmarking of Parallel Computing Systems, SC '15, section 3.1.3.

Timings are not independent either: clocks, temperature and other work change over tenths of a second, so that hundreds
of quick samples in a row say little more than one of them. Their interval is widened accordingly, see
:func:`inflation`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache

#: Of fewer samples there is no interval that holds the median with 95 % confidence: 1 - 2 / 2^5 is 93.75 %.
LEAST_FOR_INTERVAL = 6
#: Half the interval, relative to the median, at which a measurement is good enough.
HALF_WIDTH = 0.01
#: What a measurement needs at least, however well its samples agree: enough of them to tell whether they drift, and
#: enough time for the clocks to show what they do (drivers update them and the power limit each 20 to 100 ms).
LEAST_SAMPLES = 10
LEAST_TIME_NS = 500_000_000
#: The stop rule looks again when there are so many times as many samples: sorting stays a small part of the work, and
#: the fewer looks, the rarer is one that converges by luck.
NEXT_LOOK = 1.1

_Z = 1.959963984540054  # the normal distribution's 97.5 % quantile
_EXACT_UP_TO = 500
_BATCHES = 20  # Schmeiser, Batch Size Effects in the Analysis of Simulation Output, 1982: 10 to 30


def quantile(sorted_samples: Sequence[float], share: float) -> float:
    """Return the value below which a share (0 to 1) of the samples lies, between two samples in proportion.

    This is numpy's default method, type 7 of Hyndman and Fan, 1996.

    Raises:
        ValueError: there are no samples.
    """
    if not sorted_samples:
        raise ValueError("There are no samples: take at least one.")
    position = share * (len(sorted_samples) - 1)
    below = int(position)
    low = sorted_samples[below]
    high = sorted_samples[min(below + 1, len(sorted_samples) - 1)]
    return low + (high - low) * (position - below)


def median(sorted_samples: Sequence[float]) -> float:
    """Return the middle of the samples, or between the two in the middle.

    Raises:
        ValueError: there are no samples.
    """
    return quantile(sorted_samples, 0.5)


@lru_cache(maxsize=1024)
def lower_rank(count: int) -> int:
    """Return the rank k, from 1, for which the k-th smallest and k-th largest of so many samples enclose the median.

    They do so with at least 95 % confidence; 0 where even the smallest and largest do not.
    """
    if count > _EXACT_UP_TO:
        # The normal approximation, on the safe side: of a binomial with p = 1/2 the tails are lighter.
        return math.floor((count - _Z * math.sqrt(count)) / 2)
    below, rank = 0, 0
    # The largest rank with P(fewer than rank samples are below the median) <= 2.5 %.
    while 40 * (below := below + math.comb(count, rank)) <= 2**count:
        rank += 1
    return rank


def inflation(samples: Sequence[float], sorted_samples: Sequence[float]) -> float:
    """Return how many times as many samples would be needed as if they were independent, at least 1.

    The number below the median is what the interval rests on. Its variance is found from that of 20 batches in the
    order of time (the method of batch means): samples that drift, or come in stretches of slow and quick ones, fill
    whole batches with one side.

    Args:
        samples: in the order they were taken.
        sorted_samples: the same by size.
    """
    size = max(2, len(samples) // _BATCHES)
    batches = len(samples) // size
    if batches < 2:
        return 1.0
    middle = median(sorted_samples)
    # What does not fill a batch is left out at the beginning, where warm-up may still show.
    first = len(samples) - batches * size
    sums = []
    for start in range(first, len(samples), size):
        batch = samples[start : start + size]
        # A sample equal to the median is half on either side.
        sums.append(sum((value < middle) + (value <= middle) for value in batch) / 2)
    mean = sum(sums) / batches
    variance = sum((value - mean) ** 2 for value in sums) / (batches - 1)
    ties = bisect_right(sorted_samples, middle) - bisect_left(sorted_samples, middle)
    independent = (len(samples) - ties) / len(samples) / 4 * size
    return max(1.0, variance / independent) if independent else 1.0


def interval(sorted_samples: Sequence[float], inflated: float = 1.0) -> tuple[float, float]:
    """Return the 95 % confidence interval of the median: two of the samples.

    Of fewer than :data:`LEAST_FOR_INTERVAL` samples, and where ``inflated`` asks for more than there are, it is the
    smallest and the largest, with less confidence.

    Args:
        sorted_samples: by size.
        inflated: see :func:`inflation`; 1 for independent samples.

    Raises:
        ValueError: there are no samples.
    """
    count = len(sorted_samples)
    if not count:
        raise ValueError("There are no samples: take at least one.")
    middle = (count + 1) / 2
    rank = lower_rank(count)
    if inflated > 1.0:
        rank = math.floor(middle - (middle - rank) * math.sqrt(inflated))
    rank = min(max(rank, 1), math.floor(middle))
    return sorted_samples[rank - 1], sorted_samples[count - rank]


class Convergence:
    """The stop rule of a benchmark: enough samples, for long enough, and the interval of their median is narrow.

    Cheap enough to be fed after each sample: what costs is done at counts that grow by a tenth.

    Args:
        half_width: half the interval relative to the median at which to stop.
        least_samples: never stop with fewer.
        least_time_ns: never stop before so much time was spent in the samples.
    """

    def __init__(
        self,
        half_width: float = HALF_WIDTH,
        least_samples: int = LEAST_SAMPLES,
        least_time_ns: float = LEAST_TIME_NS,
    ) -> None:
        self._wanted = half_width
        self._least_samples = max(least_samples, LEAST_FOR_INTERVAL)
        self._least_time_ns = least_time_ns
        self._next_look = self._least_samples
        #: Every sample, in the order it was taken.
        self.samples_ns: list[float] = []
        #: Time spent in the samples.
        self.time_ns = 0.0
        #: At the last look: the median, and half its interval relative to it; None before there was one.
        self.median_ns: float | None = None
        self.half_width: float | None = None
        self.converged = False

    def add(self, sample_ns: float, repeats: int = 1) -> bool:
        """Take one sample, the mean of so many ``repeats`` in a row, and return whether that is enough."""
        self.samples_ns.append(sample_ns)
        self.time_ns += sample_ns * repeats
        count = len(self.samples_ns)
        if count >= self._next_look and self.time_ns >= self._least_time_ns:
            self.look()
            self._next_look = max(count + 1, math.ceil(count * NEXT_LOOK))
        return self.converged

    def look(self) -> None:
        """Bring median and half-width up to date now, as for a report of progress or at the end."""
        if not self.samples_ns:
            return
        by_size = sorted(self.samples_ns)
        self.median_ns = median(by_size)
        self.half_width = relative_half_width(self.samples_ns, by_size)
        is_enough = len(by_size) >= self._least_samples and self.time_ns >= self._least_time_ns
        self.converged = is_enough and self.half_width <= self._wanted


def relative_half_width(samples: Sequence[float], sorted_samples: Sequence[float]) -> float:
    """Return half the 95 % interval of the median relative to the median; infinity for a median of 0 that varies.

    Args:
        samples: in the order they were taken.
        sorted_samples: the same by size.
    """
    low, high = interval(sorted_samples, inflation(samples, sorted_samples))
    middle = median(sorted_samples)
    if middle > 0:
        return (high - low) / 2 / middle
    return 0.0 if high == low else math.inf
