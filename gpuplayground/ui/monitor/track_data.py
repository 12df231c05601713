"""From a history's series to what a track draws and writes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gpuplayground.model.samples import GpuSample
from gpuplayground.monitor.timeseries.series import Series
from gpuplayground.ui.monitor.track_specs import CurveSpec, TrackSpec

Floats = npt.NDArray[np.float64]


def line(series: Series, anchor_ns: int, divisor: float) -> tuple[Floats, Floats]:
    """Return a series as a line in seconds from the anchor that touches the least and the largest of each bucket."""
    x = (series.times_ns - anchor_ns) / 1e9
    if np.array_equal(series.minimum, series.maximum, equal_nan=True):
        return x, series.mean / divisor
    y = np.empty(2 * len(x))
    y[0::2], y[1::2] = series.minimum, series.maximum
    return np.repeat(x, 2), y / divisor


def largest(spec: TrackSpec, series: Mapping[str, Series]) -> float | None:
    """Return the largest value that a track shows, in its unit, None where it shows none."""
    tops = (series[curve.metric].maximum / curve.divisor for curve in spec.curves)
    known = [float(np.nanmax(values)) for values in tops if not np.isnan(values).all()]
    return max(known, default=None)


def value_of(sample: GpuSample | None, curve: CurveSpec) -> float | None:
    """Return a curve's value in a sample, in the track's unit."""
    value = None if sample is None else getattr(sample, curve.metric)
    return None if value is None else value / curve.divisor


def text_at(spec: TrackSpec, curve: CurveSpec, series: Series | None, at_ns: int, reach_ns: float) -> str:
    """Return the figure nearest to a moment, a dash where none is within reach."""
    if series is None or not len(series):
        return spec.text(None)
    nearest = int(np.argmin(np.abs(series.times_ns - at_ns)))
    if abs(int(series.times_ns[nearest]) - at_ns) > reach_ns or np.isnan(series.mean[nearest]):
        return spec.text(None)
    middle, low, high = (float(part[nearest]) / curve.divisor for part in (series.mean, series.minimum, series.maximum))
    return spec.text(middle, low, high)
