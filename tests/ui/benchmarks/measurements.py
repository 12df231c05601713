"""Benchmarks as they come out, for the tests of the panels that show them."""

from __future__ import annotations

import random
from dataclasses import replace

from gpuplayground.model.benchmarks import Benchmark, Flag, FlagKind
from gpuplayground.model.gpu_timing import GpuTiming, KernelTotals

GPU = GpuTiming(
    busy_ns=6900 * 20,
    kernels=20,
    kernel_busy_ns=6900 * 20,
    top_kernels=(KernelTotals("vectorized_elementwise_kernel<4, add>", 20, 6900 * 20, 7010),),
)
STEADY = (Flag(FlagKind.STEADY, "900 samples within 1 %."),)


def samples(around: float = 7420.0, spread: float = 0.01, count: int = 300, seed: int = 4) -> tuple[float, ...]:
    """Times with a tail and an outlier now and then."""
    dice = random.Random(seed)
    return tuple(around * (1 + abs(dice.gauss(0, spread)) + (dice.random() < 0.02) * 0.4) for _ in range(count))


def measurement(**more: object) -> Benchmark:
    """A benchmark of a launch, steady unless told otherwise."""
    whole = Benchmark(
        "fused add", 12, 14, "c = a + b", samples(), 128, 3400, 810_000_000, 0.0041, True,
        gpu=GPU, gpu_repeats=20, uses_gpu=True, verdict=STEADY,
    )  # fmt: skip
    return replace(whole, **more)  # type: ignore[arg-type]
