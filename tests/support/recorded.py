"""Traces to test on: made up ones, and each ``NAME.trace`` in ``data/`` that was recorded on a GPU.

Beside a recorded trace lies ``NAME.json``: an object whose list ``timings`` has an object for each statement, with the
fields of a ``StatementTiming`` (``gpu`` is passed over).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from gpuplayground.model.results import StatementTiming
from gpuplayground.model.trace import OpKind
from gpuplayground.runtime.trace import file_format
from tests.support.trace_files import MS, TIED, US, firsts, many_rows, names, region, row, rows, span, timing

DATA = Path(__file__).parent / "data"
_FIELDS = {field.name for field in fields(StatementTiming)} - {"gpu"}


@dataclass(frozen=True)
class Case:
    """The bytes of a file and the statements of its run."""

    name: str
    content: bytes
    timings: Sequence[StatementTiming]


def every_case() -> list[Case]:
    """The made up traces, and all that were recorded."""
    return [_training(), _busy_loop(), *map(_recorded, sorted(DATA.glob("*.trace")))]


def _recorded(path: Path) -> Case:
    timings = json.loads(path.with_suffix(".json").read_text("utf-8"))["timings"]
    values = [{key: value for key, value in timing.items() if key in _FIELDS} for timing in timings]
    return Case(path.stem, path.read_bytes(), [StatementTiming(**each) for each in values])


def _training() -> Case:
    """An import, a copy to the device with the context made for it, kernels on two streams, a copy back."""
    content = b"".join(
        [
            TIED,
            names("", "_Z4gemmPf", "cupy_add"),
            firsts((1, 1), (2, 5), (3, 9)),
            span("context", 101 * MS, 180 * MS),
            span("load", 210 * MS, 230 * MS, "cuLibraryLoadData"),
            region("forward", 205 * MS, 260 * MS),
            region("layer", 232 * MS, 250 * MS),
            rows(
                row(190 * MS, 198 * MS, OpKind.COPY, correlation=4, size=1 << 20, copy_kind=1, memory=(1, 3)),
                row(231 * MS, 240 * MS, correlation=6, name=1),
                row(235 * MS, 245 * MS, correlation=7, name=2, stream=8),
                row(246 * MS, 246 * MS + 500, OpKind.MEMSET, correlation=8, size=4096),
                row(246 * MS + 600 * US, 250 * MS, correlation=8, name=2),
            ),
            rows(row(310 * MS, 330 * MS, OpKind.COPY, correlation=10, size=1 << 20, copy_kind=2, memory=(3, 2))),
        ]
    )
    timings = [
        timing(0, 0, 100 * MS, is_import=True),
        timing(1, 100 * MS, 99 * MS, 99 * MS + 500 * US),
        timing(2, 200 * MS, 45 * MS, 60 * MS),
        timing(3, 300 * MS, 35 * MS, 35 * MS),
        timing(4, 340 * MS, 1 * MS, 1 * MS),
    ]
    return Case("training", content, timings)


def _busy_loop() -> Case:
    """A hundred statements of a hundred short operations each, every second of them without a number."""
    table = many_rows(10_000)
    chunks = [file_format.chunk(file_format.ROWS, part.tobytes()) for part in np.array_split(table, 7)]
    numbered = firsts(*((index, 1 + 100 * index) for index in range(0, 100, 2)))
    content = b"".join([TIED, names(*map(str, range(10))), numbered, *chunks])
    return Case("busy loop", content, [timing(index, index * 300 * US, 290 * US, 300 * US) for index in range(100)])
