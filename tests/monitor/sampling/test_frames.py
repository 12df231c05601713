"""Events converted to frames and back."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from gpuplayground.model.samples import (
    DriverInfo,
    GpuInfo,
    GpuSample,
    Inventory,
    MonitorEvent,
    Pace,
    Problem,
    ProblemCode,
    ProcessSample,
    UnlistedProcesses,
)
from gpuplayground.monitor.sampling.frames import (
    event_of,
    heartbeat_frame,
    inventory_frame,
    opening_frame,
    pace_frame,
    processes_frame,
    samples_frame,
)
from gpuplayground.runtime.io.wire import Frame, WireError, read_frame, write_frame

GPU = GpuInfo(0, "GPU-1", "NVIDIA H200", 150 << 30, (9, 0), 700.0, 1980, 3201, 5, 16)
BARE_GPU = GpuInfo(1, "GPU-2", "GPU 1")
LOST = Problem(ProblemCode.GPU_LOST, "GPU 1 is lost.", "NVML error 15", 5, "GPU-2")
NO_GPU = Problem(ProblemCode.NO_GPU, "There is none.")
SAMPLES = (GpuSample(1, "GPU-1", gpu_util_percent=50, power_w=70.5, fan_percent=30), GpuSample(2, "GPU-2"))
UNLISTED = UnlistedProcesses(1, "GPU-2", "This account may not.")
PROCESSES = (ProcessSample(1, "GPU-1", 7, "wörker", "graphics", 1 << 30, 3.5), ProcessSample(1, "GPU-2", 8))


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        (inventory_frame(i := Inventory(9, DriverInfo("580", "13.0"), (GPU, BARE_GPU), None, (LOST,))), i),
        (inventory_frame(n := Inventory(9, DriverInfo(), (), NO_GPU)), n),
        (samples_frame(SAMPLES), SAMPLES),
        (processes_frame(PROCESSES), PROCESSES),
        (processes_frame(()), ()),
        (processes_frame((*PROCESSES, UNLISTED)), (*PROCESSES, UNLISTED)),
        (pace_frame(Pace(4.4, 0.02)), Pace(4.4, 0.02)),
        (opening_frame(), None),
        (heartbeat_frame(), None),
        ({"kind": "from the future"}, None),
    ],
    ids=[
        "inventory",
        "no GPU",
        "samples",
        "processes",
        "no processes",
        "unlisted",
        "pace",
        "opening",
        "heartbeat",
        "unknown",
    ],
)
def test_an_event_comes_out_of_its_frame_as_it_went_in(frame: Frame, event: MonitorEvent | None) -> None:
    stream = BytesIO()
    write_frame(stream, frame)
    stream.seek(0)
    returned = read_frame(stream)
    assert returned is not None
    assert event_of(returned) == event


def test_a_tick_of_eight_gpus_takes_little_on_the_wire() -> None:
    sample = GpuSample(1_795_420_744_076_772_349, "GPU-fa4e0000-0000-0000-0000-000000000000", *[123456] * 16)
    stream = BytesIO()
    write_frame(stream, samples_frame((sample,) * 8))
    assert len(stream.getvalue()) < 1600


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "samples"},
        {"kind": "samples", "rows": [[]]},
        {"kind": "samples", "rows": [[1, "GPU-1", *[0] * 20]]},
        {"kind": "processes", "rows": 3},
        {"kind": "inventory"},
        {**inventory_frame(Inventory(9, DriverInfo(), (), NO_GPU)), "problem": {"code": "unheard of", "sentence": ""}},
        {**inventory_frame(Inventory(9, DriverInfo(), (GPU,))), "gpus": [{"index": 0}]},
    ],
)
def test_a_frame_with_the_wrong_content_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        event_of(content)
