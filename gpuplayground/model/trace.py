"""The trace of a run: GPU operations as a structured array, with kernel names, NVTX regions and CPU spans."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
import numpy.typing as npt


class OpKind(IntEnum):
    """Kind of a GPU operation."""

    KERNEL = 0
    COPY = 1
    MEMSET = 2
    GRAPH = 3  # a CUDA graph launched as one


#: One row per operation, ordered by ``start_ns``. Times are ``clock.now_ns()``. ``name`` indexes :attr:`Trace.names`;
#: ``copy_kind``, ``source_memory`` and ``target_memory`` are CUPTI's numbers (CUpti_ActivityMemcpyKind,
#: CUpti_ActivityMemoryKind); ``statement`` is the index of the statement that launched the operation, or -1.
OPERATIONS = np.dtype(
    [
        ("start_ns", "<i8"), ("end_ns", "<i8"), ("bytes", "<u8"),
        ("correlation", "<u4"), ("name", "<u4"), ("context", "<u4"), ("stream", "<u4"), ("graph", "<u4"),
        ("statement", "<i4"),
        ("grid_x", "<u4"), ("grid_y", "<u4"), ("grid_z", "<u4"),
        ("block_x", "<u2"), ("block_y", "<u2"), ("block_z", "<u2"),
        ("registers", "<u2"), ("shared_bytes", "<u4"),
        ("device", "<u2"), ("kind", "u1"), ("copy_kind", "u1"), ("source_memory", "u1"), ("target_memory", "u1"),
    ]
)  # fmt: skip


class SpanKind(StrEnum):
    """What a CPU thread does in CUDA or in a compiler."""

    CONTEXT = "context"
    COMPILE = "compile"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Span:
    """An interval on the CPU, in ``clock.now_ns()``; ``name`` is the function's."""

    kind: SpanKind
    start_ns: int
    end_ns: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """An NVTX range, in ``clock.now_ns()``; ``end_ns`` is the end of the run if the range was never popped."""

    name: str
    start_ns: int
    end_ns: int
    thread: int = 0
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """The CUPTI records of one run. ``dropped`` counts lost records, which make sums too small."""

    operations: npt.NDArray[np.void] = field(default_factory=lambda: np.empty(0, OPERATIONS))
    names: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    spans: tuple[Span, ...] = ()
    dropped: int = 0

    @property
    def loss(self) -> str:
        """A sentence about lost records; empty if none were lost."""
        if not self.dropped:
            return ""
        return f"CUPTI lost {self.dropped:,} records, so GPU times are too small: launch fewer operations per run."
