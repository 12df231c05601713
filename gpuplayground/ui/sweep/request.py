"""The request of a sweep, and the implementations it can be made for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gpuplayground.model.benchmarks import SweepPlan


def _no_refusal(_variable: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Implementation:
    """Something that a sweep can measure.

    Attributes:
        id: given by the caller.
        label: its name.
        detail: a few words beside the label.
        refusal: returns why it cannot be measured over a variable and, after a colon, what to do; else an empty text.
        group: what it belongs to, such as a tab.
    """

    id: str
    label: str
    detail: str = ""
    refusal: Callable[[str], str] = field(default=_no_refusal, compare=False)
    group: str = ""


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """Measure the implementations with these ids one after the other, each over all values."""

    plan: SweepPlan
    implementations: tuple[str, ...]
    max_time_s: float
    cold_l2: bool = False
