"""What was seen of the GPUs that a benchmark used, and the doubts of clocks and sharing that each raises by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from gpuplayground.model.benchmarks import Flag, FlagKind
from gpuplayground.model.samples import GpuInfo, GpuSample, ProcessSample
from gpuplayground.receipts import clock_event_reasons
from gpuplayground.receipts.other_processes import others
from gpuplayground.receipts.used_gpus import MARGIN_NS, Window, during, used_gpus

#: A clock this far from the median clock has changed: GPUs step by 15 MHz, less than 1 % of what they work at, and
#: go up and down a step or two all the time.
CLOCK_TOLERANCE = 0.05
#: Clocks that changed or were capped in a smaller share of the samples are not worth a word.
CLOCK_SHARE = 0.05
#: What is sampled so close to the ends may show the GPU before or after its work.
EDGE_NS = 100_000_000
#: Of fewer samples nothing is said about clocks that change.
LEAST_CLOCK_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class WatchedGpu:
    """What was seen of a GPU. ``name`` is empty where no other was used; ``working`` shows it at work, if ever it was.

    ``has_worked`` is whether it was not idle in all of them, ``is_unlisted`` whether not all its processes are known.
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
    """Return what was seen of the GPUs that were used.

    Of several those that only idled are left out: a framework holds memory of every GPU that it was once shown.
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
    """Return what speaks against a benchmark by its GPUs: one flag of each kind, with a sentence for each GPU."""
    flags = [flag for gpu in watched for flag in _clocks(gpu)]
    return _one_of_a_kind([*flags, *(flag for gpu in watched for flag in _shared(gpu, window))])


def clocks_text(watched: list[WatchedGpu]) -> str:
    """Return ``1980 MHz``, or of several GPUs ``1980 MHz (GPU 0, GPU 2), 1755 MHz (GPU 1)``."""
    names: dict[str, list[str]] = {}
    for gpu in watched:
        if clocks := _sm_clocks(gpu):
            names.setdefault(_range(clocks), []).append(gpu.name)
    return ", ".join(f"{clocks} ({', '.join(each)})" if any(each) else clocks for clocks, each in names.items())


def _one_of_a_kind(flags: Iterable[Flag]) -> list[Flag]:
    """Return one flag of each kind, with the sentences of all that are of it."""
    sentences: dict[FlagKind, list[str]] = {}
    for flag in flags:
        sentences.setdefault(flag.kind, []).append(flag.sentence)
    return [Flag(kind, " ".join(each)) for kind, each in sentences.items()]


def _clocks(gpu: WatchedGpu) -> list[Flag]:
    """Return that clocks were capped, or that they changed without being capped."""
    of_gpu = f" of {gpu.name}" if gpu.name else ""
    known = [each for each in gpu.working if each.event_reasons is not None]
    capped = [each for each in known if (each.event_reasons or 0) & clock_event_reasons.CAPS]
    clocks = _sm_clocks(gpu)
    if capped and len(capped) >= CLOCK_SHARE * len(known):
        names = [name for name, _ in clock_event_reasons.shares(capped) or () if name in _CAP_NAMES]
        at = f", at {_range(clocks)}" if clocks else ""
        share = percent_text(len(capped) / len(known))
        return [Flag(FlagKind.CAPPED, f"Clocks{of_gpu} were capped ({', '.join(names)}) during {share} of it{at}.")]
    if len(clocks) < LEAST_CLOCK_SAMPLES:
        return []
    middle = clocks[len(clocks) // 2]
    changed = sum(abs(clock - middle) > CLOCK_TOLERANCE * middle for clock in clocks)
    if changed < CLOCK_SHARE * len(clocks) or not changed:
        return []
    share = percent_text(changed / len(clocks))
    was_off = f"was off its median of {middle} MHz during {share} of it: {_range(clocks)}."
    return [Flag(FlagKind.CLOCKS, f"The SM clock{of_gpu} {was_off}")]


_CAP_NAMES = {name for bit, name in clock_event_reasons.NAMES.items() if bit & clock_event_reasons.CAPS}


def _sm_clocks(gpu: WatchedGpu) -> list[int]:
    return sorted(each.sm_clock_mhz for each in gpu.working if each.sm_clock_mhz is not None)


def _shared(gpu: WatchedGpu, window: Window) -> list[Flag]:
    found = others(gpu.processes, window)
    if not found:
        return []
    busiest = max(found, key=lambda each: each.sm_util_percent or 0)
    who = f"{busiest.name} ({busiest.pid})" if busiest.name else f"process {busiest.pid}"
    did = f"with {busiest.sm_util_percent:.0f} % of its SMs" if busiest.sm_util_percent else "as well"
    count = len({each.pid for each in found})
    rest = f", and {count - 1} more" if count > 1 else ""
    return [Flag(FlagKind.SHARED, f"Another process used {gpu.name or 'the GPU'} {did}: {who}{rest}.")]


def _range(clocks: list[int]) -> str:
    """Return sorted clocks in short."""
    return f"{clocks[0]} MHz" if clocks[0] == clocks[-1] else f"{clocks[0]} to {clocks[-1]} MHz"


def percent_text(share: float) -> str:
    """Return a share of 0 to 1 with one decimal below 10 %."""
    return f"{100 * share:.1f} %" if share < 0.0995 else f"{100 * share:.0f} %"
