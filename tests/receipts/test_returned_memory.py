"""Whether a run has freed its memory: alone, and with other runs before, during and after it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gpuplayground.model.samples import GpuSample, RunSpan
from gpuplayground.receipts.returned_memory import ReturnedMemory, returned_memory
from gpuplayground.receipts.used_gpus import Window

S = 1_000_000_000
MIB = 1 << 20


def run(start_s: float, end_s: float | None) -> RunSpan:
    return RunSpan("other", "", round(start_s * S), None if end_s is None else round(end_s * S))


def found(amounts: Sequence[tuple[float, int]], *others: RunSpan) -> ReturnedMemory:
    """A run from second 10 to 12 with MiB in use, each from a second on, sampled at 10 Hz."""
    samples = []
    for tick in range(70, 151):
        used = [amount for since_s, amount in amounts if since_s * 10 <= tick][-1]
        samples.append(GpuSample(tick * S // 10, "GPU-1", memory_used_bytes=used * MIB))
    return returned_memory(Window(10 * S, 12 * S), samples, others)


LEFT = [(0, 500), (10, 3000), (12, 1500)]
LESS = [(0, 2500), (10, 3000), (12, 500)]


def test_what_the_next_run_takes_was_not_left() -> None:
    memory = found([(0, 500), (10, 3000), (12.2, 500), (12.5, 4500)], run(12.5, None))
    assert (memory.after_bytes, memory.came_back) == (500 * MIB, True)
    assert memory.sentence == "all of it was freed: 500 MiB before, 500 MiB after"


def test_a_next_run_that_begins_at_once_leaves_nothing_to_be_seen() -> None:
    memory = found(LEFT, run(12.05, None))
    assert (memory.after_bytes, memory.came_back) == (None, None)
    assert memory.sentence == "unknown whether it was freed: the next run began too soon"


@pytest.mark.parametrize("other", [run(12.5, None), run(12.5, 13), run(11, 20), run(5, None), run(5, 11)])
def test_more_than_before_is_not_blamed_on_a_run_beside_another(other: RunSpan) -> None:
    memory = found(LEFT, other)
    assert memory.came_back is None
    assert (
        memory.sentence == "unknown whether it was freed, because another run overlapped: 500 MiB before, 1.5 GiB after"
    )


@pytest.mark.parametrize("other", [run(5, 9), run(15.5, None)], ids=["over before", "begins later"])
def test_a_run_that_can_have_taken_nothing_is_no_excuse(other: RunSpan) -> None:
    assert found(LEFT, other).sentence == "1000 MiB not freed: 500 MiB before, 1.5 GiB after"


def test_less_than_before_says_nothing_where_another_run_has_just_given_back_its_own() -> None:
    assert found(LESS).came_back is True
    assert found(LESS, run(5, 9)).came_back is None
    assert found(LESS, run(5, 6)).came_back is True


def test_as_much_as_before_came_back_whoever_else_was_at_work() -> None:
    assert found([(0, 500), (10, 3000), (12, 510)], run(5, None), run(9, 11)).came_back is True
