"""A driver that is slow, or hangs when listing processes, is not reported as dead."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuplayground.model.samples import MonitorEvent, Problem, UnlistedProcesses
from gpuplayground.monitor.recording.reader import Recording
from gpuplayground.monitor.recording.recorder import record
from gpuplayground.monitor.sampling.nvml_errors import DOES_NOT_ANSWER
from tests.monitor.watch import Watch, is_pass, is_tick, quick_feed
from tests.support.fakes import FakeNvml, gpu_uuid

LISTS = "nvmlDeviceGetComputeRunningProcesses_v3"


def problems(events: list[MonitorEvent]) -> list[Problem]:
    """What was reported as wrong with the feed."""
    return [event for event in events if isinstance(event, Problem)]


def test_a_tick_that_takes_longer_than_the_patience_of_the_feed_is_slow_and_not_dead(nvml: FakeNvml) -> None:
    nvml.set(gpus=4, delay="all:45000")
    # Four GPUs of ten calls: 1.8 s a tick.
    with Watch(quick_feed(nvml.env, slow_s=60, stall_s=1.2)) as watch:
        watch.samples()
        assert len(watch.samples(since=watch.mark())) == 4
        assert problems(watch.events) == []


def test_what_is_slow_is_sampled_more_rarely_and_said_until_it_is_over(nvml: FakeNvml) -> None:
    nvml.set(gpus=1, delay="all:20000")
    with Watch(quick_feed(nvml.env, hz=10, slow_s=60)) as watch:
        slow = watch.pace()
        # Ten calls of the fast tier, and now and then that of the medium tier.
        assert slow.hz < 5.1
        assert slow.call_s is not None
        assert slow.call_s >= 0.02
        position = watch.mark()
        nvml.set(delay=None)
        watch.pace(lambda pace: pace.call_s is None and pace.hz > 5.1, position)


def test_the_rate_of_a_driver_that_keeps_up_is_the_one_asked_for(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env, hz=5, slow_s=60)) as watch:
        assert watch.pace(lambda pace: pace.call_s is None).hz == pytest.approx(5, rel=0.3)
        watch.feed.set_rate(2)
        assert watch.pace(lambda pace: pace.hz < 3).hz == pytest.approx(2, rel=0.3)


def test_a_recording_waits_for_a_driver_as_long_as_the_window(nvml: FakeNvml, tmp_path: Path) -> None:
    nvml.set(gpus=1, delay="nvmlInitWithFlags:1800000")
    path = tmp_path / "late.gpurec"
    record(path, 0.2, 20, quick_feed(nvml.env, stall_s=1.2))
    with Recording.open(path) as recording:
        assert list(recording.samples())


def test_a_slow_start_is_no_problem(nvml: FakeNvml) -> None:
    nvml.set(gpus=1, delay="nvmlInitWithFlags:1800000")
    with Watch(quick_feed(nvml.env, stall_s=1.2)) as watch:
        watch.samples()
        assert problems(watch.events) == []


def test_the_fast_tier_goes_on_while_the_processes_are_listed(nvml: FakeNvml) -> None:
    nvml.set(gpus=4, delay=f"{LISTS}:250000")
    with Watch(quick_feed(nvml.env, hz=20)) as watch:
        watch.found()
        ticks = 0
        for event in watch.events:
            if is_pass(event):
                break
            ticks += is_tick(event)
    # Each GPU is asked twice, for the number of processes and for the processes: 2 s in all.
    assert ticks >= 10


def test_a_list_of_processes_that_never_comes_is_told_of_and_the_rest_goes_on(nvml: FakeNvml) -> None:
    nvml.set(hang=LISTS)
    with Watch(quick_feed(nvml.env)) as watch:
        found = watch.found()
        assert {row.gpu_uuid for row in found} == {gpu_uuid(0), gpu_uuid(1)}
        assert all(isinstance(row, UnlistedProcesses) and row.reason == DOES_NOT_ANSWER for row in found)
        assert len(watch.samples(since=watch.mark())) == 2
        assert problems(watch.events) == []
        watch.stop()


def test_a_slow_list_of_processes_is_waited_for(nvml: FakeNvml) -> None:
    nvml.set(gpus=2, delay=f"{LISTS}:1000000")
    with Watch(quick_feed(nvml.env)) as watch:
        # 2 s for each GPU by calls of 1 s: longer in all than a single call may take.
        assert len(watch.found()) == 2
        assert watch.processes()


def test_gpus_are_found_anew_while_the_list_of_processes_hangs(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        watch.processes()
        nvml.set(hang=LISTS)
        watch.found(lambda found: any(isinstance(row, UnlistedProcesses) for row in found))
        nvml.set(hang=LISTS, gpus=3)
        watch.inventory(lambda inventory: len(inventory.gpus) == 3)
        watch.samples(lambda samples: len(samples) == 3)


def test_no_pass_is_reported_of_one_that_was_under_way_when_a_measurement_began(nvml: FakeNvml) -> None:
    nvml.set(gpus=4, delay=f"{LISTS}:100000")
    with Watch(quick_feed(nvml.env, slow_s=0.05)) as watch:
        watch.samples()
        watch.feed.pause_slow_tier()
        watch.ticks_without_a_pass(25)
        position = watch.mark()
        watch.feed.resume_slow_tier()
        assert len(watch.found(since=position)) == 4
