"""What a benchmark reports: a figure, a peer's beside it where there is one, and what it should be."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value and what it is held against.

    Attributes:
        name: what was measured.
        value: the median, or what else ``name`` says, in ``unit``.
        unit: ``ms``, ``MB`` (10**6 bytes), ``% CPU`` (of one core) and the like.
        limit: the target: ``value`` itself, or its ratio to ``peer`` where there is one, must not be above it. None
            is a figure for information.
        peer: the same quantity of the peer, in ``unit``.
        peer_name: what the peer is.
        by_difference: hold the difference of value and peer against ``limit`` instead of the ratio.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    peer: float | None = None
    peer_name: str = ""
    by_difference: bool = False

    @property
    def ratio(self) -> float | None:
        """Return value over peer, None without a peer."""
        return self.value / self.peer if self.peer else None

    @property
    def compared(self) -> float:
        """Return what is held against the limit."""
        if self.peer is None:
            return self.value
        return self.value - self.peer if self.by_difference else self.value / self.peer

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return None if self.limit is None else self.compared <= self.limit

    @property
    def target(self) -> str:
        """The target in words."""
        if self.limit is None:
            return ""
        if self.peer is None:
            return f"≤ {self.limit:g} {self.unit}"
        return f"≤ peer + {self.limit:g} {self.unit}" if self.by_difference else f"≤ {self.limit:g} × peer"


def report(figures: Sequence[Figure]) -> None:
    """Hand figures to the process that started this benchmark."""
    json.dump([asdict(figure) for figure in figures], sys.stdout)


def reported(text: str) -> list[Figure]:
    """Return what a benchmark has handed over by :func:`report`."""
    return [Figure(**fields) for fields in json.loads(text)]


def table(figures: Sequence[Figure]) -> str:
    """Return figures as aligned columns."""
    rows = [("", "figure", "peer", "ratio", "target", "")]
    for figure in figures:
        peer = f"{_number(figure.peer)} {figure.peer_name}" if figure.peer is not None else ""
        ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
        verdict = {True: "met", False: "MISSED", None: ""}[figure.is_met]
        value = f"{_number(figure.value)} {figure.unit}"
        rows.append((figure.name, value, peer, ratio, figure.target, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
