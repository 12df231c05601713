"""States of the driver and the GPUs, from the fake library through nvidia-ml-py, a real agent and the feed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gpuplayground.metrics import FIELDS
from gpuplayground.model.samples import GpuSample, Inventory, ProblemCode, UnlistedProcesses
from gpuplayground.monitor.timeseries.store import SeriesStore
from tests.monitor.watch import Watch, quick_feed
from tests.support.fake_nvml.build import TOTAL_BYTES, wave
from tests.support.fakes import FakeNvml, fake_nvml_env, gpu_uuid, no_nvml_env


def by_identity(samples: tuple[GpuSample, ...], identity: int) -> GpuSample:
    return next(sample for sample in samples if sample.gpu_uuid == gpu_uuid(identity))


def uuids(samples: tuple[GpuSample, ...]) -> list[str]:
    return [sample.gpu_uuid for sample in samples]


def test_the_figures_are_those_of_the_driver_at_their_time(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        for identity in (0, 1):
            sample = by_identity(watch.samples(), identity)
            now = sample.time_ns
            util = wave(now, identity, 50, 45, 20)
            # The driver is asked some microseconds after the time stamp; whole units are rounded.
            assert sample.gpu_util_percent == pytest.approx(util, abs=3)
            assert sample.memory_util_percent == pytest.approx(0.4 * util, abs=3)
            assert sample.memory_used_bytes == pytest.approx(TOTAL_BYTES * wave(now, identity, 0.5, 0.3, 30), rel=0.05)
            assert sample.memory_total_bytes == TOTAL_BYTES
            assert sample.temperature_c == pytest.approx(wave(now, identity, 55, 10, 60), abs=2)
            assert sample.power_w == pytest.approx(wave(now, identity, 350, 250, 20), abs=20)
            assert sample.power_average_w == pytest.approx(sample.power_w, abs=5)
            assert sample.power_limit_w == 700.0
            assert sample.sm_clock_mhz == pytest.approx(wave(now, identity, 1500, 400, 20), abs=30)
            assert sample.memory_clock_mhz == 3201
            assert (sample.encoder_util_percent, sample.decoder_util_percent) == (5, 10)
            assert (sample.performance_state, sample.event_reasons) == (0, 4)
            assert sample.fan_percent == pytest.approx(wave(now, identity, 40, 5, 60), abs=2)


def test_an_inventory_says_what_does_not_change(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        inventory = watch.inventory()
    assert (inventory.problem, inventory.gpu_problems) == (None, ())
    assert (inventory.driver.driver_version, inventory.driver.cuda_version) == ("580.00.07", "13.0")
    first, second = inventory.gpus
    assert (first.index, first.uuid, first.name) == (0, gpu_uuid(0), "NVIDIA Fake 0")
    assert (second.index, second.uuid, second.name) == (1, gpu_uuid(1), "NVIDIA Fake 1")
    assert (first.memory_total_bytes, first.compute_capability, first.power_limit_w) == (TOTAL_BYTES, (9, 0), 700.0)
    assert (first.max_sm_clock_mhz, first.max_memory_clock_mhz) == (1980, 3201)
    assert (first.pcie_generation_max, first.pcie_width_max) == (5, 16)


@pytest.mark.parametrize(
    ("env", "code", "says"),
    [
        pytest.param(no_nvml_env, ProblemCode.NO_LIBRARY, "install the driver", id="no library"),
        pytest.param(lambda: fake_nvml_env(init=9), ProblemCode.DRIVER_NOT_LOADED, "modprobe", id="not loaded"),
        pytest.param(lambda: fake_nvml_env(init=18), ProblemCode.DRIVER_NOT_LOADED, "restart", id="driver updated"),
        pytest.param(lambda: fake_nvml_env(init=4), ProblemCode.NO_PERMISSION, "/dev/nvidia", id="no permission"),
        pytest.param(lambda: fake_nvml_env(init=999), ProblemCode.DRIVER_NOT_LOADED, "Unknown", id="unknown error"),
        pytest.param(lambda: fake_nvml_env(gpus=0), ProblemCode.NO_GPU, "finds no GPU", id="no GPU"),
    ],
)
def test_without_gpus_the_inventory_says_why_and_what_to_do(
    env: Callable[[], dict[str, str]], code: ProblemCode, says: str
) -> None:
    with Watch(quick_feed(env())) as watch:
        inventory = watch.inventory()
    assert inventory.gpus == ()
    assert inventory.problem is not None
    assert inventory.problem.code is code
    assert says in inventory.problem.sentence
    assert inventory.problem.sentence.endswith(".")


def test_a_driver_that_is_loaded_later_is_found_without_a_restart(nvml: FakeNvml) -> None:
    nvml.set(init=9)
    with Watch(quick_feed(nvml.env)) as watch:
        assert watch.inventory().problem is not None
        nvml.set(init=None)
        assert len(watch.inventory(lambda inventory: inventory.problem is None).gpus) == 2
        assert len(watch.samples()) == 2


def test_an_unchanged_problem_is_reported_once(nvml: FakeNvml) -> None:
    nvml.set(init=9)
    with Watch(quick_feed(nvml.env)) as watch:
        watch.inventory()
        nvml.set(init=4)
        watch.inventory(lambda inventory: inventory.problem is not None and inventory.problem.code == "no-permission")
        assert len(watch.events) == 2


def test_what_is_not_supported_is_none_and_the_rest_goes_on(nvml: FakeNvml) -> None:
    refused = (
        "nvmlDeviceGetFanSpeed:3,nvmlDeviceGetUtilizationRates:3,nvmlDeviceGetTemperature:4,"
        "nvmlDeviceGetEncoderUtilization@0:13,nvmlDeviceGetEnforcedPowerLimit:3,nvmlDeviceGetPerformanceState:2"
    )
    nvml.set(refuse=refused)
    with Watch(quick_feed(nvml.env)) as watch:
        first, second = watch.samples()
    missing = {metric for metric in FIELDS if getattr(first, metric) is None}
    assert missing == {
        "fan_percent",
        "gpu_util_percent",
        "memory_util_percent",
        "temperature_c",
        "encoder_util_percent",
        "power_limit_w",
        "performance_state",
    }
    assert second.encoder_util_percent == 5
    assert first.memory_used_bytes is not None


def test_a_gpu_that_supports_nothing_is_still_there(nvml: FakeNvml) -> None:
    names = (
        "UtilizationRates MemoryInfo_v2 MemoryInfo Temperature FieldValues PowerUsage ClockInfo EncoderUtilization "
        "DecoderUtilization PerformanceState CurrentClocksEventReasons FanSpeed EnforcedPowerLimit MaxClockInfo Name "
        "CudaComputeCapability MaxPcieLinkGeneration MaxPcieLinkWidth ComputeRunningProcesses_v3 ProcessUtilization "
        "GraphicsRunningProcesses_v3 TotalEnergyConsumption"
    )
    nvml.set(gpus=1, refuse=",".join(f"nvmlDeviceGet{name}:3" for name in names.split()))
    with Watch(quick_feed(nvml.env)) as watch:
        (gpu,) = watch.inventory().gpus
        (sample,) = watch.samples()
        (row,) = watch.found()
        assert isinstance(row, UnlistedProcesses)
    assert gpu.name == "GPU 0"
    assert all(getattr(sample, metric) is None for metric in FIELDS)


def test_what_is_not_supported_is_asked_again_only_after_a_new_enumeration(nvml: FakeNvml) -> None:
    nvml.set(refuse="nvmlDeviceGetTemperature:3")
    with Watch(quick_feed(nvml.env)) as watch:
        assert watch.samples()[0].temperature_c is None
        nvml.set(refuse=None, present="0,1,5")
        before = watch.mark()
        tick = watch.samples(lambda samples: len(samples) == 3, before)
        assert tick[0].temperature_c is not None
        nvml.set(refuse="nvmlDeviceGetTemperature:3")
        watch.samples(lambda samples: samples[0].temperature_c is None, watch.mark())
        nvml.set(refuse=None)
        position = watch.mark()
        for _ in range(4):
            assert watch.samples(since=position)[0].temperature_c is None
            position = watch.mark()


def test_a_passing_error_costs_one_metric_for_as_long_as_it_lasts(nvml: FakeNvml) -> None:
    nvml.set(refuse="nvmlDeviceGetUtilizationRates:999")
    with Watch(quick_feed(nvml.env)) as watch:
        sample = watch.samples()[0]
        assert sample.gpu_util_percent is None
        assert sample.power_w is not None
        nvml.set(refuse=None)
        watch.samples(lambda samples: samples[0].gpu_util_percent is not None)


def test_an_older_driver_without_the_newer_calls_still_gives_memory_and_power(nvml: FakeNvml) -> None:
    nvml.set(refuse="nvmlDeviceGetMemoryInfo_v2:13,nvmlDeviceGetFieldValues:13")
    with Watch(quick_feed(nvml.env)) as watch:
        sample = watch.samples(lambda samples: samples[0].memory_used_bytes is not None)[0]
        used = TOTAL_BYTES * wave(sample.time_ns, 0, 0.5, 0.3, 30) + (512 << 20)
        assert sample.memory_used_bytes == pytest.approx(used, rel=0.05)
        sample = watch.samples(lambda samples: samples[0].power_w is not None)[0]
        assert sample.power_average_w is None


@pytest.mark.parametrize("code", [2, 3])
def test_a_driver_without_instant_power_gives_the_other_reading(nvml: FakeNvml, code: int) -> None:
    nvml.set(refuse=f"field186:{code}")
    with Watch(quick_feed(nvml.env)) as watch:
        sample = watch.samples(lambda samples: samples[0].power_w is not None)[0]
        assert sample.power_w == pytest.approx(wave(sample.time_ns, 0, 350, 250, 20), abs=20)
        assert sample.power_average_w == pytest.approx(sample.power_w, abs=5)


def test_a_gpu_lost_while_running_is_told_of_and_the_others_go_on(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        assert len(watch.samples()) == 2
        nvml.set(lost="1")
        inventory = watch.inventory(lambda inventory: bool(inventory.gpu_problems))
        assert [gpu.uuid for gpu in inventory.gpus] == [gpu_uuid(0), gpu_uuid(1)]
        (problem,) = inventory.gpu_problems
        assert (problem.code, problem.gpu_uuid) == (ProblemCode.GPU_LOST, gpu_uuid(1))
        assert problem.since_ns is not None
        assert "GPU 1" in problem.sentence
        assert inventory.problem is None
        position = watch.mark()
        assert uuids(watch.samples(since=position)) == [gpu_uuid(0)]
        # It comes back when NVML is opened again, as after a reset.
        nvml.set(lost=None)
        inventory = watch.inventory(lambda inventory: not inventory.gpu_problems, position)
        assert len(inventory.gpus) == 2
        assert len(watch.samples(lambda samples: len(samples) == 2, position)) == 2


def test_a_gpu_lost_from_the_start_leaves_the_others_alone(nvml: FakeNvml) -> None:
    nvml.set(lost="0")
    with Watch(quick_feed(nvml.env)) as watch:
        inventory = watch.inventory()
        assert uuids(watch.samples()) == [gpu_uuid(1)]
    assert len(inventory.gpus) == 2
    assert inventory.gpu_problems[0].gpu_uuid == inventory.gpus[0].uuid


def test_gpus_that_appear_and_go_are_found_without_a_restart(nvml: FakeNvml) -> None:
    nvml.set(present="0,1")
    with Watch(quick_feed(nvml.env)) as watch:
        watch.samples(lambda samples: uuids(samples) == [gpu_uuid(0), gpu_uuid(1)])
        nvml.set(present="0,1,2,3")
        watch.inventory(lambda inventory: len(inventory.gpus) == 4)
        watch.samples(lambda samples: len(samples) == 4)
        # One in the middle goes: the others keep their identity, not their index.
        nvml.set(present="0,2,3")
        inventory = watch.inventory(lambda inventory: len(inventory.gpus) == 3)
        assert [gpu.uuid for gpu in inventory.gpus] == [gpu_uuid(0), gpu_uuid(2), gpu_uuid(3)]
        position = watch.mark()
        assert uuids(watch.samples(since=position)) == [gpu_uuid(0), gpu_uuid(2), gpu_uuid(3)]
        nvml.set(present="", gpus=0)
        inventory = watch.inventory(lambda inventory: not inventory.gpus)
        assert inventory.problem is not None
        assert inventory.problem.code is ProblemCode.NO_GPU


def test_absurd_values_are_dropped(nvml: FakeNvml) -> None:
    nvml.set(absurd="1")
    with Watch(quick_feed(nvml.env)) as watch:
        good, bad = watch.samples()
        processes = watch.processes()
    known = {metric for metric in FIELDS if getattr(bad, metric) is not None}
    assert known == {"memory_total_bytes", "power_limit_w"}
    assert None not in (good.gpu_util_percent, good.power_w, good.memory_used_bytes)
    process = next(process for process in processes if process.gpu_uuid == gpu_uuid(1))
    assert (process.memory_used_bytes, process.sm_util_percent) == (None, None)


@pytest.mark.parametrize("count", [17, 64, 256])
def test_any_number_of_gpus_comes_in_every_tick_and_is_kept(count: int) -> None:
    expected = [gpu_uuid(identity) for identity in range(count)]
    store = SeriesStore()
    with Watch(quick_feed(fake_nvml_env(count), hz=10)) as watch:
        for _ in range(3):
            samples = watch.samples(since=watch.mark())
            assert uuids(samples) == expected
            store.add(samples)
        assert {process.gpu_uuid for process in watch.processes()} == set(expected)
    assert list(store.uuids) == expected
    now = samples[0].time_ns
    for uuid in (expected[0], expected[-1]):
        assert len(store.series(uuid, "power_w", now - 60_000_000_000, now + 1_000_000_000)) >= 3


def test_a_process_that_computes_and_draws_is_listed_once(nvml: FakeNvml) -> None:
    nvml.set(gpus=1, processes=2, graphics=1)
    with Watch(quick_feed(nvml.env)) as watch:
        # The first pass may find no utilization since it looks back only two seconds.
        one, two, three = watch.processes()
    assert (one.pid, one.kind, one.memory_used_bytes) == (4000000, "compute", 1 << 30)
    assert (two.pid, two.kind, two.memory_used_bytes) == (4000001, "compute", 2 << 30)
    assert (three.pid, three.kind, three.sm_util_percent) == (4000002, "graphics", 0)
    assert one.name == "worker-4000000"
    assert one.sm_util_percent == pytest.approx(wave(one.time_ns, 0, 50, 45, 20) / 2, abs=3)


def test_a_process_list_that_becomes_empty_is_reported_as_empty(nvml: FakeNvml) -> None:
    with Watch(quick_feed(nvml.env)) as watch:
        assert watch.processes()
        # In use without a process, a container would call it unknown.
        nvml.set(processes=0, used=0, util=0)
        assert watch.processes(lambda processes: not processes) == ()


def test_process_utilization_that_is_not_supported_is_none(nvml: FakeNvml) -> None:
    nvml.set(refuse="nvmlDeviceGetProcessUtilization:3,nvmlSystemGetProcessName:6")
    with Watch(quick_feed(nvml.env)) as watch:
        process = watch.processes()[0]
    assert (process.sm_util_percent, process.name) == (None, None)


def test_a_library_that_prints_does_not_disturb_the_frames(nvml: FakeNvml) -> None:
    nvml.set(noise=1)
    with Watch(quick_feed(nvml.env)) as watch:
        watch.samples()
        assert isinstance(watch.events[0], Inventory)


def test_an_agent_works_from_any_directory_even_one_with_a_module_named_like_a_standard_one(
    nvml: FakeNvml, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    with Watch(quick_feed(nvml.env)) as watch:
        assert watch.samples()
