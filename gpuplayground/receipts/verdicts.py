"""Judges whether a benchmark can be trusted: a flag with reason and figure for each doubt, or “steady”."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gpuplayground.benchmarks.statistics import Summary, summary
from gpuplayground.model.benchmarks import Benchmark, Flag, FlagKind
from gpuplayground.model.gpu_timing import Direction
from gpuplayground.model.samples import GpuInfo, GpuSample, ProcessSample
from gpuplayground.receipts.used_gpus import Window
from gpuplayground.receipts.watched_gpus import WatchedGpu, clocks_text, doubts, percent_text, watched_gpus
from gpuplayground.runtime.bench.medians import HALF_WIDTH, LEAST_SAMPLES, LEAST_TIME_NS

#: A benchmark is noisy if its interquartile range relative to the median exceeds this.
NOISY_SPREAD = 0.05
#: If the GPU is busy for less than this share of the wall time, it waits for launches.
LAUNCH_BOUND_BUSY = 0.5
#: Copies between host and device are reported from this share of the busy time; reading back one number is less.
COPY_SHARE = 0.05

_HOST_COPIES = (Direction.HOST_TO_DEVICE, Direction.DEVICE_TO_HOST)


def judge(
    benchmark: Benchmark,
    samples: Sequence[GpuSample],
    processes: Sequence[ProcessSample],
    own_pids: Collection[int],
    gpu_uuids: Collection[str] = (),
    gpus: Sequence[GpuInfo] = (),
    unlisted: Mapping[str, str] | None = None,
) -> tuple[Flag, ...]:
    """Return all doubts about a benchmark, or only the flag ``STEADY``; empty if nothing was measured.

    Clocks and other processes are judged only for a benchmark that used a GPU while it was monitored, for each GPU
    separately. A traced pass with missing records is not used.

    Args:
        benchmark: the benchmark.
        samples: of all GPUs, by time, from before to after the benchmark.
        processes: of the same time. They are not listed while a benchmark runs, so the last pass before and the first
            one after it count, up to 3 s away.
        own_pids: the snippet's process and those of its child processes that were seen on a GPU.
        gpu_uuids: the GPUs chosen for the run; empty: those that were used, see :mod:`.used_gpus`.
        gpus: the GPUs in order, with their names.
        unlisted: the reasons why processes could not be listed, by the GPU's UUID.
    """
    if not benchmark.samples_ns:
        return ()
    of_times = summary(benchmark.samples_ns)
    watched: list[WatchedGpu] = []
    flags = [*_noise(of_times), *_convergence(benchmark, of_times)]
    # Child processes are not traced.
    left_gpu_alone = _is_traced_idle(benchmark) and len(own_pids) < 2
    if benchmark.uses_gpu and not left_gpu_alone:
        window = Window(benchmark.start_ns, benchmark.end_ns, tuple(own_pids), tuple(gpu_uuids))
        watched = watched_gpus(window, samples, processes, gpus, unlisted or {})
        flags += [*doubts(watched, window), *_launches(benchmark, of_times), *_copies(benchmark)]
    return tuple(flags) or (_steady(of_times, _steady_gpu(benchmark, watched, left_gpu_alone=left_gpu_alone)),)


def _noise(times: Summary) -> list[Flag]:
    if times.spread <= NOISY_SPREAD:
        return []
    sentence = f"Noisy: the interquartile range is {percent_text(times.spread)} of the median."
    return [Flag(FlagKind.NOISY, sentence)]


def _convergence(benchmark: Benchmark, times: Summary) -> list[Flag]:
    """Return why a benchmark ended before its median was precise enough, and how precise it is."""
    if benchmark.converged:
        return []
    kind = FlagKind.INCOMPLETE if benchmark.error else FlagKind.NOT_CONVERGED
    of_samples = f"of {times.count:,} {_samples(times)} {_how_known(times)}"
    end = "It was stopped" if benchmark.was_stopped else "It failed"
    if times.has_interval and times.half_width <= HALF_WIDTH:
        # A narrow interval from a short time is not enough: it does not show drift.
        first = f"{end} early" if benchmark.error else "The time limit was reached"
        wanted = f"at least {LEAST_SAMPLES} samples over {LEAST_TIME_NS / 1e9:g} s are needed"
        return [Flag(kind, f"{first}: the median {of_samples}; {wanted}.")]
    if benchmark.error:
        return [Flag(kind, f"{end} before its median was known to {100 * HALF_WIDTH:g} %: that {of_samples}.")]
    return [Flag(kind, f"The time limit was reached: the median {of_samples}.")]


def _how_known(times: Summary) -> str:
    if times.lacks_samples:
        return "may lie anywhere between the minimum and the maximum"
    return (
        f"is known {_known(times)}"
        if times.has_interval
        else "has no confidence interval, because the samples may be correlated"
    )


def _is_traced_idle(benchmark: Benchmark) -> bool:
    """Return whether a complete traced pass shows no GPU work at all."""
    gpu = benchmark.gpu
    return gpu is not None and not benchmark.gpu_note and not (gpu.kernels or gpu.memsets or gpu.copies)


def _launches(benchmark: Benchmark, times: Summary) -> list[Flag]:
    busy_ns = benchmark.gpu_busy_ns
    if busy_ns is None or benchmark.gpu_note or _is_traced_idle(benchmark):
        return []
    if busy_ns >= LAUNCH_BOUND_BUSY * times.median:
        return []
    share = percent_text(busy_ns / times.median)
    return [Flag(FlagKind.LAUNCH_BOUND, f"Launch-bound: the GPU was busy for {share} of the time.")]


def _copies(benchmark: Benchmark) -> list[Flag]:
    if benchmark.gpu is None or benchmark.gpu_note or not benchmark.gpu.busy_ns:
        return []
    copied_ns = sum(copy.busy_ns for copy in benchmark.gpu.copies if copy.direction in _HOST_COPIES)
    # Copies of both directions may overlap.
    share = min(copied_ns, benchmark.gpu.copy_busy_ns or copied_ns) / benchmark.gpu.busy_ns
    if share < COPY_SHARE:
        return []
    sentence = f"Copies between host and device are {percent_text(share)} of the GPU's time."
    return [Flag(FlagKind.COPIES, sentence)]


def _steady(times: Summary, of_gpu: str) -> Flag:
    sentence = f"Steady: {times.count:,} {_samples(times)}, the median known {_known(times)}{of_gpu}."
    return Flag(FlagKind.STEADY, sentence)


def _steady_gpu(benchmark: Benchmark, watched: list[WatchedGpu], *, left_gpu_alone: bool) -> str:
    """Return the GPU part of the sentence."""
    if not benchmark.uses_gpu:
        return ""
    if left_gpu_alone:
        return "; its traced pass did not use the GPU"
    clocks = clocks_text(watched)
    of_clocks = f", SM clock {clocks}" if clocks else "; the GPU's clocks were not monitored"
    return of_clocks + ("; other processes were not visible" if any(gpu.is_unlisted for gpu in watched) else "")


def _known(times: Summary) -> str:
    return f"to ±{percent_text(times.half_width)}" if times.half_width >= 0.0005 else "to better than ±0.1 %"


def _samples(times: Summary) -> str:
    return "sample" if times.count == 1 else "samples"
