"""Encodes the GPU samples of a past run as JSON, one column for each metric drawn under the trace."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from types import GenericAlias
from typing import Any

from gpuplayground.metrics import TRACE_FIELDS
from gpuplayground.model.samples import GpuSample
from gpuplayground.model.serial import from_data, to_data

_COLUMNS = ("time_ns", *TRACE_FIELDS)
_HINTS = typing.get_type_hints(GpuSample)


def to_curves(samples: Sequence[GpuSample]) -> list[object]:
    """Return samples as JSON values: for each GPU an object with ``gpu_uuid`` and one array per column, by time."""
    by_gpu: dict[str, list[GpuSample]] = {}
    for sample in sorted(samples, key=lambda sample: sample.time_ns):
        by_gpu.setdefault(sample.gpu_uuid, []).append(sample)
    return [
        {"gpu_uuid": uuid} | {name: to_data([getattr(each, name) for each in own]) for name in _COLUMNS}
        for uuid, own in by_gpu.items()
    ]


def from_curves(data: list[object]) -> tuple[GpuSample, ...]:
    """Return the samples passed to :func:`to_curves`; metrics that were not kept are None.

    Raises:
        ValueError: the data is malformed.
    """
    return tuple(sample for each in data for sample in _samples(each))


def _samples(data: object) -> list[GpuSample]:
    if not isinstance(data, dict) or "time_ns" not in data:
        raise ValueError("A curve without times.")
    uuid = from_data(str, data.get("gpu_uuid"))
    # Files written before a metric was added lack its column.
    columns = {name: _column(name, data[name]) for name in _COLUMNS if name in data}
    return [
        GpuSample(gpu_uuid=uuid, **dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)
    ]


def _column(name: str, data: object) -> tuple[Any, ...]:
    hint: Any = GenericAlias(tuple, (_HINTS[name], ...))
    return typing.cast("tuple[Any, ...]", from_data(hint, data))
