"""Verdicts on benchmarks, on a recorded H200 and on samples made for each case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gpuplayground.model.benchmarks import Benchmark, Flag, FlagKind
from gpuplayground.model.gpu_timing import CopyTotals, Direction, GpuTiming
from gpuplayground.model.samples import GpuInfo, GpuSample, ProcessSample
from gpuplayground.receipts.verdicts import judge
from tests.support import h200

S = 1_000_000_000
START = 1_000 * S
END = START + 5 * S
OWN = 42

#: 20 steady samples.
CALM = Benchmark(
    "add",
    3,
    3,
    "c = a + b",
    samples_ns=tuple(1000.0 + number % 3 / 10 for number in range(20)),
    converged=True,
    uses_gpu=True,
    start_ns=START,
    end_ns=END,
)


def samples(clock: int = 1980, reasons: int = 0, **changes: int) -> list[GpuSample]:
    """10 Hz from 2 s before the benchmark to 2 s after it; ``changes`` are other clocks by tick, such as ``t7=345``."""
    return [
        GpuSample(
            START + tick * S // 10,
            "GPU-1",
            gpu_util_percent=99 if 0 <= tick <= 50 else 0,
            sm_clock_mhz=changes.get(f"t{tick}", clock),
            event_reasons=reasons if 0 <= tick <= 50 else 1,
        )
        for tick in range(-20, 71)
    ]


def process(seconds: float, pid: int, util: float | None = 30.0, kind: str = "compute") -> ProcessSample:
    return ProcessSample(START + round(seconds * S), "GPU-1", pid, f"job{pid}", kind, 1 << 30, util)


def kinds(flags: tuple[Flag, ...]) -> list[FlagKind]:
    return [flag.kind for flag in flags]


def only(flags: tuple[Flag, ...]) -> Flag:
    (flag,) = flags
    return flag


def test_where_nothing_is_found_it_says_steady_and_nothing_else() -> None:
    flag = only(judge(CALM, samples(), [], [OWN]))
    assert flag == Flag(
        FlagKind.STEADY, "Steady: 20 samples, the median known to better than ±0.1 %, SM clock 1980 MHz."
    )


def test_without_a_monitor_a_gpu_benchmark_says_that_nobody_watched_its_clocks() -> None:
    flag = only(judge(CALM, [], [], [OWN]))
    assert flag.kind is FlagKind.STEADY
    assert flag.sentence.endswith("; the GPU's clocks were not monitored.")


def test_a_benchmark_of_the_cpu_is_not_judged_by_the_gpu() -> None:
    busy = [process(seconds, 7) for seconds in (-1, 2, 6)]
    flag = only(judge(replace(CALM, uses_gpu=False), samples(reasons=4), busy, [OWN]))
    assert flag.kind is FlagKind.STEADY
    assert "clock" not in flag.sentence


@pytest.mark.parametrize("benchmark", [replace(CALM, samples_ns=()), replace(CALM, samples_ns=(), error="It failed.")])
def test_where_nothing_was_measured_there_is_no_verdict(benchmark: Benchmark) -> None:
    assert judge(benchmark, samples(), [], [OWN]) == ()


def test_samples_that_spread_are_noisy() -> None:
    noisy = replace(CALM, samples_ns=tuple(1000.0 + 30 * (number % 5) for number in range(50)))
    flag = only(judge(noisy, samples(), [], [OWN]))
    assert flag == Flag(FlagKind.NOISY, "Noisy: the interquartile range is 5.7 % of the median.")
    calmer = replace(CALM, samples_ns=tuple(1000.0 + 25 * (number % 5) for number in range(50)))
    assert kinds(judge(calmer, samples(), [], [OWN])) == [FlagKind.STEADY]


def test_steady_does_not_mean_alone_where_the_processes_could_not_be_listed() -> None:
    flag = only(judge(CALM, samples(), [], [OWN], unlisted={"GPU-1": "This account may not."}))
    assert flag.kind is FlagKind.STEADY
    assert flag.sentence.endswith("SM clock 1980 MHz; other processes were not visible.")
    assert only(judge(CALM, samples(), [], [OWN])).sentence.endswith("SM clock 1980 MHz.")


def test_a_time_limit_says_how_well_the_median_is_known() -> None:
    short = replace(CALM, converged=False, samples_ns=(1000.0, 1050.0, 1020.0, 1030.0, 1010.0, 1040.0, 1025.0))
    flag = only(judge(short, samples(), [], [OWN]))
    assert flag.kind is FlagKind.NOT_CONVERGED
    assert flag.sentence == "The time limit was reached: the median of 7 samples is known to ±2.4 %."
    single = only(judge(replace(short, samples_ns=(1000.0,)), samples(), [], [OWN]))
    assert "the median of 1 sample may lie anywhere" in single.sentence
    drifting = only(judge(replace(short, samples_ns=tuple(map(float, range(1000, 1020)))), samples(), [], [OWN]))
    assert drifting.sentence == (
        "The time limit was reached: the median of 20 samples has no confidence interval, "
        "because the samples may be correlated."
    )
    agreeing = only(judge(replace(short, samples_ns=(1000.0,) * 7), samples(), [], [OWN]))
    assert agreeing.sentence.endswith("better than ±0.1 %; at least 10 samples over 0.5 s are needed.")


def test_a_benchmark_that_was_stopped_says_so_and_not_that_its_time_was_up() -> None:
    stopped = replace(
        CALM,
        converged=False,
        error="stopped",
        samples_ns=(1000.0, 1050.0, 1020.0, 1030.0, 1010.0, 1040.0, 1025.0),
    )
    flag = only(judge(stopped, samples(), [], [OWN]))
    assert flag.kind is FlagKind.INCOMPLETE
    assert flag.sentence == "It was stopped before its median was known to 1 %: that of 7 samples is known to ±2.4 %."
    single = only(judge(replace(stopped, samples_ns=(1000.0,)), samples(), [], [OWN]))
    assert single.sentence.endswith("to 1 %: that of 1 sample may lie anywhere between the minimum and the maximum.")
    agreeing = only(judge(replace(stopped, samples_ns=(1000.0,) * 7), samples(), [], [OWN]))
    assert agreeing == Flag(
        FlagKind.INCOMPLETE,
        "It was stopped early: the median of 7 samples is known to better than ±0.1 %; "
        "at least 10 samples over 0.5 s are needed.",
    )


def test_a_benchmark_that_raised_is_neither_steady_nor_out_of_time() -> None:
    failed = replace(CALM, converged=False, error="ValueError: no (line 3)")
    flag = only(judge(failed, samples(), [], [OWN]))
    assert flag.kind is FlagKind.INCOMPLETE
    assert flag.sentence.startswith("It failed early: the median of 20 samples is known")
    wide = only(judge(replace(failed, samples_ns=(1000.0, 1040.0, 1020.0)), samples(), [], [OWN]))
    assert wide.sentence.startswith("It failed before its median was known to 1 %: that of 3 samples ")


def test_capped_clocks_are_told_with_reason_share_and_range() -> None:
    capped = [
        replace(each, event_reasons=4 | 0x20, sm_clock_mhz=1500) if each.time_ns < START + 2 * S else each
        for each in samples()
    ]
    flag = only(judge(CALM, capped, [], [OWN]))
    assert flag.kind is FlagKind.CAPPED
    assert flag.sentence == (
        "Clocks were capped (power limit, temperature (software)) for 39 % of the time, at 1500 to 1980 MHz."
    )


@pytest.mark.parametrize(
    ("bit", "is_cap"),
    [
        (0x1, False),
        (0x2, False),
        (0x4, True),
        (0x8, True),
        (0x10, False),
        (0x20, True),
        (0x40, True),
        (0x80, True),
        (0x100, False),
        (0x200, True),
        (0x400, False),
    ],
)
def test_only_the_reasons_that_keep_a_clock_down_are_caps(bit: int, is_cap: bool) -> None:
    flags = judge(CALM, samples(reasons=bit), [], [OWN])
    assert kinds(flags) == [FlagKind.CAPPED if is_cap else FlagKind.STEADY]


def test_a_cap_in_a_single_sample_of_many_is_not_worth_a_word() -> None:
    once = [replace(each, event_reasons=4) if each.time_ns == START + S else each for each in samples()]
    assert kinds(judge(CALM, once, [], [OWN])) == [FlagKind.STEADY]


def test_clocks_that_change_without_a_cap_are_told_of() -> None:
    changed = samples(t10=1700, t11=1700, t12=1700, t13=1700)
    flag = only(judge(CALM, changed, [], [OWN]))
    assert flag.kind is FlagKind.CLOCKS
    assert flag.sentence == "The SM clock deviated from its median of 1980 MHz for 8.2 % of the time: 1700 to 1980 MHz."


def test_a_step_or_two_of_the_clock_is_no_change() -> None:
    changes = {f"t{tick}": 1950 for tick in range(0, 50, 2)}
    assert kinds(judge(CALM, samples(**changes), [], [OWN])) == [FlagKind.STEADY]


def test_the_clocks_before_and_after_the_work_do_not_count() -> None:
    idle = {f"t{tick}": 345 for tick in [*range(-20, 1), *range(50, 71)]}
    flag = only(judge(CALM, samples(**idle), [], [OWN]))
    assert flag.kind is FlagKind.STEADY
    assert "SM clock 1980 MHz" in flag.sentence
    rising = [replace(each, event_reasons=1) if each.sm_clock_mhz == 345 else each for each in samples(t1=345, t2=345)]
    assert kinds(judge(CALM, rising, [], [OWN])) == [FlagKind.STEADY]


def test_a_gpu_that_was_not_used_does_not_count() -> None:
    other = [replace(each, gpu_uuid="GPU-2", event_reasons=4, gpu_util_percent=0) for each in samples()]
    both = sorted([*samples(), *other], key=lambda each: each.time_ns)
    assert kinds(judge(CALM, both, [], [OWN])) == [FlagKind.STEADY]
    assert kinds(judge(CALM, both, [], [OWN], ["GPU-2"])) == [FlagKind.CAPPED]


#: In the order of the machine, which is not that of the samples.
GPUS = (GpuInfo(0, "GPU-0", "H100"), GpuInfo(1, "GPU-1", "H100"))


def with_gpu_0(clock: int, reasons: int = 0) -> list[GpuSample]:
    """Samples of GPU-1 at 1980 MHz, and beside it those of GPU-0 as told."""
    beside = [replace(each, gpu_uuid="GPU-0") for each in samples(clock, reasons)]
    return sorted([*samples(), *beside], key=lambda each: each.time_ns)


def on_gpu_0(process: ProcessSample) -> ProcessSample:
    return replace(process, gpu_uuid="GPU-0")


def test_two_steady_gpus_are_steady_at_a_clock_each() -> None:
    seen = [process(-1, OWN), on_gpu_0(process(-1, OWN))]
    flag = only(judge(CALM, with_gpu_0(1755), seen, [OWN], (), GPUS))
    assert flag.kind is FlagKind.STEADY
    assert flag.sentence.endswith(", SM clock 1755 MHz (GPU 0), 1980 MHz (GPU 1).")
    flag = only(judge(CALM, with_gpu_0(1980), seen, [OWN], (), GPUS))
    assert flag.sentence.endswith(", SM clock 1980 MHz (GPU 0, GPU 1).")
    assert "(GPU-1)" in only(judge(CALM, with_gpu_0(1755), seen, [OWN])).sentence, "a GPU that has no name known"


def test_of_several_gpus_the_one_that_was_capped_is_named() -> None:
    seen = [process(-1, OWN), on_gpu_0(process(-1, OWN))]
    flag = only(judge(CALM, with_gpu_0(1200, 4), seen, [OWN], (), GPUS))
    assert flag == Flag(
        FlagKind.CAPPED, "Clocks of GPU 0 were capped (power limit) for 100 % of the time, at 1200 MHz."
    )


def test_several_gpus_with_the_same_doubt_share_a_flag_with_a_sentence_each() -> None:
    both = [*samples(t10=1700, t11=1700, t12=1700, t13=1700)]
    both += [replace(each, gpu_uuid="GPU-0") for each in both]
    seen = [process(-1, OWN), process(-1, 7, 55.0), on_gpu_0(process(-1, OWN)), on_gpu_0(process(-1, 8, 5.0))]
    assert judge(CALM, both, seen, [OWN], (), GPUS) == (
        Flag(
            FlagKind.CLOCKS,
            "The SM clock of GPU 0 deviated from its median of 1980 MHz for 8.2 % of the time: 1700 to 1980 MHz. "
            "The SM clock of GPU 1 deviated from its median of 1980 MHz for 8.2 % of the time: 1700 to 1980 MHz.",
        ),
        Flag(
            FlagKind.SHARED,
            "Another process used GPU 0 with 5 % SM utilization: job8 (8). "
            "Another process used GPU 1 with 55 % SM utilization: job7 (7).",
        ),
    )


def test_a_strangers_capped_job_on_another_gpu_says_nothing_about_a_benchmark() -> None:
    seen = [process(-1, OWN), on_gpu_0(process(-1, 7)), process(6, OWN), on_gpu_0(process(6, 7))]
    flag = only(judge(CALM, with_gpu_0(1200, 4), seen, [OWN], (), GPUS))
    assert flag.kind is FlagKind.STEADY
    assert flag.sentence.endswith(", SM clock 1980 MHz.")


def test_a_gpu_on_which_the_process_only_holds_memory_is_not_judged() -> None:
    seen = [process(-1, OWN), on_gpu_0(process(-1, OWN)), on_gpu_0(process(-1, 7))]
    idle = [replace(each, event_reasons=1) if each.gpu_uuid == "GPU-0" else each for each in with_gpu_0(345)]
    flag = only(judge(CALM, idle, seen, [OWN], (), GPUS))
    assert flag.kind is FlagKind.STEADY
    assert flag.sentence.endswith(", SM clock 1980 MHz (GPU 1).")


def test_the_gpu_of_a_process_that_was_seen_only_around_its_samples_is_judged() -> None:
    busy_before = [replace(each, gpu_util_percent=99) if each.gpu_uuid == "GPU-1" else each for each in with_gpu_0(345)]
    flag = only(judge(CALM, busy_before, [process(-1, OWN), process(5.1, OWN)], [OWN], (), GPUS))
    assert flag.sentence.endswith(", SM clock 1980 MHz.")


def test_another_process_at_work_is_told_of() -> None:
    seen = [process(-1, OWN), process(-1, 7), process(6, OWN), process(6, 7, 55.0), process(6, 8, 3.0)]
    flag = only(judge(CALM, samples(), seen, [OWN]))
    assert flag.kind is FlagKind.SHARED
    assert flag.sentence == "Another process used the GPU with 55 % SM utilization: job7 (7), and 1 more."


def test_a_process_of_the_family_is_no_other() -> None:
    seen = [process(-1, OWN), process(-1, 43), process(6, OWN), process(6, 43)]
    assert kinds(judge(CALM, samples(), seen, [OWN])) == [FlagKind.SHARED]
    assert kinds(judge(CALM, samples(), seen, [OWN, 43])) == [FlagKind.STEADY]


def test_the_gpu_of_a_worker_alone_is_judged() -> None:
    flag = only(judge(CALM, with_gpu_0(345), [process(-1, 43), process(6, 43)], [OWN, 43], (), GPUS))
    assert flag.sentence.endswith(", SM clock 1980 MHz.")


@pytest.mark.parametrize(
    "seen",
    [
        [process(-1, OWN), process(6, OWN)],
        [process(-1, OWN), process(-1, 7, 0.0), process(6, 7, 0.0)],
        [process(-1, OWN), process(-1, 7, None, "graphics")],
        [process(-2.5, 7), process(-1, OWN), process(6, OWN)],
        [process(-1, OWN), process(6, OWN), process(7, 7)],
        [process(-9, 7), process(20, 7)],
        [process(3, 4242)],
        [process(-1, 4242), process(6, 4243)],
    ],
    ids=[
        "its own",
        "holds memory and does nothing",
        "a desktop where work is not counted",
        "ended before",
        "came later",
        "long before and long after",
        "may be its own under another number",
        "different strangers before and after",
    ],
)
def test_what_did_not_work_beside_it_is_no_sharing(seen: list[ProcessSample]) -> None:
    assert kinds(judge(CALM, samples(), seen, [OWN])) == [FlagKind.STEADY]


def test_where_work_is_not_counted_a_process_that_computes_counts() -> None:
    seen = [process(-1, OWN, None), process(-1, 7, None)]
    flag = only(judge(CALM, samples(), seen, [OWN]))
    assert flag.sentence == "Another process used the GPU: job7 (7)."


def test_a_stranger_that_stays_is_told_of_even_where_the_own_process_is_not_seen() -> None:
    seen = [process(-1, 7), process(6, 7)]
    assert kinds(judge(CALM, samples(), seen, [OWN])) == [FlagKind.SHARED]


def timing(busy_ns: int, *copies: CopyTotals) -> GpuTiming:
    return GpuTiming(busy_ns=busy_ns, kernels=1, copies=copies, copy_busy_ns=sum(copy.busy_ns for copy in copies))


def test_a_gpu_that_waits_for_work_is_launch_bound() -> None:
    flag = only(judge(replace(CALM, gpu=timing(4990), gpu_repeats=10), samples(), [], [OWN]))
    assert flag == Flag(FlagKind.LAUNCH_BOUND, "Launch-bound: the GPU was busy for 50 % of the time.")
    assert kinds(judge(replace(CALM, gpu=timing(5020), gpu_repeats=10), samples(), [], [OWN])) == [FlagKind.STEADY]
    assert kinds(judge(replace(CALM, gpu=timing(0)), samples(), [], [OWN])) == [FlagKind.LAUNCH_BOUND]


def test_a_body_that_did_nothing_on_the_gpu_is_judged_like_one_of_the_cpu() -> None:
    beside = [process(-1, OWN), process(-1, 7), process(6, OWN)]
    on_cpu = replace(CALM, gpu=GpuTiming(), gpu_repeats=10)
    flag = only(judge(on_cpu, samples(reasons=4), beside, [OWN]))
    assert flag.kind is FlagKind.STEADY
    assert flag.sentence.endswith("better than ±0.1 %; its traced pass did not use the GPU.")
    clearing = replace(CALM, gpu=GpuTiming(memsets=1), gpu_repeats=10)
    assert kinds(judge(clearing, samples(), [], [OWN])) == [FlagKind.LAUNCH_BOUND]


def test_a_body_whose_workers_hold_the_gpu_may_have_used_it() -> None:
    flag = only(judge(replace(CALM, gpu=GpuTiming()), samples(), [process(-1, 43)], [OWN, 43]))
    assert flag.kind is FlagKind.STEADY
    assert flag.sentence.endswith(", SM clock 1980 MHz.")


@pytest.mark.parametrize("gpu", [timing(0), timing(900, CopyTotals(Direction.HOST_TO_DEVICE, 1, 1, 900)), GpuTiming()])
def test_of_a_traced_pass_that_lacks_records_nothing_is_concluded(gpu: GpuTiming) -> None:
    cut = replace(CALM, gpu=gpu, gpu_note="CUPTI lost 5 records.")
    flag = only(judge(cut, samples(), [], [OWN]))
    assert flag.kind is FlagKind.STEADY
    assert flag.sentence.endswith(", SM clock 1980 MHz.")


def test_copies_with_the_host_are_told_and_copies_on_the_gpu_are_not() -> None:
    there = CopyTotals(Direction.HOST_TO_DEVICE, 2, 1000, 300)
    back = CopyTotals(Direction.DEVICE_TO_HOST, 1, 1000, 150)
    inside = CopyTotals(Direction.DEVICE_TO_DEVICE, 1, 1000, 400)
    flag = only(judge(replace(CALM, gpu=timing(900, there, back)), samples(), [], [OWN]))
    assert flag == Flag(FlagKind.COPIES, "Copies between host and device are 50 % of the GPU's time.")
    assert kinds(judge(replace(CALM, gpu=timing(900, inside)), samples(), [], [OWN])) == [FlagKind.STEADY]
    little = CopyTotals(Direction.DEVICE_TO_HOST, 1, 4, 40)
    assert kinds(judge(replace(CALM, gpu=timing(900, little)), samples(), [], [OWN])) == [FlagKind.STEADY]


def test_several_doubts_are_all_told() -> None:
    copy = CopyTotals(Direction.DEVICE_TO_HOST, 1, 1000, 100)
    bad = replace(
        CALM, converged=False, samples_ns=tuple(1000.0 + 100 * (n % 5) for n in range(50)), gpu=timing(200, copy)
    )
    seen = [process(-1, OWN), process(-1, 7)]
    assert kinds(judge(bad, samples(reasons=4), seen, [OWN])) == [
        FlagKind.NOISY,
        FlagKind.NOT_CONVERGED,
        FlagKind.CAPPED,
        FlagKind.SHARED,
        FlagKind.LAUNCH_BOUND,
        FlagKind.COPIES,
    ]


def of_phase(name: str) -> tuple[Flag, ...]:
    """The verdict on a benchmark that sampled during a phase of the recording, but for its beginning."""
    window = h200.phase(name)
    benchmark = replace(CALM, start_ns=window.start_ns + S, end_ns=window.end_ns - S // 10)
    return judge(benchmark, h200.samples(), h200.processes(), [h200.PID])


@pytest.mark.parametrize(
    "name", ["elementwise stream", "small kernels", "memory growth", "matmul f32", "host to device copies"]
)
def test_what_ran_at_full_clock_on_a_real_gpu_is_steady(name: str) -> None:
    flag = only(of_phase(name))
    assert flag.kind is FlagKind.STEADY
    assert "SM clock 1980 MHz" in flag.sentence


def test_matrix_products_in_bf16_were_capped_by_power_on_a_real_gpu() -> None:
    flag = only(of_phase("matmul bf16"))
    assert flag == Flag(FlagKind.CAPPED, "Clocks were capped (power limit) for 100 % of the time, at 1380 to 1545 MHz.")


def test_a_workload_that_changes_was_capped_for_part_of_the_time_on_a_real_gpu() -> None:
    flag = only(of_phase("train mlp"))
    assert flag.sentence.startswith("Clocks were capped (power limit) for 5")
