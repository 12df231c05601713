"""A variable of the set-up that takes one value after the other, in real processes."""

from __future__ import annotations

import pytest

from gpuplayground.comparison.agreement import Agreement, check_results
from gpuplayground.model.results import RunState
from tests.support.benchmarked import measure, measured, progress
from tests.support.snippets import Playground

SHORT_S = 0.05

SWEPT = """\
print("once")
n = 8
print("n is", n)
data = bytearray(n)
size = len(data)
"""


def test_what_depends_on_the_variable_runs_for_each_value_and_the_rest_once(playground: Playground) -> None:
    played = measure(playground, SWEPT, 5, sweep=("n", (2, 3, 5)), max_time_s=SHORT_S)
    assert played.result.state is RunState.FINISHED
    assert played.output() == "once\nn is 2\nn is 3\nn is 5\n"
    assert played.lines() == [1, 2, 3, 4]
    assert [b.parameter for b in played.result.benchmarks] == [("n", 2), ("n", 3), ("n", 5)]
    assert all(b.samples_ns and not b.error for b in played.result.benchmarks)
    assert [(m.step, m.steps) for m in measured(played)] == [(1, 3), (2, 3), (3, 3)]
    assert {(p.step, p.steps) for p in progress(played)} == {(1, 3), (2, 3), (3, 3)}
    assert played.result.summary.startswith("3 values of n measured")


def test_what_a_value_made_is_freed_before_the_next(playground: Playground) -> None:
    source = """\
    class Array:
        living = 0
        def __init__(self):
            Array.living += 1
        def __del__(self):
            Array.living -= 1
    kept = [x for x in range(3)]
    n = 1
    print("living", Array.living, kept)
    array = Array()
    cycle = [Array()]
    cycle.append(cycle)
    copies = [Array() for x in range(n)]
    result = Array()
    """
    played = measure(playground, source, 14, sweep=("n", (1, 2, 3)), max_time_s=SHORT_S)
    assert played.output() == "living 0 [0, 1, 2]\n" * 3


def test_names_also_bound_above_the_variable_are_left_alone(playground: Playground) -> None:
    source = "total = 10\nn = 1\ntotal += n\nprint(total)\nx = n\n"
    played = measure(playground, source, 5, sweep=("n", (1, 2)), max_time_s=SHORT_S)
    assert played.output() == "11\n13\n"


def test_a_set_up_that_awaits_is_awaited_for_each_value(playground: Playground) -> None:
    source = "import asyncio\nn: int = 1\nawait asyncio.sleep(0)\nasync with asyncio.Lock() as lock: m = n\nx = m\n"
    played = measure(playground, source, 5, sweep=("n", (1, 2)), max_time_s=SHORT_S)
    assert played.result.state is RunState.FINISHED, played.stderr
    assert len(played.result.benchmarks) == 2


@pytest.mark.parametrize(
    "raised",
    [
        "MemoryError()",
        "RuntimeError('CUDA error: out of memory')",
        "OutOfMemoryError('Out of memory allocating 8 bytes')",
        "OutOfMemoryError('full')",
        "Exception('[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY')",
        "ValueError('RESOURCE_EXHAUSTED: failed to allocate')",
    ],
)
@pytest.mark.parametrize("line", [5, 6])
def test_out_of_memory_ends_the_curve_and_not_the_run(playground: Playground, raised: str, line: int) -> None:
    guard = f"if n > 2: raise {raised}"
    lines = ["class OutOfMemoryError(RuntimeError): ...", "n = 1", "x = n", "y = n", "x = x", "y = y"]
    lines[line - 1] = guard
    played = measure(playground, "\n".join(lines), 6, sweep=("n", (1, 2, 3, 4)), max_time_s=SHORT_S)
    assert (played.result.state, played.result.exit_code, played.stderr) == (RunState.FINISHED, 0, "")
    *good, last = played.result.benchmarks
    assert [b.parameter for b in good] == [("n", 1), ("n", 2)]
    assert not any(b.out_of_memory or b.error for b in good)
    assert (last.parameter, last.out_of_memory, last.samples_ns) == (("n", 3), True, ())
    assert last.error.endswith(f"(line {line})")
    assert "out of memory at 3" in played.result.summary


def test_a_long_message_of_a_sweep_is_a_line_and_kept_whole(playground: Playground) -> None:
    message = f"CUDA out of memory. Tried to allocate 2 GiB. {'Of which some is free. ' * 20}".strip()
    source = f"n = 1\nif n > 1: raise MemoryError({message!r})\nx = n\n"
    last = measure(playground, source, 3, sweep=("n", (1, 2)), max_time_s=SHORT_S).result.benchmarks[-1]
    assert last.error == "MemoryError: CUDA out of memory. … (line 2)"
    assert last.error_text == f"MemoryError: {message}"


@pytest.mark.parametrize(
    ("assignment", "values"),
    [
        ("n, k = 5, 6", ["3 6", "4 6"]),
        ("k, (m, n) = 6, (1, 5)", ["3 6", "4 6"]),
        ("n = k = 5", ["3 3", "4 4"]),
        ("k = n = 5", ["3 3", "4 4"]),
        ("k = 6; n: int = 5", ["3 6", "4 6"]),
        ("[n, k] = divmod(20, 3)", ["3 2", "4 2"]),
        ("k, *n = 6, 7, 8", ["3 6", "4 6"]),
        ("k = 6; n = len('abcde')", ["3 6", "4 6"]),
    ],
)
def test_every_kind_of_assignment_can_be_given_other_values(
    playground: Playground, assignment: str, values: list[str]
) -> None:
    played = measure(playground, f"{assignment}\nprint(n, k)\nx = n\n", 3, sweep=("n", (3, 4)), max_time_s=SHORT_S)
    assert played.result.state is RunState.FINISHED, played.result.summary
    assert played.output().splitlines() == values


def test_a_function_that_declares_the_variable_global_may_set_it(playground: Playground) -> None:
    source = "n = 1\ndef grow():\n    global n\n    n = 2\nx = n\n"
    played = measure(playground, source, 5, sweep=("n", (1, 2)))
    assert "n is set 2 times above (lines 1 and 2): keep one." in played.result.summary


def test_out_of_memory_without_a_sweep_is_an_error_like_any(playground: Playground) -> None:
    played = measure(playground, "x = 1\nraise MemoryError\n", 2)
    assert played.result.state is RunState.FAILED
    assert played.result.benchmarks[0].out_of_memory


def test_another_exception_ends_the_run_with_its_traceback(playground: Playground) -> None:
    source = "n = 1\nx = 1 / (n - 3)\ny = x\n"
    played = measure(playground, source, 3, sweep=("n", (1, 2, 3, 4)), max_time_s=SHORT_S)
    assert (played.result.state, played.result.exit_code) == (RunState.FAILED, 1)
    assert played.result.error is not None
    assert played.result.error.line == 2
    assert [bool(b.error) for b in played.result.benchmarks] == [False, False, True]
    assert played.result.benchmarks[-1].error == "ZeroDivisionError: division by zero (line 2)"
    assert not played.result.benchmarks[-1].out_of_memory


def test_stop_keeps_the_values_that_are_done(playground: Playground) -> None:
    source = "import time\nn = 0\nif n: print('last', flush=True); time.sleep(600)\nx = n\n"
    played = measure(
        playground, source, 4, sweep=("n", (0, 1)), max_time_s=SHORT_S, when="last", then=lambda s: s.interrupt()
    )
    assert played.result.state is RunState.STOPPED
    assert [(b.parameter, b.error) for b in played.result.benchmarks] == [(("n", 0), "")]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("m = 1\nx = 1\n", "n is not assigned above: set it there, as in n = 1024."),
        ("n: int\nx = 1\n", "n is not assigned above"),
        ("x = [n for n in range(3)]\nx = 1\n", "n is not assigned above"),
        (
            "for n in range(3): pass\nx = 1\n",
            "n is not set by an assignment in line 1: write one there",
        ),
        ("with open(0) as (n, m): pass\nx = 1\n", "n is not set by an assignment in line 1"),
        ("import os.path as n\nx = 1\n", "n is not set by an assignment in line 1"),
        ("if (n := 5): pass\nx = 1\n", "n is not set by an assignment in line 1"),
        ("m = [n := 5]\nx = 1\n", "n is not set by an assignment in line 1"),
        ("n = 1; n = 2\nx = 1\n", "n is set 2 times above (line 1): keep one."),
        ("n = 1; n += 1\nx = 1\n", "n is set 2 times above (line 1): keep one."),
        ("n = 1; del n\nx = 1\n", "n is set 2 times above"),
        ("n = 1; m = [n := i for i in 'ab']\nx = 1\n", "n is set 2 times above"),
        ("n = 1; f = lambda: 0\nx = [n := 1]\n", "n is also set in the lines to measure"),
        ("m = 1\nn = 1\n", "n is also set in the lines to measure: move that above them."),
        ("n = 1\nn = 12; x = n\n", "n is also set in the lines to measure: move that above them."),
        ("n = 1\nn += 1\n", "n is also set in the lines to measure"),
        ("n = 1\nfor m, (n, *k) in []: pass\n", "n is also set in the lines to measure"),
    ],
)
def test_a_variable_that_is_not_set_once_is_refused(playground: Playground, source: str, words: str) -> None:
    played = measure(playground, source, 2, sweep=("n", (1, 2)))
    assert played.result.state is RunState.FAILED
    assert words in played.result.summary


def test_each_value_of_a_sweep_has_the_result_it_computed(playground: Playground) -> None:
    source = "import numpy as np\nn = 4\nresult = np.full(3, float(n))\n"
    benchmarks = measure(playground, source, 3, sweep=("n", (1, 2, 3))).result.benchmarks
    first, second, third = (each.result for each in benchmarks)
    assert [value.sample[0] for value in (first, second, third) if value is not None] == [1.0, 2.0, 3.0]
    assert check_results(first, second).agreement is Agreement.DIFFERENT
    assert check_results(third, third).agreement is Agreement.EQUAL


def test_a_sweep_without_values_is_refused(playground: Playground) -> None:
    played = measure(playground, "n = 1\nx = 1\n", 2, sweep=("n", ()))
    assert played.result.state is RunState.FAILED
    assert "The sweep has no value for n: give some" in played.result.summary
