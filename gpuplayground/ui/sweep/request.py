"""What a sweep is asked for with, and what it can be asked of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gpuplayground.model.benchmarks import SweepPlan


def _never(_variable: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Implementation:
    """What can be measured over the values: ``id`` is the caller's, ``detail`` a few words beside the label.

    ``refusal`` says why it cannot be measured over a variable and behind a colon what to do, or returns an empty text.
    ``group`` is what it belongs to, such as its tab.
    """

    id: str
    label: str
    detail: str = ""
    refusal: Callable[[str], str] = field(default=_never, compare=False)
    group: str = ""


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """Measure these implementations, by their ids, one after the other, each over all values."""

    plan: SweepPlan
    implementations: tuple[str, ...]
    max_time_s: float
    cold_l2: bool = False
