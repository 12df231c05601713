"""From runs to rows."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.model.results import StatementTiming
from gpuplayground.model.trace import Region, Trace
from gpuplayground.ui.trace_timeline.palette import KERNEL_INKS, Ink, kernel_ink
from gpuplayground.ui.trace_timeline.rows import RowKind, picture_of
from tests.ui.trace_timeline.runs import (
    MS,
    NAMES,
    START_NS,
    TO_DEVICE,
    US,
    copy,
    crowded_run,
    finished,
    kernel,
    operations,
    statement,
    usual_run,
)


def names(rows: list[dict[str, object]]) -> list[str]:
    return [row.name for row in picture_of(finished((), Trace(operations(rows), NAMES), 10 * MS)).rows]


def test_a_run_has_rows_of_statements_ranges_set_up_streams_and_copies() -> None:
    found = [row.name for row in picture_of(usual_run()).rows]
    assert found == [
        "Statements",
        "NVTX ranges",
        "",  # ranges within a range
        "CUDA set-up",
        "GPU 0 · stream 7",
        "GPU 0 · stream 13",
        "GPU 0 · copies HtoD",
        "GPU 0 · copies DtoH",
    ]


def test_every_operation_is_in_one_row() -> None:
    run = usual_run()
    assert run.trace is not None
    rows = [row for row in picture_of(run).rows if row.kind in (RowKind.STREAM, RowKind.COPIES)]
    refs = np.concatenate([row.intervals.refs for row in rows])
    assert sorted(refs.tolist()) == list(range(len(run.trace.operations)))


def test_the_same_stream_number_in_two_contexts_makes_two_rows() -> None:
    rows = [kernel(0, US), kernel(2 * US, US, context=2), kernel(4 * US, US, device=1)]
    assert names(rows) == ["GPU 0 · stream 7 · context 1", "GPU 0 · stream 7 · context 2", "GPU 1 · stream 7"]


def test_copies_of_a_gpu_share_a_row_for_each_direction_whatever_their_stream() -> None:
    rows = [copy(0, US, 0, TO_DEVICE, 100, stream=7), copy(2 * US, US, 0, TO_DEVICE, 100, stream=9)]
    assert names(rows) == ["GPU 0 · copies HtoD"]


def test_what_overlaps_goes_a_row_down() -> None:
    rows = [copy(0, 4 * US, 0, TO_DEVICE, 100, stream=7), copy(2 * US, US, 0, TO_DEVICE, 100, stream=9)]
    assert names(rows) == ["GPU 0 · copies HtoD", ""]


def test_a_statement_is_its_wall_time_and_then_its_wait() -> None:
    run = finished((statement(0, 3, "y = x @ x", 2 * MS, 1 * MS, 5 * MS),), None, 10 * MS)
    (row,) = picture_of(run).rows
    assert row.intervals.starts.tolist() == [2 * MS, 3 * MS]
    assert row.intervals.ends.tolist() == [3 * MS, 7 * MS]
    assert row.intervals.colors.tolist() == [Ink.STATEMENT, Ink.STATEMENT_WAIT]
    assert row.intervals.refs.tolist() == [0, 0]


def test_imports_and_what_failed_have_colours_of_their_own() -> None:
    (row, *_) = picture_of(usual_run()).rows
    assert row.intervals.colors[0] == Ink.IMPORT
    assert row.intervals.colors[-1] == Ink.FAILED


def test_statements_without_a_known_beginning_follow_each_other() -> None:
    timings = tuple(StatementTiming(n, n + 1, n + 1, "pass", 10, 20) for n in range(3))
    assert picture_of(finished(timings, None, 100)).starts == (0, 20, 40)


def test_operations_and_ranges_belong_to_the_statement_they_are_of() -> None:
    timings = (statement(4, 1, "a()", 0, MS), statement(9, 2, "b()", MS, MS))
    regions = (Region("inner", START_NS + MS + 5, START_NS + MS + 9),)
    trace = Trace(
        operations([kernel(10, 5, 4), kernel(MS, 5, 9), kernel(MS + 10, 5), kernel(MS + 20, 5, 77)]), NAMES, regions
    )
    rows = {row.kind: row for row in picture_of(finished(timings, trace, 2 * MS)).rows}
    assert rows[RowKind.STREAM].intervals.owners.tolist() == [0, 1, -1, -1]
    assert rows[RowKind.REGIONS].intervals.owners.tolist() == [1]


def test_a_kernel_has_the_same_colour_in_every_run() -> None:
    assert kernel_ink("bias_gelu") == kernel_ink("bias_gelu")
    used = {kernel_ink(f"kernel_{number}") for number in range(500)}
    assert used == set(range(Ink.FIRST_KERNEL, Ink.FIRST_KERNEL + KERNEL_INKS))


def test_the_axis_reaches_from_the_first_to_the_last_thing_that_happened() -> None:
    run = finished(
        (statement(0, 1, "a()", 0, MS),), Trace(operations([kernel(-50, 5), kernel(12 * MS, 7)]), NAMES), 10 * MS
    )
    picture = picture_of(run)
    assert (picture.start, picture.end) == (-50, 12 * MS + 7)


def test_an_empty_run_has_no_rows() -> None:
    assert picture_of(finished((), None, MS)).is_empty
    assert picture_of(finished((), Trace(), MS)).is_empty


@pytest.mark.parametrize("kernels", [8, 10_000])
def test_each_stream_keeps_all_of_its_kernels(qtbot: QtBot, kernels: int) -> None:
    rows = [row for row in picture_of(crowded_run(kernels)).rows if row.kind == RowKind.STREAM]
    assert [len(row.intervals) for row in rows] == [kernels // 8] * 8
