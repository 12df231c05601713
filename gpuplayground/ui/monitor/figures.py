"""The figures on a GPU card as text."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from gpuplayground.metrics import CARD, Metric
from gpuplayground.model.samples import GpuInfo, GpuSample
from gpuplayground.units import DASH


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure on a card.

    ``key`` is its metric's colour role, which is unique on a card. ``fraction`` (0 to 1) fills its bar; None leaves
    the bar empty. ``short_unit`` is the unit without the limit.
    """

    key: str
    value: str
    unit: str
    short_unit: str
    fraction: float | None


def read_figures(info: GpuInfo, sample: GpuSample | None) -> tuple[Figure, ...]:
    """Return the card's figures from left to right. An unknown value is a dash without a unit."""
    return tuple(_figure(metric, info, sample) for metric in CARD)


def _figure(metric: Metric, info: GpuInfo, sample: GpuSample | None) -> Figure:
    value = None if sample is None else getattr(sample, metric.field)
    if value is None:
        return Figure(metric.role, DASH, "", "", None)
    limit = upper_limit(metric, info, sample)
    fraction = min(1.0, max(0.0, value / limit)) if limit else None
    text, unit = f"{value / metric.scale:.{metric.decimals}f}", metric.unit
    long_unit = f"/ {limit / metric.scale:.0f} {unit}" if limit and metric.names_limit else unit
    return Figure(metric.role, text, long_unit, unit, fraction)


def upper_limit(metric: Metric, info: GpuInfo, sample: GpuSample | None) -> float | None:
    """Return a metric's upper limit in base units: the one in force, else the GPU's default; None if unknown."""
    limit: float | None = getattr(sample, metric.limit, None) or getattr(info, metric.limit, None) or metric.top
    return limit


def label(key: str) -> str:
    """Return the heading of a figure."""
    heading = next(metric.card for metric in CARD if metric.role == key)
    return QCoreApplication.translate("Metrics", heading)


def spoken(figures: tuple[Figure, ...]) -> str:
    """Return the figures as text for screen readers: ``Utilization 93 %, Memory 96.2 / 141 GiB, …``."""
    return ", ".join(f"{label(item.key)} {item.value} {item.unit}".rstrip() for item in figures)


def utilization_note() -> str:
    """Return the explanation of utilization for tooltips."""
    return QCoreApplication.translate(
        "Figures",
        "Utilization is the share of time in which at least one kernel was resident on the GPU, averaged by the driver "
        "over a window of up to one second. It is not the share of the GPU that the kernels used.",
    )


def short_name(name: str) -> str:
    """Return a GPU's name without the vendor: ``H200``."""
    return name.removeprefix("NVIDIA ").removeprefix("GeForce ") or name


def process_count(count: int | None) -> str:
    """Return ``2 processes``, ``idle`` for none, and an empty text while the number is unknown."""
    if count is None:
        return ""
    tr = QCoreApplication.translate
    if count == 0:
        return tr("Figures", "idle")
    return tr("Figures", "1 process") if count == 1 else tr("Figures", "{count} processes").format(count=count)
