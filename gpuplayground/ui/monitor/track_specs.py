"""The monitor's tracks as the metrics table describes them: units, axes, figures and lines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication

from gpuplayground.metrics import METRICS, TRACKS, Metric, Track
from gpuplayground.model.samples import GpuInfo, GpuSample
from gpuplayground.monitor.timeseries.series import Series
from gpuplayground.ui.monitor.figures import upper_limit
from gpuplayground.units import DASH

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CurveSpec:
    """One curve of a track and its name in the legend."""

    metric: Metric
    label: str

    @property
    def field(self) -> str:
        """The field of a sample."""
        return self.metric.field

    def value(self, sample: GpuSample | None) -> float | None:
        """Return the value of a sample in the track's unit."""
        value = None if sample is None else getattr(sample, self.field)
        return None if value is None else value / self.metric.scale

    def limit(self, info: GpuInfo, sample: GpuSample | None) -> float | None:
        """Return the upper limit in the track's unit, None if it is not known."""
        limit = upper_limit(self.metric, info, sample)
        return None if limit is None else limit / self.metric.scale


@dataclass(frozen=True, slots=True)
class TrackSpec:
    """One plot: its title, the unit of its axis, the decimals of its figures and its curves."""

    track: Track
    title: str
    unit: str
    decimals: int
    curves: tuple[CurveSpec, ...]

    @property
    def key(self) -> str:
        """The track's key in the table."""
        return self.track.key

    def text(self, value: float | None, low: float | None = None, high: float | None = None) -> str:
        """Format a value; the mean of several samples comes with their range: ``57 (3–98)``."""
        if value is None:
            return DASH
        text = f"{value:.{self.decimals}f}"
        if low is None or high is None:
            return text
        ends = f"{low:.{self.decimals}f}", f"{high:.{self.decimals}f}"
        return text if ends[0] == ends[1] else f"{text} ({ends[0]}–{ends[1]})"

    def text_at(self, curve: CurveSpec, series: Series | None, at_ns: int, reach_ns: float) -> str:
        """Format the value of a curve nearest to a moment; a dash if there is none within ``reach_ns``."""
        if series is None or not len(series):
            return self.text(None)
        nearest = int(np.argmin(np.abs(series.times_ns - at_ns)))
        if abs(int(series.times_ns[nearest]) - at_ns) > reach_ns or np.isnan(series.mean[nearest]):
            return self.text(None)
        scale = curve.metric.scale
        mean, low, high = (float(part[nearest]) / scale for part in (series.mean, series.minimum, series.maximum))
        return self.text(mean, low, high)

    def limit(self, info: GpuInfo, sample: GpuSample | None) -> float | None:
        """Return the upper limit to write beside the figures and to draw, None if there is none."""
        named = (curve.limit(info, sample) for curve in self.curves if curve.metric.names_limit)
        return next((limit for limit in named if limit is not None), None)

    def largest(self, series: Mapping[str, Series]) -> float | None:
        """Return the largest value in sight in the track's unit, None if there is none."""
        tops = (series[curve.field].maximum / curve.metric.scale for curve in self.curves)
        known = [float(np.nanmax(values)) for values in tops if not np.isnan(values).all()]
        return max(known, default=None)

    def axis(self, info: GpuInfo, sample: GpuSample | None, largest: float | None) -> tuple[float, float | None]:
        """Return the upper end of the axis and the value to label on it, None for no label.

        Both come from the GPU's limits, so that the axis does not jump as values change. Without known limits they
        come from ``largest``, the largest value in sight.
        """
        tops = [curve.limit(info, sample) for curve in self.curves]
        if self.track.includes_samples:
            tops += [curve.value(sample) for curve in self.curves]
        top = max((value for value in tops if value), default=None)
        if top is None and largest:
            top = _rounded_up(largest)
        if top is None:
            return 1.0, None
        return max(top * self.track.headroom, (largest or 0.0) * 1.02), top


def track_specs() -> tuple[TrackSpec, ...]:
    """Return the tracks from top to bottom, in the user's language."""
    return tuple(_spec(track) for track in TRACKS)


def line(series: Series, anchor_ns: int, scale: float) -> tuple[Floats, Floats]:
    """Return a series as a line, x in seconds from the anchor, through the minimum and the maximum of each bucket."""
    x = (series.times_ns - anchor_ns) / 1e9
    if np.array_equal(series.minimum, series.maximum, equal_nan=True):
        return x, series.mean / scale
    y = np.empty(2 * len(x))
    y[0::2], y[1::2] = series.minimum, series.maximum
    return np.repeat(x, 2), y / scale


def _spec(track: Track) -> TrackSpec:
    own = [metric for metric in METRICS if metric.track == track.key]
    curves = tuple(CurveSpec(metric, _tr(metric.curve)) for metric in own)
    return TrackSpec(track, _tr(track.title), own[0].unit, own[0].decimals, curves)


def _rounded_up(value: float) -> float:
    """Return the next larger of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * 0.999)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Metrics", text)
