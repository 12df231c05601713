"""``gpuplayground run`` as a real process: what passes through, what follows, and how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from gpuplayground.cli.run_report import as_text
from gpuplayground.model.gpu_timing import GpuTiming, RegionTiming
from gpuplayground.model.results import Run, RunState, StatementTiming
from tests.support.command_line import COMMAND, TIMEOUT_S, assert_refused, environment, gpuplayground, in_process
from tests.support.fakes import fake_nvml_env, gpu_uuid, no_nvml_env

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


def snippet(folder: Path, source: str, name: str = "snippet.py") -> Path:
    path = folder / name
    path.write_text(source, "utf-8")
    return path


@contextmanager
def started(*arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run whose end the test brings about; whatever happens, it is gone afterwards."""
    process = subprocess.Popen(
        [*COMMAND, "run", *map(str, arguments)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


def test_the_output_passes_through_and_the_timings_follow_on_stderr(tmp_path: Path) -> None:
    path = snippet(
        tmp_path, "import sys\nprint('to stdout')\nprint('to stderr', file=sys.stderr)\ntotal = sum(range(10))\n"
    )
    done = gpuplayground("run", path)
    assert done.returncode == 0
    assert done.stdout == "to stdout\n"
    output, _, report = done.stderr.partition("\n\n")
    assert output == "to stderr"
    lines = report.splitlines()
    assert lines[0].split() == ["line", "statement", "wall", "share"]
    rows = [re.split(r"\s{2,}", line.strip())[:2] for line in lines[2:6]]
    assert rows == [
        ["1", "import sys"],
        ["2", "print('to stdout')"],
        ["3", "print('to stderr', file=sys.stderr)"],
        ["4", "total = sum(range(10))"],
    ]
    assert "imports (1)" in report
    assert "total (4 statements)" in report
    assert lines[-1].startswith("snippet.py: ")


def test_output_that_is_no_text_passes_through_byte_by_byte(tmp_path: Path) -> None:
    path = snippet(tmp_path, "import os\nos.write(1, bytes(range(256)))\nos.write(2, b'\\xff\\r50 %\\r100 %')\n")
    done = subprocess.run(
        [*COMMAND, "run", path], env=environment(), capture_output=True, timeout=TIMEOUT_S, check=True
    )
    assert done.stdout == bytes(range(256))
    assert done.stderr.startswith(b"\xff\r50 %\r100 %\n")


def test_a_flood_of_output_passes_through_whole(tmp_path: Path) -> None:
    path = snippet(tmp_path, "for i in range(300_000):\n    print('line', i)\n")
    done = gpuplayground("run", path)
    expected = "".join(f"line {i}\n" for i in range(300_000))
    assert hashlib.sha256(done.stdout.encode()).digest() == hashlib.sha256(expected.encode()).digest()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("pass", 0),
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('a reason')", 1),
        ("1 / 0", 1),
        ("def broken(:", 1),
        ("import os; os._exit(5)", 5),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137, marks=posix_only),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 139, marks=posix_only),
    ],
)
def test_the_exit_code_is_the_snippets_or_128_and_the_signals_number(tmp_path: Path, source: str, code: int) -> None:
    done = gpuplayground("run", snippet(tmp_path, source))
    assert done.returncode == code
    assert "gpuplayground" not in done.stderr, "a frame of ours in a traceback"


def test_input_is_read_from_standard_input_line_by_line(tmp_path: Path) -> None:
    path = snippet(
        tmp_path,
        "print(input('name? '))\nprint(input().upper())\ntry:\n    input()\nexcept EOFError:\n    print('end')\n",
    )
    done = gpuplayground("run", path, stdin="Ada\nLovelace")
    assert (done.returncode, done.stdout) == (0, "name? Ada\nLOVELACE\nend\n")


def test_a_dash_is_standard_input_which_is_at_its_end_then(tmp_path: Path) -> None:
    source = "import sys, os\nprint(sys.path[0] == os.getcwd(), sys.argv[1:])\ninput()\n"
    done = gpuplayground("run", "-", "--", "x", cwd=tmp_path, stdin=source)
    assert (done.returncode, done.stdout) == (1, "True ['x']\n")
    assert "stdin: EOFError: EOF when reading a line (line 3)" in done.stderr


@posix_only
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("print('from a pipe')\n1 / 0\n",), daemon=True)
    writer.start()
    done = gpuplayground("run", pipe)
    assert (done.returncode, done.stdout) == (1, "from a pipe\n")
    assert f'File "{pipe}", line 2' in done.stderr


@posix_only
def test_a_device_without_an_end_is_refused() -> None:
    assert_refused(gpuplayground("run", "/dev/zero"), "/dev/zero is a binary file: name a Python file.")


@posix_only
@pytest.mark.parametrize("file", ["../snippet.py", "snippet.py"])
def test_a_working_folder_that_is_gone_is_one_sentence(tmp_path: Path, file: str) -> None:
    snippet(tmp_path, "pass\n")
    (tmp_path / "gone").mkdir()
    command = f"cd gone && rmdir ../gone && exec {' '.join(COMMAND)} run {tmp_path / file if file[0] == 's' else file}"
    done = subprocess.run(
        ["sh", "-c", command], env=environment(), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "gpuplayground: The working folder no longer exists: change to another one.\n"


def test_what_follows_two_dashes_is_the_snippets(tmp_path: Path) -> None:
    path = snippet(tmp_path, "import sys\nprint(sys.argv[1:], __file__)\n")
    done = gpuplayground("run", path, "--", "--timeout", "0", "--", "a b")
    assert done.stdout == f"['--timeout', '0', '--', 'a b'] {path}\n"


def test_the_device_is_what_cuda_sees(tmp_path: Path) -> None:
    path = snippet(tmp_path, "import os\nprint(os.environ.get('CUDA_VISIBLE_DEVICES'))\n")
    assert gpuplayground("run", path, "--device", "1").stdout == "1\n"
    assert gpuplayground("run", path, "--device", gpu_uuid(0)).stdout == f"{gpu_uuid(0)}\n"


def test_a_device_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    path, env = snippet(tmp_path, "print('ran')\n"), environment(**fake_nvml_env(gpus=2))
    done = gpuplayground("run", path, "--device", "99", env=env)
    assert_refused(done, "There is no GPU 99: this machine has 0 (NVIDIA Fake 0), 1 (NVIDIA Fake 1).")
    for device in ("1", gpu_uuid(0)):
        assert gpuplayground("run", path, "--device", device, env=env).stdout == "ran\n"


@posix_only
def test_another_interpreter_runs_it(tmp_path: Path) -> None:
    folder = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=TIMEOUT_S)
    path = snippet(tmp_path, "import sys\nprint(sys.prefix)\n")
    assert gpuplayground("run", path, "--python", folder / "bin" / "python").stdout == f"{folder}\n"


@posix_only
def test_a_file_in_another_encoding_runs_as_python_runs_it(tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes("# -*- coding: latin-1 -*-\nprint(len('é'))\n".encode("latin-1"))
    assert gpuplayground("run", path).stdout == "1\n"


def test_a_run_that_takes_too_long_ends_with_exit_code_124(tmp_path: Path) -> None:
    done = gpuplayground("run", snippet(tmp_path, "while True:\n    pass\n"), "--timeout", "0.5")
    assert done.returncode == 124
    assert "Traceback" not in done.stderr or "KeyboardInterrupt" in done.stderr


@posix_only
def test_ctrl_c_interrupts_the_snippet_which_can_still_clean_up(tmp_path: Path) -> None:
    path = snippet(
        tmp_path,
        "import time\ntry:\n    print('ready', flush=True)\n    time.sleep(600)\nfinally:\n    print('cleaned up')\n",
    )
    with started(path) as process:
        assert wait_for_line(process) == b"ready\n"
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert stdout == b"cleaned up\n"
    assert b"statement" in stderr


@posix_only
def test_a_second_ctrl_c_kills_a_snippet_that_does_not_listen(tmp_path: Path) -> None:
    path = snippet(
        tmp_path,
        "import time\nword = 'ready'\nwhile True:\n    try:\n        print(word, flush=True)\n"
        "        time.sleep(600)\n    except KeyboardInterrupt:\n        word = 'no'\n",
    )
    with started(path) as process:
        assert wait_for_line(process) == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert wait_for_line(process) == b"no\n"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130


@posix_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_ends_the_snippet_too(
    tmp_path: Path, number: signal.Signals, request: pytest.FixtureRequest
) -> None:
    # Under nohup the tests themselves ignore one of them, and so would what they start.
    request.addfinalizer(partial(signal.signal, number, signal.signal(number, signal.SIG_DFL)))
    path = snippet(tmp_path, "import time\nprint('ready', flush=True)\ntime.sleep(600)\n")
    with started(path) as process:
        assert wait_for_line(process) == b"ready\n"
        process.send_signal(number)
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 128 + number


@posix_only
def test_a_reader_that_goes_away_ends_the_snippet_quietly(tmp_path: Path) -> None:
    path = snippet(tmp_path, "while True:\n    print('line')\n")
    command = f"{' '.join(COMMAND)} run {path} | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (141, "line\n", "")


@posix_only
def test_the_results_are_written_as_json(tmp_path: Path) -> None:
    path = snippet(tmp_path, "import os\nvalues = [\n    1,\n    2,\n]\nraise ValueError('no')\n")
    out = tmp_path / "results.json"
    env = environment(**fake_nvml_env(gpus=2))
    done = gpuplayground("run", path, "--device", "1", "--json", out, "--", "x", env=env)
    assert done.returncode == 1
    results = json.loads(out.read_text("utf-8"))
    assert results["schema_version"] == 1
    assert results["file"] == {"name": "snippet.py", "path": str(path), "arguments": ["x"]}
    assert results["environment"]["interpreter"] == sys.executable
    assert [gpu["uuid"] for gpu in results["device"]["gpus"]] == [gpu_uuid(0), gpu_uuid(1)]
    assert results["device"]["cuda_visible_devices"] == gpu_uuid(1)
    assert results["exit"]["code"] == 1
    assert results["exit"]["error"]["line"] == 6
    assert [(s["line"], s["end_line"]) for s in results["statements"]] == [(1, 1), (2, 5), (6, 6)]
    assert results["statements"][0]["source"] == "import os"
    assert [s["is_import"] for s in results["statements"]] == [True, False, False]
    assert [s["failed"] for s in results["statements"]] == [False, False, True]
    assert all(s["wall_ns"] > 0 and s["synced_ns"] is None for s in results["statements"])


def test_the_results_say_why_there_is_no_device(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    env = environment(**no_nvml_env())
    gpuplayground("run", snippet(tmp_path, "pass"), "--json", out, env=env)
    device = json.loads(out.read_text("utf-8"))["device"]
    assert device["gpus"] == []
    assert "No NVIDIA driver was found" in device["problem"]


@posix_only
def test_on_a_narrow_terminal_the_table_is_cut_to_fit(tmp_path: Path) -> None:
    path = snippet(tmp_path, f"value = '{'long ' * 30}'\n")
    master, slave = pty.openpty()
    env = environment(COLUMNS="50")
    done = subprocess.run(
        [*COMMAND, "run", path], env=env, stdin=subprocess.DEVNULL, stderr=slave, timeout=TIMEOUT_S, check=True
    )
    os.close(slave)
    text = os.read(master, 1 << 16).decode()
    os.close(master)
    assert done.returncode == 0
    lines = re.sub(r"\x1b\[\d*m", "", text).replace("\r", "").splitlines()
    assert any("value = 'long" in line for line in lines)
    assert max(map(len, lines)) <= 50


def test_the_rows_of_nvtx_ranges_stay_on_a_terminal_of_any_width() -> None:
    ranges = (RegionTiming("a range of many words, longer than a narrow terminal", 1, 0, 500, 300, 2),)
    gpu = GpuTiming(busy_ns=300, kernels=2, regions=ranges)
    timing = StatementTiming(0, 1, 3, f"train({', '.join(['argument'] * 9)})", 1000, 1000, gpu=gpu)
    run = Run("1", "a.py", RunState.FINISHED, 0, 1000, timings=(timing,))
    for columns in (200, 80, 40):
        lines = re.sub(r"\x1b\[\d*m", "", as_text(run, columns)).splitlines()
        (row,) = [line for line in lines if "▸ a range" in line]
        assert row.endswith("2 kernels")
        assert any("train(argument" in line for line in lines)
        assert max(map(len, lines)) <= max(columns, 80)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing.py"], "There is no file nothing.py: check the name."),
        (["."], ". is a folder: name a file."),
        (["good.py", "--json", "nowhere/out.json"], "there is no folder nowhere"),
        (["good.py", "--json", "."], ". is a folder: name a file to write."),
        (["good.py", "--json", "good.py"], "good.py is the file that is run: name another file to write."),
        (["good.py", "--json", "./linked.py"], "./linked.py is the file that is run: name another file to write."),
        (["good.py", "--python", "nowhere"], "There is no Python interpreter at nowhere"),
        (["good.py", "--python", "good.py"], "good.py is not executable: choose a Python interpreter."),
        (["good.py", "--timeout", "0"], "0 is not a time above zero"),
        (["good.py", "--timeout", "soon"], "soon is not a number"),
        (["good.py", "--device", "first"], "first is not the index or UUID"),
        (["good.py", "stray"], "unrecognized arguments: stray"),
        ([], "the following arguments are required: FILE"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("print('it ran')\n")
    (tmp_path / "linked.py").hardlink_to(tmp_path / "good.py")
    assert_refused(in_process("run", *arguments, cwd=tmp_path), sentence)
    assert (tmp_path / "good.py").read_text() == "print('it ran')\n"
