"""The energy a GPU consumed in a stretch of time, no more precise than what was measured.

The driver's counter steps each 100 ms and is read about once a second. From the readings nearest to the two ends of
the stretch, integrated power leads on to the ends themselves. The whole GPU is meant, also what it consumes idle.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from operator import itemgetter

from gpuplayground import units
from gpuplayground.model.samples import GpuSample

#: The energy counter and the instant power change each 100 ms (measured on an H200).
STEP_NS = 100_000_000
#: Between samples further apart the power is not known well enough to be integrated.
MAX_GAP_NS = 2_500_000_000
#: What integrated power may be wrong by even where it does not change, relative to it. On an H200 it agrees with the
#: counter within 1.1 % over two minutes.
POWER_ERROR = 0.05
#: Counter and integrated power further apart than this, and than the resolution, contradict each other.
DISAGREEMENT = 0.05

_Point = tuple[int, float]
_time = itemgetter(0)


class EnergyMethod(StrEnum):
    """How the joules were found."""

    COUNTER = "energy counter"
    INTEGRATED = "integrated power"
    NOT_MEASURABLE = "not measurable"


@dataclass(frozen=True, slots=True)
class Energy:
    """What a GPU consumed in joules, or None where that is not known to its own size.

    The truth lies within ``resolution_j`` of ``joules``, but for bursts so short that no sample met them.
    ``integrated_j`` is the same by the trapezoid rule over the instant power, as a check. ``sentence`` says all of it.
    """

    joules: float | None
    method: EnergyMethod
    resolution_j: float | None
    integrated_j: float | None
    sentence: str


def measured_energy(samples: Sequence[GpuSample], start_ns: int, end_ns: int) -> Energy:
    """Return the energy consumed between two times.

    Args:
        samples: of one GPU, by time, with some seconds before and after.
        start_ns: the beginning, by the samples' clock.
        end_ns: the end.
    """
    duration_ns = end_ns - start_ns
    if duration_ns < STEP_NS:
        reason = f"{units.duration(max(0, duration_ns))} is shorter than the counter's step of 100 ms"
        return _not_measurable(reason)
    power = [(sample.time_ns, sample.power_w) for sample in samples if sample.power_w is not None]
    integrated = _integral(power, start_ns, end_ns)
    counted = _by_counter(samples, power, start_ns, end_ns)
    if counted is None and integrated is None:
        return _not_measurable("the energy counter was not seen at both ends, nor the power throughout")
    if counted is not None:
        joules, resolution = counted
        method = EnergyMethod.COUNTER
    else:
        joules = integrated or 0.0
        resolution = _error(power, start_ns, end_ns) + POWER_ERROR * joules
        method = EnergyMethod.INTEGRATED
    if joules <= resolution:
        return _not_measurable(f"about {amount(joules)} is within the resolution of {amount(resolution)}", integrated)
    return Energy(joules, method, resolution, integrated, _sentence(joules, resolution, method, integrated))


def figure(joules: float, resolution: float) -> str:
    """Return an energy with its resolution and unit: ``3,549 ± 49 J``."""
    if joules >= 99.95:
        return f"{joules:,.0f} ± {math.ceil(resolution):,} J"
    return f"{units.significant(joules)} ± {units.significant(resolution)} J"


def amount(joules: float) -> str:
    """Return an amount of energy with its unit: ``12.3 J``, ``33,470 J``."""
    return f"{joules:,.0f} J" if joules >= 99.95 else f"{units.significant(joules)} J"


def _not_measurable(reason: str, integrated: float | None = None) -> Energy:
    return Energy(None, EnergyMethod.NOT_MEASURABLE, None, integrated, f"not measurable: {reason}")


def _sentence(joules: float, resolution: float, method: EnergyMethod, integrated: float | None) -> str:
    text = figure(joules, resolution)
    if method is EnergyMethod.INTEGRATED:
        return f"{text} by integrated power; the energy counter was not read"
    text += " by the energy counter"
    if integrated is None:
        return f"{text}; not checked, the power was not read often enough"
    difference = round(100 * (integrated / joules - 1), 1)
    if not difference:
        return f"{text}; integrated power agrees"
    text += f"; integrated power gives {amount(integrated)}, {abs(difference)} % {'more' if difference > 0 else 'less'}"
    if abs(difference) > 100 * DISAGREEMENT and abs(integrated - joules) > resolution:
        text += ", which contradicts it"
    return text


def _by_counter(
    samples: Sequence[GpuSample], power: list[_Point], start_ns: int, end_ns: int
) -> tuple[float, float] | None:
    """Return the joules by the counter and their resolution, or None where it was not read on both sides."""
    readings = [(sample.time_ns, sample.energy_j) for sample in samples if sample.energy_j is not None]
    if not readings:
        return None
    first = min(readings, key=lambda reading: abs(reading[0] - start_ns))
    last = min(readings, key=lambda reading: abs(reading[0] - end_ns))
    if last[0] - first[0] < STEP_NS:
        first = max((reading for reading in readings if reading[0] <= start_ns), default=first)
        last = min((reading for reading in readings if reading[0] >= end_ns), default=last)
    counted = last[1] - first[1]
    at_start, at_end = _signed(power, start_ns, first[0]), _signed(power, last[0], end_ns)
    # A counter that goes back was set to 0 in between: the driver was loaded anew.
    if last[0] - first[0] < STEP_NS or counted < 0 or at_start is None or at_end is None:
        return None
    # Each reading is up to a step old: one error is added, the other one subtracted.
    watts = [watts for time_ns, _ in (first, last) for _, watts in _around(power, time_ns - STEP_NS, time_ns)]
    resolution = STEP_NS / 1e9 * max(watts, default=0.0) + POWER_ERROR * (abs(at_start) + abs(at_end))
    resolution += _error(power, start_ns, first[0]) + _error(power, last[0], end_ns)
    return counted + at_start + at_end, resolution


def _signed(power: list[_Point], start_ns: int, end_ns: int) -> float | None:
    """Return the integral from one time to another, negative where the second comes first."""
    if start_ns <= end_ns:
        return _integral(power, start_ns, end_ns)
    backwards = _integral(power, end_ns, start_ns)
    return None if backwards is None else -backwards


def _integral(power: list[_Point], start_ns: int, end_ns: int) -> float | None:
    """Return the integral of power over time in joules, or None where samples are missing.

    Linear between the samples; ahead of the first and after the last one, the power stays what it is.
    """
    if start_ns == end_ns:
        return 0.0
    before = [point for point in power if point[0] <= start_ns][-1:]
    inside = [point for point in power if start_ns < point[0] < end_ns]
    after = next(([point] for point in power if point[0] >= end_ns), [])
    points = [*before, *inside, *after]
    if not points or points[0][0] - start_ns > STEP_NS or end_ns - points[-1][0] > STEP_NS:
        return None
    if any(later[0] - sooner[0] > MAX_GAP_NS for sooner, later in pairwise(points)):
        return None
    line = [(start_ns, _at(points, start_ns)), *inside, (end_ns, _at(points, end_ns))]
    return sum((later[0] - sooner[0]) / 1e9 * (sooner[1] + later[1]) / 2 for sooner, later in pairwise(line))


def _at(points: list[_Point], time_ns: int) -> float:
    """Return the power at a time, between two points in proportion."""
    sooner = next((point for point in reversed(points) if point[0] <= time_ns), points[0])
    later = next((point for point in points if point[0] >= time_ns), points[-1])
    if later[0] <= sooner[0]:
        return sooner[1]
    return sooner[1] + (later[1] - sooner[1]) * (time_ns - sooner[0]) / (later[0] - sooner[0])


def _error(power: list[_Point], one_ns: int, other_ns: int) -> float:
    """Return what the integral between two times, in either order, may be wrong by in joules.

    What a sample shows is up to a step old, and where two samples differ the power may have changed at any time between
    them. Over a short time the limit is that all of it had the highest or the lowest power.
    """
    start_ns, end_ns = sorted((one_ns, other_ns))
    points = _around(power, start_ns, end_ns)
    shown = [watts for _, watts in points]
    # Of a single sample nobody knows what it changed from.
    swing = max(shown, default=0.0) - (min(shown) if len(shown) > 1 else 0.0)
    unknown = sum((later[0] - sooner[0]) / 2 * abs(later[1] - sooner[1]) for sooner, later in pairwise(points))
    return min((end_ns - start_ns) * swing, STEP_NS * swing + unknown) / 1e9


def _around(power: list[_Point], start_ns: int, end_ns: int) -> list[_Point]:
    """Return the samples that show the power between two times.

    What happens is shown up to a step later, and what changes fast is not in every sample: hence a step on each side.
    """
    first = bisect_right(power, start_ns - STEP_NS, key=_time) - 1
    last = bisect_left(power, end_ns + 2 * STEP_NS, key=_time)
    return power[max(0, first) : last + 1]
