"""The NVML curves below the timeline: utilization, memory and power of each GPU."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QRect
from PySide6.QtGui import QPainter

from gpuplayground.metrics import TRACE, Metric
from gpuplayground.model.samples import GpuSample
from gpuplayground.ui.trace_timeline.density import Floats, Integers
from gpuplayground.ui.widgets.area_chart import ChartImage
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.units import DASH

#: A curve is interrupted between samples that are further apart than this.
_GAP_NS = 2.5e9
#: Top of the axis as a multiple of the largest value, for metrics without a known limit.
_HEADROOM = 1.15
#: GPUs are ordered by the mean of these, most used first.
_USE = ("gpu_util_percent", "power_w")


@dataclass(frozen=True, slots=True)
class Strip:
    """One metric and its label."""

    metric: Metric
    label: str

    @property
    def role(self) -> str:
        """The colour of its curves."""
        return self.metric.role

    def scale(self, top: float) -> str:
        """Return the range of the axis with its unit."""
        return f"0–{top / self.metric.scale:.0f} {self.metric.unit}"

    def text(self, value: float) -> str:
        """Format a value with its unit."""
        metric = self.metric
        return DASH if np.isnan(value) else f"{value / metric.scale:.{metric.decimals}f} {metric.unit}"


def strips() -> tuple[Strip, ...]:
    """Return the metrics from top to bottom."""
    return tuple(Strip(metric, QCoreApplication.translate("Metrics", metric.trace)) for metric in TRACE)


class Curves:
    """The samples of a run's GPUs as arrays, with times in nanoseconds from the run's start.

    ``used`` are the UUIDs of the GPUs to show; if empty, all are shown. ``gpus`` are their names, most used first.
    """

    def __init__(
        self, samples: Sequence[GpuSample], names: Mapping[str, str], origin_ns: int, used: Collection[str] = ()
    ) -> None:
        self.strips = strips()
        by_gpu: dict[str, list[GpuSample]] = {}
        for sample in sorted(samples, key=lambda sample: sample.time_ns):
            by_gpu.setdefault(sample.gpu_uuid, []).append(sample)
        self._is_among_several = len(by_gpu) > 1
        shown = sorted((uuid for uuid in by_gpu if uuid in used or not used), key=lambda uuid: _use(by_gpu[uuid]))[::-1]
        samples = [sample for uuid in shown for sample in by_gpu[uuid]]
        self.gpus = tuple(names.get(uuid, uuid) for uuid in shown)
        self._times = [_spread([float(item.time_ns - origin_ns) for item in by_gpu[uuid]]) for uuid in shown]
        self._values = [[_column(by_gpu[uuid], strip.metric.field) for strip in self.strips] for uuid in shown]
        self.tops = tuple(self._top(number, samples) for number in range(len(self.strips)))

    def __bool__(self) -> bool:
        return bool(self.gpus)

    def _top(self, number: int, samples: Sequence[GpuSample]) -> float:
        metric = self.strips[number].metric
        if metric.top is not None:
            return metric.top
        known = [value for sample in samples if (value := getattr(sample, metric.limit, None))]
        largest = [float(np.nanmax(own[number])) for own in self._values if not np.isnan(own[number]).all()]
        return float(max(known)) if known else max(largest, default=1.0) * _HEADROOM or 1.0

    def values(self, gpu: int, number: int, edges: Floats) -> Floats:
        """Return a curve's values at the edges of columns; of several samples in a column, the maximum."""
        times, kept = self._times[gpu]
        values = np.full(len(times), np.nan)
        values[kept] = self._values[gpu][number]
        found: Floats = np.interp(edges, times, values, left=np.nan, right=np.nan)
        bounds = np.searchsorted(times, edges)
        crowded = np.flatnonzero(np.diff(bounds) > 1)
        if len(crowded):
            pairs = np.stack((bounds[crowded], bounds[crowded + 1]), axis=1).ravel()
            padded = np.append(values, np.nan)
            found[crowded] = np.fmax.reduceat(padded, pairs)[::2]
        return found

    def text_at(self, gpu: int, number: int, moment: float) -> str:
        """Format a curve's value at a time."""
        return self.strips[number].text(float(self.values(gpu, number, np.array([moment]))[0]))

    def lines_at(self, moment: float, count: int) -> tuple[tuple[str, str], ...]:
        """Return labels and values of the first ``count`` metrics at a time.

        On a machine with several GPUs there is a line for each GPU, else one for each metric.
        """
        texts = [[self.text_at(gpu, number, moment) for number in range(count)] for gpu in range(len(self.gpus))]
        if self._is_among_several:
            return tuple((name, ", ".join(own)) for name, own in zip(self.gpus, texts, strict=True))
        return tuple((strip.label, text) for own in texts for strip, text in zip(self.strips, own, strict=False))


class CurvePainter:
    """Draws a metric: the most used GPU as an area, the others as lines over it."""

    def __init__(self) -> None:
        self._chart = ChartImage()

    def draw(
        self, painter: QPainter, area: QRect, ratio: float, curves: Curves, number: int, edges: Floats, theme: Theme
    ) -> None:
        """Draw one metric into ``area``, whose columns have the times ``edges``."""
        color = theme.color(curves.strips[number].role)
        width, height = len(edges) - 1, max(2, round(area.height() * ratio))
        nothing = np.full(width + 1, np.nan, np.float32)
        for gpu in range(len(curves.gpus)):
            line = (curves.values(gpu, number, edges) / curves.tops[number]).astype(np.float32)
            self._chart.render(width, height, nothing if gpu else line, line if gpu else nothing, color, color)
            painter.drawImage(area, self._chart.image)


def _use(samples: Sequence[GpuSample]) -> tuple[float, float]:
    """Return the mean utilization and, to rank equally utilized GPUs, the mean power."""
    metrics = ([value for each in samples if (value := getattr(each, name)) is not None] for name in _USE)
    utilization, power = (sum(known) / len(known) if known else -1.0 for known in metrics)
    return utilization, power


def _column(samples: Sequence[GpuSample], metric: str) -> Floats:
    values = [getattr(sample, metric) for sample in samples]
    return np.array([np.nan if value is None else float(value) for value in values])


def _spread(times: Sequence[float]) -> tuple[Floats, Integers]:
    """Return the times with one inserted into each gap, which interrupts the curve, and the indices of the others."""
    given = np.asarray(times, np.float64)
    gaps = np.flatnonzero(np.diff(given) > _GAP_NS)
    spread = np.insert(given, gaps + 1, given[gaps] + _GAP_NS / 2)
    return spread.astype(np.float64), np.arange(len(given)) + np.searchsorted(gaps + 1, np.arange(len(given)), "right")
