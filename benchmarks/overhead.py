"""Overhead of timing on the snippet: per statement, and on a snippet that computes for two seconds."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, report

ROUNDS = 7
STATEMENTS = 10_000

_BEGIN = "from time import perf_counter_ns\nbegan = perf_counter_ns()\n"
_END = "print(perf_counter_ns() - began)\n"
_TRIVIAL = _BEGIN + "a = 1\n" * STATEMENTS + _END
_WORK = """
def work(count):
    total = 0
    for number in range(count):
        total += number * number % 7
    return total

"""
#: Twenty statements of about 0.1 s each, in pure Python code.
_TWO_SECONDS = _BEGIN + _WORK + "work(1_900_000)\n" * 20 + _END


def inner_ns(command: list[str], snippet: Path) -> int:
    """Return the duration of a snippet by its own clock, from its first statement to its last."""
    done = subprocess.run([*command, str(snippet)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return int(done.stdout)


def both_ns(text: str) -> tuple[list[int], list[int]]:
    """Return the durations of a snippet under plain Python and under the application, measured in turn."""
    plain, ours = [], []
    with tempfile.TemporaryDirectory() as folder:
        snippet = Path(folder) / "snippet.py"
        snippet.write_text(text)
        for _ in range(ROUNDS):
            plain.append(inner_ns([sys.executable], snippet))
            ours.append(inner_ns([sys.executable, "-m", "gpuplayground", "run"], snippet))
    return plain, ours


def measure() -> list[Figure]:
    """Run both snippets both ways."""
    plain, ours = both_ns(_TRIVIAL)
    each_us = (statistics.median(ours) - statistics.median(plain)) / STATEMENTS / 1e3
    plain, ours = both_ns(_TWO_SECONDS)
    # Other load on the machine only adds time, so the minimum is the least disturbed.
    return [
        Figure("cost of measuring a statement", each_us, "µs", 2.0),
        Figure("snippet of 2 s by its own clock", min(ours) / 1e9, "s", 1.01, min(plain) / 1e9, "python file.py"),
    ]


if __name__ == "__main__":
    report(measure())
