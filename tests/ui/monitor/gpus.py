"""Fake GPUs with a minute of samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from gpuplayground.model.samples import DriverInfo, GpuInfo, GpuSample, Inventory, Problem, ProcessSample
from gpuplayground.ui.monitor.panel import MonitorPanel

NOW_NS = 1_763_900_000_000_000_000
SECOND_NS = 1_000_000_000
TOTAL_BYTES = 141_000_000_000


def uuid(index: int) -> str:
    """The UUID of a fake GPU."""
    return f"GPU-{index}"


def info(index: int) -> GpuInfo:
    """A fake GPU."""
    return GpuInfo(index, uuid(index), "NVIDIA H200", TOTAL_BYTES, (9, 0), 700.0, 1980, 3201)


def inventory(count: int, *, problem: Problem | None = None, gpu_problems: tuple[Problem, ...] = ()) -> Inventory:
    """An inventory of a number of GPUs."""
    return Inventory(NOW_NS, DriverInfo("580.95", "13.0"), tuple(map(info, range(count))), problem, gpu_problems)


def sample(index: int = 0, age_s: float = 0.0, **changes: Any) -> GpuSample:
    """A sample of a half-busy GPU, taken ``age_s`` seconds ago."""
    plain = GpuSample(
        time_ns=NOW_NS - round(age_s * SECOND_NS),
        gpu_uuid=uuid(index),
        gpu_util_percent=50,
        memory_util_percent=25,
        memory_used_bytes=96_200_000_000,
        memory_total_bytes=TOTAL_BYTES,
        temperature_c=64,
        power_w=612.4,
        power_limit_w=700.0,
        sm_clock_mhz=1755,
        memory_clock_mhz=3201,
    )
    return replace(plain, **changes)


def minute(count: int) -> Iterator[tuple[GpuSample, ...]]:
    """A minute of samples at 10 Hz that ends now."""
    for tick in range(600, -1, -1):
        yield tuple(sample(index, tick / 10) for index in range(count))


def play(panel: MonitorPanel, count: int = 1, **changes: Any) -> None:
    """Show a recording of a number of GPUs, and a minute of it."""
    panel.set_recording("Recording: NVIDIA H200, 2026-11-23")
    panel.recorded.set_inventory(inventory(count))
    for samples in minute(count):
        panel.recorded.add_samples([replace(each, **changes) for each in samples])


def process(pid: int, index: int = 0, memory: int | None = 48_000_000_000) -> ProcessSample:
    """A process on a GPU."""
    return ProcessSample(NOW_NS, uuid(index), pid, "python", "compute", memory, 92.0)


def column_has(picture: QImage, color: str, x: int, top: int, bottom: int) -> bool:
    """Return whether a column of pixels contains a colour, as a thin line blended with its surroundings shows it."""
    wanted = tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))
    for y in range(top, bottom):
        pixel = picture.pixelColor(x, y)
        found = (pixel.red(), pixel.green(), pixel.blue())
        if all(abs(is_ - want) < 70 for is_, want in zip(found, wanted, strict=True)):
            return True
    return False


def picture_of(widget: QWidget) -> QImage:
    """A screenshot of a widget."""
    return widget.grab().toImage()
