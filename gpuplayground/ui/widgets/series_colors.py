"""Colour roles of the series in a chart."""

from __future__ import annotations

_ROLES = ("utilization", "temperature", "power", "memory", "clock", "memory_controller")


def series_role(index: int) -> str:
    """Return the colour role of a series, counted from 0; roles repeat after six."""
    return _ROLES[index % len(_ROLES)]


def repeats(index: int) -> bool:
    """Return whether a series shares its colour with an earlier one and must be drawn differently, such as dashed."""
    return index // len(_ROLES) % 2 == 1
