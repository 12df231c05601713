"""Checks whether a run has freed its GPU memory, unless another run makes that unknowable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gpuplayground import units
from gpuplayground.model.samples import GpuSample, RunSpan
from gpuplayground.receipts.used_gpus import MARGIN_NS, Window, during

#: Up to this increase counts as freed: the driver keeps some megabytes after the first context.
TOLERANCE_BYTES = 32 << 20


class ReturnedMemory(NamedTuple):
    """The device memory in use just before and after a run, whether all was freed, and a sentence about it."""

    before_bytes: int | None
    after_bytes: int | None
    came_back: bool | None
    sentence: str


def returned_memory(window: Window, samples: Sequence[GpuSample], others: Sequence[RunSpan]) -> ReturnedMemory:
    """Return whether a run has freed its memory on one GPU.

    Args:
        window: the run.
        samples: of the GPU, by time, from :data:`MARGIN_NS` before to :data:`MARGIN_NS` after the run.
        others: other runs that used the GPU, or may have. Samples after the start of the next run are ignored.
    """
    begins = [other.start_ns for other in others if other.start_ns > window.end_ns]
    last_ns = min([window.end_ns + MARGIN_NS, *(start_ns - 1 for start_ns in begins)])
    before = _last(during(samples, window.start_ns - MARGIN_NS, window.start_ns - 1))
    after = _last(during(samples, window.end_ns + 1, last_ns))
    if before is None or after is None:
        reason = ": the next run began too soon" if after is None and begins else ""
        return ReturnedMemory(before, after, None, f"unknown whether it was freed{reason}")
    figures = f"{units.memory_size(before)} before, {units.memory_size(after)} after"
    more = after - before
    if abs(more) > TOLERANCE_BYTES and _is_disturbed(window, others, has_less=more < 0):
        return ReturnedMemory(
            before, after, None, f"unknown whether it was freed, because another run overlapped: {figures}"
        )
    if more > TOLERANCE_BYTES:
        return ReturnedMemory(before, after, False, f"{units.memory_size(more)} not freed: {figures}")
    return ReturnedMemory(before, after, True, f"all of it was freed: {figures}")


def _is_disturbed(window: Window, others: Sequence[RunSpan], *, has_less: bool) -> bool:
    """Return whether another run may explain that more or less memory is in use after than before.

    The next run can only allocate memory. A finished run can only free it, up to a moment after its end.
    """
    since_ns = window.start_ns - (MARGIN_NS if has_less else 0)
    return any(
        other.start_ns <= window.end_ns + MARGIN_NS and (other.end_ns is None or other.end_ns >= since_ns)
        for other in others
    )


def _last(samples: Sequence[GpuSample]) -> int | None:
    known = [sample.memory_used_bytes for sample in samples if sample.memory_used_bytes is not None]
    return known[-1] if known else None
