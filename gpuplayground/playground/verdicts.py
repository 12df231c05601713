"""Whether a benchmark's figure can be trusted: each doubt as a flag with its reason and figure, or “steady”."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gpuplayground.monitor.samples import GpuSample, ProcessSample
from gpuplayground.playground import event_reasons
from gpuplayground.playground.benchmark_results import Benchmark, Flag, FlagKind
from gpuplayground.playground.gpu_timing import Direction
from gpuplayground.playground.other_processes import others
from gpuplayground.playground.statistics import Summary, summary
from gpuplayground.playground.used_gpus import MARGIN_NS, Window, during, used_gpus
from gpuplayground.runtime.medians import HALF_WIDTH, LEAST_SAMPLES, LEAST_TIME_NS

#: Spread between the quartiles, relative to the median, from which on a benchmark is noisy.
NOISY_SPREAD = 0.05
#: A clock this far from the median clock has changed: GPUs step by 15 MHz, less than 1 % of what they work at, and
#: go up and down a step or two all the time.
CLOCK_TOLERANCE = 0.05
#: Clocks that changed or were capped in a smaller share of the samples are not worth a word.
CLOCK_SHARE = 0.05
#: What is sampled so close to the ends may show the GPU before or after its work.
EDGE_NS = 100_000_000
#: Of fewer samples nothing is said about clocks that change.
LEAST_CLOCK_SAMPLES = 3
#: GPU busy time under this part of the wall time means that the GPU waited for work.
LAUNCH_BOUND_BUSY = 0.5
#: Copies with the host are mentioned from this part of the busy time on: reading back one number is less.
COPY_SHARE = 0.05

_HOST_COPIES = (Direction.HOST_TO_DEVICE, Direction.DEVICE_TO_HOST)


def judge(
    benchmark: Benchmark,
    samples: Sequence[GpuSample],
    processes: Sequence[ProcessSample],
    own_pids: Collection[int],
    gpu_uuids: Collection[str] = (),
) -> tuple[Flag, ...]:
    """Return every doubt about a benchmark, or the flag ``STEADY`` alone; nothing where nothing was measured.

    Clocks and other processes are judged only where a monitor has watched, and only for a benchmark that uses a GPU.

    Args:
        benchmark: what was measured.
        samples: of the GPUs, by time, around the sampling.
        processes: those of the same time. While a benchmark runs they are not looked at, so that the last pass before
            it and the first one after it count, up to 3 s away.
        own_pids: the snippet's processes, and others that are known not to disturb.
        gpu_uuids: the GPUs chosen for the run; without them those that were used, see :mod:`.used_gpus`.
    """
    if not benchmark.samples_ns:
        return ()
    of_times = summary(benchmark.samples_ns)
    working: list[GpuSample] = []
    flags = [*_noise(of_times), *_convergence(benchmark, of_times)]
    if benchmark.uses_gpu:
        window = Window(benchmark.start_ns, benchmark.end_ns, tuple(own_pids), tuple(gpu_uuids))
        used = used_gpus(window, samples, processes)
        watched = [each for each in during(samples, window.start_ns, window.end_ns) if each.gpu_uuid in used]
        nearby = during(processes, window.start_ns - MARGIN_NS, window.end_ns + MARGIN_NS)
        working = _at_work(watched, window)
        flags += _clocks(working)
        flags += _shared([each for each in nearby if each.gpu_uuid in used], window)
        flags += [*_launches(benchmark, of_times), *_copies(benchmark)]
    return tuple(flags) or (_steady(benchmark, of_times, working),)


def _noise(times: Summary) -> list[Flag]:
    if times.spread <= NOISY_SPREAD:
        return []
    sentence = f"Noisy: the middle half of the samples spreads over {_percent(times.spread)} of the median."
    return [Flag(FlagKind.NOISY, sentence)]


def _convergence(benchmark: Benchmark, times: Summary) -> list[Flag]:
    if benchmark.converged:
        return []
    if times.lacks_samples:
        known = "may be anything between the least and the most"
    elif times.has_interval:
        known = f"is known {_known(times)}"
    else:
        known = "has no interval, for they may depend on each other"
    # Narrow, and yet not enough: a fifth of a second shows none of the drift that a whole one would.
    is_narrow = times.has_interval and times.half_width <= HALF_WIDTH
    least = f"; wanted are {LEAST_SAMPLES} samples and {LEAST_TIME_NS / 1e9:g} s of them at least" if is_narrow else ""
    sentence = f"The time was up first: the median of {times.count} {_samples(times)} {known}{least}."
    return [Flag(FlagKind.NOT_CONVERGED, sentence)]


def _at_work(samples: list[GpuSample], window: Window) -> list[GpuSample]:
    """Return the samples that show the GPU at work: not idle, and not at the very ends, if there are others."""
    working = [each for each in samples if not (each.event_reasons or 0) & event_reasons.IDLE] or samples
    return during(working, window.start_ns + EDGE_NS, window.end_ns - EDGE_NS) or working


def _clocks(samples: list[GpuSample]) -> list[Flag]:
    """Return that clocks were capped, or that they changed without being capped."""
    known = [each for each in samples if each.event_reasons is not None]
    capped = [each for each in known if (each.event_reasons or 0) & event_reasons.CAPS]
    clocks = sorted(each.sm_clock_mhz for each in samples if each.sm_clock_mhz is not None)
    if capped and len(capped) >= CLOCK_SHARE * len(known):
        names = [name for name, _ in event_reasons.shares(capped) or () if name in _CAP_NAMES]
        at = f", at {_range(clocks)}" if clocks else ""
        share = _percent(len(capped) / len(known))
        return [Flag(FlagKind.CAPPED, f"Clocks were capped ({', '.join(names)}) during {share} of it{at}.")]
    if len(clocks) < LEAST_CLOCK_SAMPLES:
        return []
    middle = clocks[len(clocks) // 2]
    changed = sum(abs(clock - middle) > CLOCK_TOLERANCE * middle for clock in clocks)
    if changed < CLOCK_SHARE * len(clocks) or not changed:
        return []
    share = _percent(changed / len(clocks))
    return [
        Flag(
            FlagKind.CLOCKS, f"The SM clock was off its median of {middle} MHz during {share} of it: {_range(clocks)}."
        )
    ]


_CAP_NAMES = {name for bit, name in event_reasons.NAMES.items() if bit & event_reasons.CAPS}


def _shared(processes: list[ProcessSample], window: Window) -> list[Flag]:
    found = others(processes, window)
    if not found:
        return []
    busiest = max(found, key=lambda each: each.sm_util_percent or 0)
    who = f"{busiest.name} ({busiest.pid})" if busiest.name else f"process {busiest.pid}"
    did = f"with {busiest.sm_util_percent:.0f} % of its SMs" if busiest.sm_util_percent else "as well"
    count = len({each.pid for each in found})
    rest = f", and {count - 1} more" if count > 1 else ""
    return [Flag(FlagKind.SHARED, f"Another process used the GPU {did}: {who}{rest}.")]


def _launches(benchmark: Benchmark, times: Summary) -> list[Flag]:
    busy_ns = benchmark.gpu_busy_ns
    if busy_ns is None or busy_ns >= LAUNCH_BOUND_BUSY * times.median:
        return []
    share = _percent(busy_ns / times.median)
    return [Flag(FlagKind.LAUNCH_BOUND, f"Launch-bound: the GPU was busy during {share} of the time.")]


def _copies(benchmark: Benchmark) -> list[Flag]:
    if benchmark.gpu is None or not benchmark.gpu.busy_ns:
        return []
    copied_ns = sum(copy.busy_ns for copy in benchmark.gpu.copies if copy.direction in _HOST_COPIES)
    # Copies of both directions may overlap.
    share = min(copied_ns, benchmark.gpu.copy_busy_ns or copied_ns) / benchmark.gpu.busy_ns
    if share < COPY_SHARE:
        return []
    sentence = f"Copies between host and device are {_percent(share)} of the GPU's time."
    return [Flag(FlagKind.COPIES, sentence)]


def _steady(benchmark: Benchmark, times: Summary, working: list[GpuSample]) -> Flag:
    sentence = f"Steady: {times.count} {_samples(times)}, the median known {_known(times)}"
    if benchmark.uses_gpu:
        clocks = sorted(each.sm_clock_mhz for each in working if each.sm_clock_mhz is not None)
        sentence += f", SM clock {_range(clocks)}" if clocks else "; the GPU's clocks were not watched"
    return Flag(FlagKind.STEADY, f"{sentence}.")


def _known(times: Summary) -> str:
    return f"to ±{_percent(times.half_width)}" if times.half_width >= 0.0005 else "better than ±0.1 %"


def _samples(times: Summary) -> str:
    return "sample" if times.count == 1 else "samples"


def _range(clocks: list[int]) -> str:
    """Return sorted clocks in short."""
    return f"{clocks[0]} MHz" if clocks[0] == clocks[-1] else f"{clocks[0]} to {clocks[-1]} MHz"


def _percent(share: float) -> str:
    """Return a share with one decimal below 10 %."""
    return f"{100 * share:.1f} %" if share < 0.0995 else f"{100 * share:.0f} %"
