"""The file that Perfetto opens, against the rules of its format."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gpuplayground.model.results import Run, RunState
from gpuplayground.model.samples import GpuSample
from gpuplayground.model.trace import OPERATIONS, Trace
from gpuplayground.tracing.attribution import attribute
from gpuplayground.tracing.chrome_trace import ChromeTraceError, write_chrome_trace
from gpuplayground.tracing.reader import read_trace
from tests.support.recorded import Case, every_case
from tests.support.trace_files import MS, TIED, US, WALL, many_rows, names, region, row, rows, timing, written

CASES = every_case()
Event = dict[str, Any]


def run_of(tmp_path: Path, case: Case, pid: int | None = None) -> Run:
    result = read_trace(written(tmp_path / "run.trace", [case.content]))
    trace, timings = attribute(result.trace, result.first_correlations, case.timings)
    end = max(each.start_ns + each.cost_ns for each in timings)
    return Run("id", "train.py", RunState.FINISHED, timings[0].start_ns, end, timings=timings, trace=trace, pid=pid,
               summary="exit 0 · 400 ms")  # fmt: skip


def case_of(*chunks: bytes, count: int = 1) -> Case:
    return Case("case", b"".join([TIED, *chunks]), [timing(n, n * MS, 900 * US, 950 * US) for n in range(count)])


def exported(tmp_path: Path, run: Run, samples: Sequence[GpuSample] = ()) -> list[Event]:
    path = tmp_path / "out.json"
    write_chrome_trace(run, path, samples)
    content = json.loads(path.read_bytes())
    assert content["displayTimeUnit"] == "ns"
    events: list[Event] = content["traceEvents"]
    return events


def track_names(events: list[Event]) -> dict[tuple[int, int], str]:
    return {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}


def on_track(events: list[Event], name: str) -> list[Event]:
    keys = {key for key, text in track_names(events).items() if text == name}
    return [event for event in events if event["ph"] == "X" and (event["pid"], event["tid"]) in keys]


def whole_ns(microseconds: float) -> int:
    return round(microseconds * 1000)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_event_keeps_the_rules_of_the_format(tmp_path: Path, case: Case) -> None:
    run = run_of(tmp_path, case)
    assert run.trace is not None
    events = exported(tmp_path, run, [GpuSample(run.start_ns, "GPU-1", gpu_util_percent=5, power_w=70)])
    tracks: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for event in events:
        assert event["ph"] in ("X", "M", "C")
        assert isinstance(event["name"], str)
        assert type(event["pid"]) is int
        assert type(event["tid"]) is int
        assert event["ts"] >= 0
        assert isinstance(event["args"], dict)
        if event["ph"] == "X":
            assert event["dur"] >= 0
            start = whole_ns(event["ts"])
            tracks.setdefault((event["pid"], event["tid"]), []).append((start, start + whole_ns(event["dur"])))
        if event["ph"] == "C":
            assert all(isinstance(value, (int, float)) for value in event["args"].values())
    assert set(tracks) <= set(track_names(events))
    for intervals in tracks.values():
        around: list[int] = []
        for start, end in sorted(intervals, key=lambda pair: (pair[0], -pair[1])):
            while around and around[-1] <= start:
                around.pop()
            assert not around or end <= around[-1], "two events of a track overlap without being nested"
            around.append(end)
    kinds = [event["cat"] for event in events if event["ph"] == "X"]
    assert sum(kind in ("kernel", "copy", "memset") for kind in kinds) == len(run.trace.operations)
    assert kinds.count("statement") == len(run.timings)
    assert kinds.count("nvtx") == len(run.trace.regions)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_times_are_exact_to_the_nanosecond(tmp_path: Path, case: Case) -> None:
    run = run_of(tmp_path, case)
    assert run.trace is not None
    events = exported(tmp_path, run)
    content = json.loads((tmp_path / "out.json").read_bytes())
    origin = int(content["otherData"]["time_ns of ts 0"])
    found = sorted(
        (origin + whole_ns(event["ts"]), whole_ns(event["dur"]))
        for event in events
        if event.get("cat") in ("kernel", "copy", "memset")
    )
    operations = run.trace.operations
    expected = zip(
        operations["start_ns"].tolist(), (operations["end_ns"] - operations["start_ns"]).tolist(), strict=True
    )
    assert found == sorted(expected)


def test_each_stream_of_each_gpu_has_a_track(tmp_path: Path) -> None:
    case = case_of(names("add"), rows(row(1, 5), row(2, 6, stream=13), row(3, 7, device=1), row(5, 9)))
    events = exported(tmp_path, run_of(tmp_path, case))
    processes = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    assert list(processes.values()) == ["train.py", "GPU 0", "GPU 1"]
    found = [(processes[pid], name) for (pid, _), name in track_names(events).items()]
    assert found == [
        ("train.py", "statements"),
        ("GPU 0", "context 1, stream 7"),
        ("GPU 0", "context 1, stream 13"),
        ("GPU 1", "context 1, stream 7"),
    ]


def test_operations_of_a_stream_that_overlap_are_side_by_side(tmp_path: Path) -> None:
    """As the nodes of a CUDA graph do."""
    events = exported(tmp_path, run_of(tmp_path, case_of(names("a"), rows(row(0, 50), row(10, 40), row(50, 60)))))
    assert len(on_track(events, "context 1, stream 7")) == 2
    assert len(on_track(events, "context 1, stream 7 (2)")) == 1


def test_a_kernel_says_how_it_was_launched(tmp_path: Path) -> None:
    case = case_of(names("void ns::add<int>(int)"), rows(row(1, 5, grid=(4, 2, 1), block=(128, 1, 1), correlation=77)))
    (kernel,) = on_track(exported(tmp_path, run_of(tmp_path, case)), "context 1, stream 7")
    assert kernel["name"] == "add"
    assert kernel["args"] == {
        "correlation": 77,
        "line": 1,
        "kernel": "void ns::add<int>(int)",
        "grid": [4, 2, 1],
        "block": [128, 1, 1],
        "registers per thread": 16,
        "shared memory (bytes)": 1024,
    }


def test_a_copy_says_how_much_and_how_fast(tmp_path: Path) -> None:
    training = next(case for case in CASES if case.name == "training")
    events = exported(tmp_path, run_of(tmp_path, training))
    there, back = (event for event in events if event.get("cat") == "copy")
    assert there["name"] == "copy host to device"
    assert there["args"] == {
        "correlation": 4, "line": 2, "bytes": 1 << 20, "GB/s": 0.131, "from": "pageable", "to": "device",
    }  # fmt: skip
    assert (back["name"], back["args"]["to"]) == ("copy device to host", "pinned")
    (cleared,) = (event for event in events if event.get("cat") == "memset")
    assert cleared["args"]["bytes"] == 4096


def test_ranges_of_the_main_thread_are_nested_in_the_statements(tmp_path: Path) -> None:
    case = case_of(
        region("mine", 10 * US, 500 * US, thread=4242),
        region("beyond", 600 * US, 1500 * US, thread=4242),
        region("other", 10 * US, 20 * US, thread=5, domain="lib"),
        count=2,
    )
    events = exported(tmp_path, run_of(tmp_path, case, pid=4242))
    assert [event["name"] for event in on_track(events, "statements")] == ["statement_0()", "mine", "statement_1()"]
    assert [event["name"] for event in on_track(events, "statements (2)")] == ["beyond"]
    (other,) = on_track(events, "NVTX ranges of thread 5")
    assert other["args"] == {"domain": "lib"}


def test_the_only_thread_with_ranges_is_taken_for_the_main_one(tmp_path: Path) -> None:
    events = exported(tmp_path, run_of(tmp_path, case_of(region("mine", 10 * US, 20 * US, thread=140_000)), pid=7))
    assert [event["name"] for event in on_track(events, "statements")] == ["statement_0()", "mine"]


def test_samples_are_curves_and_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    run = run_of(tmp_path, case_of(rows(row(1, 2))))
    samples = [
        GpuSample(run.start_ns - 5000 * MS, "GPU-a", gpu_util_percent=1),
        GpuSample(run.start_ns - 100 * MS, "GPU-a", gpu_util_percent=50, memory_used_bytes=3 << 29),
        GpuSample(run.start_ns, "GPU-b", power_w=float("nan")),
        GpuSample(run.start_ns + 1 * US, "GPU-b", power_w=70.5),
        GpuSample(run.end_ns + 5000 * MS, "GPU-b", power_w=1),
    ]
    curves = [event for event in exported(tmp_path, run, samples) if event["ph"] == "C"]
    assert [(event["name"], event["args"], event["ts"]) for event in curves] == [
        ("utilization", {"%": 50}, 0),
        ("memory used", {"GiB": 1.5}, 0),
        ("power", {"W": 70.5}, 100_001),
    ]
    assert curves[0]["pid"] != curves[2]["pid"]


def test_a_run_without_a_trace_has_its_statements(tmp_path: Path) -> None:
    run = Run("id", "a.py", RunState.FAILED, WALL, WALL + MS, timings=(timing(0, 0, 5), timing(1, 10, 5)))
    assert [event["name"] for event in exported(tmp_path, run) if event["ph"] == "X"] == [
        "statement_0()",
        "statement_1()",
    ]


def test_any_text_in_a_statement_is_valid_json(tmp_path: Path) -> None:
    case = Case("odd", TIED, [timing(0, 0, 5)])
    run = run_of(tmp_path, case)
    odd = 'x = "\ud800\\n" # \u2028 Grüße'
    run = replace(run, timings=(replace(run.timings[0], source=odd),))
    (event,) = (event for event in exported(tmp_path, run) if event["ph"] == "X")
    assert event["name"] == odd.replace("\ud800", "?")


def test_tens_of_thousands_of_operations_are_written_in_pieces(tmp_path: Path) -> None:
    """Once more the operations' own 3 MB and some pieces are in memory, but never the text as a whole."""
    table = np.empty(40_000, OPERATIONS)
    table[:] = many_rows(40_000)
    run = Run("id", "a.py", RunState.FINISHED, WALL, WALL + 300 * MS, trace=Trace(table, tuple("abcdefghij")))
    tracemalloc.start()
    write_chrome_trace(run, tmp_path / "big.json")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (tmp_path / "big.json").stat().st_size
    assert len(json.loads((tmp_path / "big.json").read_bytes())["traceEvents"]) > 40_000


@pytest.mark.skipif(sys.platform == "win32", reason="the sentence has the words of the system")
@pytest.mark.parametrize(("name", "reason"), [("none/out.json", "No such file"), ("folder", "directory")])
def test_a_file_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    run = Run("id", "a.py", RunState.FINISHED, WALL, WALL + MS)
    with pytest.raises(ChromeTraceError, match=rf"cannot be written \(.*{reason}.*\): choose another folder\."):
        write_chrome_trace(run, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text("old")
    events = exported(tmp_path, Run("id", "a.py", RunState.FINISHED, WALL, WALL + MS))
    assert all(one["ts"] <= other["ts"] for one, other in pairwise(events))
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
