"""Which metrics share a track of the timeline, in what units, and how high a track reaches."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from gpuplayground.model.samples import GpuInfo, GpuSample
from gpuplayground.units import DASH, GIB


@dataclass(frozen=True, slots=True)
class CurveSpec:
    """One curve: its metric, its colour, its name in the legend, and what to divide by to get the track's unit."""

    metric: str
    role: str
    label: str
    divisor: float = 1.0


@dataclass(frozen=True, slots=True)
class TrackSpec:
    """One plot of the timeline with the unit of its axis and the decimals of its figures."""

    key: str
    title: str
    unit: str
    decimals: int
    curves: tuple[CurveSpec, ...]

    def text(self, value: float | None, low: float | None = None, high: float | None = None) -> str:
        """Return a figure; where it stands for many samples, their least and largest too: ``57 (3–98)``."""
        if value is None:
            return DASH
        text = f"{value:.{self.decimals}f}"
        if low is None or high is None:
            return text
        ends = f"{low:.{self.decimals}f}", f"{high:.{self.decimals}f}"
        return text if ends[0] == ends[1] else f"{text} ({ends[0]}–{ends[1]})"


def track_specs() -> tuple[TrackSpec, ...]:
    """Return the five tracks from top to bottom."""
    return (
        TrackSpec(
            "utilization",
            _tr("Utilization"),
            "%",
            0,
            (
                CurveSpec("gpu_util_percent", "utilization", _tr("GPU")),
                CurveSpec("memory_util_percent", "memory_controller", _tr("Memory controller")),
            ),
        ),
        TrackSpec("memory", _tr("Memory"), "GiB", 1, (CurveSpec("memory_used_bytes", "memory", _tr("Used"), GIB),)),
        TrackSpec("power", _tr("Power"), "W", 0, (CurveSpec("power_w", "power", _tr("Board")),)),
        TrackSpec("temperature", _tr("Temperature"), "°C", 0, (CurveSpec("temperature_c", "temperature", _tr("GPU")),)),
        TrackSpec(
            "clocks",
            _tr("Clocks"),
            "MHz",
            0,
            (
                CurveSpec("sm_clock_mhz", "clock", _tr("SM")),
                CurveSpec("memory_clock_mhz", "memory_controller", _tr("Memory")),
            ),
        ),
    )


def power_limit(info: GpuInfo, sample: GpuSample | None) -> float | None:
    """Return the power limit in watts: the one in force, else the one the GPU came with; None: neither is known."""
    return (sample.power_limit_w if sample else None) or info.power_limit_w or None


def memory_total(info: GpuInfo, sample: GpuSample | None) -> float | None:
    """Return the memory in GiB, None where the driver does not say."""
    total = (sample.memory_total_bytes if sample else None) or info.memory_total_bytes
    return total / GIB if total else None


def track_top(key: str, info: GpuInfo, sample: GpuSample | None, largest: float | None) -> tuple[float, float | None]:
    """Return the upper end of a track's axis and the value to be written beside it, None where there is none.

    Both rest on the GPU's own limits, so that curves do not jump as values come and go; where it names none, on
    ``largest``, the largest value in sight.
    """
    if key == "memory":
        top, room = memory_total(info, sample), 1.04
    elif key == "power":
        top, room = power_limit(info, sample), 1.1
    elif key == "clocks":
        seen = (sample.sm_clock_mhz, sample.memory_clock_mhz) if sample else ()
        known = [value for value in (info.max_sm_clock_mhz, info.max_memory_clock_mhz, *seen) if value]
        top, room = max(known, default=None), 1.08
    else:
        top, room = 100.0, 1.04
    if top is None and largest:
        top = _rounded_up(largest)
    if top is None:
        return 1.0, None
    return max(top * room, (largest or 0.0) * 1.02), top


def _rounded_up(value: float) -> float:
    """Return the next larger of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * 0.999)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrackSpecs", text)
