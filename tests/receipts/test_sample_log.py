"""The sample log: compact storage without rounding."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuplayground.model.samples import (
    DriverInfo,
    GpuInfo,
    GpuSample,
    Inventory,
    Problem,
    ProblemCode,
    ProcessSample,
    UnlistedProcesses,
)
from gpuplayground.monitor.sampling.probes import MAX_POWER_MW
from gpuplayground.monitor.timeseries.store import SeriesStore
from gpuplayground.receipts import process_log, sample_log
from gpuplayground.receipts.packed_rows import Column
from gpuplayground.receipts.receipt import receipts
from gpuplayground.receipts.rows import sentences
from gpuplayground.receipts.sample_log import SampleLog
from gpuplayground.receipts.used_gpus import Window
from tests.support import h200

S = 1_000_000_000

T = TypeVar("T")


def sample(time_ns: int, uuid: str = "GPU-1", watts: float | None = 70.25) -> GpuSample:
    return GpuSample(time_ns, uuid, gpu_util_percent=50, memory_used_bytes=150754820096, power_w=watts, event_reasons=4)


def times(log: SampleLog, start_ns: int = 0, end_ns: int = 10**18) -> list[int]:
    return [each.time_ns for each in log.between(start_ns, end_ns).samples]


def test_samples_come_back_as_they_went_in() -> None:
    log = SampleLog()
    tick = (sample(1), sample(2, "GPU-2", None))
    log.add(tick)
    assert log.between(0, 10).samples == tick
    assert isinstance(log.between(0, 10).samples[0].memory_used_bytes, int)
    assert isinstance(log.between(0, 10).samples[0].event_reasons, int)


def or_none(values: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | values


#: Values in the units of NVML.
percents = or_none(st.integers(0, 100))
watts = or_none(st.integers(0, 5_000_000).map(lambda milliwatts: milliwatts / 1000))
pages = or_none(st.integers(0, 2**28).map(lambda pages: pages << 16))
clocks = or_none(st.integers(0, 10_000))
told = st.builds(
    GpuSample,
    time_ns=st.just(1),
    gpu_uuid=st.just("GPU-1"),
    gpu_util_percent=percents,
    memory_util_percent=percents,
    memory_used_bytes=pages,
    memory_total_bytes=pages,
    temperature_c=or_none(st.integers(0, 200)),
    power_w=watts,
    power_average_w=watts,
    power_limit_w=watts,
    sm_clock_mhz=clocks,
    memory_clock_mhz=clocks,
    encoder_util_percent=percents,
    decoder_util_percent=percents,
    performance_state=or_none(st.integers(0, 15)),
    event_reasons=or_none(st.integers(0, 2**64 - 2)),
    fan_percent=or_none(st.integers(0, 200)),
    energy_j=or_none(st.integers(0, 2**50).map(lambda millijoules: millijoules / 1000)),
)


@given(st.lists(told, min_size=1, max_size=12))
def test_whatever_the_driver_tells_comes_back_exactly(samples: list[GpuSample]) -> None:
    log, taken = SampleLog(), [replace(each, time_ns=at) for at, each in enumerate(samples, 1)]
    for each in taken:
        log.add((each,))
    assert list(log.between(0, S).samples) == taken


def test_no_power_in_milliwatts_is_rounded() -> None:
    power = Column("power_w", "u4", parts=1000)
    numbers = np.arange(MAX_POWER_MW + 1, dtype="u4")
    assert power.unpack(numbers) == (numbers / 1000).tolist()
    some = power.unpack(numbers[::97])
    assert [power.pack(each, 2**32 - 1, {}) for each in some] == numbers[::97].tolist()


def test_values_that_no_driver_tells_come_back_exactly_too() -> None:
    log = SampleLog(seconds=4, hz=1)
    odd = [
        sample(1),
        GpuSample(2, "GPU-1", gpu_util_percent=33.3, memory_used_bytes=2**63 + 1, power_w=71.12345, temperature_c=-40),
        GpuSample(3, "GPU-1", memory_total_bytes=4097, sm_clock_mhz=70_000, performance_state=300, power_limit_w=1e9),
        GpuSample(4, "GPU-1", gpu_util_percent=255, memory_util_percent=255.0, memory_clock_mhz=65_535, fan_percent=0),
        sample(5, watts=None),
    ]
    for number, each in enumerate(odd, 1):
        log.add((each,))
        assert list(log.between(0, S).samples) == odd[max(number - 4, 0) : number]


def test_more_different_values_than_a_byte_can_tell_apart_come_back_exactly() -> None:
    log = SampleLog(seconds=400, hz=1)
    taken = [GpuSample(each, "GPU-1", power_limit_w=each / 10, event_reasons=each << 50) for each in range(1, 401)]
    for each in taken:
        log.add((each,))
    assert log.between(0, S).samples == tuple(taken)


@given(
    st.lists(
        st.builds(
            ProcessSample,
            time_ns=st.just(1),
            gpu_uuid=st.sampled_from(["GPU-1", "GPU-2"]),
            pid=st.integers(2**30, 2**30 + 3),
            name=st.none() | st.text(max_size=3),
            kind=st.sampled_from(["compute", "graphics"]),
            memory_used_bytes=pages | st.integers(0, 2**60),
            sm_util_percent=percents | st.floats(0, 100),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_processes_come_back_as_they_went_in(found: list[ProcessSample]) -> None:
    log = SampleLog()
    log.add(tuple(found))
    log.add((replace(found[0], time_ns=2),))
    assert log.between(0, S).processes == (*found, replace(found[0], time_ns=2))


def test_a_pass_larger_than_all_that_is_kept_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_log, "MAX_PROCESSES", 4)
    log = SampleLog()
    for number in range(1, 4):
        log.add(tuple(ProcessSample(number, "GPU-1", pid) for pid in range(7)))
    assert [each.pid for each in log.between(3, S).processes] == list(range(7))
    assert log.has_seen(6)
    assert not log.has_seen(7)


def test_only_the_window_comes_back_both_ends_included_and_by_time() -> None:
    log = SampleLog()
    for number in range(10):
        log.add((sample(number * S), sample(number * S + 1, "GPU-2")))
    found = log.between(3 * S, 5 * S)
    assert [(each.time_ns, each.gpu_uuid) for each in found.samples] == [
        (3 * S, "GPU-1"),
        (3 * S + 1, "GPU-2"),
        (4 * S, "GPU-1"),
        (4 * S + 1, "GPU-2"),
        (5 * S, "GPU-1"),
    ]


def test_near_a_time_is_half_a_second_more_on_either_side() -> None:
    log = SampleLog()
    for tenth in range(40):
        log.add((sample(tenth * S // 10),))
    assert [each.time_ns for each in log.between(0, 10 * S).near(2 * S, 3 * S)] == [
        tenth * S // 10 for tenth in range(15, 36)
    ]


def test_a_recorded_workload_gets_the_same_receipt_out_of_the_log() -> None:
    log = SampleLog()
    log.add(Inventory(1, DriverInfo(), (h200.GPU,)))
    for each in h200.samples():
        log.add((each,))
    for found in h200.processes():
        log.add((found,))
    window = h200.workload()
    seen = log.between(window.start_ns - 3 * S, window.end_ns + 3 * S)
    assert receipts(window, seen.samples, seen.processes, None, seen.gpus) == receipts(
        window, h200.samples(), h200.processes(), None, (h200.GPU,)
    )


@given(st.lists(st.integers(1, 100), min_size=1, max_size=60), st.integers(1, 20))
def test_it_holds_the_newest_of_a_clock_that_may_be_set_back(clock: list[int], capacity: int) -> None:
    log = SampleLog(seconds=capacity, hz=1)
    expected: list[int] = []
    for time_ns in clock:
        log.add((sample(time_ns),))
        expected = [*(each for each in expected if each < time_ns), time_ns][-capacity:]
        assert times(log) == expected


def test_no_gpu_that_is_there_makes_room_for_another() -> None:
    log = SampleLog(max_gpus=2)
    for number in range(3):
        log.add(tuple(sample(number + 1, f"GPU-{gpu}") for gpu in range(4)))
    assert [each.gpu_uuid for each in log.between(0, S).samples].count("GPU-0") == 3


def test_it_keeps_why_processes_could_not_be_listed() -> None:
    log = SampleLog()
    log.add((ProcessSample(5, "GPU-1", 7), UnlistedProcesses(5, "GPU-2", "This account may not.")))
    assert log.between(0, 10).unlisted == {"GPU-2": "This account may not."}
    assert log.between(6, 10).unlisted == {}


def test_memory_is_bounded_for_sixteen_gpus() -> None:
    log = SampleLog(max_gpus=16)
    for number in range(20):
        log.add((sample(number + 1, f"GPU-{number}"),))
    assert log.nbytes < 64 << 20
    # The oldest ones were discarded.
    assert {each.gpu_uuid for each in log.between(0, S).samples} == {f"GPU-{number}" for number in range(4, 20)}


def test_the_passes_over_the_processes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_log, "MAX_PROCESSES", 10)
    log = SampleLog()
    for number in range(1, 9):
        log.add(tuple(ProcessSample(number, "GPU-1", pid) for pid in range(3)))
    assert {each.time_ns for each in log.between(2, S).processes} == {6, 7, 8}


def test_the_most_memory_of_a_process_is_there_after_its_passes_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_log, "MAX_PROCESSES", 2)
    monkeypatch.setattr(process_log, "MAX_PEAKS", 2)
    log = SampleLog()
    for number, used in enumerate([5, 9, 7, 3, 2, 1], 1):
        log.add((ProcessSample(number, "GPU-1", 42, memory_used_bytes=used),))
    assert [(each.time_ns, each.memory_used_bytes) for each in log.between(0, S).processes] == [(2, 9), (5, 2), (6, 1)]
    for pid in range(5):
        log.add((ProcessSample(10 + pid, "GPU-1", pid, memory_used_bytes=1),))
    # The peaks of two discarded processes are kept.
    assert [each.pid for each in log.between(0, S).processes] == [1, 2, 3, 4]


def long_run(log: SampleLog) -> tuple[list[GpuSample], Window]:
    """A run of a minute in a log of 20 s: 700 W and 70 GiB in its first 15 s, 100 W and 2 GiB afterwards."""
    taken = []
    joules = 0.0
    for tick in range(-30, 630):
        is_early = 0 <= tick < 150
        watts, used = (700.0, 70 << 30) if is_early else (100.0, 2 << 30)
        read = joules if tick % 10 == 4 else None
        taken.append(GpuSample(100 * S + tick * S // 10, "GPU-1", memory_used_bytes=used, power_w=watts, energy_j=read))
        joules += watts / 10
        log.add((taken[-1],))
    return taken, Window(100 * S, 160 * S)


def test_a_run_longer_than_all_samples_reach_back_gets_the_receipt_of_the_whole_run() -> None:
    log = SampleLog(seconds=20)
    taken, window = long_run(log)
    seen = log.between(window.start_ns - 3 * S, window.end_ns + 3 * S, whole=True)
    (found,) = receipts(window, seen.samples, seen.processes)
    (exact,) = receipts(window, taken, [])
    assert (found.unwatched_ns, found.sample_count) == (0, 60)
    assert found.power_mean_w == pytest.approx(exact.power_mean_w, rel=0.01)
    assert (found.device_peak_bytes, found.device_before_bytes, found.came_back) == (70 << 30, 2 << 30, True)
    assert found.energy.joules is not None
    assert found.energy.resolution_j is not None
    assert abs(found.energy.joules - (15 * 700 + 45 * 100)) <= found.energy.resolution_j


def test_one_sample_of_each_second_is_kept_for_hours_the_one_with_the_energy() -> None:
    log = SampleLog(seconds=20)
    long_run(log)
    kept = log.between(0, 10**18, whole=True).samples
    assert [each.time_ns for each in kept] == [(97 + number) * S + 4 * S // 10 for number in range(66)]
    assert all(each.energy_j is not None for each in kept)


def test_where_all_samples_reach_far_enough_all_come_back() -> None:
    log = SampleLog(seconds=20)
    taken, _ = long_run(log)
    assert log.between(150 * S, 10**18, whole=True).samples == tuple(taken)[-130:]
    assert log.between(0, 10**18).samples == tuple(taken)[-200:]


def test_a_receipt_of_a_part_of_the_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_log, "THINNED_S", 33)
    log = SampleLog(seconds=20)
    _, window = long_run(log)
    seen = log.between(window.start_ns - 3 * S, window.end_ns + 3 * S, whole=True)
    (found,) = receipts(window, seen.samples, seen.processes)
    assert found.device_before_bytes is None
    lines = sentences(found)
    assert lines[0] == "Monitored: 29.6 s of 1 min 0 s (means, clocks and GPU peaks cover only this time)"
    assert (
        "Energy: — (not measurable: neither the energy counter nor the power was sampled over the whole run)" in lines
    )


#: Prints the number of a process that it starts in a session of its own, which starts another one and prints that too.
DETACHED = """
import os, subprocess, sys
inner = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
worker = subprocess.Popen([sys.executable, "-c", outer], start_new_session=True)
print(worker.pid, flush=True)
worker.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_the_family_of_a_snippet_is_known_when_its_processes_have_ended() -> None:
    log = SampleLog()
    snippet = subprocess.Popen(
        [sys.executable, "-c", DETACHED], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert snippet.stdout is not None
    with snippet:
        pids = [int(snippet.stdout.readline()), int(snippet.stdout.readline())]
        log.add(tuple(ProcessSample(S, "GPU-1", pid) for pid in (os.getpid(), *pids)))
        os.killpg(pids[0], 9)
    log.add((ProcessSample(2 * S, "GPU-1", os.getpid()),))
    assert log.between(0, S).family(snippet.pid) == (snippet.pid, *pids)
    assert set(log.between(0, S).family(os.getpid())) == {os.getpid(), *pids}
    assert log.between(2 * S, 3 * S).family(snippet.pid) == (snippet.pid,)
    assert log.between(0, S).family(None) == ()


def test_a_process_of_which_nothing_can_be_told_is_of_no_family() -> None:
    log = SampleLog()
    log.add((ProcessSample(1, "GPU-1", 2**30),))
    assert log.between(0, 1).family(7) == (7,)


def test_an_inventory_is_remembered_and_a_problem_passed_over() -> None:
    log = SampleLog()
    gpu = GpuInfo(0, "GPU-1", "NVIDIA H200")
    log.add(Inventory(1, DriverInfo(), (gpu,)))
    log.add(Problem(ProblemCode.NOT_RESPONDING, "It hangs."))
    log.add(())
    assert log.gpus == log.between(0, 1).gpus == (gpu,)
    assert log.between(0, 10).processes == ()


def test_nothing_is_left_after_clearing() -> None:
    log = SampleLog()
    log.add((sample(1),))
    log.add((ProcessSample(1, "GPU-1", 7),))
    log.clear()
    found = log.between(0, 10)
    assert (found.samples, found.processes, found.gpus, log.nbytes) == ((), (), (), 0)


def test_threads_may_write_and_read_at_the_same_time() -> None:
    log = SampleLog(seconds=50, hz=10)
    failures: list[Exception] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                found = times(log)
                assert found == sorted(found)
                log.between(5, 50)
            except Exception as error:
                failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 3000):
        log.add((sample(number),))
        log.add((ProcessSample(number, "GPU-1", 7),))
    done.set()
    reader.join()
    assert not failures
    assert times(log) == list(range(2500, 3000))


def test_the_samples_of_a_gpu_and_all_processes_take_less_than_one_and_a_half_mebibytes() -> None:
    log = SampleLog()
    log.add((sample(1),))
    log.add(tuple(ProcessSample(1, "GPU-1", pid) for pid in range(8)))
    assert log.nbytes < 1.5 * 2**20


def test_all_that_is_ever_kept_of_a_gpu_takes_less_than_three_mebibytes() -> None:
    log, store = SampleLog(), SeriesStore()
    log.add((sample(1),))
    store.add((sample(1),))
    assert log.nbytes + store.nbytes < 2.9 * 2**20
