"""The wall clock is set while the GPUs are sampled."""

from __future__ import annotations

from pathlib import Path

from gpuplayground.model.samples import GpuSample
from gpuplayground.monitor.timeseries.store import SeriesStore
from gpuplayground.runtime import clock
from tests.monitor.watch import Watch, quick_feed
from tests.support.fakes import FakeClock, FakeNvml, gpu_uuid


def ticks_at(watch: Watch, since: int) -> int:  # type: ignore[type-arg]
    """The time of a tick from an event on."""
    return watch.samples(since=since)[0].time_ns


def test_samples_stay_in_order_and_their_times_real(nvml: FakeNvml, tmp_path: Path) -> None:
    fake = FakeClock(tmp_path / "clock")
    with Watch(quick_feed({**nvml.env, **fake.env})) as watch:
        for seconds in (-3600, 7200, -86_400):
            watch.samples(since=watch.mark())
            before = clock.now_ns()
            fake.set(seconds)
            position = watch.mark()
            watch.samples(since=position)
            # The tick after that has begun after the clock was set.
            position = watch.mark()
            assert before <= ticks_at(watch, position) <= clock.now_ns()
    stamps = [each.time_ns for event in watch.events if isinstance(event, tuple) for each in event
              if isinstance(each, GpuSample) and each.gpu_uuid == gpu_uuid(0)]  # fmt: skip
    assert stamps == sorted(stamps)
    store = SeriesStore(hz=20)
    for event in watch.events:
        if isinstance(event, tuple):
            store.add(each for each in event if isinstance(each, GpuSample))
    assert len(store.series(gpu_uuid(0), "power_w", stamps[0], stamps[-1], 10_000)) >= len(stamps)


def test_the_utilization_of_processes_goes_on_after_the_clock_was_set_back(nvml: FakeNvml, tmp_path: Path) -> None:
    fake = FakeClock(tmp_path / "clock")
    nvml.set(gpus=1, util=60)
    with Watch(quick_feed({**nvml.env, **fake.env})) as watch:
        watch.processes(lambda found: found[0].sm_util_percent == 60)
        fake.set(-3600)
        # What was under way then may still be of before.
        for _ in range(3):
            watch.processes(since=watch.mark())
        assert watch.processes(lambda found: found[0].sm_util_percent == 60, watch.mark())


def test_names_that_are_not_utf8_are_shown_as_far_as_they_can_be_read(nvml: FakeNvml) -> None:
    names = "nvmlDeviceGetName,nvmlDeviceGetUUID,nvmlSystemGetProcessName,nvmlSystemGetDriverVersion"
    nvml.set(gpus=1, latin1=names)
    with Watch(quick_feed(nvml.env)) as watch:
        inventory = watch.inventory()
        (process,) = watch.processes()
        assert watch.samples()[0].gpu_uuid == inventory.gpus[0].uuid
    assert inventory.gpus[0].name == "N\N{REPLACEMENT CHARACTER}IDIA Fake 0"
    assert inventory.driver.driver_version == "5\N{REPLACEMENT CHARACTER}0.00.07"
    assert process.name == "worker-4000000"
