"""The GPU usage of a run, from the monitor's samples."""

from __future__ import annotations

from dataclasses import replace

from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.model.results import Run, RunState, StatementTiming
from gpuplayground.model.samples import DriverInfo, GpuInfo, GpuSample, Inventory, ProcessSample
from gpuplayground.receipts.run_usage import MAX_SAMPLES, has_used_gpu, usage_of
from gpuplayground.receipts.sample_log import SampleLog

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
    usage = usage_of(run(10, 20), watched(30))
    assert [receipt.gpu_uuid for receipt in usage.receipts] == ["GPU-1"]
    assert all(benchmark.verdict for benchmark in usage.benchmarks)
    times = [sample.time_ns for sample in usage.samples]
    assert (min(times), max(times)) == (round(9.5 * S), round(20.5 * S))
    assert usage.gpus == GPUS


def test_a_run_that_did_not_use_a_gpu_gets_no_receipt() -> None:
    usage = usage_of(replace(run(10, 20, used_cuda=False), pid=5), watched(30))
    assert usage.receipts == ()
    assert usage.samples


def test_a_run_whose_only_use_of_the_gpu_failed_gets_its_receipt_too() -> None:
    log, failed = watched(30), run(10, 20, used_cuda=False)
    assert has_used_gpu(failed, log)
    assert [receipt.gpu_uuid for receipt in usage_of(failed, log).receipts] == ["GPU-1"]


def test_the_samples_of_a_long_run_are_thinned_alike_for_each_gpu() -> None:
    samples = usage_of(run(0, 1000), watched(1000)).samples
    assert MAX_SAMPLES / 2 < len(samples) <= MAX_SAMPLES
    assert len({sum(sample.gpu_uuid == gpu.uuid for sample in samples) for gpu in GPUS}) == 1
