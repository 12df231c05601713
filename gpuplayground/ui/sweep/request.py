"""What a sweep is asked for with, and what it can be asked of."""

from __future__ import annotations

from dataclasses import dataclass

from gpuplayground.playground.benchmark_results import SweepPlan


@dataclass(frozen=True, slots=True)
class Implementation:
    """What can be measured over the values: ``id`` is the caller's, ``detail`` a few words beside the label."""

    id: str
    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """Measure these implementations, by their ids, one after the other, each over all values."""

    plan: SweepPlan
    implementations: tuple[str, ...]
    max_time_s: float
    cold_l2: bool = False
