"""Receipts: the memory, power, energy and clocks of the GPUs during a run, from the monitor's samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gpuplayground.model.results import Run
from gpuplayground.model.samples import GpuInfo, GpuSample, ProcessSample, RunSpan
from gpuplayground.receipts import clock_event_reasons
from gpuplayground.receipts.energy import MAX_GAP_NS, Energy, measured_energy
from gpuplayground.receipts.returned_memory import returned_memory
from gpuplayground.receipts.used_gpus import MARGIN_NS, Window, during, mean, used_gpus

#: Time to wait after a run before its receipt is created, in seconds: by then the driver has freed the memory, and the
#: energy counter has been read again.
SETTLE_S = 1.5


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one GPU did during a run. None means unknown, never zero.

    ``sample_count`` is the number of samples within the run. ``process_peak_bytes`` is the peak memory of the snippet's
    process in the driver's list of processes; ``process_note`` is the reason if it is unknown. Device memory is that of
    all processes: its peak within the run, and its use just before and after. ``came_back`` is whether the memory was
    freed to within 32 MiB, and ``came_back_sentence`` says so or why it is unknown. ``event_reasons`` are the names of
    the clock event reasons with their share (0 to 1) of the samples. ``allocator_peaks`` are peak bytes reported by the
    frameworks' allocators. ``unwatched_ns`` is the time within the run in gaps of more than 2.5 s between samples.
    """

    gpu_uuid: str
    gpu_name: str | None
    start_ns: int
    end_ns: int
    sample_count: int
    energy: Energy
    process_peak_bytes: int | None = None
    process_note: str = ""
    device_peak_bytes: int | None = None
    device_before_bytes: int | None = None
    device_after_bytes: int | None = None
    came_back: bool | None = None
    came_back_sentence: str = ""
    utilization_mean_percent: float | None = None
    utilization_peak_percent: float | None = None
    power_mean_w: float | None = None
    power_peak_w: float | None = None
    sm_clock_mean_mhz: float | None = None
    sm_clock_min_mhz: int | None = None
    sm_clock_max_mhz: int | None = None
    event_reasons: tuple[tuple[str, float], ...] | None = None
    allocator_peaks: dict[str, int] = field(default_factory=dict)
    unwatched_ns: int = 0


def window_of(run: Run, gpu_uuids: Sequence[str] = ()) -> Window:
    """Return the window of a run; ``gpu_uuids`` are the GPUs chosen for it, if any."""
    return Window(run.start_ns, run.end_ns, () if run.pid is None else (run.pid,), tuple(gpu_uuids))


def receipts(
    window: Window,
    samples: Sequence[GpuSample],
    processes: Sequence[ProcessSample],
    allocator_peaks: Mapping[str, int] | None = None,
    gpus: Sequence[GpuInfo] = (),
    others: Sequence[RunSpan] = (),
    unlisted: Mapping[str, str] | None = None,
) -> tuple[Receipt, ...]:
    """Return a receipt for each GPU that was used (see :func:`.used_gpus.used_gpus`); empty without samples.

    Args:
        window: the run.
        samples: by time, from :data:`MARGIN_NS` before to :data:`MARGIN_NS` after the run.
        processes: of the same time.
        allocator_peaks: see :class:`Receipt`.
        gpus: the GPUs with their names.
        others: other runs of that time, whose memory is not this run's.
        unlisted: the reasons why processes could not be listed, by the GPU's UUID.
    """
    names = {gpu.uuid: gpu.name for gpu in gpus}
    made = []
    for uuid in used_gpus(window, samples, processes, gpus):
        own_samples = [sample for sample in samples if sample.gpu_uuid == uuid]
        own_processes = [process for process in processes if process.gpu_uuid == uuid]
        beside = [other for other in others if not other.gpu_uuids or uuid in other.gpu_uuids]
        peaks = dict(allocator_peaks or {})
        reason = (unlisted or {}).get(uuid, "")
        made.append(_receipt(window, own_samples, own_processes, peaks, names.get(uuid), beside, reason))
    return tuple(made)


def receipt(
    window: Window,
    samples: Sequence[GpuSample],
    processes: Sequence[ProcessSample],
    allocator_peaks: Mapping[str, int] | None = None,
    gpus: Sequence[GpuInfo] = (),
) -> Receipt | None:
    """Return the receipt of the first GPU that was used, or None; see :func:`receipts`."""
    return next(iter(receipts(window, samples, processes, allocator_peaks, gpus)), None)


def _receipt(
    window: Window,
    samples: Sequence[GpuSample],
    processes: Sequence[ProcessSample],
    allocator_peaks: dict[str, int],
    name: str | None,
    others: Sequence[RunSpan],
    unlisted: str,
) -> Receipt:
    start_ns, end_ns = window.start_ns, window.end_ns
    inside = during(samples, start_ns, end_ns)
    process_peak, process_note = _process_peak(window, processes, unlisted)
    memory = returned_memory(window, samples, others)
    clocks = [sample.sm_clock_mhz for sample in inside if sample.sm_clock_mhz is not None]
    return Receipt(
        gpu_uuid=samples[0].gpu_uuid,
        gpu_name=name,
        start_ns=start_ns,
        end_ns=end_ns,
        sample_count=len(inside),
        energy=measured_energy(during(samples, start_ns - MARGIN_NS, end_ns + MARGIN_NS), start_ns, end_ns),
        process_peak_bytes=process_peak,
        process_note=process_note,
        device_peak_bytes=max((s.memory_used_bytes for s in inside if s.memory_used_bytes is not None), default=None),
        device_before_bytes=memory.before_bytes,
        device_after_bytes=memory.after_bytes,
        came_back=memory.came_back,
        came_back_sentence=memory.sentence,
        utilization_mean_percent=mean(sample.gpu_util_percent for sample in inside),
        utilization_peak_percent=_peak([sample.gpu_util_percent for sample in inside]),
        power_mean_w=mean(sample.power_w for sample in inside),
        power_peak_w=_peak([sample.power_w for sample in inside]),
        sm_clock_mean_mhz=mean(clocks),
        sm_clock_min_mhz=min(clocks, default=None),
        sm_clock_max_mhz=max(clocks, default=None),
        event_reasons=clock_event_reasons.shares(inside),
        allocator_peaks=allocator_peaks,
        unwatched_ns=_unwatched_ns(window, inside),
    )


def _unwatched_ns(window: Window, inside: Sequence[GpuSample]) -> int:
    """Return the total length of the gaps between samples in a run, including those at its ends."""
    times = [window.start_ns, *(sample.time_ns for sample in inside), window.end_ns]
    gaps = [later - sooner for sooner, later in pairwise(times)]
    return sum(gap for gap in gaps if gap > MAX_GAP_NS)


def _process_peak(window: Window, processes: Sequence[ProcessSample], unlisted: str) -> tuple[int | None, str]:
    """Return the peak memory of the window's processes in bytes, or None and the reason why it is unknown.

    The memory of several processes is added up for each pass.
    """
    totals: dict[int, int] = {}
    was_seen = False
    for process in during(processes, window.start_ns, window.end_ns):
        if process.pid in window.pids:
            was_seen = True
            if process.memory_used_bytes is not None:
                totals[process.time_ns] = totals.get(process.time_ns, 0) + process.memory_used_bytes
    if totals:
        return max(totals.values()), ""
    if was_seen:
        return None, "The driver does not report memory per process."
    if unlisted:
        return None, unlisted
    return None, "The process was not seen on this GPU: it was too short, or did not use it."


def _peak(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
