"""A trace: every operation of the GPU during a run, as columns, with the names, regions and CPU spans beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
import numpy.typing as npt


class OpKind(IntEnum):
    """What an operation is."""

    KERNEL = 0
    COPY = 1
    MEMSET = 2
    GRAPH = 3  # a CUDA graph launched as one


#: One row for each operation, ordered by ``start_ns``. Times are ``clock.now_ns()`` of this machine; ``name`` indexes
#: :attr:`Trace.names`; ``copy_kind``, ``source_memory`` and ``target_memory`` are CUPTI's numbers
#: (CUpti_ActivityMemcpyKind, CUpti_ActivityMemoryKind); ``statement`` is the index of the statement that launched it,
#: or -1.
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
    """What a thread of the CPU was seen doing in CUDA or in a compiler."""

    CONTEXT = "context"
    COMPILE = "compile"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Span:
    """An interval on the CPU, in ``clock.now_ns()``; ``name`` is the function."""

    kind: SpanKind
    start_ns: int
    end_ns: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """An NVTX range of a snippet, in ``clock.now_ns()``; ``end_ns`` is that of the run where it was never popped."""

    name: str
    start_ns: int
    end_ns: int
    thread: int = 0
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """What CUPTI told of one run. ``dropped`` counts records that were lost, so that sums are too small."""

    operations: npt.NDArray[np.void] = field(default_factory=lambda: np.empty(0, OPERATIONS))
    names: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    spans: tuple[Span, ...] = ()
    dropped: int = 0

    @property
    def loss(self) -> str:
        """That records were lost and what that means, a sentence; empty where none were."""
        if not self.dropped:
            return ""
        return f"CUPTI lost {self.dropped:,} records, so GPU times are too small: run fewer launches at a time."
