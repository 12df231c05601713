"""Measures one function in steady state: warm-up until times settle, then samples until their median is known.

A sample is the time until idle of ``repeats`` executions in a row: from a moment at which nothing runs on the GPU to
the next such moment. Its clock and its one synchronisation cost no more than a quarter of a percent of it.
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
#: Clock and synchronisation may cost so much of a sample.
_OVERHEAD = 0.0025
#: Launching pays in advance: what the GPU still does when the last launch has returned counts as cost of a
#: synchronisation too, but never as more than this, for that is noise.
_MOST_FIXED_NS = 100_000
#: A shorter sample would be decided by a single interrupt of the CPU.
_LEAST_SAMPLE_NS = 200_000
_MOST_SAMPLES = 50_000
#: Warm-up: blocks of samples whose medians agree to this, or as well as a block's own spread lets them, for at least
#: this time and at most this part of the limit.
_SETTLED = 0.02
_LEAST_WARMUP_NS = 100_000_000
_WARMUP_SHARE = 0.2
_BLOCK_SAMPLES = 7
_BLOCK_SAMPLE_NS = 2_000_000
#: How often the fixed cost of a sample is measured.
_IDLE_ROUNDS = 51

#: Takes the phase and what is known by now.
OnProgress = Callable[[str, "Meter"], None]


class Meter:
    """One measurement; its fields say at any moment what is known by now.

    Args:
        body: what is measured.
        cuda: tells when the GPU is idle.
        max_time_s: for warm-up and sampling together, not counting the very first execution, which may compile.
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
        #: Durations of the samples, of all their repeats together.
        self.totals_ns: list[int] = []
        self.convergence = Convergence()
        self.repeats = 1
        self.warmup_repeats = 0
        self.warmup_ns = 0
        self.start_ns = 0
        self.end_ns = 0

    @property
    def uses_gpu(self) -> bool:
        """Whether a CUDA context was waited for."""
        return self._wait is not None

    @property
    def is_cold(self) -> bool:
        """Whether something is done ahead of each sample, which is one execution then."""
        return self._before_each is not None

    @property
    def elapsed_s(self) -> float:
        """Seconds since the warm-up began."""
        return (perf_counter_ns() - self._begun) / 1e9

    @property
    def overhead(self) -> float:
        """What part of a sample clock and synchronisation are, 0 to 1."""
        if not self.totals_ns:
            return 0.0
        return min(1.0, self._fixed_ns / max(1.0, median(sorted(self.totals_ns))))

    @property
    def repeat_ns(self) -> float:
        """What one execution takes, by all that is known."""
        middle = self.convergence.median_ns
        return self._single_ns if middle is None else middle

    def warm_up(self) -> None:
        """Execute the body until its times settle, or a part of the time limit is over."""
        self._begun = perf_counter_ns()
        self._on_progress(WARMING_UP, self)
        self._single_ns = float(self._time(self._body, 1))
        if (self._cuda.in_use or self._cuda.look()) and self._cuda.synchronize():
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
        """Return a few samples of so many repeats by size, fewer when the time is up."""
        times: list[float] = []
        while len(times) < _BLOCK_SAMPLES and (not times or perf_counter_ns() < limit):
            times.append(self._time(self._body, count) / count)
            self.warmup_repeats += count
        return sorted(times)

    def choose_repeats(self, before_each: Callable[[], None] | None = None) -> None:
        """Find how many executions make a sample: its fixed cost is measured, without a body and with one.

        Args:
            before_each: called ahead of each sample, outside its time; a sample is one execution then.
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
        """Take samples until their median is known or the time is up; at least one."""
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
        self.convergence.look()

    def execute(self, count: int) -> int:
        """Execute the body so many times and return how long that took until idle."""
        return self._time(self._body, count)

    def _time(self, body: Body, count: int) -> int:
        clock, wait, repeats = perf_counter_ns, self._wait, repeat(None, count)
        start = clock()
        body(repeats)
        if wait is not None:
            wait()
        return clock() - start


def _agree(before: list[float], after: list[float]) -> bool:
    """Return whether two blocks, by size, have about the same median: each lies between the other's quartiles."""
    one, other = median(before), median(after)
    if abs(one - other) <= _SETTLED * one:
        return True
    return quantile(before, 0.25) <= other <= quantile(before, 0.75) and quantile(after, 0.25) <= one <= quantile(
        after, 0.75
    )
