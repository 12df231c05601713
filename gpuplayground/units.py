"""Formats values with their units. An unknown value is a dash, never a zero."""

from __future__ import annotations

DASH = "—"
GIB = 2**30
_DURATIONS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"))


def duration(nanoseconds: float | None) -> str:
    """Return a duration with three significant digits and its unit: ``1.24 ms``, ``545 µs``, ``2 min 5 s``.

    Nanoseconds are whole numbers, except for a mean: ``14.8 ns``.
    """
    if nanoseconds is None:
        return DASH
    if nanoseconds >= 60e9:
        seconds = round(nanoseconds / 1e9)
        return f"{seconds // 60} min {seconds % 60} s"
    for scale, unit in _DURATIONS:
        # 999.6 µs would round to 1000 µs: use the next larger unit.
        if nanoseconds >= scale * 0.9995:
            return f"{significant(nanoseconds / scale)} {unit}"
    has_fraction = nanoseconds < 99.95 and not float(nanoseconds).is_integer()
    return f"{significant(nanoseconds) if has_fraction else f'{nanoseconds:.0f}'} ns"


def significant(value: float) -> str:
    """Return a value below 1000 with three significant digits: ``1.24``, ``12.0``, ``545``."""
    if value < 9.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def memory_size(value: float | None) -> str:
    """Return an amount of memory with a binary unit: ``612 MiB``, ``47.3 GiB``."""
    if value is None:
        return DASH
    return f"{value / GIB:.1f} GiB" if value >= GIB * 0.9995 else f"{value / 2**20:.0f} MiB"


def rate(hz: float) -> str:
    """Return a rate as two digits: ``4.4 Hz``, ``10 Hz``."""
    return f"{hz:.2g} Hz" if hz < 99.5 else f"{hz:.0f} Hz"


def percent(value: float | None) -> str:
    """Return a whole percentage without the sign."""
    return DASH if value is None else f"{value:.0f}"


def gibibytes(value: float | None) -> str:
    """Return bytes as GiB with one decimal, as NVIDIA's tools do: a GPU sold with 24 GB has 24 GiB."""
    return DASH if value is None else f"{value / GIB:.1f}"


def data_size(value: float | None) -> str:
    """Return bytes with a decimal unit: ``67.1 MB``."""
    if value is None:
        return DASH
    for scale, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= scale * 0.9995:
            return f"{significant(value / scale)} {unit}"
    return f"{value:.0f} B"


def whole(value: float | None) -> str:
    """Return a value without decimals."""
    return DASH if value is None else f"{value:.0f}"


def share_text(share: float) -> str:
    """Return a fraction of 0 to 1 as ``65.2 %``; a small one is ``< 0.1 %``, never zero."""
    percent = share * 100
    return "< 0.1 %" if 0 < percent < 0.05 else f"{percent:.1f} %"
