"""Checks the GPUs that a benchmark used for capped or unsteady clocks and for other processes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from gpuplayground.model.benchmarks import Flag, FlagKind
from gpuplayground.model.samples import GpuInfo, GpuSample, ProcessSample
from gpuplayground.receipts import clock_event_reasons
from gpuplayground.receipts.other_processes import others
from gpuplayground.receipts.used_gpus import MARGIN_NS, Window, during, used_gpus

#: A clock further than this from the median counts as changed. GPUs step by 15 MHz, less than 1 % of their working
#: clock, and go up and down a step or two all the time.
CLOCK_TOLERANCE = 0.05
#: Clocks that changed or were capped in a smaller share of the samples are not reported.
CLOCK_SHARE = 0.05
#: Samples this close to the ends may show the GPU before or after its work.
EDGE_NS = 100_000_000
#: Minimum number of samples to judge whether clocks changed.
LEAST_CLOCK_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class WatchedGpu:
    """The samples of a GPU during a benchmark.

    ``name`` is empty if no other GPU was used. ``working`` are the samples with the GPU busy, or all samples if it was
    always idle; ``has_worked`` tells which. ``is_unlisted`` is whether some of its processes are unknown.
    """

    name: str
    working: list[GpuSample]
    processes: list[ProcessSample]
    has_worked: bool
    is_unlisted: bool = False


def watched_gpus(
    window: Window,
    samples: Sequence[GpuSample],
    processes: Sequence[ProcessSample],
    gpus: Sequence[GpuInfo],
    unlisted: Collection[str] = (),
) -> list[WatchedGpu]:
    """Return the samples of the GPUs that were used.

    If there are several, idle ones are left out: a framework may allocate memory on every GPU it sees.
    """
    uuids = used_gpus(window, samples, processes, gpus)
    names = {gpu.uuid: gpu.label for gpu in gpus} if len(uuids) > 1 else dict.fromkeys(uuids, "")
    inside = during(samples, window.start_ns, window.end_ns)
    nearby = during(processes, window.start_ns - MARGIN_NS, window.end_ns + MARGIN_NS)
    found = []
    for uuid in uuids:
        watched = [each for each in inside if each.gpu_uuid == uuid]
        working = [each for each in watched if not (each.event_reasons or 0) & clock_event_reasons.IDLE]
        at_work = during(working or watched, window.start_ns + EDGE_NS, window.end_ns - EDGE_NS)
        beside = [each for each in nearby if each.gpu_uuid == uuid]
        seen = at_work or working or watched
        found.append(WatchedGpu(names.get(uuid, uuid), seen, beside, bool(working), uuid in unlisted))
    return [gpu for gpu in found if gpu.has_worked] or found


def doubts(watched: Sequence[WatchedGpu], window: Window) -> list[Flag]:
    """Return the flags raised by the GPUs: one of each kind, with a sentence per GPU."""
    flags = [flag for gpu in watched for flag in _clocks(gpu)]
    return _merged([*flags, *(flag for gpu in watched for flag in _shared(gpu, window))])


def clocks_text(watched: list[WatchedGpu]) -> str:
    """Return ``1980 MHz``, or for several GPUs ``1980 MHz (GPU 0, GPU 2), 1755 MHz (GPU 1)``."""
    names: dict[str, list[str]] = {}
    for gpu in watched:
        if clocks := _sm_clocks(gpu):
            names.setdefault(_range(clocks), []).append(gpu.name)
    return ", ".join(f"{clocks} ({', '.join(each)})" if any(each) else clocks for clocks, each in names.items())


def _merged(flags: Iterable[Flag]) -> list[Flag]:
    """Join the sentences of flags of the same kind."""
    sentences: dict[FlagKind, list[str]] = {}
    for flag in flags:
        sentences.setdefault(flag.kind, []).append(flag.sentence)
    return [Flag(kind, " ".join(each)) for kind, each in sentences.items()]


def _clocks(gpu: WatchedGpu) -> list[Flag]:
    """Return a flag if the clocks were capped, or else if they changed."""
    of_gpu = f" of {gpu.name}" if gpu.name else ""
    known = [each for each in gpu.working if each.event_reasons is not None]
    capped = [each for each in known if (each.event_reasons or 0) & clock_event_reasons.CAPS]
    clocks = _sm_clocks(gpu)
    if capped and len(capped) >= CLOCK_SHARE * len(known):
        names = [name for name, _ in clock_event_reasons.shares(capped) or () if name in _CAP_NAMES]
        at = f", at {_range(clocks)}" if clocks else ""
        share = percent_text(len(capped) / len(known))
        return [Flag(FlagKind.CAPPED, f"Clocks{of_gpu} were capped ({', '.join(names)}) for {share} of the time{at}.")]
    if len(clocks) < LEAST_CLOCK_SAMPLES:
        return []
    middle = clocks[len(clocks) // 2]
    changed = sum(abs(clock - middle) > CLOCK_TOLERANCE * middle for clock in clocks)
    if changed < CLOCK_SHARE * len(clocks) or not changed:
        return []
    share = percent_text(changed / len(clocks))
    deviation = f"deviated from its median of {middle} MHz for {share} of the time: {_range(clocks)}."
    return [Flag(FlagKind.CLOCKS, f"The SM clock{of_gpu} {deviation}")]


_CAP_NAMES = {name for bit, name in clock_event_reasons.NAMES.items() if bit & clock_event_reasons.CAPS}


def _sm_clocks(gpu: WatchedGpu) -> list[int]:
    return sorted(each.sm_clock_mhz for each in gpu.working if each.sm_clock_mhz is not None)


def _shared(gpu: WatchedGpu, window: Window) -> list[Flag]:
    found = others(gpu.processes, window)
    if not found:
        return []
    busiest = max(found, key=lambda each: each.sm_util_percent or 0)
    who = f"{busiest.name} ({busiest.pid})" if busiest.name else f"process {busiest.pid}"
    share = f" with {busiest.sm_util_percent:.0f} % SM utilization" if busiest.sm_util_percent else ""
    count = len({each.pid for each in found})
    rest = f", and {count - 1} more" if count > 1 else ""
    return [Flag(FlagKind.SHARED, f"Another process used {gpu.name or 'the GPU'}{share}: {who}{rest}.")]


def _range(clocks: list[int]) -> str:
    """Return the range of sorted clocks."""
    return f"{clocks[0]} MHz" if clocks[0] == clocks[-1] else f"{clocks[0]} to {clocks[-1]} MHz"


def percent_text(share: float) -> str:
    """Format a share of 0 to 1 as percent, with one decimal below 10 %."""
    return f"{100 * share:.1f} %" if share < 0.0995 else f"{100 * share:.0f} %"
