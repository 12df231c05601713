"""The time of day is set while a snippet runs: durations are what passed, and stamps stay in order."""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.command_line import environment, gpuplayground
from tests.support.fakes import FakeClock, fake_nvml_env

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the clock is preloaded")

SNIPPET = """\
import os, time
before = time.time()
with open(os.environ["FAKE_CLOCK"], "w") as file:
    file.write({seconds!r})
assert abs(time.time() - before - {seconds}) < 600, "the clock was set"
time.sleep(0.05)
x = 1
"""


@pytest.mark.parametrize("seconds", ["-3600", "86400"])
def test_a_run_takes_what_it_takes(tmp_path: Path, seconds: str) -> None:
    script, out = tmp_path / "step.py", tmp_path / "out.json"
    script.write_text(SNIPPET.format(seconds=seconds))
    env = environment(**fake_nvml_env(gpus=1), **FakeClock(tmp_path / "clock").env)
    start = time.monotonic_ns()
    done = gpuplayground("run", script, "--json", out, env=env)
    took = time.monotonic_ns() - start
    assert done.returncode == 0, done.stderr
    run = json.loads(out.read_text("utf-8"))
    assert 50_000_000 <= run["end_ns"] - run["start_ns"] <= took
    starts = [timing["start_ns"] for timing in run["statements"]]
    assert all(one < other for one, other in pairwise([run["start_ns"] - 1, *starts, run["end_ns"]]))
    assert run["duration_ns"] == run["end_ns"] - run["start_ns"]


def test_a_benchmark_takes_what_it_takes(tmp_path: Path) -> None:
    script, out = tmp_path / "step.py", tmp_path / "out.json"
    script.write_text(SNIPPET.format(seconds="-3600") + "# %%\nx += 1\n")
    env = environment(**fake_nvml_env(gpus=1), **FakeClock(tmp_path / "clock").env)
    done = gpuplayground("bench", script, "--cell", "1", "--json", out, env=env)
    assert done.returncode == 0, done.stderr
    run = json.loads(out.read_text("utf-8"))
    (benchmark,) = run["benchmarks"]
    assert run["start_ns"] < benchmark["start_ns"] < benchmark["end_ns"] <= run["end_ns"]
