"""Whether the memory that a run took came back, as far as no other run of ours took or gave back some beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gpuplayground import units
from gpuplayground.model.samples import GpuSample, RunSpan
from gpuplayground.receipts.used_gpus import MARGIN_NS, Window, during

#: So much more than before is not the run's: the driver keeps some megabytes once there was a context.
TOLERANCE_BYTES = 32 << 20


class ReturnedMemory(NamedTuple):
    """The device's memory in use just before and after a run, whether all came back, and the sentence that says so."""

    before_bytes: int | None
    after_bytes: int | None
    came_back: bool | None
    sentence: str


def returned_memory(window: Window, samples: Sequence[GpuSample], others: Sequence[RunSpan]) -> ReturnedMemory:
    """Return what a run left on one GPU.

    Args:
        window: the run's.
        samples: of the GPU, by time, from :data:`MARGIN_NS` before the run to as long after it.
        others: the other runs that used the GPU, or may have. What is in use once the next one has begun tells nothing
            of this one.
    """
    begins = [other.start_ns for other in others if other.start_ns > window.end_ns]
    last_ns = min([window.end_ns + MARGIN_NS, *(start_ns - 1 for start_ns in begins)])
    before = _last(during(samples, window.start_ns - MARGIN_NS, window.start_ns - 1))
    after = _last(during(samples, window.end_ns + 1, last_ns))
    if before is None or after is None:
        reason = ": the next run began too soon" if after is None and begins else ""
        return ReturnedMemory(before, after, None, f"whether it came back was not seen{reason}")
    figures = f"{units.memory_size(before)} before, {units.memory_size(after)} after"
    more = after - before
    if abs(more) > TOLERANCE_BYTES and _is_disturbed(window, others, has_less=more < 0):
        return ReturnedMemory(before, after, None, f"whether it came back was not seen beside another run: {figures}")
    if more > TOLERANCE_BYTES:
        return ReturnedMemory(before, after, False, f"{units.memory_size(more)} did not come back: {figures}")
    return ReturnedMemory(before, after, True, f"all of it came back: {figures}")


def _is_disturbed(window: Window, others: Sequence[RunSpan], *, has_less: bool) -> bool:
    """Return whether another run may be why there is more in use after than before, or less.

    The next run can only begin to take memory. One that is over can only give it back, up to a moment after its end.
    """
    since_ns = window.start_ns - (MARGIN_NS if has_less else 0)
    return any(
        other.start_ns <= window.end_ns + MARGIN_NS and (other.end_ns is None or other.end_ns >= since_ns)
        for other in others
    )


def _last(samples: Sequence[GpuSample]) -> int | None:
    known = [sample.memory_used_bytes for sample in samples if sample.memory_used_bytes is not None]
    return known[-1] if known else None
