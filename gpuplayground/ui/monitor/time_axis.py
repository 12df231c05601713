"""Ticks and labels of a time axis, for the cards and the tracks."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication

#: The selectable time ranges in seconds.
RANGES_S: tuple[int, ...] = (60, 600, 3600, 86400)

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
_MINUS = "\N{MINUS SIGN}"


def range_name(seconds: int) -> str:
    """Return the label of a range: ``1 m``, ``24 h``."""
    tr = QCoreApplication.translate
    if seconds < 3600:
        return tr("TimeAxis", "{count} m").format(count=seconds // 60)
    return tr("TimeAxis", "{count} h").format(count=seconds // 3600)


def step_for(span_s: float, width: float, spacing: float = 58.0) -> float:
    """Return the smallest round step in seconds whose ticks are at least ``spacing`` pixels apart."""
    least = span_s * spacing / max(width, 1.0)
    return float(next((step for step in _STEPS_S if step >= least), 86400))


def unit_for(span_s: float) -> tuple[float, str]:
    """Return the unit of a span's labels as seconds and symbol."""
    if span_s <= 120:
        return 1.0, "s"
    return (60.0, "min") if span_s <= 7200 else (3600.0, "h")


def relative_ticks(span_s: float, width: float) -> tuple[tuple[float, str], ...]:
    """Return ticks as (seconds from now, label), oldest first; only the oldest has a unit: ``−50 s``, ``−40``."""
    step = step_for(span_s, width)
    scale, unit = unit_for(span_s)
    count = int((span_s - 1e-9) // step)
    ticks: list[tuple[float, str]] = []
    for number in range(count, 0, -1):
        text = f"{_MINUS}{number * step / scale:g}"
        ticks.append((-number * step, f"{text} {unit}" if number == count else text))
    return tuple(ticks)


def clock_time(time_ns: int, *, seconds: bool = True) -> str:
    """Return a time as local clock time."""
    return datetime.fromtimestamp(time_ns / 1e9).strftime("%H:%M:%S" if seconds else "%H:%M")  # noqa: DTZ006 local time
