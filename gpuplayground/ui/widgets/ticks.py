"""Positions and labels of axis ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable

_UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round values from ``low`` to ``high`` in steps of 1, 2 or 5, at most ``most`` (at least 2) of them."""
    if not high > low:
        return [low]
    step = 10.0 ** math.floor(math.log10((high - low) / max(2, most)))
    for factor in (1, 2, 5, 10, 20, 50):
        first, last = math.ceil(low / (step * factor) - 1e-9), math.floor(high / (step * factor) + 1e-9)
        if last - first + 1 <= most:
            return [number * step * factor for number in range(first, last + 1)]
    return []


def power_ticks(low: float, high: float, most: int, base: int = 10) -> list[float]:
    """Return powers of ``base`` from ``low`` to ``high`` (both positive), at most ``most`` of them."""
    scale = math.log(base)
    first, last = math.ceil(math.log(low) / scale - 1e-9), math.floor(math.log(high) / scale + 1e-9)
    step = max(1, math.ceil((last - first + 1) / max(1, most)))
    # Ticks are multiples of the step, so that 2^10, 2^12 ... stay as the range grows.
    first = math.ceil(first / step) * step
    return [float(base) ** power for power in range(first, last + 1, step)]


def natural_base(values: Iterable[float]) -> int:
    """Return 2 if most values are powers of two, as array sizes are, otherwise 10."""
    known = [value for value in values if value > 0]
    twos = sum(math.isclose(math.log2(value), round(math.log2(value)), abs_tol=1e-9) for value in known)
    # 1 is a power of any base.
    return 2 if known and twos * 2 > len(known) and any(value != 1 for value in known) else 10


def power_text(value: float, base: int) -> str:
    """Return a power as ``2¹⁷`` or ``10⁶``; small ones as numbers."""
    power = round(math.log(value) / math.log(base))
    if 0 <= power <= (3 if base == 10 else 6):
        return f"{base**power}"
    return str(base) + str(power).translate(_SUPERSCRIPTS)


def value_text(value: float) -> str:
    """Format a value of a sweep or an axis: powers of two from 2¹⁰ as such, whole numbers with separators."""
    if value >= 1024 and float(value).is_integer() and int(value) & (int(value) - 1) == 0:
        return power_text(value, 2)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"


def about_text(value: float) -> str:
    """Format an interpolated value with two significant digits, such as ``130,000``."""
    if value >= 10:
        digits = 1 - math.floor(math.log10(value))
        return value_text(float(round(value, digits)))
    return f"{value:.2g}"


def duration_tick(nanoseconds: float) -> str:
    """Format a duration without trailing zeros: ``10 µs``, ``2.5 ms``."""
    for scale, unit in _UNITS:
        if nanoseconds >= scale * 0.9999 or unit == "ns":
            return f"{nanoseconds / scale:.4g} {unit}"
    return ""


def number_text(value: float) -> str:
    """Format a whole number with thousands separators, such as ``262,144``; others with six digits."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.6g}"
