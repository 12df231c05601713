"""Determines which GPUs a run or benchmark used, from the monitor's samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gpuplayground.model.samples import GpuInfo, GpuSample, ProcessSample

#: Samples and processes are needed from this long before to this long after a run.
MARGIN_NS = 3_000_000_000
#: A GPU on which no process of the run was seen counts as used if its memory or utilization rose by this much. The
#: driver itself allocates some megabytes with the first context.
RISE_BYTES = 64 << 20
RISE_PERCENT = 5.0

_Timed = TypeVar("_Timed", GpuSample, ProcessSample)


@dataclass(frozen=True, slots=True)
class Window:
    """The time of a run or benchmark, in ``clock.now_ns()``.

    ``pids`` are its processes; ``gpu_uuids`` are the GPUs chosen for it, empty for no choice.
    """

    start_ns: int
    end_ns: int
    pids: tuple[int, ...] = ()
    gpu_uuids: tuple[str, ...] = ()


def during(samples: Iterable[_Timed], start_ns: int, end_ns: int) -> list[_Timed]:
    """Return the samples between two times, both included."""
    return [sample for sample in samples if start_ns <= sample.time_ns <= end_ns]


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are not None, or None without any."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def used_gpus(
    window: Window, samples: Sequence[GpuSample], processes: Sequence[ProcessSample], gpus: Sequence[GpuInfo] = ()
) -> tuple[str, ...]:
    """Return the UUIDs of the GPUs that were used, among those with samples.

    These are the chosen GPUs; else those on which a process of the window was seen within :data:`MARGIN_NS` of it, or
    else at any time; else those whose memory or utilization rose; else the first one. Processes are not listed while a
    benchmark runs, so a pass inside the window cannot be required.

    Args:
        window: the run or benchmark.
        samples: by time, from some seconds before to some seconds after.
        processes: of the same time or longer.
        gpus: the order of the result; other GPUs follow in the order of their first samples.
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
