"""Stores samples as time series: all for ten minutes, 1 s buckets for two hours, 10 s buckets for a day.

Values are float32. That is exact for NVML's whole units, including memory in bytes: drivers count it in pages of 64 KiB
or more, and a multiple of 64 KiB below 1 TiB fits the 24-bit mantissa of a float32.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from gpuplayground.deferred import np
from gpuplayground.metrics import SERIES
from gpuplayground.model.samples import MAX_GPUS, GpuSample
from gpuplayground.monitor.timeseries.gaps import Gaps
from gpuplayground.monitor.timeseries.ring_buffer import Ring
from gpuplayground.monitor.timeseries.series import Points, Series, bucket_ns, reduced

RAW_SECONDS = 600
#: Bucket lengths, and the number kept of each: two hours and a day.
SECOND_NS, SECONDS_KEPT = 1_000_000_000, 7200
TEN_SECONDS_NS, TENS_KEPT = 10_000_000_000, 8640

_values = attrgetter(*SERIES)
_column = {field: position for position, field in enumerate(SERIES)}
_METRIC_COUNT = len(SERIES)


class _GpuSeries:
    """The three resolutions of one GPU. A bucket is computed from the finer level once it is complete."""

    def __init__(self, raw_capacity: int) -> None:
        self.raw = Ring(raw_capacity, _METRIC_COUNT)
        self.seconds = Ring(SECONDS_KEPT, 3 * _METRIC_COUNT)
        self.tens = Ring(TENS_KEPT, 3 * _METRIC_COUNT)
        # As far back as there is a level fine enough to show a gap of that length.
        self.gaps = Gaps(
            (
                (0, RAW_SECONDS * SECOND_NS),
                (SECOND_NS, SECONDS_KEPT * SECOND_NS),
                (TEN_SECONDS_NS, TENS_KEPT * TEN_SECONDS_NS),
            )
        )
        self.latest: GpuSample | None = None

    @property
    def nbytes(self) -> int:
        return self.raw.nbytes + self.seconds.nbytes + self.tens.nbytes + self.gaps.nbytes

    def add(self, sample: GpuSample) -> None:
        time_ns = sample.time_ns
        last_ns = self.raw.last_ns
        if time_ns <= last_ns:
            if self.latest is not None and time_ns == self.latest.time_ns:
                return
            # The clock was set back: drop the samples from its former future.
            for ring, period in ((self.raw, 1), (self.seconds, SECOND_NS), (self.tens, TEN_SECONDS_NS)):
                ring.truncate(time_ns // period * period)
            self.gaps.truncate(time_ns)
            last_ns = self.raw.last_ns
        elif last_ns and time_ns // SECOND_NS != last_ns // SECOND_NS:
            self._close_second(last_ns // SECOND_NS)
            if time_ns // TEN_SECONDS_NS != last_ns // TEN_SECONDS_NS:
                self._close_ten(last_ns // TEN_SECONDS_NS)
        if last_ns:
            self.gaps.add(last_ns, time_ns)
        self.raw.append(time_ns, _values(sample))
        self.latest = sample

    def _close_second(self, number: int) -> None:
        start = number * SECOND_NS
        _, rows = self.raw.between(start, start + SECOND_NS)
        if len(rows):
            values = rows.astype(np.float64)
            summary = (np.fmin.reduce(values), _mean(values), np.fmax.reduce(values))
            self.seconds.append(start + SECOND_NS // 2, np.concatenate(summary))

    def _close_ten(self, number: int) -> None:
        start = number * TEN_SECONDS_NS
        _, rows = self.seconds.between(start, start + TEN_SECONDS_NS)
        if len(rows):
            values = rows.astype(np.float64)
            low, middle, high = np.split(values, 3, axis=1)
            summary = (np.fmin.reduce(low), _mean(middle), np.fmax.reduce(high))
            self.tens.append(start + TEN_SECONDS_NS // 2, np.concatenate(summary))

    def points(self, column: int, start_ns: int, end_ns: int, width_ns: int) -> Points:
        """Return one metric between two times, from the coarsest level that is fine enough and reaches back.

        The latest part, which has no complete bucket yet, comes from the finer levels.

        Args:
            column: the column of the metric.
            start_ns: start of the interval.
            end_ns: end of the interval, included.
            width_ns: length of the buckets that the points will be reduced to.
        """
        if width_ns < SECOND_NS and self.raw.reaches(start_ns):
            levels = [(self.raw, 0)]
        elif width_ns < TEN_SECONDS_NS and self.seconds.reaches(start_ns):
            levels = [(self.seconds, SECOND_NS), (self.raw, 0)]
        else:
            levels = [(self.tens, TEN_SECONDS_NS), (self.seconds, SECOND_NS), (self.raw, 0)]
        parts: list[Points] = []
        complete_ns = 0
        for ring, period in levels:
            times, rows = ring.around(start_ns, end_ns + 1, complete_ns)
            complete_ns = max(complete_ns, ring.last_ns + period // 2)
            if parts and not len(times):
                continue
            low, middle, high = (rows[:, column + part * _METRIC_COUNT if period else column] for part in range(3))
            parts.append(Points(times, low, middle, high))
        return Points.joined(parts, levels[0][1], self.gaps.between(start_ns, end_ns)).within(start_ns, end_ns)


class SeriesStore:
    """The samples of the last day of each GPU, by UUID. Not thread-safe.

    Memory is allocated when a GPU is first seen: about 1.9 MB per GPU at 10 Hz.

    Args:
        max_gpus: with more GPUs, absent ones are discarded, but never one that is present.
        hz: the sampling rate at which ten minutes of samples fit; at a higher rate they reach back less far.
    """

    def __init__(self, max_gpus: int = MAX_GPUS, hz: float = 10.0) -> None:
        self._max_gpus = max_gpus
        self._raw_capacity = round(RAW_SECONDS * hz)
        self._gpus: dict[str, _GpuSeries] = {}

    @property
    def uuids(self) -> tuple[str, ...]:
        """The GPUs with samples, in the order they were first seen."""
        return tuple(self._gpus)

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        return sum(gpu.nbytes for gpu in self._gpus.values())

    def add(self, samples: Iterable[GpuSample]) -> None:
        """Add the samples of one or more ticks."""
        samples = tuple(samples)
        present = {sample.gpu_uuid for sample in samples}
        for sample in samples:
            gpu = self._gpus.get(sample.gpu_uuid) or self._new(sample.gpu_uuid, present)
            if gpu is not None:
                gpu.add(sample)

    def latest(self, uuid: str) -> GpuSample | None:
        """Return the newest sample of a GPU."""
        gpu = self._gpus.get(uuid)
        return None if gpu is None else gpu.latest

    def clear(self) -> None:
        """Discard everything."""
        self._gpus.clear()

    def series(
        self,
        uuid: str,
        metric: str,
        start_ns: int,
        end_ns: int,
        max_points: int = 1000,
        until_ns: int | None = None,
    ) -> Series:
        """Return one metric between two times, both included, as at most ``max_points`` points for a plot.

        If the line continues beyond an end, the next point is included, so that the line reaches the plot's edge.

        Points are reduced to buckets of equal length with minimum, mean and maximum, so that a spike of one sample
        survives. The buckets are aligned in time and do not change as the interval moves. Missing samples or values are
        a NaN point. Samples after ``until_ns`` are left out.

        Raises:
            KeyError: the metric is not in :data:`gpuplayground.metrics.SERIES`.
        """
        column = _column[metric]
        gpu = self._gpus.get(uuid)
        if gpu is None or end_ns < start_ns:
            return Series.empty()
        last_ns = end_ns if until_ns is None else min(end_ns, until_ns)
        points = gpu.points(column, start_ns, last_ns, bucket_ns(start_ns, end_ns, max_points))
        if until_ns is not None:
            points = points.until(until_ns)
        return reduced(points, start_ns, end_ns, max_points)

    def _new(self, uuid: str, present: set[str]) -> _GpuSeries | None:
        if len(self._gpus) >= self._max_gpus:
            gone = self._gpus.keys() - present
            if not gone:
                return None
            del self._gpus[min(gone, key=lambda each: self._gpus[each].raw.last_ns)]
        self._gpus[uuid] = _GpuSeries(self._raw_capacity)
        return self._gpus[uuid]


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of each column, ignoring NaN; NaN for a column without values."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
