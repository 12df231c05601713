"""Receipts of a recorded H200, of several GPUs, and with missing samples."""

from __future__ import annotations

from dataclasses import replace

import pynvml
import pytest

from gpuplayground.model.results import Run, RunState
from gpuplayground.model.samples import GpuInfo, GpuSample, ProcessSample
from gpuplayground.model.serial import from_data, to_data
from gpuplayground.receipts import clock_event_reasons
from gpuplayground.receipts.receipt import Receipt, receipt, receipts, window_of
from gpuplayground.receipts.rows import rows, sentences
from gpuplayground.receipts.used_gpus import Window
from tests.support import h200

S = 1_000_000_000
MIB = 1 << 20
GIB = 1 << 30
START = 1_000 * S
END = START + 4 * S
PID = 42


def test_a_receipt_says_why_the_memory_of_the_process_is_not_known() -> None:
    window, reason = h200.workload(), "This account may not list the processes on this GPU."
    (found,) = receipts(window, h200.samples(), [], None, [h200.GPU], (), {h200.UUID: reason})
    assert (found.process_peak_bytes, found.process_note) == (None, reason)


def of_h200(window: Window) -> Receipt:
    found = receipt(window, h200.samples(), h200.processes(), {"PyTorch": 3 * GIB}, [h200.GPU])
    assert found is not None
    return found


def test_the_workload_of_a_real_gpu_gets_its_receipt() -> None:
    found = of_h200(h200.workload())
    assert (found.gpu_uuid, found.gpu_name) == (h200.UUID, "NVIDIA H200")
    assert found.sample_count == pytest.approx(940, abs=2)
    assert found.process_peak_bytes == 96_477_380_608 == max(each.memory_used_bytes or 0 for each in h200.processes())
    assert (found.device_before_bytes, found.device_after_bytes, found.came_back) == (0, 0, True)
    assert found.device_peak_bytes == max(each.memory_used_bytes or 0 for each in h200.samples())
    assert found.utilization_peak_percent == 100
    assert found.power_peak_w == pytest.approx(769, abs=1)
    assert found.energy.joules == pytest.approx(30_900, abs=5)
    assert dict(found.event_reasons or ())["power limit"] == pytest.approx(187 / 940, abs=0.01)


def test_matrix_products_in_bf16_draw_all_power_at_a_clock_below_the_highest() -> None:
    found = of_h200(h200.phase("matmul bf16"))
    assert found.sm_clock_mean_mhz == pytest.approx(1476, abs=1)
    assert (found.sm_clock_min_mhz, found.sm_clock_max_mhz) == (1215, 1980)
    assert found.power_mean_w == pytest.approx(687, abs=1)
    assert dict(found.event_reasons or ()) == {"power limit": pytest.approx(0.97, abs=0.01)}


def test_copies_alone_read_as_a_busy_gpu_of_little_power() -> None:
    found = of_h200(h200.phase("host to device copies"))
    assert found.utilization_mean_percent == pytest.approx(96, abs=1)
    assert found.power_mean_w == pytest.approx(134, abs=1)


def test_the_receipt_reads_as_lines_of_text() -> None:
    assert sentences(of_h200(h200.workload())) == [
        "Process memory: 89.9 GiB peak",
        "GPU memory: 97.9 GiB peak (all of it was freed: 0 MiB before, 0 MiB after)",
        "PyTorch memory: 3.0 GiB peak (as reported by its allocator)",
        "Utilization: 53 % mean, 100 % peak (share of time with a kernel or copy running)",
        "Power: 329 W mean, 769 W peak",
        "Energy: 30,900 ± 25 J (by the energy counter; integrated power agrees)",
        "SM clock: 1886 MHz mean (345 to 1980 MHz)",
        "Clocks limited by: power limit 20 % (of the samples)",
    ]


def test_a_receipt_survives_being_stored() -> None:
    found = of_h200(h200.phase("train mlp"))
    assert from_data(Receipt, to_data(found)) == found
    assert from_data(Receipt, to_data(bare := receipt(WINDOW, samples(peak=0), []))) == bare


def sample(time_ns: int, uuid: str, used: int, util: float = 0.0) -> GpuSample:
    return GpuSample(
        time_ns, uuid, gpu_util_percent=util, memory_used_bytes=used, power_w=100.0, sm_clock_mhz=1500, event_reasons=0
    )


WINDOW = Window(START, END, (PID,))


def samples(
    uuid: str = "GPU-1", before: int = 0, peak: int = GIB, after: int = 0, util: float = 0.0
) -> list[GpuSample]:
    """10 Hz from 2 s before to 2 s after a run of 4 s."""
    found = []
    for tick in range(-20, 61):
        used, busy = (peak, util) if 0 <= tick <= 40 else (before if tick < 0 else after, 0.0)
        found.append(sample(START + tick * S // 10, uuid, used, busy))
    return found


def seen(seconds: float, pid: int = PID, uuid: str = "GPU-1", used: int | None = GIB) -> ProcessSample:
    return ProcessSample(START + round(seconds * S), uuid, pid, "python", "compute", used, 50.0)


def one(found: tuple[Receipt, ...]) -> Receipt:
    (only,) = found
    return only


def test_memory_that_did_not_come_back_is_told_of() -> None:
    found = one(receipts(WINDOW, samples(before=100 * MIB, after=700 * MIB), []))
    assert found.came_back is False
    assert found.came_back_sentence == "600 MiB not freed: 100 MiB before, 700 MiB after"


def test_what_the_driver_keeps_for_itself_is_tolerated() -> None:
    assert one(receipts(WINDOW, samples(after=21 * MIB), [])).came_back is True
    assert one(receipts(WINDOW, samples(after=33 * MIB), [])).came_back is False
    assert one(receipts(WINDOW, samples(before=GIB, after=0), [])).came_back is True


def test_memory_that_comes_back_late_still_came_back() -> None:
    late = [
        replace(each, memory_used_bytes=GIB) if END < each.time_ns < END + S else each for each in samples(after=MIB)
    ]
    assert one(receipts(WINDOW, late, [])).came_back is True


def test_without_a_sample_after_the_run_nobody_knows_whether_memory_came_back() -> None:
    found = one(receipts(WINDOW, [each for each in samples() if each.time_ns <= END], []))
    assert found.came_back is None
    assert found.came_back_sentence == "unknown whether it was freed"


def test_the_process_is_measured_by_the_passes_that_met_it() -> None:
    passes = [seen(0.5, used=GIB), seen(1, used=3 * GIB), seen(1, pid=7, used=50 * GIB), seen(5, used=9 * GIB)]
    found = one(receipts(WINDOW, samples(), passes))
    assert (found.process_peak_bytes, found.process_note) == (3 * GIB, "")


def test_several_processes_of_a_run_count_together() -> None:
    window = replace(WINDOW, pids=(PID, PID + 1))
    passes = [seen(1, used=2 * GIB), seen(1, PID + 1, used=3 * GIB), seen(2, used=4 * GIB)]
    assert one(receipts(window, samples(), passes)).process_peak_bytes == 5 * GIB


@pytest.mark.parametrize(
    ("passes", "reason"),
    [
        ([], "too short, or did not use"),
        ([seen(1, pid=7)], "too short, or did not use"),
        ([seen(1, used=None)], "does not report"),
    ],
)
def test_a_process_that_was_not_seen_has_a_reason_instead_of_a_figure(passes: list[ProcessSample], reason: str) -> None:
    found = one(receipts(WINDOW, samples(), passes))
    assert found.process_peak_bytes is None
    assert reason in found.process_note


def test_a_run_between_two_samples_has_dashes_and_says_why() -> None:
    short = Window(START + S // 100, START + 5 * S // 100, (PID,))
    found = one(receipts(short, samples(before=0, peak=0), []))
    assert found.sample_count == 0
    assert found.utilization_mean_percent is None
    assert found.came_back is True
    lines = {row.label: row for row in rows(found)}
    for label in ("Utilization", "Power", "SM clock", "Clocks limited by"):
        assert lines[label].value == "—"
        assert lines[label].remark == "the run was shorter than the sampling interval"
    assert lines["Energy"].value == "—"
    assert lines["Energy"].remark == "not measurable: 40.0 ms is shorter than the counter's 100 ms step"


def test_a_run_that_was_watched_in_part_says_in_which() -> None:
    paused = [each for each in samples() if not START + S < each.time_ns < END]
    found = one(receipts(WINDOW, paused, []))
    assert found.unwatched_ns == 3 * S
    assert rows(found)[0] == ("Monitored", "1.00 s of 4.00 s", "means, clocks and GPU peaks cover only this time")
    # Less than 2.5 s is not worth a word.
    shorter = [each for each in samples() if not START < each.time_ns < START + 2 * S]
    assert one(receipts(WINDOW, shorter, [])).unwatched_ns == 0


def test_a_run_during_which_the_monitor_rested_has_dashes_and_says_why() -> None:
    found = one(receipts(WINDOW, [each for each in samples() if not START <= each.time_ns <= END], []))
    lines = {row.label: row for row in rows(found)}
    assert "Monitored" not in lines
    assert lines["Power"] == ("Power", "—", "the GPU was not monitored")


def test_where_no_gpu_was_watched_there_is_no_receipt() -> None:
    assert receipts(WINDOW, [], []) == ()
    assert receipt(WINDOW, [], []) is None


def test_a_gpu_that_supports_little_has_dashes() -> None:
    bare = [GpuSample(START + tick * S // 10, "GPU-1") for tick in range(-20, 61)]
    found = one(receipts(WINDOW, bare, []))
    assert found.sample_count == 41
    assert found.event_reasons is None
    assert {row.value for row in rows(found)} == {"—"}


def both(first: list[GpuSample], second: list[GpuSample]) -> list[GpuSample]:
    return sorted([*first, *second], key=lambda each: each.time_ns)


IDLE = samples("GPU-1", before=MIB, peak=MIB, after=MIB)
GPUS = (GpuInfo(0, "GPU-1", "First"), GpuInfo(1, "GPU-2", "Second"))


def uuids(found: tuple[Receipt, ...]) -> list[str]:
    return [each.gpu_uuid for each in found]


def test_the_chosen_gpu_gets_the_receipt_whatever_it_did() -> None:
    window = replace(WINDOW, gpu_uuids=("GPU-1",))
    assert uuids(receipts(window, both(IDLE, samples("GPU-2")), [seen(1, uuid="GPU-2")], None, GPUS)) == ["GPU-1"]


def test_a_gpu_the_process_was_seen_on_gets_the_receipt() -> None:
    busy = samples("GPU-2", before=0, peak=40 * GIB, util=99.0)
    found = receipts(WINDOW, both(IDLE, busy), [seen(1, uuid="GPU-1"), seen(1, pid=7, uuid="GPU-2")], None, GPUS)
    assert uuids(found) == ["GPU-1"]
    assert found[0].gpu_name == "First"


@pytest.mark.parametrize(
    "busy", [samples("GPU-2", peak=GIB), samples("GPU-2", peak=0, util=30.0)], ids=["memory", "utilization"]
)
def test_without_a_process_the_gpu_that_changed_gets_the_receipt(busy: list[GpuSample]) -> None:
    assert uuids(receipts(WINDOW, both(IDLE, busy), [], None, GPUS)) == ["GPU-2"]


def test_all_gpus_that_were_used_get_a_receipt_and_else_the_first() -> None:
    assert uuids(receipts(WINDOW, both(samples("GPU-1"), samples("GPU-2")), [], None, GPUS)) == ["GPU-1", "GPU-2"]
    still = samples("GPU-2", before=MIB, peak=MIB, after=MIB)
    assert uuids(receipts(WINDOW, both(IDLE, still), [], None, GPUS)) == ["GPU-1"]
    # By the order of the inventory, not by which was sampled first.
    assert uuids(receipts(WINDOW, both(IDLE, still), [], None, GPUS[::-1])) == ["GPU-2"]


def test_the_window_of_a_run_is_its_time_and_its_process() -> None:
    run = Run("1", "a.py", RunState.FINISHED, START, END, pid=PID)
    assert window_of(run, ["GPU-1"]) == Window(START, END, (PID,), ("GPU-1",))
    assert window_of(replace(run, pid=None)) == Window(START, END)


def test_the_reasons_have_the_bits_of_nvidia_ml_py() -> None:
    assert pynvml.nvmlClocksEventReasonGpuIdle == clock_event_reasons.IDLE
    assert pynvml.nvmlClocksEventReasonSwPowerCap == clock_event_reasons.POWER_LIMIT
    assert pynvml.nvmlClocksThrottleReasonHwSlowdown == clock_event_reasons.HARDWARE_SLOWDOWN
    assert pynvml.nvmlClocksEventReasonSwThermalSlowdown == clock_event_reasons.SOFTWARE_THERMAL
    assert pynvml.nvmlClocksThrottleReasonHwThermalSlowdown == clock_event_reasons.HARDWARE_THERMAL
    assert pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown == clock_event_reasons.POWER_BRAKE
    assert not pynvml.nvmlClocksThrottleReasonAll & ~sum(clock_event_reasons.NAMES)


def test_a_reason_of_a_later_driver_is_called_by_its_number() -> None:
    given = [GpuSample(1, "GPU-1", event_reasons=0x1004), GpuSample(2, "GPU-1", event_reasons=4), GpuSample(3, "GPU-1")]
    assert clock_event_reasons.shares(given) == (("power limit", 1.0), ("reason 0x1000", 0.5))
