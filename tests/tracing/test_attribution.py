"""Which statement launched what, and what its GPU time is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpuplayground.model.gpu_timing import Direction, GpuTiming, Wait
from gpuplayground.model.results import StatementTiming
from gpuplayground.model.trace import OpKind, Trace
from gpuplayground.runtime.trace import file_format
from gpuplayground.tracing.attribution import attribute
from gpuplayground.tracing.reader import read_trace
from tests.support.recorded import Case, every_case
from tests.support.trace_files import MS, TIED, US, firsts, many_rows, names, region, row, rows, span, timing, written

CASES = every_case()
on_every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

#: No deadline: the machine that runs the tests may be busy.
unhurried = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def attributed(
    tmp_path: Path, chunks: Iterable[bytes], timings: Sequence[StatementTiming]
) -> tuple[Trace, tuple[StatementTiming, ...]]:
    result = read_trace(written(tmp_path / "run.trace", [TIED, *chunks]))
    return attribute(result.trace, result.first_correlations, timings)


def gpu(tmp_path: Path, *chunks: bytes, wall: int = 1 * MS, is_import: bool = False) -> GpuTiming:
    """The GPU time of a single statement."""
    _, timed = attributed(tmp_path, chunks, [timing(0, 0, wall, is_import=is_import)])
    assert timed[0].gpu is not None
    return timed[0].gpu


def statements(trace: Trace) -> list[int]:
    return [int(number) for number in trace.operations["statement"]]


def covered(intervals: Iterable[tuple[int, int]]) -> int:
    """The length of a union, one interval after the other."""
    total = reach = 0
    for start, end in sorted(intervals):
        total += max(0, end - max(start, reach))
        reach = max(reach, end)
    return total


def of_statement(trace: Trace, index: int) -> list[dict[str, int]]:
    chosen = trace.operations[trace.operations["statement"] == index]
    return [dict(zip(chosen.dtype.names or (), each.item(), strict=True)) for each in chosen]


# Which statement


def test_an_operation_belongs_to_the_statement_whose_numbers_it_has(tmp_path: Path) -> None:
    """Statement 0 launched asynchronously from a thread: its kernels run while statement 1 does."""
    trace, _ = attributed(
        tmp_path,
        [firsts((0, 10), (1, 20)), rows(row(150, 160, correlation=19), row(170, 180, correlation=20))],
        [timing(0, 0, 90), timing(1, 100, 100)],
    )
    assert statements(trace) == [0, 1]


def test_an_operation_without_a_number_belongs_to_the_statement_of_its_time(tmp_path: Path) -> None:
    trace, _ = attributed(
        tmp_path,
        [firsts((0, 10), (1, 20)), rows(row(50, 60, correlation=0), row(150, 160, correlation=0))],
        [timing(0, 0, 90), timing(1, 100, 100)],
    )
    assert statements(trace) == [0, 1]


def test_statements_without_a_number_are_told_apart_by_time(tmp_path: Path) -> None:
    launched = [row(at, at + 1, correlation=number) for at, number in ((10, 10), (120, 20), (230, 30), (240, 60))]
    trace, _ = attributed(
        tmp_path,
        [firsts((3, 50)), rows(*launched)],
        [timing(0, 0, 90), timing(1, 100, 90), timing(2, 200, 90), timing(3, 300, 90)],
    )
    assert statements(trace) == [0, 1, 2, 3]


def test_without_any_number_time_alone_decides(tmp_path: Path) -> None:
    trace, _ = attributed(
        tmp_path, [rows(row(-5, 1), row(0, 1), row(99, 200), row(100, 101))], [timing(0, 0, 90), timing(1, 100, 90)]
    )
    assert statements(trace) == [-1, 0, 0, 1]


def test_what_ran_before_the_first_statement_belongs_to_none(tmp_path: Path) -> None:
    trace, timed = attributed(tmp_path, [firsts((0, 5)), rows(row(10, 20, correlation=4))], [timing(0, 0, 90)])
    assert statements(trace) == [-1]
    assert timed[0].gpu is not None
    assert timed[0].gpu.kernels == 0


def test_indexes_need_not_begin_at_zero_nor_follow_each_other(tmp_path: Path) -> None:
    trace, _ = attributed(
        tmp_path,
        [firsts((5, 1), (9, 2)), rows(row(1, 2, correlation=1), row(3, 4, correlation=2))],
        [timing(5, 0, 90), timing(9, 100, 90)],
    )
    assert statements(trace) == [5, 9]


def test_numbers_that_go_backwards_are_not_believed(tmp_path: Path) -> None:
    trace, _ = attributed(
        tmp_path,
        [firsts((0, 10), (1, 3), (2, 20)), rows(row(10, 20, correlation=11), row(110, 120, correlation=12))],
        [timing(0, 0, 90), timing(1, 100, 90), timing(2, 200, 90)],
    )
    assert statements(trace) == [0, 1]


def test_a_statement_that_launched_nothing_leaves_the_number_to_the_next(tmp_path: Path) -> None:
    trace, _ = attributed(
        tmp_path,
        [firsts((0, 7), (1, 7)), rows(row(110, 120, correlation=7))],
        [timing(0, 0, 90), timing(1, 100, 90)],
    )
    assert statements(trace) == [1]


def test_statements_that_nothing_was_waited_for_between_are_told_apart_by_time(tmp_path: Path) -> None:
    launched = [row(at, at + 10, correlation=number) for at, number in ((10, 5), (110, 6), (210, 7))]
    trace, _ = attributed(
        tmp_path,
        [firsts((0, 1), (1, 1), (2, 1)), rows(*launched)],
        [timing(0, 0, 90), timing(1, 100, 90), timing(2, 200, 90)],
    )
    assert statements(trace) == [0, 1, 2]


def test_a_run_without_statements_or_operations_is_attributed_too(tmp_path: Path) -> None:
    trace, timed = attributed(tmp_path, [rows(row(1, 2))], [])
    assert (statements(trace), timed) == ([-1], ())
    _, timed = attributed(tmp_path, [], [timing(0, 0, 90)])
    assert timed[0].gpu == GpuTiming(waits=((Wait.CPU, 90),))


# Totals


def test_the_busy_time_counts_overlap_once_on_any_stream_and_device(tmp_path: Path) -> None:
    timed = gpu(
        tmp_path,
        rows(row(0, 100), row(50, 150, stream=8), row(120, 140, device=1), row(200, 210, OpKind.MEMSET),
             row(140, 190, OpKind.COPY, copy_kind=1)),
    )  # fmt: skip
    assert (timed.busy_ns, timed.kernel_busy_ns, timed.copy_busy_ns) == (200, 150, 50)
    assert (timed.kernels, timed.memsets) == (3, 1)


def test_the_top_kernels_are_those_with_the_largest_total(tmp_path: Path) -> None:
    launches = [row(at, at + 10 * (number + 1), name=number) for number in range(7) for at in (1000 * number, 9000)]
    top = gpu(tmp_path, names(*"abcdefg"), rows(*launches)).top_kernels
    assert [kernel.name for kernel in top] == ["g", "f", "e", "d", "c"]
    assert (top[0].count, top[0].total_ns, top[0].longest_ns) == (2, 140, 70)


def test_the_kernel_with_the_longest_launch_is_always_named(tmp_path: Path) -> None:
    many = [row(100 * at, 100 * at + 50, name=at % 6) for at in range(60)]
    timed = gpu(tmp_path, names(*"abcdefg"), rows(*many, row(10_000, 10_120, name=6)))
    assert [kernel.name for kernel in timed.top_kernels] == ["a", "b", "c", "d", "g"]
    assert timed.longest_kernel is not None
    assert timed.longest_kernel.name == "g"


def test_kernels_of_the_same_name_are_one_and_graphs_have_a_name(tmp_path: Path) -> None:
    timed = gpu(tmp_path, rows(row(0, 5, OpKind.GRAPH), row(5, 9, name=3), row(9, 12, name=4)))
    assert [(kernel.name, kernel.count, kernel.total_ns) for kernel in timed.top_kernels] == [
        ("unknown kernel", 2, 7),
        ("CUDA graph", 1, 5),
    ]
    assert timed.kernels == 3


@pytest.mark.parametrize(
    ("copy_kind", "memory", "direction"),
    [
        (1, (1, 3), Direction.HOST_TO_DEVICE),
        (2, (3, 2), Direction.DEVICE_TO_HOST),
        (3, (2, 4), Direction.HOST_TO_DEVICE),
        (4, (4, 1), Direction.DEVICE_TO_HOST),
        (5, (4, 4), Direction.DEVICE_TO_DEVICE),
        (8, (3, 3), Direction.DEVICE_TO_DEVICE),
        (9, (1, 2), Direction.HOST_TO_HOST),
        (10, (3, 3), Direction.PEER_TO_PEER),
        (0, (1, 3), Direction.HOST_TO_DEVICE),
        (0, (3, 2), Direction.DEVICE_TO_HOST),
        (0, (2, 1), Direction.HOST_TO_HOST),
        (0, (0, 0), Direction.DEVICE_TO_DEVICE),
        (200, (3, 3), Direction.DEVICE_TO_DEVICE),
    ],
)
def test_a_copy_goes_the_way_cupti_says(
    tmp_path: Path, copy_kind: int, memory: tuple[int, int], direction: Direction
) -> None:
    (copies,) = gpu(tmp_path, rows(row(0, 10, OpKind.COPY, size=40, copy_kind=copy_kind, memory=memory))).copies
    assert (copies.direction, copies.count, copies.bytes, copies.busy_ns) == (direction, 1, 40, 10)
    assert copies.pageable_bytes == (40 if 1 in memory else 0)


def test_copies_are_summed_for_each_direction(tmp_path: Path) -> None:
    copy = OpKind.COPY
    to_device, to_host = gpu(
        tmp_path,
        rows(
            row(0, 10, copy, size=100, copy_kind=1, memory=(1, 3)),
            row(5, 20, copy, size=300, copy_kind=1, memory=(2, 3), stream=8),
            row(30, 40, copy, size=1000, copy_kind=2, memory=(3, 2)),
        ),
    ).copies
    assert (to_device.count, to_device.bytes, to_device.busy_ns, to_device.pageable_bytes) == (2, 400, 20, 100)
    assert to_device.gb_per_s == 20
    assert (to_host.count, to_host.bytes, to_host.pageable_bytes) == (1, 1000, 0)


def test_waits_add_up_and_the_first_of_what_happens_at_once_counts(tmp_path: Path) -> None:
    timed = gpu(
        tmp_path,
        span("context", 100 * US, 200 * US),
        span("compile", 150 * US, 300 * US),
        span("load", 290 * US, 320 * US),
        rows(
            row(310 * US, 400 * US),
            row(350 * US, 450 * US, OpKind.COPY, copy_kind=1),
            row(460 * US, 470 * US, OpKind.MEMSET),
            row(500 * US, 510 * US),
        ),
    )
    assert timed.waits == (
        (Wait.CONTEXT, 100 * US),
        (Wait.COMPILATION, 120 * US),
        (Wait.COPIES, 50 * US),
        (Wait.KERNELS, 100 * US),
        (Wait.LAUNCHES, 40 * US),
        (Wait.CPU, 590 * US),
    )


def test_a_long_idle_time_between_operations_is_the_cpus(tmp_path: Path) -> None:
    timed = gpu(tmp_path, rows(row(0, 1 * MS), row(2 * MS, 3 * MS), row(5 * MS, 6 * MS)), wall=6 * MS)
    assert timed.waits == ((Wait.KERNELS, 3 * MS), (Wait.LAUNCHES, 1 * MS), (Wait.CPU, 2 * MS))


def test_idle_time_between_two_statements_is_neithers_launch_overhead(tmp_path: Path) -> None:
    _, timed = attributed(
        tmp_path,
        [rows(row(10 * US, 20 * US), row(110 * US, 120 * US))],
        [timing(0, 0, 100 * US), timing(1, 100 * US, 100 * US)],
    )
    for each in timed:
        assert each.gpu is not None
        assert dict(each.gpu.waits) == {Wait.KERNELS: 10 * US, Wait.CPU: 90 * US}


def test_what_is_left_of_an_import_statement_is_import(tmp_path: Path) -> None:
    timed = gpu(
        tmp_path,
        span("context", 0, 200 * US),
        rows(row(300 * US, 310 * US), row(350 * US, 360 * US)),
        is_import=True,
    )
    assert dict(timed.waits) == {Wait.CONTEXT: 200 * US, Wait.KERNELS: 20 * US, Wait.IMPORT: 780 * US}


def test_waits_end_when_the_gpu_was_idle(tmp_path: Path) -> None:
    _, timed = attributed(tmp_path, [rows(row(5 * US, 40 * US))], [timing(0, 0, 10 * US, 30 * US)])
    assert timed[0].gpu is not None
    assert dict(timed[0].gpu.waits) == {Wait.CPU: 5 * US, Wait.KERNELS: 25 * US}
    assert timed[0].gpu.busy_ns == 35 * US


def test_a_statement_whose_beginning_is_not_known_has_no_waits(tmp_path: Path) -> None:
    unknown = StatementTiming(0, 1, 1, "x", wall_ns=50)
    trace, timed = attributed(tmp_path, [firsts((0, 1)), rows(row(10, 20))], [unknown])
    assert statements(trace) == [0]
    assert timed[0].gpu is not None
    assert (timed[0].gpu.busy_ns, timed[0].gpu.waits) == (10, ())


# Regions


def test_regions_are_nested_in_the_statement_they_begin_in(tmp_path: Path) -> None:
    _, timed = attributed(
        tmp_path,
        [
            region("epoch", 10, 290),
            region("forward", 20, 60),
            region("backward", 60, 95),
            region("layer", 70, 80),
            region("other thread", 65, 90, thread=2),
            region("other domain", 66, 69, domain="NCCL"),
            region("later", 120, 150),
            rows(row(25, 45), row(40, 70, OpKind.COPY), row(72, 75), row(130, 140)),
        ],
        [timing(0, 0, 100), timing(1, 100, 200)],
    )
    assert timed[0].gpu is not None
    assert timed[1].gpu is not None
    found = [(r.name, r.depth, r.wall_ns, r.busy_ns, r.kernels) for r in timed[0].gpu.regions]
    assert found == [
        ("epoch", 0, 280, 58, 3),
        ("forward", 1, 40, 45, 1),
        ("backward", 1, 35, 3, 1),
        ("layer", 2, 10, 3, 1),
        ("other thread", 0, 25, 3, 1),
        ("other domain", 0, 3, 0, 0),
    ]
    assert [(r.name, r.depth) for r in timed[1].gpu.regions] == [("later", 0)]


moments = st.integers(0, 300)
bounds = st.tuples(moments, moments).map(sorted)


@unhurried
@given(st.lists(bounds, min_size=1, max_size=10), st.lists(bounds, max_size=10))
def test_a_region_is_as_busy_as_the_operations_that_start_in_it(
    tmp_path: Path, ranges: list[list[int]], operations: list[list[int]]
) -> None:
    timed = gpu(
        tmp_path,
        *(region(str(number), start, end) for number, (start, end) in enumerate(ranges)),
        rows(*(row(start, end) for start, end in operations)),
    )
    assert len(timed.regions) == len(ranges)
    for found in timed.regions:
        start, end = ranges[int(found.name)]
        inside = [(a, b) for a, b in operations if start <= a < end]
        assert (found.wall_ns, found.busy_ns, found.kernels) == (end - start, covered(inside), len(inside))


# Every trace there is


def read_case(tmp_path: Path, case: Case) -> tuple[Trace, tuple[StatementTiming, ...]]:
    result = read_trace(written(tmp_path / "case.trace", [case.content]))
    return attribute(result.trace, result.first_correlations, case.timings)


@on_every_case
def test_the_waits_of_each_statement_add_up_to_its_time(tmp_path: Path, case: Case) -> None:
    _, timed = read_case(tmp_path, case)
    for each in timed:
        assert each.gpu is not None
        assert sum(part for _, part in each.gpu.waits) == max(each.wall_ns, each.synced_ns or 0)


@on_every_case
def test_totals_are_those_of_a_plain_loop(tmp_path: Path, case: Case) -> None:
    trace, timed = read_case(tmp_path, case)
    for each in timed:
        assert each.gpu is not None
        mine = of_statement(trace, each.index)
        kernels = [one for one in mine if one["kind"] in (OpKind.KERNEL, OpKind.GRAPH)]
        copies = [one for one in mine if one["kind"] == OpKind.COPY]
        assert each.gpu.busy_ns == covered((one["start_ns"], one["end_ns"]) for one in mine)
        assert each.gpu.kernel_busy_ns == covered((one["start_ns"], one["end_ns"]) for one in kernels)
        assert each.gpu.copy_busy_ns == covered((one["start_ns"], one["end_ns"]) for one in copies)
        assert each.gpu.kernels == len(kernels)
        assert sum(copy.bytes for copy in each.gpu.copies) == sum(one["bytes"] for one in copies)
        assert sum(kernel.total_ns for kernel in each.gpu.top_kernels) <= sum(
            one["end_ns"] - one["start_ns"] for one in kernels
        )
        longest = max((one["end_ns"] - one["start_ns"] for one in kernels), default=None)
        assert (each.gpu.longest_kernel.longest_ns if each.gpu.longest_kernel else None) == longest


@on_every_case
def test_the_operations_of_a_statement_ran_while_it_did(tmp_path: Path, case: Case) -> None:
    """Both clocks are ours; what they are apart is below 100 µs.

    A thread of the snippet may launch between two statements, too: that is the later one's.
    """
    trace, timed = read_case(tmp_path, case)
    assert len(trace.operations)
    assert (trace.operations["statement"] >= 0).all()
    before = 0
    for each in timed:
        if each.synced_ns is not None:
            for one in of_statement(trace, each.index):
                assert one["start_ns"] >= before - 100 * US
                assert one["end_ns"] <= each.start_ns + each.synced_ns + 100 * US
        before = each.start_ns + max(each.wall_ns, each.synced_ns or 0)


def test_the_made_up_run_reads_as_it_was_meant(tmp_path: Path) -> None:
    _, timed = read_case(tmp_path, next(case for case in CASES if case.name == "training"))
    spent = [dict(each.gpu.waits) for each in timed if each.gpu is not None]
    assert spent == [
        {Wait.IMPORT: 100 * MS},
        {Wait.CONTEXT: 79 * MS, Wait.COPIES: 8 * MS, Wait.CPU: 12 * MS + 500 * US},
        {Wait.COMPILATION: 20 * MS, Wait.KERNELS: 17 * MS + 400 * US + 500, Wait.LAUNCHES: 1 * MS + 600 * US - 500,
         Wait.CPU: 21 * MS},
        {Wait.COPIES: 20 * MS, Wait.CPU: 15 * MS},
        {Wait.CPU: 1 * MS},
    ]  # fmt: skip
    assert timed[2].gpu is not None
    assert [(r.name, r.depth, r.kernels) for r in timed[2].gpu.regions] == [("forward", 0, 3), ("layer", 1, 2)]


def test_a_million_operations_of_ten_thousand_statements_are_attributed(tmp_path: Path) -> None:
    table = many_rows(1_000_000)
    numbers = firsts(*((index, 1 + 100 * index) for index in range(10_000)))
    chunk = file_format.chunk(file_format.ROWS, table.tobytes())
    trace, timed = attributed(
        tmp_path, [numbers, chunk], [timing(index, index * 300 * US, 300 * US) for index in range(10_000)]
    )
    assert (trace.operations["statement"] == np.repeat(np.arange(10_000), 100)).all()
    assert all(each.gpu is not None and each.gpu.busy_ns == 200 * US for each in timed)
