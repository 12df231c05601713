"""Runs and benchmarks beside one another."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gpuplayground.comparison.agreement import Agreement
from gpuplayground.comparison.comparison import Difference, Subject, SubjectKind, compare
from gpuplayground.comparison.text import factor_text, markdown_table, result_text, speed_up_text, text_table
from gpuplayground.model.benchmarks import Benchmark, Flag, FlagKind
from gpuplayground.model.gpu_timing import GpuTiming
from gpuplayground.model.result_value import ResultValue
from gpuplayground.model.results import Run, RunError, RunState, StatementTiming

SAMPLES = st.lists(st.floats(1.0, 1e9), min_size=6, max_size=60).map(tuple)


def measured(label: str, around: float, spread: float = 0.01, count: int = 100, **more: object) -> Subject:
    dice = random.Random(label)
    samples = tuple(around * dice.uniform(1 - spread, 1 + spread) for _ in range(count))
    return Subject(label, SubjectKind.BENCHMARK, samples, **more)  # type: ignore[arg-type]


def single(label: str, time_ns: float | None) -> Subject:
    return Subject(label, SubjectKind.RUN, single_ns=time_ns)


def run(*timings: StatementTiming, state: RunState = RunState.FINISHED, **more: object) -> Run:
    return Run("1", "a.py", state, 0, 10, timings=timings, **more)  # type: ignore[arg-type]


def test_the_speed_up_is_of_medians_and_its_interval_of_their_ends() -> None:
    slow, fast = compare([measured("slow", 3000), measured("fast", 1000)])
    assert fast.speed_up == pytest.approx(3, rel=0.02)
    assert slow.interval_ns is not None
    assert fast.interval_ns is not None
    assert fast.speed_up_low == slow.interval_ns[0] / fast.interval_ns[1]
    assert fast.speed_up_high == slow.interval_ns[1] / fast.interval_ns[0]
    assert fast.difference is Difference.FASTER


def test_another_baseline_turns_the_factor_round() -> None:
    subjects = [measured("slow", 3000), measured("fast", 1000)]
    there, back = compare(subjects, 0)[1], compare(subjects, 1)[0]
    assert there.speed_up == pytest.approx(1 / (back.speed_up or 0))
    assert back.difference is Difference.SLOWER
    assert compare(subjects, 1)[1].is_baseline


def test_intervals_that_overlap_show_no_difference() -> None:
    row = compare([measured("a", 1000, 0.2), measured("b", 1001, 0.2)])[1]
    assert row.difference is Difference.NONE
    assert speed_up_text(row).startswith("no difference")


def test_a_single_run_has_a_factor_but_no_interval_and_says_so() -> None:
    row = compare([measured("a", 1000), single("b", 2000.0)])[1]
    assert row.speed_up == pytest.approx(0.5, rel=0.02)
    assert row.speed_up_low is None
    assert row.half_width is None
    assert row.difference is Difference.UNKNOWN
    assert row.remark == "single run, no interval"


def test_a_few_samples_have_no_interval_and_no_difference() -> None:
    row = compare([measured("a", 1000), measured("b", 3000, count=5)])[1]
    assert row.interval_ns is None
    assert row.difference is Difference.UNKNOWN
    assert row.remark == "5 samples are too few for an interval"
    assert speed_up_text(row).startswith("0.3")


def test_samples_that_drift_have_no_interval_and_no_difference_and_say_why() -> None:
    drifting = Subject("b", SubjectKind.BENCHMARK, tuple(3000.0 + number for number in range(40)))
    row = compare([measured("a", 1000), drifting])[1]
    assert row.interval_ns is None
    assert row.difference is Difference.UNKNOWN
    assert row.remark == "40 possibly correlated samples, no interval"


def test_what_failed_has_no_time_and_its_error_as_remark() -> None:
    failed = Subject("c", SubjectKind.BENCHMARK, error="ValueError: no")
    row = compare([measured("a", 1000), failed])[1]
    assert (row.median_ns, row.speed_up, row.difference) == (None, None, Difference.UNKNOWN)
    assert row.remark == "ValueError: no"
    assert speed_up_text(row) == "—"
    assert compare([failed, measured("a", 1000)])[1].speed_up is None


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.STOPPED])
def test_a_run_that_did_not_finish_has_no_speed_up_and_says_first_how_it_ended(state: RunState) -> None:
    (whole,) = Subject.of_run(run(StatementTiming(0, 1, 1, "f()", 1_000_000)))
    (broken,) = Subject.of_run(
        run(StatementTiming(0, 1, 1, "f()", 1000, failed=True), state=state, summary="ended at line 1 · 1.00 µs")
    )
    row = compare([whole, broken])[1]
    assert row.median_ns == 1000
    assert (row.speed_up, row.difference, speed_up_text(row)) == (None, Difference.UNKNOWN, "—")
    assert row.remark == "ended at line 1 · 1.00 µs"
    assert compare([broken, whole])[1].speed_up is None


def test_a_run_that_did_not_finish_is_never_without_a_remark() -> None:
    (killed,) = Subject.of_run(run(StatementTiming(0, 1, 1, "f()", 1000), state=RunState.STOPPED))
    assert compare([killed])[0].remark == "stopped"


def test_a_benchmark_that_was_stopped_is_compared_by_its_samples_and_says_so() -> None:
    for count in (5, 100):
        row = compare([measured("a", 1000), measured("b", 3000, count=count, error="stopped")])[1]
        assert row.remark == "stopped"
        assert row.speed_up == pytest.approx(1 / 3, rel=0.02)


def test_nothing_to_compare_gives_no_rows() -> None:
    assert compare([]) == ()


def test_a_baseline_that_is_not_there_is_an_error() -> None:
    with pytest.raises(IndexError):
        compare([measured("a", 1)], 1)


def test_results_are_checked_against_the_baseline() -> None:
    first = ResultValue("float32", (1,), "a", (1.0,))
    rows = compare(
        [
            measured("a", 1000, result=first),
            measured("b", 1000, result=first),
            measured("c", 1000, result=ResultValue("float32", (1,), "c", (2.0,))),
            measured("d", 1000),
            measured("e", 1000, result=ResultValue("float32", (2,), "e", (2.0, 3.0))),
            measured("f", 1000, result=ResultValue("float32", (1,), "f", (1.000001,))),
        ]
    )
    assert [row.result.agreement for row in rows] == [
        Agreement.EQUAL,
        Agreement.EQUAL,
        Agreement.DIFFERENT,
        Agreement.NONE,
        Agreement.NOT_COMPARABLE,
        Agreement.CLOSE,
    ]
    assert [result_text(row) for row in rows] == [
        "baseline",
        "equal",
        "different (5.0e-01)",
        "—",
        "not comparable (shape or type)",
        "equal within tolerance (1.0e-06)",
    ]


def test_a_benchmark_becomes_a_subject_with_its_parameter() -> None:
    gpu = GpuTiming(busy_ns=500)
    benchmark = Benchmark("add", 3, 4, "x", (1.0, 2.0), gpu=gpu, gpu_repeats=5, parameter=("n", 1024))
    subject = Subject.of_benchmark(benchmark)
    assert subject.label == "add · n = 1,024"
    assert subject.gpu_busy_ns == 100


def test_a_plain_run_counts_its_statements_without_the_imports() -> None:
    (subject,) = Subject.of_run(
        run(
            StatementTiming(0, 1, 1, "import cupy", 700_000_000, is_import=True),
            StatementTiming(1, 2, 2, "x = f()", 1000, 5000, gpu=GpuTiming(busy_ns=3000)),
            StatementTiming(2, 3, 3, "y = 1", 200),
        )
    )
    assert subject.kind is SubjectKind.RUN
    assert subject.single_ns == 5200
    assert subject.gpu_busy_ns == 3000


def test_a_run_with_benchmarks_gives_one_subject_each() -> None:
    benchmarks = tuple(Benchmark("b", 1, 1, "x", (1.0,), parameter=("n", n)) for n in (1, 2))
    assert [subject.label for subject in Subject.of_run(run(benchmarks=benchmarks))] == ["b · n = 1", "b · n = 2"]


def test_a_run_without_statements_says_why_it_has_no_time() -> None:
    assert "No statement" in Subject.of_run(run())[0].error
    broken = run(state=RunState.FAILED, error=RunError("SyntaxError: x"), summary="SyntaxError: x (line 1)")
    assert Subject.of_run(broken)[0].error == "SyntaxError: x (line 1)"


def test_factors_keep_three_digits() -> None:
    factors = (3.051, 12.44, 345.6, 341_234.5, 0.512, 0.09951, 0.0191, 0.019, 0.00996, 0.00312, 2.93e-6)
    assert [factor_text(value) for value in factors] == [
        "3.05×", "12.4×", "346×", "341,000×", "0.51×", "0.10×", "0.0191×", "0.0190×", "0.0100×", "1/321×", "1/341,000×",
    ]  # fmt: skip


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_no_factor_is_written_with_an_exponent(factor: float) -> None:
    assert "e" not in factor_text(factor)


def test_a_time_of_zero_has_a_factor_all_the_same() -> None:
    assert [factor_text(value) for value in (0.0, math.inf)] == ["0×", "inf×"]


def test_subjects_of_the_same_name_have_different_ones_in_the_tables() -> None:
    rows = compare([replace(measured("a", 1000), start_ns=1), replace(measured("a", 1000), start_ns=60_000_000_000)])
    first, second = text_table(rows).splitlines()[2:]
    assert first.split("  ")[0] != second.split("  ")[0]
    assert [row.subject.label for row in rows] == ["a", "a"]


def test_a_subject_knows_when_it_was_run_and_what_was_written_beside_it() -> None:
    plain = replace(run(StatementTiming(0, 1, 1, "f()", 10)), start_ns=70)
    (subject,) = Subject.of_run(plain, note="reference")
    assert (subject.start_ns, subject.note) == (70, "reference")
    benchmarks = (Benchmark("b", 1, 1, "x", (1.0,), start_ns=90), Benchmark("c", 2, 2, "y", error="ValueError: no"))
    starts = [each.start_ns for each in Subject.of_run(replace(plain, benchmarks=benchmarks))]
    assert starts == [90, 70]


def test_the_tables_have_a_line_for_each_subject() -> None:
    rows = compare([measured("a|b", 1000), single("c", 2000.0)])
    lines = text_table(rows).splitlines()
    assert lines[0].startswith("name")
    assert len(lines) == 4
    markdown = markdown_table(rows).splitlines()
    assert len(markdown) == 4
    assert "a\\|b" in markdown[2]
    assert "single run, no interval" in markdown[3]


@given(SAMPLES, SAMPLES)
def test_the_interval_of_a_speed_up_holds_one_exactly_where_the_intervals_overlap(
    first: tuple[float, ...], second: tuple[float, ...]
) -> None:
    rows = compare([Subject("a", SubjectKind.BENCHMARK, first), Subject("b", SubjectKind.BENCHMARK, second)])
    low, high = rows[1].speed_up_low, rows[1].speed_up_high
    assume(low is not None and high is not None)
    assert low is not None
    assert high is not None
    assert (low <= 1 <= high) == (rows[1].difference is Difference.NONE)
    assert rows[1].speed_up is not None
    assert low * (1 - 1e-12) <= rows[1].speed_up <= high * (1 + 1e-12)


@given(SAMPLES)
def test_nothing_differs_from_itself(samples: tuple[float, ...]) -> None:
    subject = Subject("a", SubjectKind.BENCHMARK, samples)
    assert compare([subject, subject])[1].difference in (Difference.NONE, Difference.UNKNOWN)


def test_a_benchmark_is_the_same_subject_before_and_after_it_was_judged() -> None:
    judged = Benchmark("add", 1, 2, "c = a + b", (1.0, 2.0), verdict=(Flag(FlagKind.NOISY, "Spreads over 13 %."),))
    assert Subject.of_benchmark(judged) == Subject.of_benchmark(replace(judged, verdict=()))
    assert Subject.of_benchmark(judged) != Subject.of_benchmark(replace(judged, samples_ns=(1.0, 3.0)))
