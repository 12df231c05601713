"""Exact figures of what lies under the pointer."""

from __future__ import annotations

from collections.abc import Mapping

from gpuplayground.model.gpu_timing import GpuTiming, Wait
from gpuplayground.model.trace import OpKind, Trace
from gpuplayground.ui.trace_timeline.panel import TimelinePanel
from tests.ui.trace_timeline.conftest import MakePanel
from tests.ui.trace_timeline.places import at, hover
from tests.ui.trace_timeline.runs import (
    ADD,
    MS,
    NAMES,
    PINNED,
    TO_DEVICE,
    US,
    copy,
    finished,
    kernel,
    operations,
    samples_of,
    statement,
    usual_run,
)

STATEMENT = statement(0, 4, "y = x @ x\n", 0, 1 * MS, 9 * MS + 5)


def hovered(make_panel: MakePanel, operation: Mapping[str, object], row: str, *names: str) -> list[str]:
    """What is told in the middle of the one operation of a run."""
    trace = Trace(operations([dict(operation)]), names or NAMES)
    canvas = make_panel(finished((STATEMENT,), trace, 10 * MS)).canvas
    return hover(canvas, at(canvas, row, 4 * MS)).splitlines()


def test_a_kernel_tells_its_whole_name_its_times_its_launch_and_its_line(make_panel: MakePanel) -> None:
    told = hovered(make_panel, kernel(3 * MS, 2 * MS + 345, 0), "GPU 0 · stream 7")
    assert told == [
        ADD,
        "Start 3.000000 ms",
        "Duration 2.000345 ms",
        "Grid × block (1024, 1, 1) × (256, 1, 1), 262,144 threads",
        "Registers 32",
        "Shared memory 4,096 B",
        "On GPU 0, context 1, stream 7",
        "Line 4 y = x @ x",
    ]


def test_a_copy_tells_bytes_rate_and_memory(make_panel: MakePanel) -> None:
    told = hovered(make_panel, copy(3 * MS, 2 * MS, 0, TO_DEVICE, 1 << 26, PINNED), "GPU 0 · copies HtoD")
    assert told[0] == "Copy host to device"
    assert told[3:6] == ["Bytes 67,108,864 (67.1 MB)", "Rate 33.6 GB/s", "Memory pinned → device"]


def test_a_memory_set_lies_with_its_streams_kernels(make_panel: MakePanel) -> None:
    fields = {"at": 3 * MS, "lasts": 2 * MS, "kind": OpKind.MEMSET, "bytes": 512}
    told = hovered(make_panel, fields, "GPU 0 · stream 7")
    assert told[0] == "Memory set"
    assert "Bytes 512" in told


def test_a_graph_tells_its_number(make_panel: MakePanel) -> None:
    fields = {"at": 3 * MS, "lasts": 2 * MS, "kind": OpKind.GRAPH, "graph": 12}
    assert hovered(make_panel, fields, "GPU 0 · stream 7")[0] == "CUDA graph 12"


def test_a_name_longer_than_a_screen_loses_its_middle(make_panel: MakePanel) -> None:
    name = "begin<" + "x" * 2000 + ">end()"
    title = hovered(make_panel, kernel(3 * MS, 2 * MS), "GPU 0 · stream 7", name)[0]
    assert title.startswith("begin<")
    assert title.endswith(">end()")
    assert len(title) < 250


def test_a_kernel_whose_name_was_lost_says_so(make_panel: MakePanel) -> None:
    told = hovered(make_panel, kernel(3 * MS, 2 * MS, name=9), "GPU 0 · stream 7")
    assert told[0] == "unnamed kernel"


def test_a_statement_tells_its_times_wherever_it_is_pointed_at(make_panel: MakePanel) -> None:
    gpu = GpuTiming(busy_ns=7 * MS, kernels=3, waits=((Wait.KERNELS, 7 * MS), (Wait.CPU, 1 * MS), (Wait.IMPORT, 0)))
    timing = statement(0, 4, "y = x @ x", 0, 1 * MS, 9 * MS, prewarmed_ns=5 * MS, gpu=gpu)
    canvas = make_panel(finished((timing,), None, 10 * MS)).canvas
    told = hover(canvas, at(canvas, "Statements", 5 * MS))
    assert told.splitlines() == [
        "Line 4: y = x @ x",
        "Start 0 ns",
        "Wall time 1.000000 ms",
        "GPU done after 9.000000 ms",
        "Preloaded in 5.000000 ms",
        "GPU busy 7.000000 ms, 3 kernels",
        "Kernels 7.000000 ms",
        "CPU 1.000000 ms",
    ]
    assert hover(canvas, at(canvas, "Statements", 0.5 * MS)) == told


def test_a_merged_column_tells_how_many_and_how_long_in_all(make_panel: MakePanel) -> None:
    rows = [kernel(n * 5 * US, 3 * US, 0, name=5) for n in range(412)]
    rows += [kernel(2 * US + n * 5 * US + 1 * US, US, 0, name=2) for n in range(100)]
    canvas = make_panel(finished((STATEMENT,), Trace(operations(rows), NAMES), 1_000_000 * MS)).canvas
    told = hover(canvas, at(canvas, "GPU 0 · stream 7", 1 * MS)).splitlines()
    assert told[0] == "512 kernels, 1.34 ms in total"
    assert told[3:] == ["412 × bias_gelu, 1.24 ms", "100 × cupy_sqrt__float32_float32, 100 µs"]


def test_ranges_and_set_up_tell_what_they_are(panel: TimelinePanel) -> None:
    canvas = panel.canvas
    canvas.view.show(1526 * MS, 1548 * MS)
    assert hover(canvas, at(canvas, "NVTX ranges", 1530 * MS)).splitlines() == [
        "training",
        "Start 1.526000000 s",
        "Duration 22.000000 ms",
        "Line 8 train(model, d, steps=40)",
    ]
    canvas.fit()
    told = hover(canvas, at(canvas, "CUDA set-up", 1200 * MS)).splitlines()
    assert told[0] == "Compilation"
    assert "Function nvrtcCompileProgram" in told


def test_the_curves_tell_their_values_at_the_pointer(panel: TimelinePanel) -> None:
    canvas = panel.canvas
    panel.set_samples(samples_of(usual_run(), gpus=1))
    point = at(canvas, "Statements", 830 * MS)
    point.setY(canvas.probe.geometry.strips[0][0] + 5)
    told = hover(canvas, point).splitlines()
    assert told[0].startswith("At 8")
    assert [line.split()[0] for line in told[1:]] == ["Utilization", "Memory", "Power"]
    assert told[1] == "Utilization 96 %"
    assert told[3] == "Power 573 W"


EIGHT = {f"GPU-{number}": f"GPU {number}" for number in range(8)}


def test_each_of_several_gpus_has_a_line_and_none_is_cut(panel: TimelinePanel) -> None:
    canvas = panel.canvas
    panel.set_samples(samples_of(usual_run(), gpus=8), EIGHT)
    point = at(canvas, "Statements", 830 * MS)
    point.setY(canvas.probe.geometry.strips[0][0] + 5)
    told = hover(canvas, point).splitlines()
    assert told[1:3] == ["GPU 0 96 %, 8.6 GiB, 573 W", "GPU 1 67 %, 6.2 GiB, 424 W"]
    assert len(told) == 9
    lines = canvas.readout.facts.lines
    needed = max(canvas.readout.fontMetrics().horizontalAdvance(f"{label}  {value}") for label, value in lines)
    assert canvas.readout.width() > needed


def test_a_gpu_that_the_run_used_has_the_curves_to_itself_and_is_named(panel: TimelinePanel) -> None:
    canvas = panel.canvas
    panel.set_samples(samples_of(usual_run(), gpus=8), EIGHT, ["GPU-1"])
    point = at(canvas, "Statements", 830 * MS)
    point.setY(canvas.probe.geometry.strips[0][0] + 5)
    assert hover(canvas, point).splitlines()[1:] == ["GPU 1 67 %, 6.2 GiB, 424 W"]
