"""Benchmarks of real snippets in real processes: what runs how often, what is reported, and how it ends."""

from __future__ import annotations

import pytest

from gpuplayground.model.benchmarks import Phase
from gpuplayground.model.events import BenchmarkProgressed, SessionEvent
from gpuplayground.model.results import RunState
from gpuplayground.runs.session import Session
from tests.support.benchmarked import measure, measured, only, progress
from tests.support.snippets import Clock, Played, Playground

SUM = """\
print("set-up")
data = list(range(1000))
total = sum(data)
print("never")
"""


def ends_well(played: Played) -> bool:
    return played.result.state is RunState.FINISHED and played.result.exit_code == 0


def test_a_benchmark_has_samples_and_says_how_they_were_taken(playground: Playground) -> None:
    played = measure(playground, SUM, 3, max_time_s=10)
    assert ends_well(played)
    benchmark = only(played)
    assert (benchmark.first_line, benchmark.last_line, benchmark.source) == (3, 3, "total = sum(data)")
    assert benchmark.label == "a label"
    assert benchmark.converged or len(benchmark.samples_ns) > 1000
    assert all(sample > 100 for sample in benchmark.samples_ns)
    assert benchmark.repeats > 1
    assert benchmark.warmup_repeats > 1
    assert 0 < benchmark.overhead < 0.01
    assert played.result.start_ns <= benchmark.start_ns < benchmark.end_ns <= played.result.end_ns
    # Every sample lies within the sampling.
    assert sum(benchmark.samples_ns) * benchmark.repeats <= benchmark.end_ns - benchmark.start_ns
    assert (benchmark.uses_gpu, benchmark.gpu, benchmark.cold_l2, benchmark.error) == (False, None, False, "")
    assert f"· {len(benchmark.samples_ns):,} samples" in played.result.summary
    # Of a disturbed machine's samples too few may be independent.
    assert "(95 % CI " in played.result.summary or "(no interval)" in played.result.summary


def test_the_set_up_runs_once_and_what_follows_the_selection_never(playground: Playground) -> None:
    played = measure(playground, SUM, 3)
    assert played.output() == "set-up\n"
    assert played.lines() == [1, 2]


def test_the_body_runs_as_often_as_reported_but_for_the_repeats_that_size_a_sample(playground: Playground) -> None:
    played = measure(
        playground, "import atexit\ncount = 0\natexit.register(lambda: print(count))\ncount += 1\n", 4, max_time_s=0.1
    )
    benchmark = only(played)
    assert int(played.output()) == benchmark.warmup_repeats + benchmark.repeats * len(benchmark.samples_ns)


def test_what_the_body_binds_are_names_of_the_module(playground: Playground) -> None:
    source = """\
    import atexit
    def show():
        print(sorted(set(globals()) & {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}), note(3), a)
    atexit.register(show)
    a: int = 1
    b, *c = [x for x in range(3)]
    for d in range(2):
        e: float
    with open(__file__) as f:
        pass
    import sys as g
    class h:
        inner = a
    if (i := len("x")):
        del i
    def note(n):
        return [n, b, (lambda: a)()] if n == 0 else note(n - 1)
    note(2)
    """
    played = measure(playground, source, 5, 18, max_time_s=0.05)
    assert ends_well(played)
    assert played.output() == "['a', 'b', 'c', 'd', 'f', 'g', 'h'] [0, 0, 1] 1\n"


def test_statements_of_the_main_guard_can_be_measured(playground: Playground) -> None:
    played = measure(playground, 'if __name__ == "__main__":\n    x = 1\n    y = x + 1\n', 3, max_time_s=0.05)
    assert ends_well(played)
    assert only(played).source == "y = x + 1"
    assert played.lines() == [2]


def test_progress_comes_in_phases_and_not_too_often(playground: Playground) -> None:
    played = measure(playground, SUM, 3, max_time_s=1.0)
    reports = progress(played)
    phases = list(dict.fromkeys(report.phase for report in reports))
    assert phases == [Phase.WARMING_UP, Phase.SAMPLING]
    assert len(reports) <= 2 + 5 * played.seconds
    assert [report.samples for report in reports] == sorted(report.samples for report in reports)
    (result,) = measured(played)
    assert (result.step, result.steps, result.benchmark) == (1, 1, only(played))


def test_a_slow_body_gets_at_least_one_sample_however_short_the_time(playground: Playground) -> None:
    played = measure(playground, "import time\ntime.sleep(0.1)\n", 2, max_time_s=0.01)
    benchmark = only(played)
    assert (len(benchmark.samples_ns), benchmark.repeats, benchmark.converged) == (1, 1, False)
    assert benchmark.samples_ns[0] >= 100e6


def test_the_time_is_up_before_it_converges(playground: Playground) -> None:
    source = "import time\nn = 0\nn += 1; time.sleep(0.001 * (n % 7))\n"
    played = measure(playground, source, 3, max_time_s=0.6)
    assert not only(played).converged
    assert len(only(played).samples_ns) > 1


@pytest.mark.parametrize(
    ("said", "reported"),
    [
        ("64", 64),
        ("1e6", 1_000_000),
        ("np.int32(7)", 7),
        ("np.float32(8)", 8),
        ("'all'", None),
        ("'64'", None),
        ("1.5", None),
        ("-64.0", None),
        ("float('nan')", None),
        ("float('inf')", None),
        ("1e30", None),
        ("[64]", None),
    ],
)
def test_what_it_says_it_moves_is_reported(playground: Playground, said: str, reported: int | None) -> None:
    source = f"import numpy as np\nbytes_moved = {said}\nx = 1\n"
    found = only(measure(playground, source, 3, max_time_s=0.05)).bytes_moved
    assert found == reported
    assert type(found) is type(reported)


def test_garbage_is_not_collected_inside_samples_and_is_again_afterwards(playground: Playground) -> None:
    source = """\
    import atexit, gc
    seen = set()
    gc.collect()
    atexit.register(lambda: print(seen, gc.isenabled(), gc.get_freeze_count() < 1000))
    seen.add(gc.isenabled())
    """
    assert measure(playground, source, 5, max_time_s=0.05).output() == "{False} True True\n"


def test_an_exception_in_the_body_fails_with_the_line_it_came_from(playground: Playground) -> None:
    source = "n = 0\nn += 1\nif n == 50:\n    raise ValueError('fifty')\n"
    played = measure(playground, source, 2, 4)
    assert played.result.state is RunState.FAILED
    assert played.result.exit_code == 1
    assert played.result.error is not None
    assert (played.result.error.line, played.result.error.summary) == (4, "ValueError: fifty")
    assert only(played).error == "ValueError: fifty (line 4)"
    assert not only(played).converged
    assert "line 4, in <module>\n    raise ValueError" in played.stderr
    assert "bench" not in played.stderr
    assert [(t.line, t.end_line, t.failed) for t in played.result.timings] == [(1, 1, False), (2, 4, True)]


def test_an_exception_in_the_set_up_is_reported_as_in_any_run(playground: Playground) -> None:
    played = measure(playground, "x = 1\n1 / 0\ny = 2\n", 3)
    assert played.result.summary.startswith("ZeroDivisionError: division by zero (line 2)")
    assert played.result.benchmarks == ()
    assert [(t.line, t.failed) for t in played.result.timings] == [(1, False), (2, True)]


@pytest.mark.parametrize(("argument", "exit_code"), [("", 0), ("None", 0), ("0", 0), ("3", 3), ("'text'", 1)])
@pytest.mark.parametrize("condition", ["if True", "x += 1\nif x > 2_000"])
def test_code_that_exits_is_told_what_ends_it(
    playground: Playground, condition: str, argument: str, exit_code: int
) -> None:
    source = f"import sys; x = 0\n{condition}: sys.exit({argument})\n"
    played = measure(playground, source, 2, 3)
    assert (played.result.state, played.result.exit_code) == (RunState.FAILED, exit_code)
    line = source.count("\n")
    assert only(played).error == f"The measured code ends the process in line {line}: remove that exit."
    assert played.result.summary.startswith(only(played).error)


def test_a_set_up_that_exits_is_told_so(playground: Playground) -> None:
    played = measure(playground, "n = 1\nraise SystemExit\nx = 2\n", 3)
    assert played.result.state is RunState.FAILED
    assert played.result.summary.startswith("The process ended with exit code 0 at line 2 before the measurement")
    swept = measure(playground, "n = 1\nraise SystemExit\nx = 2\n", 3, sweep=("n", (1, 2)))
    assert swept.result.state is RunState.FAILED
    assert only(swept).error == "The set-up ends the process in line 2: remove that exit."


@pytest.mark.parametrize("exit_code", [0, 3])
@pytest.mark.parametrize("sweep", [None, ("n", (1, 2, 3))])
def test_a_process_that_ends_at_once_is_no_success(
    playground: Playground, exit_code: int, sweep: tuple[str, tuple[int, ...]] | None
) -> None:
    source = f"import os\nn = 2\nif n == 2: os._exit({exit_code})\n"
    played = measure(playground, source, 3, sweep=sweep, max_time_s=0.05)
    assert (played.result.state, played.result.exit_code) == (RunState.FAILED, exit_code)
    assert len(played.result.benchmarks) == (0 if sweep is None else 1)
    words = f"The process ended with exit code {exit_code} at line 3 before the measurement: remove that exit."
    assert played.result.summary.startswith(words)


def test_a_keyboard_interrupt_of_the_snippet_is_no_stop(playground: Playground) -> None:
    source = "import time; x = 0\nx += 1; time.sleep(0.01)\nif x > 30: raise KeyboardInterrupt\n"
    played = measure(playground, source, 2, 3, max_time_s=60.0)
    assert played.result.state is RunState.FAILED
    assert "SIGINT" in played.result.summary
    assert not any(each.was_stopped for each in played.result.benchmarks)


def test_a_crash_is_named_by_its_signal(playground: Playground) -> None:
    played = measure(playground, "import os\nos.kill(os.getpid(), 11)\n", 2)
    assert played.result.state is RunState.FAILED
    assert played.result.summary.startswith("ended by SIGSEGV (a segmentation fault in native code) at line 2")


def test_an_exception_between_samples_keeps_those_before(playground: Playground) -> None:
    source = "import time; x = 0\nx += 1; time.sleep(0.01)\nif x > 60: raise ValueError('enough')\n"
    played = measure(playground, source, 2, 3, max_time_s=1.0)
    assert only(played).samples_ns
    assert only(played).error == "ValueError: enough (line 3)"
    assert played.result.summary.startswith("ValueError: enough (line 3)")


@pytest.mark.parametrize("word", ["return", "yield 1", "nonlocal x"])
def test_what_may_not_stand_outside_a_function_is_a_syntax_error(playground: Playground, word: str) -> None:
    played = measure(playground, f"x = 1\n{word}\n", 2)
    assert played.result.state is RunState.FAILED
    assert played.result.summary.startswith("SyntaxError: ")


@pytest.mark.parametrize(
    ("source", "lines", "words"),
    [
        ("x = 1\n\n\ny = 2\n", (2, 3), "Lines 2 to 3 have no statement"),
        ("x = 1\n# nothing\n", (2, 2), "Line 2 has no statement"),
        ("import sys\ndef f():\n    pass\n", (1, 3), "Only imports and definitions are selected"),
        ("import asyncio\nx = 1\nawait asyncio.sleep(0)\n", (2, 3), "The selection awaits at top level"),
        ("x = 1\nif x:\n    from math import *\n", (2, 3), "The selection has an import * (line 3)"),
    ],
)
def test_what_cannot_be_repeated_is_refused_in_one_sentence(
    playground: Playground, source: str, lines: tuple[int, int], words: str
) -> None:
    played = measure(playground, source, *lines)
    assert (played.result.state, played.result.exit_code) == (RunState.FAILED, 1)
    assert words in played.result.summary
    assert played.result.summary.count("\n") == 0
    assert played.stderr == ""
    assert played.result.benchmarks == ()


def test_a_snippet_that_does_not_parse_fails_as_in_any_run(playground: Playground) -> None:
    played = measure(playground, "x = (\n", 1)
    assert played.result.error is not None
    assert played.result.error.kind == "SyntaxError"


def test_modules_of_the_snippets_folder_are_its_own(playground: Playground) -> None:
    (playground.folder / "ast.py").write_text("whose = 'mine'\n")
    played = measure(playground, "import ast\nprint(ast.whose)\nx = 1\n", 3, max_time_s=0.05)
    assert played.output() == "mine\n"
    assert ends_well(played)


def is_sampling(event: SessionEvent) -> bool:
    return isinstance(event, BenchmarkProgressed) and event.phase is Phase.SAMPLING and event.samples > 1


def test_stop_ends_the_sampling_and_keeps_what_was_measured(playground: Playground) -> None:
    source = "import random, time\ntime.sleep(random.random() / 200)\n"
    played = measure(playground, source, 2, max_time_s=600, when=is_sampling, then=lambda s: s.interrupt())
    assert played.result.state is RunState.STOPPED
    benchmark = only(played)
    assert (benchmark.converged, benchmark.error) == (False, "stopped")
    assert len(benchmark.samples_ns) > 1
    assert played.result.summary.startswith("stopped at line 2")


def test_kill_ends_a_body_that_does_not_listen(playground: Playground) -> None:
    source = """\
    import time
    print("set-up", flush=True)
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            pass
    """

    def kill(session: Session) -> None:
        session.interrupt()
        playground.wait_for_state(RunState.STOPPING)
        session.kill()

    played = measure(playground, source, 3, 7, when="set-up", then=kill)
    assert played.result.state is RunState.STOPPED
    assert played.result.benchmarks == ()


def test_a_time_out_ends_it_like_stop(playground: Playground, clock: Clock) -> None:
    source = "import random, time\ntime.sleep(random.random() / 200)\n"
    played = measure(
        playground, source, 2, max_time_s=600, timeout_s=600, when=is_sampling, then=lambda _: clock.move(600)
    )
    assert played.result.timed_out
    assert only(played).error == "stopped"


def test_a_crash_in_the_body_names_its_line(playground: Playground) -> None:
    played = measure(playground, "import ctypes\nx = 1\nctypes.string_at(0)\n", 3)
    assert played.result.summary.startswith("ended by SIGSEGV")
    assert "at line 3" in played.result.summary
    assert [(t.line, t.failed) for t in played.result.timings][-1] == (3, True)


def test_a_warm_spare_serves_a_benchmark(playground: Playground) -> None:
    source = "import json\nx = json.dumps([1])\n"
    playground.warm(source)
    played = measure(playground, source, 2, max_time_s=0.05)
    assert played.result.was_warm
    assert ends_well(played)


def test_without_cuda_a_cold_cache_is_said_to_have_no_effect(playground: Playground) -> None:
    played = measure(playground, SUM, 3, cold_l2=True, max_time_s=0.1)
    assert not only(played).cold_l2
    (note,) = played.result.notes
    assert "A cold L2 cache has no effect here" in note
