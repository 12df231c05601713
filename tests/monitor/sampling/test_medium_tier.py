"""The energy counter is read once a second; the period of passes over the processes."""

from __future__ import annotations

import ctypes
import os
from itertools import pairwise

import pynvml
import pytest

from gpuplayground.model.samples import GpuSample
from gpuplayground.monitor.sampling.agent_process import agent_command
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.monitor.sampling.frames import control_frame
from gpuplayground.monitor.sampling.probes import GpuProbes
from gpuplayground.monitor.timeseries.store import SeriesStore
from tests.monitor.watch import Watch, is_pass, is_tick, quick_feed
from tests.support.command_line import wait_for
from tests.support.fakes import FakeNvml, energy_j, gpu_uuid

S = 1_000_000_000


def samples_of(watch: Watch[Feed], identity: int, since: int = 0) -> list[GpuSample]:
    """The samples of one GPU that have come so far."""
    ticks = [event for event in watch.events[since:] if is_tick(event)]
    return [
        sample
        for tick in ticks
        if isinstance(tick, tuple)
        for sample in tick
        if isinstance(sample, GpuSample) and sample.gpu_uuid == gpu_uuid(identity)
    ]


def span_s(samples: list[GpuSample]) -> float:
    """The seconds from the first to the last sample."""
    return (samples[-1].time_ns - samples[0].time_ns) / S if samples else 0.0


def wait_for_readings(watch: Watch[Feed], identity: int, count: int, since: int = 0) -> list[GpuSample]:
    """Wait until the energy of a GPU was read so many times, and return those samples."""

    def read() -> list[GpuSample]:
        return [sample for sample in samples_of(watch, identity, since) if sample.energy_j is not None]

    wait_for(lambda: len(read()) >= count)
    return read()


def test_the_energy_is_read_about_once_a_second_and_agrees_with_the_counter(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        read = wait_for_readings(watch, 0, 3)
        everything = samples_of(watch, 0)
    assert len(everything) > 5 * len(read)
    for before, after in pairwise(read):
        # Never sooner than the period; a tick that comes late may bring the next one nearer.
        assert after.time_ns - before.time_ns > 0.5 * S
    for sample in read:
        # Read some time after the sample's time stamp, on a busy machine.
        low, high = energy_j(sample.time_ns - S // 10, 0), energy_j(sample.time_ns + 10 * S, 0)
        assert sample.energy_j is not None
        assert low - 0.01 <= sample.energy_j <= high


def test_several_gpus_are_not_read_in_the_same_tick(nvml: FakeNvml) -> None:
    nvml.set(gpus=4)
    with Watch(quick_feed(nvml.env)) as watch:
        first = [wait_for_readings(watch, identity, 1)[0] for identity in range(4)]
    assert len({sample.time_ns // (S // 10) for sample in first}) > 1


def test_the_energy_is_left_alone_while_something_is_measured(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        wait_for_readings(watch, 0, 1)
        watch.feed.pause_slow_tier()
        watch.ticks_without_a_pass(6)
        position = watch.mark()
        wait_for(lambda: span_s(samples_of(watch, 0, position)) > 1.2)
        assert all(sample.energy_j is None for sample in samples_of(watch, 0, position))
        watch.feed.resume_slow_tier()
        wait_for_readings(watch, 0, 1, position)


@pytest.mark.parametrize("code", [3, 4, 13])
def test_a_gpu_without_the_counter_goes_on_without(nvml: FakeNvml, code: int) -> None:
    nvml.set(refuse=f"nvmlDeviceGetTotalEnergyConsumption@0:{code}")
    with Watch(quick_feed(nvml.env)) as watch:
        wait_for_readings(watch, 1, 2)
        assert all(sample.energy_j is None for sample in samples_of(watch, 0))
        assert all(sample.power_w is not None for sample in samples_of(watch, 0))


def test_readings_that_come_now_and_then_leave_no_gap_in_the_curves() -> None:
    store = SeriesStore()
    for tick in range(100):
        energy = 70.0 * tick if tick % 10 == 0 else None
        store.add((GpuSample((tick + 1) * S // 10, "GPU-1", power_w=70.0, energy_j=energy),))
    series = store.series("GPU-1", "power_w", 0, 11 * S)
    assert len(series) == 100
    assert set(series.mean) == {70.0}


def test_the_processes_are_passed_over_more_often_on_request(nvml: FakeNvml) -> None:
    feed = Feed(agent_command(20, slow_s=600), 20, {**os.environ, **nvml.env})
    with Watch(feed) as watch:
        watch.processes()
        watch.ticks_without_a_pass(10)
        position = watch.mark()
        watch.feed.set_process_period(0.1)
        wait_for(lambda: sum(is_pass(event) for event in watch.events[position:]) >= 4)
        watch.feed.set_process_period(None)
        watch.ticks_without_a_pass(10)


def test_the_control_frame_carries_the_whole_of_what_is_asked() -> None:
    assert control_frame(5, True, 0.3, 0.5) == {
        "kind": "control",
        "hz": 5,
        "slow_tier": True,
        "batch_s": 0.3,
        "slow_s": 0.5,
    }
    assert control_frame(5, True)["slow_s"] is None


def test_the_counter_is_read_as_nvidia_ml_py_reads_it() -> None:
    """It has no structure whose layout could be compared: a pointer to 64 bits, in millijoules."""

    class Library:
        """Stands in for the loaded library: takes the call's arguments as a function of C would."""

        def nvmlDeviceGetTotalEnergyConsumption(self, handle: object, buffer: object) -> int:
            ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ulonglong))[0] = 2**40 + 5  # type: ignore[arg-type]
            return 0

    sample = GpuProbes(Library(), None, "GPU-1").sample(medium=True)
    assert sample.energy_j == (2**40 + 5) / 1000
    assert callable(pynvml.nvmlDeviceGetTotalEnergyConsumption)
