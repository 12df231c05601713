"""Measures one function in steady state: warms up until times settle, then samples until the median is known.

A sample is the time of ``repeats`` consecutive executions, from an idle GPU until the GPU is idle again. The clock and
the single synchronisation cost at most a quarter of a percent of it.
"""

from __future__ import annotations

import math
from itertools import repeat
from time import perf_counter_ns
from typing import Callable

from ..clock import now_ns
from ..trace.cuda import CudaClock
from .body import Body, empty_body
from .medians import Convergence, median, quantile

WARMING_UP, SAMPLING = "warm-up", "sampling"
#: Maximum share of clock and synchronisation in a sample.
_OVERHEAD = 0.0025
#: Maximum fixed cost of a sample. It includes the GPU work left after the last launch has returned; more is noise.
_MOST_FIXED_NS = 100_000
#: Minimum duration of a sample; a shorter one would be dominated by a single CPU interrupt.
_LEAST_SAMPLE_NS = 200_000
_MOST_SAMPLES = 50_000
#: Warm-up ends when the medians of two blocks of samples agree to this, or within the blocks' spread. It takes at
#: least this time and at most this share of the time limit.
_SETTLED = 0.02
_LEAST_WARMUP_NS = 100_000_000
_WARMUP_SHARE = 0.2
_BLOCK_SAMPLES = 7
_BLOCK_SAMPLE_NS = 2_000_000
#: Number of measurements of a sample's fixed cost.
_IDLE_ROUNDS = 51

#: Called with the phase and the meter.
OnProgress = Callable[[str, "Meter"], None]


class Meter:
    """One measurement, whose fields have the current results.

    Args:
        body: the function to measure.
        cuda: waits until the GPU is idle.
        max_time_s: limit for warm-up and sampling together, without the first execution, which may compile.
        on_progress: called between samples.
    """

    def __init__(self, body: Body, cuda: CudaClock, max_time_s: float, on_progress: OnProgress) -> None:
        self._body = body
        self._cuda = cuda
        self._max_time_ns = max_time_s * 1e9
        self._on_progress = on_progress
        self._before_each: Callable[[], None] | None = None
        self._wait: Callable[[], bool] | None = None
        self._fixed_ns = 0.0
        self._single_ns = 0.0
        self._begun = 0
        self._deadline = 0.0
        #: Durations of the samples, each the total of its repeats.
        self.totals_ns: list[int] = []
        self.convergence = Convergence()
        self.repeats = 1
        self.warmup_repeats = 0
        self.warmup_ns = 0
        self.start_ns = 0
        self.end_ns = 0

    @property
    def uses_gpu(self) -> bool:
        """Whether samples end with a wait for a CUDA context."""
        return self._wait is not None

    @property
    def is_cold(self) -> bool:
        """Whether the cache is evicted before each sample, which then is a single execution."""
        return self._before_each is not None

    @property
    def elapsed_s(self) -> float:
        """Seconds since the warm-up began."""
        return (perf_counter_ns() - self._begun) / 1e9

    @property
    def overhead(self) -> float:
        """Share of clock and synchronisation in a sample, 0 to 1."""
        if not self.totals_ns:
            return 0.0
        return min(1.0, self._fixed_ns / max(1.0, median(sorted(self.totals_ns))))

    @property
    def repeat_ns(self) -> float:
        """Best estimate of the time of one execution."""
        middle = self.convergence.median_ns
        return self._single_ns if middle is None else middle

    def warm_up(self) -> None:
        """Execute the body until its times settle or the warm-up's share of the time limit is over."""
        self._begun = perf_counter_ns()
        self._on_progress(WARMING_UP, self)
        self._single_ns = float(self._time(self._body, 1))
        if (self._cuda.in_use or self._cuda.detect()) and self._cuda.synchronize():
            self._wait = self._cuda.synchronize
        self.warmup_repeats = 1
        start = perf_counter_ns()
        self._deadline = start + self._max_time_ns
        limit = start + self._max_time_ns * _WARMUP_SHARE
        least = start + min(_LEAST_WARMUP_NS, self._max_time_ns * _WARMUP_SHARE)
        before: list[float] = []
        while perf_counter_ns() < limit:
            count = max(1, min(round(_BLOCK_SAMPLE_NS / max(1.0, self._single_ns)), 1 << 20)) if before else 1
            block = self._block(count, limit)
            self._single_ns = median(block)
            if perf_counter_ns() >= least and before and _agree(before, block):
                break
            before = block
            self._on_progress(WARMING_UP, self)
        self.warmup_ns = perf_counter_ns() - self._begun

    def _block(self, count: int, limit: float) -> list[float]:
        """Return a few sorted samples of ``count`` repeats each; fewer if the time is up."""
        times: list[float] = []
        while len(times) < _BLOCK_SAMPLES and (not times or perf_counter_ns() < limit):
            times.append(self._time(self._body, count) / count)
            self.warmup_repeats += count
        return sorted(times)

    def choose_repeats(self, before_each: Callable[[], None] | None = None) -> None:
        """Choose the number of executions per sample from its fixed cost, measured with an empty body and the real one.

        Args:
            before_each: called before each sample, outside its time; a sample then is a single execution.
        """
        self._before_each = before_each
        idle = sorted(self._time(empty_body, 1) for _ in range(_IDLE_ROUNDS))
        self._fixed_ns = median(idle)
        if before_each is not None:
            return
        single_ns = max(1.0, self._single_ns)
        if self.uses_gpu and single_ns < _MOST_FIXED_NS / _OVERHEAD:
            alone = median(sorted(self._time(self._body, 1) for _ in range(_BLOCK_SAMPLES)))
            self.warmup_repeats += _BLOCK_SAMPLES
            self._fixed_ns = max(self._fixed_ns, min(alone - single_ns, _MOST_FIXED_NS))
        wanted_ns = max(self._fixed_ns / _OVERHEAD, _LEAST_SAMPLE_NS, self._max_time_ns / _MOST_SAMPLES)
        self.repeats = max(1, math.ceil(min(wanted_ns, self._max_time_ns / 10) / single_ns))

    def sample(self) -> None:
        """Take at least one sample, until the median is precise enough or the time is up."""
        body, count, add = self._body, self.repeats, self.convergence.add
        before_each, deadline = self._before_each, self._deadline
        self.start_ns = now_ns()
        try:
            while True:
                if before_each is not None:
                    before_each()
                total = self._time(body, count)
                self.totals_ns.append(total)
                if add(total / count, count) or perf_counter_ns() >= deadline or len(self.totals_ns) > _MOST_SAMPLES:
                    break
                self._on_progress(SAMPLING, self)
        finally:
            self.end_ns = now_ns()
        self.convergence.evaluate()

    def execute(self, count: int) -> int:
        """Execute the body ``count`` times and return the time until idle in nanoseconds."""
        return self._time(self._body, count)

    def _time(self, body: Body, count: int) -> int:
        clock, wait, repeats = perf_counter_ns, self._wait, repeat(None, count)
        start = clock()
        body(repeats)
        if wait is not None:
            wait()
        return clock() - start


def _agree(before: list[float], after: list[float]) -> bool:
    """Return whether the medians of two sorted blocks agree: closely, or each within the other's quartiles."""
    one, other = median(before), median(after)
    if abs(one - other) <= _SETTLED * one:
        return True
    return quantile(before, 0.25) <= other <= quantile(before, 0.75) and quantile(after, 0.25) <= one <= quantile(
        after, 0.75
    )
