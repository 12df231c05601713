"""Frozen dataclasses as JSON and back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan, Flag, FlagKind, SweepPlan
from gpuplayground.model.gpu_timing import CopyTotals, Direction, GpuTiming, KernelTotals, RegionTiming, Wait
from gpuplayground.model.result_value import ResultValue
from gpuplayground.model.results import Run, RunError, RunRequest, RunState, StatementTiming
from gpuplayground.model.serial import SerialError, from_data, to_data
from gpuplayground.model.trace import OPERATIONS, Trace

GPU = GpuTiming(
    240_000,
    3,
    1,
    200_000,
    40_000,
    (KernelTotals("void add<float>(float*)", 3, 240_000, 100_000),),
    (CopyTotals(Direction.HOST_TO_DEVICE, 1, 67_108_864, 40_000, 67_108_864),),
    ((Wait.COMPILATION, 500_000), (Wait.CPU, 12)),
    (RegionTiming("forward", 0, 1_700_000_000_000_000_000, 9, 8, 1),),
)
BENCHMARK = Benchmark(
    "add", 3, 4, "y = x + x", (1.5, 2.5, 1e-300), gpu=GPU, parameter=("n", 1024), verdict=(Flag(FlagKind.STEADY, "ok"),)
)
RUN = Run(
    "run-1",
    "add.py",
    RunState.FAILED,
    1_700_000_000_000_000_001,
    1_700_000_003_000_000_000,
    1,
    error=RunError("ValueError: “no”", 4, "ValueError", "Traceback …"),
    timings=(StatementTiming(0, 1, 2, "import torch", 5, None, True, gpu=GPU),),
    notes=("one", "two"),
    environment={"python": "3.13", "torch": "2.9"},
    benchmarks=(BENCHMARK,),
    result=ResultValue("float32", (2, 3), "ab12", (1.0, math.inf), 1.5, None),
    allocator_peaks={"PyTorch": 5},
)


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    low: float
    name: str = "none"


@dataclass(frozen=True)
class Outer:
    pair: tuple[int, str]
    many: tuple[Inner, ...] = ()
    maybe: Inner | None = None
    number: int | float = 0
    colors: dict[Color, list[int]] = field(default_factory=dict)
    mode: Literal["fast", "slow"] = "fast"
    flag: bool = False
    array: object = field(default=None, compare=False)


def through_json(value: object) -> Any:
    return from_data(type(value), json.loads(json.dumps(to_data(value), allow_nan=False)))


@pytest.mark.parametrize(
    "value",
    [
        RUN,
        BENCHMARK,
        RunRequest("run-1", "x = 1", arguments=("-v", "ü"), timeout_s=2.5),
        RunRequest("r", "", benchmark=BenchmarkPlan(3, 4, "add", sweep=SweepPlan("n", (1, 2.5, 2**40)))),
        Outer((1, "a"), (Inner(1.0), Inner(-2.5, "x")), Inner(0.0), 2.5, {Color.RED: [1, 2]}, "slow", True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_comes_back_from_json_equal(value: object) -> None:
    assert through_json(value) == value


def test_every_field_of_a_run_but_its_trace_is_kept() -> None:
    kept = set(to_data(RUN))
    assert kept == {field.name for field in fields(Run)} - {"trace"}
    traced = replace(RUN, trace=Trace(np.zeros(3, OPERATIONS)))
    assert to_data(traced) == to_data(RUN)


def test_whole_numbers_stay_whole_and_others_do_not_become_so() -> None:
    first, second = through_json(Outer((1, "a"), number=1)), through_json(Outer((1, "a"), number=1.0))
    assert type(first.number) is int
    assert type(second.number) is float


@given(st.floats() | st.integers(-(2**53), 2**53).map(float))
def test_every_float_survives(number: float) -> None:
    back = through_json(Inner(number)).low
    assert back == number or (math.isnan(back) and math.isnan(number))


@given(st.text())
def test_every_text_survives_even_half_a_surrogate_pair(text: str) -> None:
    assert through_json(Inner(0.0, text)).name == text


def test_what_a_newer_version_added_is_passed_over_and_what_is_missing_has_its_default() -> None:
    assert from_data(Outer, {"pair": [1, "a"], "added": {"later": 1}}) == Outer((1, "a"))


def test_what_has_no_default_must_be_there() -> None:
    with pytest.raises(SerialError, match=r"Outer\.pair is missing"):
        from_data(Outer, {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"pair": [1]},
        {"pair": [1, 2]},
        {"pair": "ab"},
        {"number": True},
        {"number": "1"},
        {"flag": 1},
        {"maybe": []},
        {"many": {"low": 1}},
        {"many": [{"low": "much"}]},
        {"many": [{"low": 10**400}]},
        {"colors": {"green": []}},
        {"colors": {"red": [1.5]}},
        {"mode": "middling"},
    ],
    ids=str,
)
def test_a_wrong_type_is_refused_with_its_place(wrong: dict[str, object]) -> None:
    name = next(iter(wrong))
    with pytest.raises(SerialError, match=rf"^Outer\.{name}.* is .* expected"):
        from_data(Outer, {"pair": [1, "a"], **wrong})


def test_only_known_kinds_are_written() -> None:
    with pytest.raises(SerialError, match="bytes cannot be saved"):
        to_data(Outer((1, b"a")))  # type: ignore[arg-type]
    with pytest.raises(SerialError, match="cannot be a key"):
        to_data({1: 2})


def test_records_are_the_same_whether_msgspec_reads_them_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.loads(json.dumps(to_data(BENCHMARK)))
    read_fast = from_data(Benchmark, data)
    monkeypatch.setattr("gpuplayground.model.serial._is_beyond_msgspec", lambda _: True)
    assert from_data(Benchmark, data) == read_fast == BENCHMARK
