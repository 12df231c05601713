"""Records for the GPU's part of a statement, taken from a trace by :mod:`gpuplayground.tracing.attribution`.

Durations are nanoseconds of GPU or wall time, sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Wait(StrEnum):
    """What a statement's time until idle is spent on; the parts add up to the whole."""

    IMPORT = "import"
    CONTEXT = "context creation"
    COMPILATION = "compilation"  # compiling a kernel, or loading it on first use
    COPIES = "copies"  # copies without a kernel at the same time
    KERNELS = "kernels"  # a kernel runs on the GPU
    LAUNCHES = "launch overhead"  # the GPU is idle between two operations of the statement
    CPU = "CPU"  # everything else: Python, allocation, waiting


class Direction(StrEnum):
    """Direction of a copy."""

    HOST_TO_DEVICE = "host to device"
    DEVICE_TO_HOST = "device to host"
    DEVICE_TO_DEVICE = "device to device"
    PEER_TO_PEER = "peer to peer"
    HOST_TO_HOST = "host to host"


@dataclass(frozen=True, slots=True)
class CopyTotals:
    """The copies in one direction. ``busy_ns`` is the union of their intervals.

    ``pageable_bytes`` is the part of ``bytes`` in pageable host memory, which the driver must stage; pinned memory is
    copied at the speed of the bus.
    """

    direction: Direction
    count: int
    bytes: int
    busy_ns: int
    pageable_bytes: int = 0

    @property
    def gb_per_s(self) -> float | None:
        """Rate in 10^9 bytes per second, or None if no time passed."""
        return self.bytes / self.busy_ns if self.busy_ns else None


@dataclass(frozen=True, slots=True)
class KernelTotals:
    """The launches of one kernel, by its demangled name. ``total_ns`` is the sum of their durations."""

    name: str
    count: int
    total_ns: int
    longest_ns: int


@dataclass(frozen=True, slots=True)
class RegionTiming:
    """An NVTX range inside a statement; ``depth`` 0 is outermost, ``start_ns`` is ``clock.now_ns()``.

    ``wall_ns`` is the time from push to pop, ``busy_ns`` the union of the GPU operations that started in it.
    """

    name: str
    depth: int
    start_ns: int
    wall_ns: int
    busy_ns: int
    kernels: int


@dataclass(frozen=True, slots=True)
class GpuTiming:
    """The GPU's part of a statement, or of the traced repeats of a benchmark.

    ``busy_ns`` is the union of the intervals of all operations, so that overlaps count once; ``kernel_busy_ns`` and
    ``copy_busy_ns`` are the unions of kernels and of copies alone. ``top_kernels`` is sorted by total time, largest
    first. ``waits`` is empty for benchmarks.
    """

    busy_ns: int = 0
    kernels: int = 0
    memsets: int = 0
    kernel_busy_ns: int = 0
    copy_busy_ns: int = 0
    top_kernels: tuple[KernelTotals, ...] = ()
    copies: tuple[CopyTotals, ...] = ()
    waits: tuple[tuple[Wait, int], ...] = ()
    regions: tuple[RegionTiming, ...] = ()

    @property
    def longest_kernel(self) -> KernelTotals | None:
        """The kernel with the longest single launch."""
        return max(self.top_kernels, key=lambda kernel: kernel.longest_ns, default=None)
