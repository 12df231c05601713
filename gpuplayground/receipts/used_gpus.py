"""Which GPUs a stretch of time has used, by what the monitor saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gpuplayground.model.samples import GpuInfo, GpuSample, ProcessSample

#: So much must be known before and after a run: see :func:`gpuplayground.receipts.receipt.receipts`.
MARGIN_NS = 3_000_000_000
#: A GPU without a process of ours was used if its memory or utilization rose by so much. The driver itself takes some
#: megabytes with the first context.
RISE_BYTES = 64 << 20
RISE_PERCENT = 5.0

_Timed = TypeVar("_Timed", GpuSample, ProcessSample)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, in ``clock.now_ns()``, and whose it was.

    ``pids`` are the processes that worked in it; ``gpu_uuids`` the GPUs chosen for it, empty where none were chosen.
    """

    start_ns: int
    end_ns: int
    pids: tuple[int, ...] = ()
    gpu_uuids: tuple[str, ...] = ()


def during(samples: Iterable[_Timed], start_ns: int, end_ns: int) -> list[_Timed]:
    """Return what was sampled between two times, both included."""
    return [sample for sample in samples if start_ns <= sample.time_ns <= end_ns]


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of what is known, or None."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def used_gpus(
    window: Window, samples: Sequence[GpuSample], processes: Sequence[ProcessSample], gpus: Sequence[GpuInfo] = ()
) -> tuple[str, ...]:
    """Return the UUIDs of the GPUs that were used, of those there are samples of.

    They are those chosen; else those that a process of the window was seen on, at most :data:`MARGIN_NS` away from it
    or, where it was not seen there, ever; else those whose memory or utilization rose; else the first one. Nobody looks
    at the processes while a benchmark samples, so that a look inside the window cannot be asked for.

    Args:
        window: what was measured, and whose it was.
        samples: by time, with some seconds before and after.
        processes: those of the same time or longer, of which all that have a number of the window's are its own.
        gpus: in the order of which the GPUs are returned; others follow as they were first sampled.
    """
    present = dict.fromkeys(sample.gpu_uuid for sample in samples)
    known = [gpu.uuid for gpu in gpus if gpu.uuid in present]
    ordered = list(dict.fromkeys([*known, *present]))
    if window.gpu_uuids:
        return tuple(uuid for uuid in ordered if uuid in window.gpu_uuids)
    own = [each for each in processes if each.pid in window.pids]
    nearby = during(own, window.start_ns - MARGIN_NS, window.end_ns + MARGIN_NS)
    seen = {each.gpu_uuid for each in nearby or own}
    if seen:
        return tuple(uuid for uuid in ordered if uuid in seen)
    rose = tuple(uuid for uuid in ordered if _rose(window, [each for each in samples if each.gpu_uuid == uuid]))
    return rose or tuple(ordered[:1])


def _rose(window: Window, samples: list[GpuSample]) -> bool:
    inside = during(samples, window.start_ns, window.end_ns)
    before = [sample for sample in samples if sample.time_ns < window.start_ns]
    if not inside or not before:
        return False
    memory_before = before[-1].memory_used_bytes
    peak = max((sample.memory_used_bytes or 0 for sample in inside), default=0)
    if memory_before is not None and peak - memory_before >= RISE_BYTES:
        return True
    busy, busy_before = mean(s.gpu_util_percent for s in inside), mean(s.gpu_util_percent for s in before)
    return busy is not None and busy_before is not None and busy - busy_before >= RISE_PERCENT
