"""Files of traces: whole ones, ones that a crash cut off, and ones that a snippet has tampered with."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpuplayground.model.results import Run, RunState
from gpuplayground.model.trace import OPERATIONS, OpKind, SpanKind, Trace
from gpuplayground.runtime.trace import file_format
from gpuplayground.tracing import notes, reader
from gpuplayground.tracing.attribution import with_trace
from gpuplayground.tracing.reader import ReadTrace, TraceError, read_trace
from tests.support.trace_files import (
    CUPTI,
    MS,
    TIED,
    US,
    WALL,
    firsts,
    many_rows,
    names,
    note,
    region,
    row,
    rows,
    span,
    written,
)

#: No deadline: the machine that runs the tests may be busy.
unhurried = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

#: Two kernels, a copy and a memory set, out of order, with all that a file may say beside them.
WHOLE = [
    TIED,
    names("", "_Z8add_themPfS_", "cupy_add"),
    firsts((0, 1), (2, 3)),
    rows(row(5 * US, 8 * US, name=2, correlation=3), row(1 * US, 3 * US, name=1)),
    rows(
        row(3 * US, 4 * US, OpKind.COPY, size=4096, copy_kind=1, memory=(1, 3), correlation=2),
        row(9 * US, 10 * US, OpKind.MEMSET, size=64, correlation=4),
    ),
    region("inner", 2 * US, 6 * US),
    region("never popped", 1 * US, None, thread=2, domain="lib"),
    span("compile", 1 * US, 2 * US, "nvrtcCompileProgram"),
    note(file_format.DROPPED, [2], [3]),
]


def read(tmp_path: Path, *chunks: bytes) -> Trace:
    return read_trace(written(tmp_path / "run.trace", chunks)).trace


def starts(trace: Trace) -> list[int]:
    return [int(start) - WALL for start in trace.operations["start_ns"]]


def test_the_rows_of_the_file_are_the_operations_of_a_trace() -> None:
    assert file_format.ROW.size == OPERATIONS.itemsize


def test_operations_come_in_order_and_by_our_clock(tmp_path: Path) -> None:
    trace = read(tmp_path, *WHOLE)
    assert starts(trace) == [1 * US, 3 * US, 5 * US, 9 * US]
    assert (trace.operations["end_ns"] - trace.operations["start_ns"]).tolist() == [2 * US, 1 * US, 3 * US, 1 * US]
    assert trace.operations["kind"].tolist() == [OpKind.KERNEL, OpKind.COPY, OpKind.KERNEL, OpKind.MEMSET]
    assert trace.operations["bytes"].tolist() == [0, 4096, 0, 64]
    assert (trace.operations["statement"] == -1).all()


def test_names_are_demangled_and_numbered_densely(tmp_path: Path) -> None:
    trace = read(tmp_path, TIED, note(file_format.NAMES, [7, "_Z3addPf"], [900_000, "cupy_add"], [8, "_Z3addPf"]),
                 rows(row(1, 2, name=900_000), row(2, 3, name=7), row(3, 4, name=8), row(4, 5, name=1)))  # fmt: skip
    called = [trace.names[number] for number in trace.operations["name"]]
    added = "add(float*)" if sys.platform == "linux" else "_Z3addPf"
    assert called == ["cupy_add", added, added, ""]
    assert sorted(trace.names) == sorted({"cupy_add", added, ""})


def test_regions_spans_and_lost_records_are_kept(tmp_path: Path) -> None:
    result = read_trace(written(tmp_path / "run.trace", WHOLE))
    outer, inner = result.trace.regions
    assert (inner.name, inner.start_ns, inner.end_ns) == ("inner", WALL + 2 * US, WALL + 6 * US)
    assert (outer.name, outer.thread, outer.domain) == ("never popped", 2, "lib")
    (compiled,) = result.trace.spans
    assert (compiled.kind, compiled.name) == (SpanKind.COMPILE, "nvrtcCompileProgram")
    assert (compiled.start_ns, compiled.end_ns) == (WALL + 1 * US, WALL + 2 * US)
    assert result.trace.dropped == 5
    assert result.first_correlations == {0: 1, 2: 3}


@pytest.mark.parametrize("last", [row(1, 40 * US), None])
def test_a_region_that_was_never_popped_ends_with_all_else(tmp_path: Path, last: bytes | None) -> None:
    late = note(file_format.CLOCK, [CUPTI + 30 * US, WALL + 30 * US])
    trace = read(tmp_path, TIED, region("open", 1 * US, None), late, rows(*([last] if last else [])))
    assert trace.regions[0].end_ns == WALL + (40 if last else 30) * US


def test_between_two_ties_of_the_clocks_their_distance_changes_evenly(tmp_path: Path) -> None:
    """Our clock gains 1 ms in 100 ms."""
    late = note(file_format.CLOCK, [CUPTI + 100 * MS, WALL + 101 * MS])
    moments = [-10 * MS, 0, 50 * MS, 100 * MS, 200 * MS]
    trace = read(tmp_path, late, TIED, rows(*(row(moment, moment) for moment in moments)))
    assert starts(trace) == [-10 * MS, 0, 50 * MS + 500 * US, 101 * MS, 201 * MS]


def test_a_clock_set_back_makes_no_operation_end_before_it_starts(tmp_path: Path) -> None:
    late = note(file_format.CLOCK, [CUPTI + 1 * MS, WALL - 1000 * MS])
    trace = read(tmp_path, TIED, late, rows(row(0, 1 * MS), row(2, 5)), region("r", 1, 900))
    assert (trace.operations["end_ns"] >= trace.operations["start_ns"]).all()
    assert trace.regions[0].end_ns >= trace.regions[0].start_ns


def test_operations_that_cannot_be_are_counted_as_dropped(tmp_path: Path) -> None:
    untimed = row(-CUPTI, -CUPTI)
    trace = read(tmp_path, TIED, rows(untimed, row(5, 4), row(5, 6), row(5, 6, size=2**60),
                                      row(5, 6)[:-4] + b"\x09\0\0\0", row(-2 * CUPTI, 2)))  # fmt: skip
    assert starts(trace) == [5]
    assert trace.dropped == 5


def test_operations_beyond_the_limit_are_counted_as_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_ROWS", 3)
    trace = read(tmp_path, TIED, *(rows(row(2 * n, 2 * n + 1), row(2 * n + 1, 2 * n + 2)) for n in range(5)))
    assert starts(trace) == [0, 1, 2]
    assert trace.dropped == 7


def test_ranges_and_names_beyond_the_limit_are_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "MAX_ENTRIES", 2)
    chunks = [TIED, *(region(f"r{number}", number, number + 1) for number in range(5)), names("a", "b", "c")]
    result = read_trace(written(tmp_path / "run.trace", [*chunks, rows(row(1, 2, name=1), row(2, 3, name=2))]))
    assert [each.name for each in result.trace.regions] == ["r0", "r1"]
    assert result.trace.names == ("b", "")
    assert result.left_out == 4
    assert result.trace.dropped == 0


def test_ranges_beyond_the_limit_are_told_of_and_make_no_gpu_time_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "MAX_ENTRIES", 2)
    file = written(tmp_path / "run.trace", [TIED, *(region(f"r{n}", n, n + 1) for n in range(5)), rows(row(1, 2))])
    run = with_trace(Run("1", "a.py", RunState.FINISHED, WALL, WALL + MS, notes=("first",)), file)
    assert run.notes == ("first", "3 NVTX ranges are not shown: there are too many.")
    assert run.trace_note == ""


def test_a_note_that_would_take_too_much_memory_is_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_NOTE_BYTES", 60)
    chunks = [TIED, region("a range whose name takes more room than there is", 1, 2), rows(row(1, 2))]
    result = read_trace(written(tmp_path / "run.trace", chunks))
    assert (len(result.trace.operations), result.trace.regions, result.left_out) == (1, (), 1)


def test_ranges_whose_beginning_cupti_could_not_tell_are_passed_over(tmp_path: Path) -> None:
    trace = read(tmp_path, TIED, region("r", -CUPTI, 5), span("load", -CUPTI, 5), rows(row(1, 2)))
    assert (trace.regions, trace.spans) == ((), ())


@pytest.mark.parametrize("chunks", [[], [TIED], [note(file_format.DROPPED, [4])], [rows()], [b"ROW"]])
def test_a_file_without_operations_is_an_empty_trace(tmp_path: Path, chunks: list[bytes]) -> None:
    trace = read(tmp_path, *chunks)
    assert not len(trace.operations)
    assert trace.operations.dtype == OPERATIONS


def test_of_a_file_that_was_cut_off_the_whole_chunks_count(tmp_path: Path) -> None:
    whole = b"".join(WHOLE)
    seen = set()
    for size in range(len(b"".join(WHOLE[:3])), len(whole)):
        path = written(tmp_path / "cut.trace", [whole[:size]])
        seen.add(len(read_trace(path).trace.operations))
    assert seen == {0, 2, 4}


DAMAGED = {
    "other tag": b"ELF\x7f\x04\0\0\0abcd",
    "part of a row": file_format.chunk(file_format.ROWS, row(1, 2)[:-1]),
    "no JSON": file_format.chunk(file_format.NOTE, b"{"),
    "no UTF-8": file_format.chunk(file_format.NOTE, b'{"names": [[1, "\xff\xfe\xfd"]]}'),
    "no object": file_format.chunk(file_format.NOTE, b"[1, 2]"),
    "deep": file_format.chunk(file_format.NOTE, b"[" * 200_000),
    "no list": file_format.chunk(file_format.NOTE, b'{"names": 5}'),
    "long number": file_format.chunk(file_format.NOTE, b'{"dropped": [[' + b"9" * 10_000 + b"]]}"),
    "infinity": file_format.chunk(file_format.NOTE, b'{"clock": [[Infinity, 1]]}'),
    "bool for a number": note(file_format.CLOCK, [True, 5]),
    "float for a time": note(file_format.REGIONS, ["r", 1.5, 2, 1, ""]),
    "negative": note(file_format.DROPPED, [-1]),
    "late": note(file_format.SPANS, ["load", 1, 2**63, "f"]),
    "short row": note(file_format.REGIONS, ["r", 1, 2]),
    "no row": note(file_format.SPANS, None),  # type: ignore[arg-type]
    "unknown kind": note(file_format.SPANS, ["lunch", 1, 2, "f"]),
    "number for a name": note(file_format.NAMES, [1, 2]),
    "clocks apart": note(file_format.CLOCK, [CUPTI + 1, WALL // 2]),
}


@pytest.mark.parametrize("chunk", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_told_in_one_sentence(tmp_path: Path, chunk: bytes) -> None:
    with pytest.raises(TraceError, match=r"^The trace of this run is damaged \(.+\), .+: run it again\.$"):
        read(tmp_path, TIED, rows(row(1, 2)), chunk)


def test_operations_without_a_clock_cannot_be_placed(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="it has no clock reference"):
        read(tmp_path, rows(row(1, 2)))


def test_a_note_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    assert starts(read(tmp_path, TIED, note("occupancy", [1, 2]), rows(row(1, 2)))) == [1]


def test_half_a_surrogate_pair_in_a_name_does_no_harm(tmp_path: Path) -> None:
    trace = read(tmp_path, TIED, names("caf\udce9"), rows(row(1, 2)), region("\ud800", 1, 2))
    assert trace.names == ("caf?",)
    assert trace.regions[0].name == "?"


def test_a_file_of_endless_parts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_MAX_CHUNKS", 3)
    with pytest.raises(TraceError, match="too many parts"):
        read(tmp_path, TIED, rows(row(1, 2)), rows(), rows())


def test_a_missing_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"cannot be read \(No such file or directory\)"):
        read_trace(tmp_path / "none.trace")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_the_files_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.trace")
    with pytest.raises(TraceError, match="not a file"):
        read_trace(tmp_path / "run.trace")


def check(result: ReadTrace) -> None:
    """What every trace that was read must keep, whatever was in its file."""
    operations = result.trace.operations
    assert (np.diff(operations["start_ns"]) >= 0).all()
    assert (operations["end_ns"] >= operations["start_ns"]).all()
    assert (operations["start_ns"] >= 0).all()
    assert (operations["end_ns"] <= notes.LATEST_NS).all()
    assert (operations["kind"] <= max(OpKind)).all()
    assert not len(operations) or operations["name"].max() < len(result.trace.names)
    assert all(0 <= region.start_ns <= region.end_ns for region in result.trace.regions)
    assert all(0 <= span.start_ns <= span.end_ns for span in result.trace.spans)
    "".join([*result.trace.names, *(region.name for region in result.trace.regions)]).encode()


@unhurried
@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
    cut=st.none() | st.integers(0, 2000),
)
def test_no_change_of_a_file_raises_anything_else(
    tmp_path: Path, changes: list[tuple[int, int]], cut: int | None
) -> None:
    data = bytearray(b"".join(WHOLE))
    for place, value in changes:
        data[place % len(data)] = value
    path = written(tmp_path / "changed.trace", [bytes(data[:cut])])
    with suppress(TraceError):
        check(read_trace(path))


@unhurried
@given(data=st.binary(max_size=6 * OPERATIONS.itemsize))
def test_rows_of_random_bytes_do_no_harm(tmp_path: Path, data: bytes) -> None:
    whole = data[: len(data) // OPERATIONS.itemsize * OPERATIONS.itemsize]
    path = written(tmp_path / "random.trace", [TIED, file_format.chunk(file_format.ROWS, whole)])
    check(read_trace(path))


def test_a_million_operations_are_read(tmp_path: Path) -> None:
    table = many_rows(1_000_000)
    blocks = [file_format.chunk(file_format.ROWS, part.tobytes()) for part in np.array_split(table[::-1], 50)]
    trace = read(tmp_path, TIED, names(*(f"kernel_{number}" for number in range(10))), *blocks)
    assert (trace.operations["correlation"] == np.arange(1, 1_000_001)).all()
    assert trace.dropped == 0
