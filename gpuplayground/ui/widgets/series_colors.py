"""The colours of curves and bars, in the order in which they are given out."""

from __future__ import annotations

_ROLES = ("utilization", "temperature", "power", "memory", "clock", "memory_controller")


def series_role(index: int) -> str:
    """Return the colour role of a series, counted from 0; they come round again after six."""
    return _ROLES[index % len(_ROLES)]


def repeats(index: int) -> bool:
    """Return whether a series has the colour of one of the six before it, so that something else must tell it apart."""
    return index // len(_ROLES) % 2 == 1
