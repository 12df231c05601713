"""The same statement measured by our benchmark and by pyperf, in alternating processes: whether they agree."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

from benchmarks.figures import Figure, report
from gpuplayground.benchmarks.statistics import summary
from gpuplayground.model.benchmarks import BenchmarkPlan
from gpuplayground.model.results import RunRequest
from gpuplayground.runs.session import Launcher

ROUNDS = 9
_SET_UP = "import math; data = [number / 7 for number in range(2000)]"
_STATEMENT = "total = sum(map(math.sqrt, data))"
#: Target: maximum difference between the two, in percent.
LIMIT_PERCENT = 3.0


def ours_ns(launcher: Launcher) -> float:
    """Return the median of our benchmark in a fresh process."""
    request = RunRequest(
        uuid4().hex, f"{_SET_UP}\n{_STATEMENT}\n", benchmark=BenchmarkPlan(2, 2, "sum", max_time_s=3.0), trace=False
    )
    (benchmark,) = launcher.session().run(request, lambda _: None).benchmarks
    return summary(benchmark.samples_ns).median


def pyperfs_ns(folder: Path) -> float:
    """Return the median of pyperf's values in a fresh process."""
    out = folder / f"{uuid4().hex}.json"
    command = [sys.executable, "-m", "pyperf", "timeit", "--quiet", "--inherit-environ", "PYTHONPATH"]
    command += ["--processes", "1", "--values", "8", "--output", str(out), "--setup", _SET_UP, _STATEMENT]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    (benchmark,) = json.loads(out.read_text("utf-8"))["benchmarks"]
    values: list[float] = [value for run in benchmark["runs"] for value in run.get("values", ())]
    return 1e9 * statistics.median(values)


def measure() -> list[Figure]:
    """Measure both in turn, so that other load on the machine affects both."""
    ours, pyperfs = [], []
    launcher = Launcher(sys.executable)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(ROUNDS):
                ours.append(ours_ns(launcher))
                pyperfs.append(pyperfs_ns(Path(folder)))
    finally:
        launcher.close()
    # Memory layout differs between processes and other load only adds time, so the minima are compared.
    our_us, peer_us = min(ours) / 1e3, min(pyperfs) / 1e3
    return [
        Figure("CPU benchmark of a sum", our_us, "µs", peer=peer_us, peer_name="pyperf timeit"),
        Figure("difference from pyperf", 100 * abs(our_us / peer_us - 1), "%", LIMIT_PERCENT),
    ]


if __name__ == "__main__":
    report(measure())
