"""The bands that mark runs on a graph: which are visible, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from gpuplayground.model.samples import RunSpan

_MIN_NAME_PX = 48


@dataclass(frozen=True, slots=True)
class Band:
    """A run on a graph, from ``left`` to ``right`` as fractions of the width.

    ``starts`` and ``ends`` tell whether that edge is visible.
    """

    label: str
    left: float
    right: float
    starts: bool
    ends: bool


def name_in(metrics: QFontMetrics, label: str, room: int) -> str:
    """Return a run's name elided to ``room`` pixels; empty if too little of it would be left."""
    if metrics.horizontalAdvance(label) <= room:
        return label
    return metrics.elidedText(label, Qt.TextElideMode.ElideRight, room) if room >= _MIN_NAME_PX else ""


def touches(run: RunSpan, uuid: str) -> bool:
    """Return whether a run belongs on a GPU's graphs; a run without GPUs may have used any."""
    return not run.gpu_uuids or uuid in run.gpu_uuids


def visible_bands(runs: Sequence[RunSpan], uuid: str, start_ns: int, end_ns: int) -> tuple[Band, ...]:
    """Return the bands of a GPU between two times; a run without an end reaches the right edge."""
    span = max(1, end_ns - start_ns)
    bands = []
    for run in runs:
        last_ns = end_ns if run.end_ns is None else run.end_ns
        if last_ns < start_ns or run.start_ns > end_ns or not touches(run, uuid):
            continue
        bands.append(
            Band(
                run.label,
                max(0.0, (run.start_ns - start_ns) / span),
                min(1.0, (last_ns - start_ns) / span),
                run.start_ns >= start_ns,
                run.end_ns is not None and run.end_ns <= end_ns,
            )
        )
    return tuple(bands)
