"""Replays of recordings."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from gpuplayground.model.samples import DriverInfo, GpuInfo, GpuSample, Inventory, MonitorEvent, ProcessSample, RunSpan
from gpuplayground.monitor.recording.reader import Recording, RecordingError, RecordingWriter
from gpuplayground.monitor.recording.replay import PREFILL_NS, ReplayFeed
from gpuplayground.monitor.timeseries.store import SeriesStore
from gpuplayground.storage import paths
from tests.monitor.watch import Watch, is_pass, is_tick

S = 1_000_000_000
T0 = 1_795_420_734 * S
SHIPPED = paths.resources() / "recordings" / "h200.gpurec"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Four seconds of two GPUs at 10 Hz, with a pass over the processes each second and a run in the third."""
    path = tmp_path / "a.gpurec"
    gpus = (GpuInfo(0, "GPU-1", "NVIDIA H200"), GpuInfo(1, "GPU-2", "NVIDIA H200"))
    with RecordingWriter(path) as writer:
        writer.inventory(Inventory(T0, DriverInfo("580.1"), gpus))
        for number in range(41):
            time_ns = T0 + number * S // 10
            writer.add((GpuSample(time_ns, "GPU-1", gpu_util_percent=number), GpuSample(time_ns + 5000, "GPU-2")))
        for second in range(4):
            writer.add_processes((ProcessSample(T0 + second * S + 1, "GPU-1", second),))
        writer.add_run(RunSpan("run", "matmul", T0 + 2 * S, T0 + 3 * S, ("GPU-1",)))
    return path


def ticks(events: list[MonitorEvent]) -> list[tuple[GpuSample, GpuSample]]:
    return [event for event in events if is_tick(event)]  # type: ignore[misc]


def test_it_begins_with_an_inventory_and_what_lies_before_now(path: Path) -> None:
    start = time.time_ns()
    with Watch(ReplayFeed(path)) as watch:
        inventory = watch.inventory()
        watch.samples(lambda samples: samples[0].time_ns > start)
    assert watch.events[0] is inventory
    assert [gpu.name for gpu in inventory.gpus] == ["NVIDIA H200"] * 2
    assert inventory.driver.driver_version == "580.1"
    # Half of a short recording, up to a minute of a long one.
    before = [tick for tick in ticks(watch.events) if tick[0].time_ns < start]
    assert 5 <= len(before) <= 22


def test_samples_have_the_times_of_now_and_their_own_spacing(path: Path) -> None:
    with Watch(ReplayFeed(path)) as watch:
        watch.samples(lambda samples: samples[0].gpu_util_percent == 30)
    shown = ticks(watch.events)
    times = [tick[0].time_ns for tick in shown]
    assert {after - before for before, after in pairwise(times)} == {S // 10}
    assert all(len(tick) == 2 for tick in shown)
    assert all(tick[1].time_ns - tick[0].time_ns == 5000 for tick in shown)
    assert [tick[0].gpu_util_percent for tick in shown][:31] == list(range(31))
    assert times[-1] <= time.time_ns()


def test_a_looped_recording_goes_on_for_ever_forward_in_time(path: Path) -> None:
    with Watch(ReplayFeed(path, speed=20)) as watch:
        position = 0
        for _ in range(3):
            watch.samples(lambda samples: samples[0].gpu_util_percent == 40, position)
            position = watch.mark()
            watch.samples(lambda samples: samples[0].gpu_util_percent == 0, position)
    times = [tick[0].time_ns for tick in ticks(watch.events)]
    spacing = [after - before for before, after in pairwise(times)]
    # At 20 times the speed a period is 5 ms, and the gap of 2 s between the end and the new beginning 0.1 s.
    assert min(spacing) >= 4_900_000
    assert {round(each, -7) for each in spacing if each > 5_100_000} == {100_000_000}


def test_a_recording_that_is_not_looped_ends_in_silence_until_it_is_stopped(path: Path) -> None:
    with Watch(ReplayFeed(path, loop=False, speed=50)) as watch:
        watch.samples(lambda samples: samples[0].gpu_util_percent == 40)
        watch.silence(0.2)
        assert watch.thread.is_alive()
        watch.stop()
    assert len(ticks(watch.events)) == 41


def test_processes_come_with_the_samples_of_their_time(path: Path) -> None:
    with Watch(ReplayFeed(path, loop=False, speed=50)) as watch:
        watch.processes(lambda processes: processes[0].pid == 3)
        watch.silence(0.2)
    kinds = ["pass" if is_pass(event) else "tick" for event in watch.events[1:]]
    assert kinds.count("pass") == 4
    assert kinds.index("pass") == 1
    start = ticks(watch.events)[0][0].time_ns
    event = next(event for event in watch.events if is_pass(event))
    assert isinstance(event, tuple)
    assert event[0].time_ns == start


def test_the_runs_are_at_the_times_they_are_replayed(path: Path) -> None:
    feed = ReplayFeed(path)
    assert feed.runs() == ()
    with Watch(feed) as watch:
        first = watch.samples()[0].time_ns
        watch.samples(lambda samples: samples[0].gpu_util_percent == 25)
        (running,) = feed.runs()
        assert (running.label, running.gpu_uuids) == ("matmul", ("GPU-1",))
        assert running.start_ns == pytest.approx(first + 2 * S, abs=1000)
        watch.samples(lambda samples: samples[0].gpu_util_percent == 35)
        (ended,) = feed.runs()
    assert ended.run_id == running.run_id
    assert ended.end_ns is not None
    assert ended.end_ns - ended.start_ns == S


def test_each_round_has_runs_of_its_own(path: Path) -> None:
    feed = ReplayFeed(path, speed=20)
    with Watch(feed) as watch:
        position = 0
        for _ in range(3):
            watch.samples(lambda samples: samples[0].gpu_util_percent == 40, position)
            position = watch.mark()
            watch.samples(lambda samples: samples[0].gpu_util_percent == 0, position)
        runs = feed.runs()
        assert len(runs) >= 3
        assert len({run.run_id for run in runs}) == len(runs)
        starts = [run.start_ns for run in runs]
        assert starts == sorted(starts)
        assert feed.runs(since_ns=starts[1]) == feed.runs()[1:]
        assert feed.runs(since_ns=time.time_ns() + 3600 * S) == ()


def test_a_lower_rate_leaves_out_samples_and_the_slow_tier_can_be_left_out(path: Path) -> None:
    feed = ReplayFeed(path, loop=False, speed=50)
    feed.set_rate(100)
    feed.pause_slow_tier()
    with Watch(feed) as watch:
        watch.silence(0.3)
    assert not any(is_pass(event) for event in watch.events)
    # 41 samples 2 ms apart, and at most one per 10 ms.
    assert 7 <= len(ticks(watch.events)) <= 10


def test_stopping_takes_no_time(path: Path) -> None:
    with Watch(ReplayFeed(path, speed=0.0001)) as watch:
        watch.samples()
        watch.stop()


def test_a_recording_that_vanished_is_a_problem_and_not_the_end(path: Path) -> None:
    feed = ReplayFeed(path)
    path.unlink()
    with Watch(feed) as watch:
        assert "There is no file" in watch.problem().sentence


def test_an_empty_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.gpurec"
    RecordingWriter(path).close()
    with pytest.raises(RecordingError, match="contains no samples"):
        ReplayFeed(path)


def test_a_file_that_is_no_recording_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(RecordingError):
        ReplayFeed(tmp_path / "missing.gpurec")


def test_the_shipped_recording_is_real_small_and_says_what_it_is() -> None:
    assert SHIPPED.stat().st_size < 1_000_000
    with Recording.open(SHIPPED) as recording:
        assert recording.title == "NVIDIA H200, 2026-11-23"
        (gpu,) = recording.gpus
        assert gpu.compute_capability == (9, 0)
        assert recording.last_ns - recording.first_ns > 120 * S
        assert len(list(recording.samples())) == 1299
        labels = {run.label for run in recording.runs}
        assert {"PyCUDA add", "matmul bf16", "host-to-device copies"} <= labels
        assert all(run.end_ns is not None and run.gpu_uuids == (gpu.uuid,) for run in recording.runs)


def test_the_shipped_recording_fills_a_minute_of_the_graphs_at_once() -> None:
    feed = ReplayFeed(SHIPPED)
    store = SeriesStore()
    done = threading.Event()
    start = time.time_ns()

    def on_event(event: MonitorEvent) -> None:
        if isinstance(event, tuple) and is_tick(event):
            assert isinstance(event[0], GpuSample)
            store.add([event[0]])
            if event[0].time_ns >= start:
                done.set()
                feed.stop()

    feed.run(on_event)
    assert done.is_set()
    (uuid,) = store.uuids
    series = store.series(uuid, "gpu_util_percent", start - PREFILL_NS, start, 2000)
    assert len(series) > 580
    assert series.maximum.max() > 90
    assert len(feed.runs()) >= 3
