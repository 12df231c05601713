"""Computes the median of timings, its confidence interval, and when to stop sampling; standard library only.

Timings are skewed and have outliers, so no normal distribution is assumed. The interval of the median is based on order
statistics: the number of ``n`` independent samples below the true median is binomial (n, 1/2), for any distribution.
See W. J. Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2, and T. Hoefler and R. Belli, Scientific
Benchmarking of Parallel Computing Systems, SC '15, section 3.1.3.

Timings are not independent: clocks, temperature and other work change over tenths of a second, so hundreds of quick
samples may say little more than one. The interval is widened accordingly, see :func:`inflation`. Samples worth fewer
than about nine independent ones have no interval, because so few cannot show drift.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache

#: Minimum number of samples for a 95 % confidence interval of the median: with five, 1 - 2 / 2^5 is 93.75 %.
LEAST_FOR_INTERVAL = 6
#: Half the interval, relative to the median, at which a measurement is precise enough.
HALF_WIDTH = 0.01
#: Minimum number of samples and minimum time of a measurement: enough samples to detect drift, and enough time for
#: clocks to settle (drivers update clocks and the power limit every 20 to 100 ms).
LEAST_SAMPLES = 10
LEAST_TIME_NS = 500_000_000
#: Growth of the number of samples between two evaluations of the stop rule, which limits the cost of sorting and the
#: chance of converging by luck.
EVALUATION_GROWTH = 1.1

_Z = 1.959963984540054  # the normal distribution's 97.5 % quantile
_EXACT_UP_TO = 500
_BATCHES = 20  # Schmeiser, Batch Size Effects in the Analysis of Simulation Output, 1982: 10 to 30
_FINE_BATCHES = 512
_SIGNIFICANT = 1.645  # standard errors that the correlation of independent samples exceeds in 5 % of cases


def quantile(sorted_samples: Sequence[float], share: float) -> float:
    """Return the quantile for a share (0 to 1), interpolated linearly between samples.

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
    """Return the median.

    Raises:
        ValueError: there are no samples.
    """
    return quantile(sorted_samples, 0.5)


@lru_cache(maxsize=1024)
def lower_rank(count: int) -> int:
    """Return the rank k, from 1, so that the k-th smallest and k-th largest sample enclose the median with 95 %.

    0 if even the smallest and largest sample do not.
    """
    if count > _EXACT_UP_TO:
        # The normal approximation is conservative: a binomial with p = 1/2 has lighter tails.
        return math.floor((count - _Z * math.sqrt(count)) / 2)
    below, rank = 0, 0
    # The largest rank with P(fewer than rank samples are below the median) <= 2.5 %.
    while 40 * (below := below + math.comb(count, rank)) <= 2**count:
        rank += 1
    return rank


def inflation(samples: Sequence[float], sorted_samples: Sequence[float]) -> float:
    """Return the variance inflation by correlation: at least 1, possibly infinity.

    Count divided by inflation is the number of independent samples they are worth. The interval depends on the number
    of samples below the median. Its variance is estimated from batches in time order, which are themselves correlated,
    with an autoregressive model as in Skart (A. Tafazzoli, J. R. Wilson, E. K. Lada and N. M. Steiger, INFORMS Journal
    on Computing 23, 2011). 512 batches, or as many samples, give a precise correlation of neighbours; 20 batches reveal
    slow drift under fast noise. The larger estimate counts.

    Args:
        samples: samples in sampling order.
        sorted_samples: the same samples, sorted.
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
        # Ranks tell more about neighbours than sides do. Their variance is that of independent samples.
        ranks = [bisect_left(sorted_samples, value) + bisect_right(sorted_samples, value) for value in samples]
        fine = _inflation_of(ranks, None)
    size = count // _BATCHES
    if size < 2:
        return fine
    return max(fine, _inflation_of(_sums(sides, size), size * variance, _SIGNIFICANT))


def _sums(sides: Sequence[int], size: int) -> list[int]:
    """Return the sums of batches; an incomplete batch is left out at the beginning, where warm-up may show."""
    return [sum(sides[start : start + size]) for start in range(len(sides) % size, len(sides), size)]


def _inflation_of(sums: Sequence[int], independent: float | None, least: float = 0.0) -> float:
    """Return the variance of batches relative to ``independent``, if given, times the inflation by their correlation.

    The correlation of neighbours counts if it exceeds ``least`` standard errors.
    """
    batches, mean = len(sums), sum(sums) / len(sums)
    centred = [each - mean for each in sums]
    total = sum(each * each for each in centred)
    found = sum(map(operator.mul, centred, centred[1:])) / total if total else 0.0
    # Bias correction: M. G. Kendall, Note on bias in the estimation of autocorrelation, 1954.
    found += (1 + 3 * found) / batches
    if found < least / math.sqrt(batches):
        found = 0.0
    if found >= 1:
        return math.inf
    alone = 1.0 if independent is None else total / (batches - 1) / independent
    return max(1.0, alone * (1 + found) / (1 - found))


def _student(freedom: float) -> float:
    """Return the 97.5 % quantile of Student's t, accurate to 1 % from 3 degrees of freedom on.

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
    """Return the rank of the interval's lower end, from 1; 0 without an interval."""
    rank = lower_rank(count)
    if inflated <= 1.0:
        return rank
    effective = count / inflated
    if effective < LEAST_FOR_INTERVAL:
        return 0
    # The effective number of samples is itself an estimate: with that many degrees of freedom the interval would be
    # too narrow (F. W. Zwiers and H. von Storch, Taking Serial Correlation into Account in Tests of the Mean, 1995).
    # Half as many are enough according to the simulations in the tests.
    wider = math.sqrt(inflated) * _student((effective - 1) / 2) / _Z
    middle = (count + 1) / 2
    return max(0, math.floor(middle - (middle - rank) * wider))


def has_interval(count: int, inflated: float = 1.0) -> bool:
    """Return whether a number of samples has a 95 % confidence interval of the median, see :func:`inflation`."""
    return _rank(count, inflated) > 0


def interval(sorted_samples: Sequence[float], inflated: float = 1.0) -> tuple[float, float]:
    """Return the 95 % confidence interval of the median, whose ends are two of the samples.

    If :func:`has_interval` is false, the result is only the range of the samples.

    Args:
        sorted_samples: the samples, sorted.
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
    """The stop rule of a benchmark: enough samples, enough time, and a narrow interval of the median.

    Cheap enough to call after each sample: it is evaluated only when the count has grown by a tenth.

    Args:
        half_width: half the interval relative to the median at which to stop.
        least_samples: minimum number of samples.
        least_time_ns: minimum time spent in samples.
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
        self._next_evaluation = self._least_samples
        #: All samples in sampling order.
        self.samples_ns: list[float] = []
        #: Time spent in the samples.
        self.time_ns = 0.0
        #: Median and relative half-width at the last evaluation, infinity without an interval; None before the first.
        self.median_ns: float | None = None
        self.half_width: float | None = None
        self.converged = False

    def add(self, sample_ns: float, repeats: int = 1) -> bool:
        """Add a sample, the mean of ``repeats`` executions, and return whether sampling can stop."""
        self.samples_ns.append(sample_ns)
        self.time_ns += sample_ns * repeats
        count = len(self.samples_ns)
        if count >= self._next_evaluation and self.time_ns >= self._least_time_ns:
            self.evaluate()
            self._next_evaluation = max(count + 1, math.ceil(count * EVALUATION_GROWTH))
        return self.converged

    def evaluate(self) -> None:
        """Evaluate median and half-width now, for instance to report progress or at the end."""
        if not self.samples_ns:
            return
        by_size = sorted(self.samples_ns)
        self.median_ns = median(by_size)
        self.half_width = relative_half_width(self.samples_ns, by_size)
        is_enough = len(by_size) >= self._least_samples and self.time_ns >= self._least_time_ns
        self.converged = is_enough and self.half_width <= self._wanted


def relative_half_width(samples: Sequence[float], sorted_samples: Sequence[float]) -> float:
    """Return half the 95 % interval of the median, relative to the median.

    Infinity without an interval, and if the median is 0 and the samples vary.

    Args:
        samples: samples in sampling order.
        sorted_samples: the same samples, sorted.
    """
    inflated = inflation(samples, sorted_samples)
    if not has_interval(len(samples), inflated):
        return math.inf
    low, high = interval(sorted_samples, inflated)
    middle = median(sorted_samples)
    if middle > 0:
        return (high - low) / 2 / middle
    return 0.0 if high == low else math.inf
