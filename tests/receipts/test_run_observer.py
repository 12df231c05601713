"""Runs beside the samples of the monitor: what is sampled meanwhile, receipts, verdicts and curves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gpuplayground.model.benchmarks import Benchmark, Phase
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed, RunFinished, StateChanged
from gpuplayground.model.results import Run, RunRequest, RunState, StatementTiming
from gpuplayground.model.samples import DriverInfo, GpuInfo, GpuSample, Inventory, ProcessSample
from gpuplayground.receipts.run_observer import MAX_SAMPLES, PROCESS_PERIOD_S, RunObserver, has_used_gpu, observe
from gpuplayground.receipts.sample_log import SampleLog
from gpuplayground.runtime.trace.gpu_modules import may_use_gpu

S = 1_000_000_000
GPUS = tuple(GpuInfo(index, f"GPU-{index}", "NVIDIA H200") for index in range(2))


def watched(seconds: int) -> SampleLog:
    """A log of two GPUs with a process on the second one from second 10 to second 20."""
    log = SampleLog()
    log.add(Inventory(0, DriverInfo("580.1"), GPUS))
    for tick in range(seconds * 10):
        time_ns = tick * S // 10
        used = 2**30 if 10 * S <= time_ns < 20 * S else 2**20
        log.add(tuple(GpuSample(time_ns, gpu.uuid, 50.0, memory_used_bytes=used * gpu.index) for gpu in GPUS))
        if tick % 5 == 0 and 10 * S <= time_ns < 20 * S:
            log.add((ProcessSample(time_ns, "GPU-1", 4711, memory_used_bytes=2**30),))
    return log


def run(start_s: int, end_s: int, *, used_cuda: bool = True) -> Run:
    timings = (StatementTiming(0, 1, 1, "x", S, 2 * S if used_cuda else None, start_ns=start_s * S),)
    benchmark = Benchmark("x", 1, 1, "x", (100.0,) * 50, start_ns=start_s * S, end_ns=end_s * S, uses_gpu=used_cuda)
    return Run(
        "r", "n", RunState.FINISHED, start_s * S, end_s * S, 0, pid=4711, timings=timings, benchmarks=(benchmark,)
    )


def test_a_run_gets_its_receipt_its_verdicts_and_the_samples_of_its_time() -> None:
    observed = observe(run(10, 20), watched(30))
    assert [receipt.gpu_uuid for receipt in observed.receipts] == ["GPU-1"]
    assert all(benchmark.verdict for benchmark in observed.benchmarks)
    times = [sample.time_ns for sample in observed.samples]
    assert (min(times), max(times)) == (round(9.5 * S), round(20.5 * S))
    assert observed.gpus == GPUS


def test_a_run_that_did_not_use_a_gpu_gets_no_receipt() -> None:
    observed = observe(replace(run(10, 20, used_cuda=False), pid=5), watched(30))
    assert observed.receipts == ()
    assert observed.samples


def test_a_run_whose_only_use_of_the_gpu_failed_gets_its_receipt_too() -> None:
    log, failed = watched(30), run(10, 20, used_cuda=False)
    assert has_used_gpu(failed, log)
    assert [receipt.gpu_uuid for receipt in observe(failed, log).receipts] == ["GPU-1"]


def test_the_samples_of_a_long_run_are_thinned_alike_for_each_gpu() -> None:
    samples = observe(run(0, 1000), watched(1000)).samples
    assert MAX_SAMPLES / 2 < len(samples) <= MAX_SAMPLES
    assert len({sum(sample.gpu_uuid == gpu.uuid for sample in samples) for gpu in GPUS}) == 1


class Sampling:
    """Stands in for a feed and notes how it is adjusted."""

    def __init__(self) -> None:
        self.is_paused = False
        self.period: float | None = None

    def pause_slow_tier(self) -> None:
        """Stop listing processes."""
        self.is_paused = True

    def resume_slow_tier(self) -> None:
        """List processes again."""
        self.is_paused = False

    def set_process_period(self, seconds: float | None) -> None:
        """Note the period."""
        self.period = seconds


def progress(run_id: str, phase: Phase) -> BenchmarkProgressed:
    return BenchmarkProgressed(run_id, phase)


def test_processes_are_listed_often_during_a_run_and_not_while_a_benchmark_is_timed() -> None:
    sampling = Sampling()
    observer = RunObserver(sampling)
    observer.begin(RunRequest("r", ""))
    assert (sampling.period, sampling.is_paused) == (PROCESS_PERIOD_S, False)
    paused = []
    for phase in (Phase.SET_UP, Phase.WARMING_UP, Phase.SAMPLING, Phase.TRACING, Phase.SAMPLING):
        observer.follow(progress("r", phase))
        paused.append(sampling.is_paused)
    assert paused == [False, True, True, False, True]
    observer.follow(BenchmarkMeasured("r", Benchmark("x", 1, 1, "x")))
    assert not sampling.is_paused
    observer.follow(progress("r", Phase.SAMPLING))
    observer.follow(RunFinished("r", run(10, 20)))
    assert (sampling.period, sampling.is_paused) == (None, False)


def test_a_run_is_settled_by_a_sample_well_after_its_end_and_is_evaluated_once() -> None:
    observer = RunObserver(Sampling(), watched(20))
    observer.begin(RunRequest("r", "", cuda_visible_devices="GPU-1"))
    observer.follow(StateChanged("r", RunState.RUNNING, 10 * S))
    assert observer.is_busy
    finished = run(10, 20)
    request = observer.follow(RunFinished("r", finished))
    assert request is not None
    assert observer.pending == ("r",)
    observer.add((GpuSample(21 * S, "GPU-1"),))
    assert not observer.is_settled(finished)
    observer.add((GpuSample(22 * S, "GPU-1"),))
    assert observer.is_settled(finished)
    assert [receipt.gpu_uuid for receipt in observer.evaluation("r")().receipts] == ["GPU-1"]
    assert observer.set_evaluated("r")
    assert not observer.set_evaluated("r")
    assert not observer.is_busy


@pytest.mark.parametrize(
    ("source", "is_likely"),
    [
        ("import torch", True),
        ("from torchvision import models", True),
        ("import cupy as cp", True),
        ("from nvidia import nvmath", True),
        ("ctypes.CDLL('libcudart.so')", True),
        ("cursor = current.custom()", False),
        ("print('no GPU here')", False),
    ],
)
def test_a_snippet_may_use_a_gpu_if_it_names_a_framework_or_a_library_of_cuda(source: str, is_likely: bool) -> None:
    assert may_use_gpu(source) is is_likely
