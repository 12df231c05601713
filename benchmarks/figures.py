"""Figures that a benchmark reports: the value, a peer's value where there is one, and the target."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value and its target.

    Attributes:
        name: what is measured.
        value: in ``unit``; the median unless ``name`` says otherwise.
        unit: ``ms``, ``MB`` (10**6 bytes), ``% CPU`` (of one core) and the like.
        limit: the upper limit of ``value``, or of its ratio to ``peer`` where there is one. None for a figure
            without a target.
        peer: the peer's value, in ``unit``.
        peer_name: the peer.
        by_difference: compare value minus peer with ``limit`` instead of the ratio.
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
        """Return value / peer; None without a peer."""
        return self.value / self.peer if self.peer else None

    @property
    def compared(self) -> float:
        """Return the quantity that is compared with the limit."""
        if self.peer is None:
            return self.value
        return self.value - self.peer if self.by_difference else self.value / self.peer

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without a target."""
        return None if self.limit is None else self.compared <= self.limit

    @property
    def target(self) -> str:
        """The target as text."""
        if self.limit is None:
            return ""
        if self.peer is None:
            return f"≤ {self.limit:g} {self.unit}"
        return f"≤ peer + {self.limit:g} {self.unit}" if self.by_difference else f"≤ {self.limit:g} × peer"


def report(figures: Sequence[Figure]) -> None:
    """Write figures to stdout as JSON for the process that started this benchmark."""
    json.dump([asdict(figure) for figure in figures], sys.stdout)


def reported(text: str) -> list[Figure]:
    """Return the figures that a benchmark wrote with :func:`report`."""
    return [Figure(**fields) for fields in json.loads(text)]


def table(figures: Sequence[Figure]) -> str:
    """Return figures as a text table with aligned columns."""
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
