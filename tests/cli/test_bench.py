"""``gpuplayground bench`` as a real process: what is measured, what is printed and written, and how it ends."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import COMMAND, TIMEOUT_S, assert_refused, environment, gpuplayground, in_process

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals are POSIX's")

SNIPPET = '''\
# %% Set-up
import sys
print("set-up", sys.argv[1:])
n = 1000
text = """
# %% no cell
"""
bytes_moved = 8 * n
data = list(range(n))
# %% Sum
total = sum(data)
# %% Noisy
import random, time
time.sleep(random.random() / 200)
# %% Broken
import math
math.sqrt(-1)
'''


@pytest.fixture
def snippet(tmp_path: Path) -> Path:
    path = tmp_path / "snippet.py"
    path.write_text(SNIPPET, "utf-8")
    return path


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_cell_is_measured_and_its_figures_follow_the_output(snippet: Path, tmp_path: Path) -> None:
    out, table = tmp_path / "out.json", tmp_path / "out.csv"
    done = gpuplayground(
        "bench", snippet, "--cell", "Sum", "--max-time", "0.3", "--json", out, "--csv", table, "--", "-x"
    )
    assert (done.returncode, done.stdout) == (0, "set-up ['-x']\n"), done.stderr
    lines = done.stderr.splitlines()
    assert lines[1] == "Sum (line 11)"
    labels = [line.split("  ")[1] for line in lines[2:] if line.startswith("  ") and line[2] not in "!✓"]
    assert labels[:7] == ["Median", "IQR", "Min", "Max", "Mean", "Samples", "Overhead"]
    assert "Throughput" in labels
    assert any(re.match(r"  [!✓] ", line) for line in lines), "no verdict"
    # Of a disturbed machine's samples too few may be independent.
    assert re.fullmatch(r"snippet\.py: .+ \((95 % CI .+ to .+|no interval)\) · [\d,]+ samples", lines[-1])
    results = json.loads(out.read_text("utf-8"))
    (benchmark,) = results["benchmarks"]
    assert (benchmark["label"], benchmark["first_line"], benchmark["source"]) == ("Sum", 11, "total = sum(data)")
    assert list(benchmark["summary"]) == [
        *("count", "median", "low", "high", "q1", "q3", "iqr", "minimum", "maximum", "mean", "stddev", "has_interval")
    ]
    assert benchmark["summary"]["count"] == len(benchmark["samples_ns"]) > 10
    assert benchmark["summary"]["minimum"] == min(benchmark["samples_ns"])
    assert benchmark["bytes_moved"] == 8000
    assert benchmark["verdict"][0]["sentence"]
    assert benchmark["gpu"] is None
    assert results["receipt"] == []
    assert [statement["line"] for statement in results["statements"]] == [2, 3, 4, 5, 8, 9]
    (row,) = rows_of(table)
    assert int(row["samples"]) == len(benchmark["samples_ns"])


def test_lines_of_standard_input_can_be_measured(tmp_path: Path) -> None:
    done = gpuplayground("bench", "-", "--lines", "2", "--max-time", "0.1", stdin="x = 1\ny = x + 1\n", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\nline 2\n" in done.stderr


def test_a_sweep_is_a_table_with_a_line_for_each_value(snippet: Path, tmp_path: Path) -> None:
    out, table = tmp_path / "out.json", tmp_path / "out.csv"
    sweep = ["--sweep", "n = 10 .. 1000 x10", "--max-time", "0.1"]
    done = gpuplayground("bench", snippet, "--cell", "2", *sweep, "--csv", table, "--json", out)
    assert (done.returncode, done.stdout) == (0, "set-up []\n"), done.stderr
    lines = done.stderr.splitlines()
    assert lines[2].split()[:2] == ["n", "median"]
    assert [line.split()[0] for line in lines[4:7]] == ["10", "100", "1000"]
    assert lines[-1].startswith("snippet.py: 3 values of n measured")
    assert [row["value"] for row in rows_of(table)] == ["10", "100", "1000"]
    assert [b["parameter"] for b in json.loads(out.read_text("utf-8"))["benchmarks"]] == [
        ["n", 10],
        ["n", 100],
        ["n", 1000],
    ]


def test_out_of_memory_ends_a_sweep_in_order(tmp_path: Path) -> None:
    path = tmp_path / "big.py"
    path.write_text("n = 1\nif n > 2:\n    raise MemoryError('no room')\nx = n\n")
    done = gpuplayground("bench", path, "--lines", "4", "--sweep", "n = 1 .. 8", "--max-time", "0.1")
    assert done.returncode == 0, done.stderr
    assert "Out of memory: MemoryError: no room (line 3)" in done.stderr
    assert "out of memory at 4" in done.stderr


def test_what_raises_while_it_is_measured_is_exit_code_1(snippet: Path) -> None:
    done = gpuplayground("bench", snippet, "--cell", "Broken")
    assert done.returncode == 1
    assert "line 17, in <module>" in done.stderr
    assert "ValueError: math domain error (line 17)" in done.stderr


def test_what_is_left_out_of_time_is_exit_code_124(snippet: Path) -> None:
    done = gpuplayground("bench", snippet, "--cell", "Noisy", "--max-time", "600", "--timeout", "3")
    assert done.returncode == 124
    assert "Stopped before it finished." in done.stderr


@posix_only
def test_lines_within_a_statement_are_measured_with_all_of_it_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "loop.py"
    path.write_text("for i in range(3):\n    x = i\n")
    done = gpuplayground("bench", path, "--lines", "2", "--max-time", "0.1")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("Measuring lines 1 to 2: a statement is measured as a whole.\n")


def test_a_time_out_before_anything_was_measured_says_so(tmp_path: Path) -> None:
    path = tmp_path / "slow.py"
    path.write_text("import time\ntime.sleep(0.7)\n")
    done = gpuplayground("bench", path, "--lines", "2", "--timeout", "1")
    assert done.returncode == 124
    assert "Stopped before anything was measured" in done.stderr.splitlines()[-1]


def test_ctrl_c_keeps_what_was_measured(snippet: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    process = subprocess.Popen(
        [*COMMAND, "bench", snippet, "--cell", "Noisy", "--max-time", "600", "--json", out],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"set-up []\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.7)
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=TIMEOUT_S)
        finally:
            process.kill()
    assert process.returncode == 130, stderr
    assert b"Stopped before it finished." in stderr
    (benchmark,) = json.loads(out.read_text("utf-8"))["benchmarks"]
    assert benchmark["error"] == "stopped"
    assert len(benchmark["samples_ns"]) > 1
    kinds = {flag["kind"] for flag in benchmark["verdict"]}
    assert "incomplete" in kinds
    assert "time limit" not in kinds, "its time was not up"


@posix_only
def test_a_terminal_shows_progress_in_a_line_that_is_taken_away_again(tmp_path: Path) -> None:
    path = tmp_path / "snippet.py"
    path.write_text("x = 1\ny = x + 1\n")
    master, slave = pty.openpty()
    done = subprocess.run(
        [*COMMAND, "bench", path, "--lines", "2", "--max-time", "0.5"],
        env=environment(COLUMNS="100"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=slave,
        timeout=TIMEOUT_S,
        check=True,
    )
    os.close(slave)
    text = os.read(master, 1 << 16).decode()
    os.close(master)
    assert done.stdout == b""
    progress, _, report = text.rpartition("\r\033[K")
    assert "\r\033[Kwarm-up · " in progress
    assert "\r\033[Ksampling · " in progress
    assert "\n" not in progress
    assert "Median" in report


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "No lines are selected: name a cell with --cell."),
        (["--cell", "Cosines"], "There is no cell Cosines: this file has 1 (Set-up), 2 (Sum)"),
        (["--lines", "1"], "There is no statement in line 1: select the code to measure."),
        (["--lines", "2"], "There are only imports and definitions in line 2"),
        (["--lines", "3-1"], "invalid line range 3-1; expected e.g. 12-14"),
        (["--lines", "all"], "invalid line range all; expected e.g. 12-14"),
        (["--lines", "3", "--cell", "2"], "not allowed with argument"),
        (["--cell", "2", "--sweep", "n"], "“n” is not a sweep"),
        (["--cell", "2", "--sweep", "n = ,"], "“n = ,” is not a sweep"),
        (["--cell", "2", "--sweep", "n = 1 .. 2**62 step 5e-324"], "more than 1000 values"),
        (["--cell", "2", "--sweep", "m = 1, 2"], "m is not assigned above: set it there"),
        (["--cell", "2", "--max-time", "0"], "0 is not a time above zero"),
        (["--cell", "2", "--csv", "nowhere/out.csv"], "there is no folder nowhere"),
        (["--cell", "2", "--csv", "snippet.py"], "snippet.py is the file that is run: name another file to write."),
        (["--cell", "2", "--json", "snippet.py"], "snippet.py is the file that is run: name another file to write."),
        (["--cell", "2", "--json", "out", "--csv", "./out"], "./out is named twice: name two files to write."),
    ],
)
def test_bad_input_is_refused_in_one_sentence(arguments: list[str], sentence: str, snippet: Path) -> None:
    before = snippet.read_text()
    assert_refused(in_process("bench", snippet.name, *arguments, cwd=snippet.parent), sentence)
    assert snippet.read_text() == before
    assert [path.name for path in snippet.parent.iterdir() if path.is_file()] == [snippet.name]
