"""Benchmarks of what uses CUDA, proven on a libcuda made of C whose kernels take 30 ms."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from gpuplayground.model.benchmarks import Phase
from tests.support.benchmarked import measure, only, progress
from tests.support.snippets import Played, Playground

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

HEAD = """\
import atexit, ctypes, time
cuda = ctypes.CDLL({library!r}); cuda.cuInit(0); cuda.use_primary(0); cuda.push_primary(0); time.sleep(0.006)
names = "synchronized created flushes warm_touches cold_touches buffers".split()
atexit.register(lambda: print({{name: ctypes.c_int.in_dll(cuda, name).value for name in names}}))
"""
BODY = 5


def play(playground: Playground, libcuda: Path, body: str, **options: object) -> Played:
    source = HEAD.format(library=str(libcuda)) + dedent(body)
    played = measure(playground, source, BODY, BODY + body.count("\n"), **options)  # type: ignore[arg-type]
    assert played.result.exit_code == 0, played.stderr
    return played


def counted(played: Played) -> dict[str, int]:
    text = played.output().strip().strip("{}")
    return {name.strip().strip("'"): int(value) for name, value in (part.split(":") for part in text.split(","))}


def test_a_sample_is_the_time_until_the_gpu_is_idle(playground: Playground, libcuda: Path) -> None:
    played = play(playground, libcuda, "cuda.launch(0)", max_time_s=0.5)
    benchmark = only(played)
    assert benchmark.uses_gpu
    # A second launch while the first one runs is no second kernel here, so a sample of several takes 30 ms in all.
    assert all(sample * benchmark.repeats >= 29e6 for sample in benchmark.samples_ns)
    assert counted(played)["synchronized"] >= len(benchmark.samples_ns)
    assert counted(played)["created"] == 0


def test_a_context_that_the_body_makes_is_waited_for(playground: Playground, libcuda: Path) -> None:
    source = f"""\
    import ctypes, time
    cuda = ctypes.CDLL({str(libcuda)!r}); time.sleep(0.006)
    if "used" not in globals():
        cuda.cuInit(0); cuda.use_primary(1); used = True
    cuda.launch(1)
    """
    benchmark = only(measure(playground, source, 3, 5, max_time_s=0.3))
    assert benchmark.uses_gpu
    assert min(benchmark.samples_ns) * benchmark.repeats >= 29e6


def test_a_cold_cache_is_emptied_ahead_of_each_sample(playground: Playground, libcuda: Path) -> None:
    played = play(playground, libcuda, "cuda.touch()", cold_l2=True, max_time_s=0.3)
    benchmark, seen = only(played), counted(played)
    assert benchmark.cold_l2
    assert benchmark.repeats == 1
    assert seen["flushes"] == len(benchmark.samples_ns)
    assert seen["cold_touches"] == 1 + len(benchmark.samples_ns)
    assert seen["buffers"] == 0
    # One execution in a sample: clock and synchronisation are no small part of it, and that is said.
    assert benchmark.overhead > 0.01


def test_without_the_option_caches_stay_warm(playground: Playground, libcuda: Path) -> None:
    seen = counted(play(playground, libcuda, "cuda.touch()", max_time_s=0.1))
    assert (seen["flushes"], seen["cold_touches"]) == (0, 1)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("fill", "There is no GPU memory for the 2 MiB"),
        ("without_l2", "the GPU does not report an L2 cache"),
        ("pop", "no CUDA context is current"),
    ],
)
def test_a_cache_that_cannot_be_emptied_is_said_so_once(
    playground: Playground, libcuda: Path, state: str, words: str
) -> None:
    source = HEAD.format(library=str(libcuda)) + f"cuda.{state}()\nx = 1\n"
    played = measure(playground, source, 6, cold_l2=True, max_time_s=0.1, sweep=None)
    assert played.result.exit_code == 0, played.stderr
    (note,) = played.result.notes
    assert words in note
    assert not only(played).cold_l2


def test_a_capture_is_left_alone_and_the_times_are_the_cpus(playground: Playground, libcuda: Path) -> None:
    played = play(playground, libcuda, "cuda.capture_blocking(1)", max_time_s=0.1)
    assert not only(played).uses_gpu


def test_without_a_tracer_there_is_a_reason_for_no_gpu_time(playground: Playground, libcuda: Path) -> None:
    benchmark = only(play(playground, libcuda, "cuda.touch()", max_time_s=0.1))
    assert benchmark.gpu is None
    assert benchmark.gpu_note


def test_a_run_that_wants_no_trace_gets_no_traced_pass(playground: Playground, libcuda: Path) -> None:
    played = play(playground, libcuda, "cuda.touch()", max_time_s=0.1, trace=False)
    assert Phase.TRACING not in {event.phase for event in progress(played)}
    assert only(played).gpu_note == ""
