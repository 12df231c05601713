"""Computes the energy that a GPU consumed in a time interval, with its resolution.

The driver's counter steps every 100 ms and is read about once a second. Integrated power fills the time between the
readings nearest to the ends of the interval and the ends themselves. The energy is that of the whole GPU, including
its idle consumption.
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

#: The energy counter and the instant power are updated every 100 ms (measured on an H200).
STEP_NS = 100_000_000
#: Power is not integrated over larger gaps between samples.
MAX_GAP_NS = 2_500_000_000
#: Relative error of integrated power, even if it is constant. On an H200 it agrees with the counter within 1.1 % over
#: two minutes.
POWER_ERROR = 0.05
#: Counter and integrated power contradict each other if they differ by more than this and by more than the resolution.
DISAGREEMENT = 0.05

_Point = tuple[int, float]
_time = itemgetter(0)


class EnergyMethod(StrEnum):
    """How the energy was determined."""

    COUNTER = "energy counter"
    INTEGRATED = "integrated power"
    NOT_MEASURABLE = "not measurable"


@dataclass(frozen=True, slots=True)
class Energy:
    """The energy a GPU consumed in joules, None if it is below its resolution.

    The true value is within ``resolution_j`` of ``joules``, except for bursts too short to be sampled.
    ``integrated_j`` is the instant power integrated by the trapezoidal rule, as a check. ``sentence`` describes it all.
    """

    joules: float | None
    method: EnergyMethod
    resolution_j: float | None
    integrated_j: float | None
    sentence: str


def measured_energy(samples: Sequence[GpuSample], start_ns: int, end_ns: int) -> Energy:
    """Return the energy consumed between two times.

    Args:
        samples: of one GPU, by time, from some seconds before to some seconds after.
        start_ns: the start, in the samples' clock.
        end_ns: the end.
    """
    duration_ns = end_ns - start_ns
    if duration_ns < STEP_NS:
        reason = f"{units.duration(max(0, duration_ns))} is shorter than the counter's 100 ms step"
        return _not_measurable(reason)
    power = [(sample.time_ns, sample.power_w) for sample in samples if sample.power_w is not None]
    integrated = _integral(power, start_ns, end_ns)
    counted = _by_counter(samples, power, start_ns, end_ns)
    if counted is None and integrated is None:
        return _not_measurable("neither the energy counter nor the power was sampled over the whole run")
    if counted is not None:
        joules, resolution = counted
        method = EnergyMethod.COUNTER
    else:
        joules = integrated or 0.0
        resolution = _error(power, start_ns, end_ns) + POWER_ERROR * joules
        method = EnergyMethod.INTEGRATED
    if joules <= resolution:
        return _not_measurable(f"about {amount(joules)} is below the resolution of {amount(resolution)}", integrated)
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
        return f"{text} from integrated power; the energy counter was not read"
    text += " by the energy counter"
    if integrated is None:
        return f"{text}; not cross-checked: too few power samples"
    difference = round(100 * (integrated / joules - 1), 1)
    if not difference:
        return f"{text}; integrated power agrees"
    text += f"; integrated power gives {amount(integrated)}, {abs(difference)} % {'more' if difference > 0 else 'less'}"
    if abs(difference) > 100 * DISAGREEMENT and abs(integrated - joules) > resolution:
        text += ", a contradiction"
    return text


def _by_counter(
    samples: Sequence[GpuSample], power: list[_Point], start_ns: int, end_ns: int
) -> tuple[float, float] | None:
    """Return the joules from the counter and their resolution, or None if it was not read on both sides."""
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
    # A counter that goes back was reset in between: the driver was reloaded.
    if last[0] - first[0] < STEP_NS or counted < 0 or at_start is None or at_end is None:
        return None
    # Each reading is up to one step old: one error adds to the difference, the other subtracts from it.
    watts = [watts for time_ns, _ in (first, last) for _, watts in _around(power, time_ns - STEP_NS, time_ns)]
    resolution = STEP_NS / 1e9 * max(watts, default=0.0) + POWER_ERROR * (abs(at_start) + abs(at_end))
    resolution += _error(power, start_ns, first[0]) + _error(power, last[0], end_ns)
    return counted + at_start + at_end, resolution


def _signed(power: list[_Point], start_ns: int, end_ns: int) -> float | None:
    """Return the integral from one time to another, negative if the second is earlier."""
    if start_ns <= end_ns:
        return _integral(power, start_ns, end_ns)
    backwards = _integral(power, end_ns, start_ns)
    return None if backwards is None else -backwards


def _integral(power: list[_Point], start_ns: int, end_ns: int) -> float | None:
    """Return the integral of power over time in joules, or None if samples are missing.

    Power is linear between samples, and constant before the first and after the last one.
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
    """Return the power at a time by linear interpolation."""
    sooner = next((point for point in reversed(points) if point[0] <= time_ns), points[0])
    later = next((point for point in points if point[0] >= time_ns), points[-1])
    if later[0] <= sooner[0]:
        return sooner[1]
    return sooner[1] + (later[1] - sooner[1]) * (time_ns - sooner[0]) / (later[0] - sooner[0])


def _error(power: list[_Point], one_ns: int, other_ns: int) -> float:
    """Return the maximum error of the integral between two times, in either order, in joules.

    A sample is up to one step old, and between two different samples the power may have changed at any time. Over a
    short time the error is limited by the difference of the highest and the lowest power.
    """
    start_ns, end_ns = sorted((one_ns, other_ns))
    points = _around(power, start_ns, end_ns)
    shown = [watts for _, watts in points]
    # A single sample gives no lower bound.
    swing = max(shown, default=0.0) - (min(shown) if len(shown) > 1 else 0.0)
    unknown = sum((later[0] - sooner[0]) / 2 * abs(later[1] - sooner[1]) for sooner, later in pairwise(points))
    return min((end_ns - start_ns) * swing, STEP_NS * swing + unknown) / 1e9


def _around(power: list[_Point], start_ns: int, end_ns: int) -> list[_Point]:
    """Return the samples that cover the power between two times.

    A change shows up to one step later, and a fast one not in every sample: hence one more step on each side.
    """
    first = bisect_right(power, start_ns - STEP_NS, key=_time) - 1
    last = bisect_left(power, end_ns + 2 * STEP_NS, key=_time)
    return power[max(0, first) : last + 1]
