"""Runs to keep: plain ones, benchmarks, sweeps and traced ones, made up but whole."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan, Flag, FlagKind, SweepPlan
from gpuplayground.model.results import Run, RunError, RunRequest, RunState, StatementTiming
from gpuplayground.model.samples import DriverInfo, GpuInfo
from gpuplayground.model.trace import OPERATIONS, Region, Span, SpanKind, Trace
from gpuplayground.past_runs.store import KeptRun
from gpuplayground.receipts.energy import Energy, EnergyMethod
from gpuplayground.receipts.receipt import Receipt

DRIVER = DriverInfo("580.95", "13.0", "13.580.95")
GPUS = (GpuInfo(0, "GPU-aaaa", "NVIDIA H200"), GpuInfo(1, "GPU-bbbb", "NVIDIA L40S", 48 * 2**30, (8, 9)))
#: 2026-03-14 15:09:26 UTC.
START_NS = 1_773_500_966_000_000_000
SECOND = 1_000_000_000
NOISY = Flag(FlagKind.NOISY, "The IQR is 8 % of the median.")
STEADY = Flag(FlagKind.STEADY, "Nothing was found.")


def plain(
    number: int = 1,
    name: str = "saxpy.py",
    *,
    source: str = "import cupy\nx = cupy.ones(3)\n",
    state: RunState = RunState.FINISHED,
    summary: str = "exit 0 · 3.41 s",
    frameworks: dict[str, str] | None = None,
    trace: Trace | None = None,
    device: str | None = None,
) -> KeptRun:
    """A plain run; the larger its number, the later it was."""
    start_ns = START_NS + number * SECOND
    timings = (
        StatementTiming(0, 1, 1, "import cupy", 700_000_000, None, True, start_ns=start_ns),
        StatementTiming(1, 2, 2, "x = cupy.ones(3)", 12_000, 40_000, start_ns=start_ns + 700_000_000),
    )
    run = Run(
        f"run-{number}", name, state, start_ns, start_ns + 3_410_000_000, 0 if state is RunState.FINISHED else 1,
        error=RunError("ValueError: no", 2, "ValueError") if state is RunState.FAILED else None,
        timings=timings, summary=summary, pid=4711, trace=trace,
        environment={"python": "3.13.1", "executable": "/usr/bin/python", **(frameworks or {"cupy": "13.6.0"})},
    )  # fmt: skip
    request = RunRequest(
        f"run-{number}", source, name, f"/home/ada/{name}", ("-v",), "/usr/bin/python", "/home/ada", device
    )
    return KeptRun(request, run, driver=DRIVER, gpus=GPUS)


def benchmark(number: int = 1, label: str = "fused", *, median_ns: float = 1_240_000.0, **changes: object) -> KeptRun:
    """A benchmark of 101 samples about a median."""
    spread = random.Random(number)
    samples = (*(median_ns * (1 + spread.gauss(0, 0.01)) for _ in range(100)), median_ns)
    return _measured(number, BenchmarkPlan(4, 6, label), (Benchmark(label, 4, 6, "y = f(x)", samples, 10),), changes)


def sweep(number: int = 1, values: tuple[int, ...] = (1024, 2048, 4096)) -> KeptRun:
    """A sweep over ``n``, with a time that grows with it."""
    plan = BenchmarkPlan(4, 6, "add", sweep=SweepPlan("n", values))
    measured = tuple(
        Benchmark("add", 4, 6, "y = x + x", (float(n), n + 1.0, n + 2.0), parameter=("n", n), bytes_moved=12 * n)
        for n in values
    )
    return _measured(number, plan, measured, {})


def receipt(gpu: GpuInfo = GPUS[0], joules: float | None = 41.5) -> Receipt:
    """What a run of three seconds cost on a GPU."""
    energy = Energy(joules, EnergyMethod.COUNTER, 2.5, 40.75, "41.5 J by the counter.")
    return Receipt(
        gpu.uuid, gpu.name, START_NS, START_NS + 3 * SECOND, 30, energy, 3 * 2**30, "", 4 * 2**30, 2**20, 2**20, True,
        event_reasons=(("power cap", 0.25),), allocator_peaks={"PyTorch": 2**31},
    )  # fmt: skip


def _measured(
    number: int, plan: BenchmarkPlan, benchmarks: tuple[Benchmark, ...], changes: dict[str, object]
) -> KeptRun:
    kept = plain(number, "bias_gelu.py", frameworks={"torch": "2.9.0"})
    run = replace(kept.run, benchmarks=benchmarks, **changes)  # type: ignore[arg-type]
    return replace(kept, run=run, request=replace(kept.request, benchmark=plan))


def trace(operations: int) -> Trace:
    """A trace of that many kernels of two names."""
    rows = np.zeros(operations, OPERATIONS)
    rows["start_ns"] = START_NS + np.arange(operations) * 1000
    rows["end_ns"] = rows["start_ns"] + 700
    rows["name"] = np.arange(operations) % 2
    return Trace(
        rows,
        ("void add<float>(float*)", "gemm “ü”"),
        (Region("forward", START_NS, START_NS + 5, 7, "torch"),),
        (Span(SpanKind.CONTEXT, START_NS, START_NS + 9, "cuCtxCreate"),),
        3,
    )
