"""Frames of a benchmark are checked before they are believed, and the GPU's part is joined from the trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gpuplayground.benchmarks.frames import MAX_SAMPLES, BenchmarkFrames, GpuPass, GpuWindow, order_of
from gpuplayground.benchmarks.gpu_pass import with_gpu, without_statements
from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan, Phase, SweepPlan
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed
from gpuplayground.model.gpu_timing import CopyTotals, Direction, KernelTotals
from gpuplayground.model.results import RunRequest, RunState
from gpuplayground.model.trace import OPERATIONS, OpKind, Trace
from tests.support.benchmarked import measure
from tests.support.snippets import Playground

PLAN = BenchmarkPlan(2, 3, "label", sweep=SweepPlan("n", (1, 2.5)))
SOURCE = "n = 1\nif n:\n    x = n\n    y = x\n"
RESULT: dict[str, Any] = {
    "kind": "bench_result", "step": 1, "first_line": 3, "last_line": 4, "totals_ns": [100, 120], "repeats": 10,
    "warmup_repeats": 7, "warmup_ns": 900, "overhead": 0.004, "converged": True, "is_cold": False, "start_ns": 1000,
    "end_ns": 2000, "uses_gpu": True, "bytes_moved": 64, "error": "", "error_line": None,
    "out_of_memory": False, "result": None,
}  # fmt: skip
PROGRESS: dict[str, Any] = {
    "kind": "bench_progress", "step": 2, "phase": "sampling", "samples": 12, "median_ns": 10.5, "half_width": None,
    "elapsed_s": 0.25,
}  # fmt: skip
GPU: dict[str, Any] = {"kind": "bench_gpu", "step": 1, "windows": [[1, 5, 3]], "note": ""}


def frames(plan: BenchmarkPlan | None = PLAN) -> BenchmarkFrames:
    return BenchmarkFrames(RunRequest("id", SOURCE, benchmark=plan))


def test_a_result_becomes_a_benchmark() -> None:
    taken = frames()
    event = taken.take(RESULT)
    assert isinstance(event, BenchmarkMeasured)
    assert (event.step, event.steps) == (1, 2)
    benchmark = event.benchmark
    assert benchmark.samples_ns == (10.0, 12.0)
    assert (benchmark.label, benchmark.source, benchmark.parameter) == ("label", "x = n\ny = x", ("n", 1))
    assert (benchmark.repeats, benchmark.converged, benchmark.bytes_moved) == (10, True, 64)
    assert taken.benchmarks == (benchmark,)


def test_progress_becomes_an_event() -> None:
    assert frames().take(PROGRESS) == BenchmarkProgressed("id", Phase.SAMPLING, 12, 10.5, None, 0.25, 2, 2)


def test_the_reason_for_missing_gpu_times_comes_with_the_benchmark() -> None:
    taken = frames()
    taken.take(RESULT)
    taken.take({**GPU, "windows": [], "note": "No CUPTI."})
    assert taken.benchmarks[0].gpu_note == "No CUPTI."
    assert taken.passes == (GpuPass((), "No CUPTI."),)


def test_a_benchmark_with_an_error_has_not_converged() -> None:
    taken = frames()
    taken.take({**RESULT, "error": "stopped"})
    assert not taken.benchmarks[0].converged


@pytest.mark.parametrize(
    ("frame", "change"),
    [
        (RESULT, {"totals_ns": "many"}),
        (RESULT, {"totals_ns": [1, -1]}),
        (RESULT, {"totals_ns": [1.5]}),
        (RESULT, {"totals_ns": [True]}),
        (RESULT, {"totals_ns": [1] * (MAX_SAMPLES + 1)}),
        (RESULT, {"totals_ns": [1 << 70]}),
        (RESULT, {"repeats": 0}),
        (RESULT, {"step": 2}),
        (RESULT, {"step": 3}),
        (RESULT, {"overhead": float("nan")}),
        (RESULT, {"overhead": "1"}),
        (RESULT, {"error": None}),
        (RESULT, {"first_line": -1}),
        (PROGRESS, {"phase": "thinking"}),
        (PROGRESS, {"median_ns": float("inf")}),
        (PROGRESS, {"elapsed_s": -1.0}),
        (PROGRESS, {"step": "1"}),
        (GPU, {"windows": [[1, 2]]}),
        (GPU, {"windows": [[1, 2, 0]]}),
        (GPU, {"windows": {}}),
        (GPU, {"windows": [[1, 2, 3]] * 101}),
        (GPU, {"note": 1}),
        (GPU, {"kind": "bench_other"}),
    ],
)
def test_what_cannot_be_is_refused(frame: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, OverflowError)):
        frames().take({**frame, **change})


@pytest.mark.parametrize("frame", [RESULT, PROGRESS, GPU])
def test_what_is_incomplete_or_unasked_for_is_refused(frame: dict[str, Any]) -> None:
    for key in set(frame) - {"kind"}:
        with pytest.raises((KeyError, TypeError)):
            frames().take({name: value for name, value in frame.items() if name != key})
    with pytest.raises(ValueError, match="no benchmark"):
        frames(None).take(frame)


def test_the_order_says_what_to_measure() -> None:
    assert order_of(None) is None
    order = order_of(PLAN)
    assert order is not None
    assert order["sweep"] == {"variable": "n", "values": [1, 2.5]}


@pytest.mark.parametrize(
    "frame",
    [
        '{"kind": "bench_result"}',
        '{"kind": "bench_progress", "step": 1, "phase": []}',
        '{"kind": "refused"}',
        '{"kind": "bench_gpu", "step": 1e999, "windows": [], "note": ""}',
    ],
)
def test_a_snippet_that_forges_a_frame_is_ended(playground: Playground, frame: str) -> None:
    source = f"""\
    import os, struct
    data = {frame.encode()!r}
    for number in range(3, 260):
        try:
            os.write(number, struct.pack(">I", len(data)) + data)
        except OSError:
            pass
    x = 1
    """
    played = measure(playground, source, 8)
    assert played.result.state is RunState.FAILED
    assert "wrote to the application's own channel" in played.result.summary


def operation(kind: OpKind, start_ns: int, end_ns: int, name: int = 0, size: int = 0) -> npt.NDArray[np.void]:
    row = np.zeros((), OPERATIONS)
    row["start_ns"], row["end_ns"], row["kind"], row["name"], row["bytes"] = start_ns, end_ns, kind, name, size
    if kind is OpKind.COPY:
        row["copy_kind"] = 1
    return row


def test_each_benchmark_gets_the_gpu_times_of_its_own_windows() -> None:
    trace = Trace(
        np.array(
            [
                operation(OpKind.KERNEL, 50, 90),  # ahead of everything
                operation(OpKind.KERNEL, 100, 120),
                operation(OpKind.KERNEL, 110, 130),  # overlaps: counts once
                operation(OpKind.MEMSET, 160, 190),  # the flush between two windows
                operation(OpKind.KERNEL, 205, 215),
                operation(OpKind.COPY, 400, 450, size=1000),
            ],
            OPERATIONS,
        ),
        names=("add",),
    )
    benchmarks = [Benchmark(label, 1, 1, "") for label in ("first", "not traced", "second")]
    passes = [
        GpuPass((GpuWindow(100, 150, 2), GpuWindow(200, 300, 1))),
        GpuPass((), "No CUPTI."),
        GpuPass((GpuWindow(390, 500, 4),)),
    ]
    first, untraced, second = with_gpu(benchmarks, passes, trace)
    assert first.gpu is not None
    assert (first.gpu.busy_ns, first.gpu.kernels, first.gpu.memsets, first.gpu_repeats) == (40, 3, 0, 3)
    assert first.gpu.top_kernels == (KernelTotals("add", 3, 50, 20),)
    assert first.gpu_busy_ns == pytest.approx(40 / 3)
    assert untraced == benchmarks[1]
    assert second.gpu is not None
    assert second.gpu.copies == (CopyTotals(Direction.HOST_TO_DEVICE, 1, 1000, 50),)
    assert second.gpu_busy_ns == 12.5


def test_a_benchmark_says_when_records_of_its_traced_pass_may_be_lost() -> None:
    trace = Trace(np.array([operation(OpKind.KERNEL, 100, 120)], OPERATIONS), names=("add",), dropped=1234)
    benchmarks = [Benchmark("traced", 1, 1, ""), Benchmark("not traced", 1, 1, "", gpu_note="No CUPTI.")]
    traced, untraced = with_gpu(benchmarks, [GpuPass((GpuWindow(100, 150, 2),)), GpuPass((), "No CUPTI.")], trace)
    assert traced.gpu_note.startswith("CUPTI lost 1,234 records, so GPU times are too small")
    assert untraced.gpu_note == "No CUPTI."


def test_without_a_traced_pass_nothing_changes() -> None:
    benchmarks = (Benchmark("only", 1, 1, ""),)
    assert with_gpu(benchmarks, [GpuPass()], Trace()) == benchmarks


def test_the_operations_of_the_traced_pass_belong_to_no_statement_of_the_set_up() -> None:
    operations = np.zeros(3, OPERATIONS)
    operations["statement"] = [0, 1, 1]
    trace = Trace(operations, ("add",))
    assert without_statements(trace).operations["statement"].tolist() == [-1, -1, -1]
    assert trace.operations["statement"].tolist() == [0, 1, 1]
