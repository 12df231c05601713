"""The colours of curves and bars, in the order in which they are given out."""

from __future__ import annotations

_ROLES = ("utilization", "temperature", "power", "memory", "clock", "memory_controller")


def series_role(index: int) -> str:
    """Return the colour role of a series, counted from 0; they come round again after six."""
    return _ROLES[index % len(_ROLES)]
