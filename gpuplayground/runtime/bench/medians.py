"""The median of timings, how far it can be trusted, and when to stop: standard library only, also inside a snippet.

Timings are skewed and have outliers, so nothing here assumes a normal distribution. The interval of the median is that
of order statistics: of ``n`` independent samples the number below the true median is binomial (n, 1/2), whatever their
distribution. See W. J. Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2, and T. Hoefler and
R. Belli, Scientific Benchmarking of Parallel Computing Systems, SC '15, section 3.1.3.

Timings are not independent either: clocks, temperature and other work change over tenths of a second, so that hundreds
of quick samples in a row say little more than one of them. Their interval is widened, see :func:`inflation`, and where
they count as less than about nine independent ones there is none: from so few nothing tells whether they wander.
"""

from __future__ import annotations

import math
import operator
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
_FINE_BATCHES = 512
_SIGNIFICANT = 1.645  # a correlation of independent samples is so many standard errors large in 5 % of cases


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
    """Return how many times as many samples would be needed as if they were independent, at least 1, maybe infinity.

    The number of samples below the median is what the interval rests on. Its variance is found from that of batches in
    the order of time, which hang together themselves: as if by an autoregression, as in Skart (A. Tafazzoli,
    J. R. Wilson, E. K. Lada and N. M. Steiger, INFORMS Journal on Computing 23, 2011). Of 512 batches, or of as many
    samples, the correlation of neighbours is known well; 20 batches show what wanders slowly under quick noise. The
    larger of the two counts.

    Args:
        samples: in the order they were taken.
        sorted_samples: the same by size.
    """
    count = len(samples)
    if count < LEAST_FOR_INTERVAL:
        return 1.0
    middle = median(sorted_samples)
    sides = [(value > middle) - (value < middle) for value in samples]
    variance = sum(side * side for side in sides) / count - (sum(sides) / count) ** 2
    if not variance:
        return 1.0
    size = count // _FINE_BATCHES
    if size > 1:
        fine = _inflation_of(_sums(sides, size), size * variance)
    else:
        # Ranks tell more than sides about neighbours. Their own variance is that of independent samples.
        ranks = [bisect_left(sorted_samples, value) + bisect_right(sorted_samples, value) for value in samples]
        fine = _inflation_of(ranks, None)
    size = count // _BATCHES
    if size < 2:
        return fine
    return max(fine, _inflation_of(_sums(sides, size), size * variance, _SIGNIFICANT))


def _sums(sides: Sequence[int], size: int) -> list[int]:
    """Return the sums of batches; what does not fill one is left out at the beginning, where warm-up may show."""
    return [sum(sides[start : start + size]) for start in range(len(sides) % size, len(sides), size)]


def _inflation_of(sums: Sequence[int], independent: float | None, least: float = 0.0) -> float:
    """Return the variance of batches relative to an ``independent`` one, if given, times what their correlation adds.

    The correlation of neighbours counts from ``least`` standard errors on.
    """
    batches, mean = len(sums), sum(sums) / len(sums)
    centred = [each - mean for each in sums]
    total = sum(each * each for each in centred)
    found = sum(map(operator.mul, centred, centred[1:])) / total if total else 0.0
    # It comes out too low by about this: M. G. Kendall, Note on bias in the estimation of autocorrelation, 1954.
    found += (1 + 3 * found) / batches
    if found < least / math.sqrt(batches):
        found = 0.0
    if found >= 1:
        return math.inf
    alone = 1.0 if independent is None else total / (batches - 1) / independent
    return max(1.0, alone * (1 + found) / (1 - found))


def _student(freedom: float) -> float:
    """Return the 97.5 % quantile of Student's t, to 1 % from 3 degrees of freedom on.

    See M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    z = _Z
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _rank(count: int, inflated: float) -> int:
    """Return the rank of the interval's lower end, from 1; 0 where there is no interval."""
    rank = lower_rank(count)
    if inflated <= 1.0:
        return rank
    effective = count / inflated
    if effective < LEAST_FOR_INTERVAL:
        return 0
    # How many samples they are worth is an estimate itself: with as many degrees of freedom the interval is still too
    # narrow (F. W. Zwiers and H. von Storch, Taking Serial Correlation into Account in Tests of the Mean, 1995). Half
    # of them are enough, by the simulations of the tests.
    wider = math.sqrt(inflated) * _student((effective - 1) / 2) / _Z
    middle = (count + 1) / 2
    return max(0, math.floor(middle - (middle - rank) * wider))


def has_interval(count: int, inflated: float = 1.0) -> bool:
    """Return whether so many samples have a 95 % confidence interval of their median, see :func:`inflation`."""
    return _rank(count, inflated) > 0


def interval(sorted_samples: Sequence[float], inflated: float = 1.0) -> tuple[float, float]:
    """Return the 95 % confidence interval of the median: two of the samples.

    Where :func:`has_interval` says that there is none, it is the smallest and the largest, and no interval.

    Args:
        sorted_samples: by size.
        inflated: see :func:`inflation`; 1 for independent samples.

    Raises:
        ValueError: there are no samples.
    """
    count = len(sorted_samples)
    if not count:
        raise ValueError("There are no samples: take at least one.")
    rank = max(1, _rank(count, inflated))
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
        #: At the last look: the median, and half its interval relative to it, infinity without one; None before it.
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
    """Return half the 95 % interval of the median relative to the median.

    It is infinity where there is no interval, and for a median of 0 that varies.

    Args:
        samples: in the order they were taken.
        sorted_samples: the same by size.
    """
    inflated = inflation(samples, sorted_samples)
    if not has_interval(len(samples), inflated):
        return math.inf
    low, high = interval(sorted_samples, inflated)
    middle = median(sorted_samples)
    if middle > 0:
        return (high - low) / 2 / middle
    return 0.0 if high == low else math.inf
