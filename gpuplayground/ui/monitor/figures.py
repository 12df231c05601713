"""The figures of a GPU as text: one table for the cards, their descriptions and the tests that read them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from gpuplayground.model.samples import GpuInfo, GpuSample
from gpuplayground.units import DASH, GIB, gibibytes, percent, whole

#: The hottest temperature a bar can show; data-centre GPUs slow down at 85 to 95 °C.
HOTTEST_C = 100.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a card. ``key`` is also its colour; ``fraction`` (0 to 1) fills its bar, None leaves it empty."""

    key: str
    value: str
    unit: str
    short_unit: str
    fraction: float | None


def read_figures(info: GpuInfo, sample: GpuSample | None) -> tuple[Figure, ...]:
    """Return utilization, memory, temperature, power and SM clock; what is not known is a dash without a unit."""
    if sample is None:
        sample = GpuSample(0, info.uuid)
    total = sample.memory_total_bytes or info.memory_total_bytes
    limit = sample.power_limit_w or info.power_limit_w
    return (
        _figure("utilization", percent(sample.gpu_util_percent), "%", sample.gpu_util_percent, 100.0),
        _figure("memory", gibibytes(sample.memory_used_bytes), "GiB", sample.memory_used_bytes, total, GIB),
        _figure("temperature", whole(sample.temperature_c), "°C", sample.temperature_c, HOTTEST_C),
        _figure("power", whole(sample.power_w), "W", sample.power_w, limit, 1.0),
        _figure("clock", whole(sample.sm_clock_mhz), "MHz", sample.sm_clock_mhz, info.max_sm_clock_mhz),
    )


def _figure(
    key: str, text: str, unit: str, value: float | None, top: float | None, top_scale: float | None = None
) -> Figure:
    """Return a figure; with ``top_scale`` its unit also names the top, as in ``/ 140 GiB``."""
    if value is None:
        return Figure(key, DASH, "", "", None)
    fraction = min(1.0, max(0.0, value / top)) if top else None
    long_unit = f"/ {top / top_scale:.0f} {unit}" if top and top_scale else unit
    return Figure(key, text, long_unit, unit, fraction)


def label(key: str) -> str:
    """Return the heading of a figure."""
    tr = QCoreApplication.translate
    match key:
        case "utilization":
            return tr("Figures", "Utilization")
        case "memory":
            return tr("Figures", "Memory")
        case "temperature":
            return tr("Figures", "Temp")
        case "power":
            return tr("Figures", "Power")
    return tr("Figures", "SM clock")


def spoken(figures: tuple[Figure, ...]) -> str:
    """Return the figures as a sentence for a screen reader: ``Utilization 93 %, Memory 96.2 / 141 GB, …``."""
    return ", ".join(f"{label(item.key)} {item.value} {item.unit}".rstrip() for item in figures)


def utilization_note() -> str:
    """Return what utilization means, for tooltips beside it."""
    return QCoreApplication.translate(
        "Figures",
        "Utilization is the share of time in which at least one kernel was resident on the GPU, averaged by the driver "
        "over a window of up to one second. It does not say how much of the GPU the kernels used.",
    )


def short_name(name: str) -> str:
    """Return a GPU's name without the vendor: ``H200``."""
    return name.removeprefix("NVIDIA ").removeprefix("GeForce ") or name


def process_count(count: int | None) -> str:
    """Return ``2 processes``, ``idle`` for none, and nothing while the number is unknown."""
    if count is None:
        return ""
    tr = QCoreApplication.translate
    if count == 0:
        return tr("Figures", "idle")
    return tr("Figures", "1 process") if count == 1 else tr("Figures", "{count} processes").format(count=count)
