"""What the GPUs did: every sample for ten minutes, 1 s buckets for two hours, 10 s buckets for a day.

Everything is kept in float32. That is exact for what NVML reports in whole units, also for memory in bytes: drivers
count it in pages of 64 KiB or more, and a multiple of 64 KiB below 1 TiB fits the 24 bits of a float32's mantissa.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from gpuplayground.deferred import np
from gpuplayground.metrics import SERIES
from gpuplayground.model.samples import MAX_GPUS, GpuSample
from gpuplayground.monitor.timeseries.gaps import Gaps
from gpuplayground.monitor.timeseries.ring_buffer import Ring
from gpuplayground.monitor.timeseries.series import Points, Series, reduced, stretch_ns

RAW_SECONDS = 600
#: Period of the buckets and how many are kept: two hours and a day.
SECOND_NS, SECONDS_KEPT = 1_000_000_000, 7200
TEN_SECONDS_NS, TENS_KEPT = 10_000_000_000, 8640

_values = attrgetter(*SERIES)
_column = {field: position for position, field in enumerate(SERIES)}
_METRIC_COUNT = len(SERIES)


class _GpuSeries:
    """One GPU's three levels. A bucket is made from the level below once it is complete."""

    def __init__(self, raw_capacity: int) -> None:
        self.raw = Ring(raw_capacity, _METRIC_COUNT)
        self.seconds = Ring(SECONDS_KEPT, 3 * _METRIC_COUNT)
        self.tens = Ring(TENS_KEPT, 3 * _METRIC_COUNT)
        # As far back as there is a level that is fine enough to show a gap of that length.
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
            # The clock was set back: what it had called the future is no more.
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
        """Return one metric between two times from the finest level that reaches back and is not needlessly fine.

        What the coarser levels do not have yet, because the bucket is not complete, comes from the finer ones.

        Args:
            column: the metric.
            start_ns: begin of the interval.
            end_ns: its end, included.
            width_ns: the length of the stretches the points are going to be put into.
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
    """The last day of every GPU, by UUID. Not for use from several threads.

    Memory is taken when a GPU is first seen, and then no more: about 1.9 MB per GPU at 10 Hz.

    Args:
        max_gpus: of more, those that are gone are forgotten, and none is kept in place of one that is there.
        hz: the rate at which ten minutes of samples fit; at a higher one they reach back less far.
    """

    def __init__(self, max_gpus: int = MAX_GPUS, hz: float = 10.0) -> None:
        self._max_gpus = max_gpus
        self._raw_capacity = round(RAW_SECONDS * hz)
        self._gpus: dict[str, _GpuSeries] = {}

    @property
    def uuids(self) -> tuple[str, ...]:
        """The GPUs there is something of, in the order they were first seen."""
        return tuple(self._gpus)

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        return sum(gpu.nbytes for gpu in self._gpus.values())

    def add(self, samples: Iterable[GpuSample]) -> None:
        """Add the samples of a tick or of several."""
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
        """Forget everything, for instance when a recording takes the place of live values."""
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
        """Return what a plot of one metric needs, both ends included, with at most ``max_points`` points.

        Where the line goes on beyond an end, the point next to it is there too, so that it reaches the plot's edge.

        They come from the finest level that is needed and reaches back to ``start_ns``, put into equal stretches of
        time, each with its minimum, mean and maximum, so that a spike of one sample survives. The stretches are fixed
        in time: they do not change as the interval moves on. Where there was no sample, or none of this metric, there
        is a point of NaN. What came later than ``until_ns`` is left out.

        Raises:
            KeyError: the metric is not one of :data:`gpuplayground.metrics.SERIES`.
        """
        column = _column[metric]
        gpu = self._gpus.get(uuid)
        if gpu is None or end_ns < start_ns:
            return Series.empty()
        last_ns = end_ns if until_ns is None else min(end_ns, until_ns)
        points = gpu.points(column, start_ns, last_ns, stretch_ns(start_ns, end_ns, max_points))
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
    """Return the means of columns without their NaNs; a column of NaNs has none."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
