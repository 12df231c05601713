"""Describes a statement's GPU work in words: one line for a table, or all details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gpuplayground.model.gpu_timing import CopyTotals, GpuTiming, RegionTiming, Wait
from gpuplayground.model.results import StatementTiming
from gpuplayground.tracing.demangle import short_name
from gpuplayground.units import data_size, duration, significant

#: Minimum share of the time for a part to be mentioned.
_MIN_SHARE = 0.05
_MAX_WAITS = 2
#: Minimum size of a copy for its rate to be shown: smaller ones measure the latency, not the bus.
_MIN_RATE_BYTES = 1 << 16


def busy_text(timing: StatementTiming) -> str:
    """Return the GPU busy time, or an empty string for a statement without GPU operations."""
    return duration(timing.gpu.busy_ns) if timing.gpu is not None and _has_operations(timing.gpu) else ""


def gpu_remark(timing: StatementTiming) -> str:
    """Return a statement's GPU operations and the main parts of its other time, on one line."""
    gpu = timing.gpu
    if gpu is None:
        return ""
    parts = [kernels_text(gpu)] if gpu.kernels else []
    parts += [copy_text(copy) for copy in gpu.copies]
    parts += _waits(gpu)
    return "; ".join(parts)


def gpu_details(timing: StatementTiming) -> str:
    """Return all details of a statement's GPU time, on several lines."""
    gpu = timing.gpu
    if gpu is None:
        return ""
    lines = [f"GPU busy {duration(gpu.busy_ns)}"] if _has_operations(gpu) else []
    lines += [f"{copy_text(copy)} in {duration(copy.busy_ns)}" for copy in gpu.copies]
    lines += [
        f"{kernel.count:,} × {kernel.name[:120]}: {duration(kernel.total_ns)}, longest {duration(kernel.longest_ns)}"
        for kernel in gpu.top_kernels
    ]
    whole = sum(ns for _, ns in gpu.waits)
    lines += [f"{wait.value}: {duration(ns)} ({ns / whole:.0%})" for wait, ns in gpu.waits if ns and whole]
    return "\n".join(lines)


def kernels_text(gpu: GpuTiming) -> str:
    """Return ``3 kernels, longest vectorized_add 1.20 ms``."""
    longest = gpu.longest_kernel
    count = "1 kernel" if gpu.kernels == 1 else f"{gpu.kernels:,} kernels"
    if longest is None:
        return count
    name = short_name(longest.name)
    if gpu.kernels == 1:
        return f"1 kernel {name}"
    return f"{count}, longest {name} {duration(longest.longest_ns)}"


def copy_text(copy: CopyTotals) -> str:
    """Return ``67.1 MB host to device at 22.1 GB/s, pageable``."""
    rate = f" at {_rate(copy.gb_per_s)}" if copy.gb_per_s is not None and copy.bytes >= _MIN_RATE_BYTES else ""
    kind = "pageable" if copy.pageable_bytes * 2 > copy.bytes else "pinned"
    memory = f", {kind}" if copy.direction.value in ("host to device", "device to host") else ""
    return f"{data_size(copy.bytes)} {copy.direction.value}{rate}{memory}"


def with_regions(timings: Sequence[StatementTiming]) -> list[StatementTiming]:
    """Return the statements, each followed by one row per NVTX range in it."""
    rows = []
    for timing in timings:
        rows.append(timing)
        regions = timing.gpu.regions if timing.gpu is not None else ()
        rows.extend(_row(timing, region) for region in regions)
    return rows


def _row(timing: StatementTiming, region: RegionTiming) -> StatementTiming:
    gpu = GpuTiming(busy_ns=region.busy_ns, kernels=region.kernels)
    return replace(
        timing,
        source=f"{'  ' * region.depth}▸ {region.name}",
        wall_ns=region.wall_ns,
        synced_ns=None,
        is_import=False,
        prewarmed_ns=0,
        failed=False,
        start_ns=region.start_ns,
        gpu=gpu,
        is_region=True,
    )


def _waits(gpu: GpuTiming) -> list[str]:
    """Return the other parts that took much of the time, largest first."""
    whole = sum(ns for _, ns in gpu.waits)
    # It is obvious that an import imports and that a statement without GPU operations takes CPU time.
    plain = _ON_THE_GPU if _has_operations(gpu) else (Wait.IMPORT, Wait.CPU)
    shown = [(ns, wait) for wait, ns in gpu.waits if wait not in plain and ns > whole * _MIN_SHARE]
    return [f"{wait.value} {duration(ns)}" for ns, wait in sorted(shown, reverse=True)[:_MAX_WAITS]]


#: Parts of the GPU busy time, which has its own column.
_ON_THE_GPU = (Wait.KERNELS, Wait.COPIES)


def _has_operations(gpu: GpuTiming) -> bool:
    return bool(gpu.kernels or gpu.copies or gpu.memsets)


def _rate(gb_per_s: float | None) -> str:
    return "" if gb_per_s is None else f"{significant(gb_per_s)} GB/s"
