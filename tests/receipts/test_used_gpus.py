"""Which GPUs were used: with passes inside, outside and without the window's processes."""

from __future__ import annotations

import pytest

from gpuplayground.model.samples import GpuInfo, GpuSample, ProcessSample
from gpuplayground.receipts.used_gpus import RISE_BYTES, Window, used_gpus

S = 1_000_000_000
START = 1_000 * S
END = START + 5 * S
PID = 77
WINDOW = Window(START, END, (PID,))


def samples(risen: str = "", bytes_more: int = RISE_BYTES) -> list[GpuSample]:
    """10 Hz on two GPUs, GPU-1 busy all the time; the memory of ``risen`` rises with the window."""
    return [
        GpuSample(
            START + tick * S // 10,
            uuid,
            gpu_util_percent=100.0 if uuid == "GPU-1" else 0.0,
            memory_used_bytes=bytes_more if uuid == risen and tick >= 0 else 0,
        )
        for tick in range(-30, 81)
        for uuid in ("GPU-0", "GPU-1")
    ]


def seen(seconds: float, uuid: str, pid: int = PID) -> ProcessSample:
    return ProcessSample(START + round(seconds * S), uuid, pid)


@pytest.mark.parametrize("seconds", [-3, -1, 2, 5.1, 8])
def test_a_process_that_was_seen_around_the_window_tells_which_gpu_was_used(seconds: float) -> None:
    assert used_gpus(WINDOW, samples(), [seen(seconds, "GPU-1"), seen(1, "GPU-0", pid=5)]) == ("GPU-1",)


def test_a_look_near_the_window_counts_for_more_than_one_long_before() -> None:
    assert used_gpus(WINDOW, samples(), [seen(-60, "GPU-0"), seen(-1, "GPU-1")]) == ("GPU-1",)


def test_a_process_that_was_only_seen_long_before_still_tells_more_than_what_rose() -> None:
    assert used_gpus(WINDOW, samples(risen="GPU-0"), [seen(-60, "GPU-1")]) == ("GPU-1",)


def test_without_a_process_what_rose_was_used_and_else_the_first() -> None:
    assert used_gpus(WINDOW, samples(risen="GPU-1"), []) == ("GPU-1",)
    assert used_gpus(WINDOW, samples(), [seen(1, "GPU-1", pid=5)]) == ("GPU-0",)
    infos = [GpuInfo(0, "GPU-1", "H100"), GpuInfo(1, "GPU-0", "H100")]
    assert used_gpus(WINDOW, samples(), [], infos) == ("GPU-1",)


def test_gpus_that_were_chosen_are_used_whatever_was_seen() -> None:
    chosen = Window(START, END, (PID,), ("GPU-0",))
    assert used_gpus(chosen, samples(), [seen(1, "GPU-1")]) == ("GPU-0",)
