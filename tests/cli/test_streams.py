"""The standard streams of the command: full, closed, set not to wait, or in an encoding without our characters."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.command_line import COMMAND, TIMEOUT_S, Done, environment, gpuplayground
from tests.support.fakes import no_nvml_env

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the shell and the devices are POSIX's")
needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")

FULL = "gpuplayground: The output cannot be written (No space left on device): make room for it or send it elsewhere.\n"


def in_shell(arguments: str, cwd: Path, **changes: str) -> Done:
    """Run a command line of ours as a shell runs it, with its redirections."""
    return subprocess.run(
        ["sh", "-c", f"exec {' '.join(COMMAND)} {arguments}"],
        env=environment(**no_nvml_env(), **changes),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a snippet that says what its standard streams are."""
    (tmp_path / "says.py").write_text(
        "import sys\nprint('said')\nsys.stdin.read()\nprint('to stderr', file=sys.stderr)\n"
    )
    return tmp_path


@needs_full_device
@pytest.mark.parametrize("arguments", ["run says.py", "doctor", "--version", "--help", "record --help"])
def test_a_full_disk_behind_the_output_is_one_sentence(folder: Path, arguments: str) -> None:
    done = in_shell(f"{arguments} > /dev/full", folder)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", FULL)


@needs_full_device
def test_a_snippet_whose_output_cannot_be_written_is_ended(folder: Path) -> None:
    (folder / "endless.py").write_text("while True:\n    print('line')\n")
    done = in_shell("run endless.py > /dev/full", folder)
    assert (done.returncode, done.stderr) == (1, FULL)


@needs_full_device
def test_a_report_that_cannot_be_written_is_no_success(folder: Path) -> None:
    (folder / "quiet.py").write_text("pass\n")
    assert in_shell("run quiet.py 2> /dev/full", folder).returncode == 1
    assert in_shell("run nothing.py 2> /dev/full", folder).returncode == 2


@needs_full_device
@pytest.mark.parametrize("arguments", ["run says.py", "doctor"])
def test_results_that_cannot_be_written_are_one_sentence(folder: Path, arguments: str) -> None:
    done = in_shell(f"{arguments} --json /dev/full < /dev/null", folder)
    assert done.returncode == 1
    assert done.stdout != "", "what was found out is shown all the same"
    sentence = "gpuplayground: /dev/full cannot be written (No space left on device): choose another folder."
    assert done.stderr.splitlines()[-1] == sentence


@needs_full_device
def test_a_table_that_standard_output_does_not_take_is_one_sentence(folder: Path, resources: Path) -> None:
    recording = resources / "recordings" / "h200.gpurec"
    done = in_shell(f"export {recording} - > /dev/full", folder)
    sentence = "The output cannot be written (No space left on device): make room for it or send it elsewhere."
    assert (done.returncode, done.stderr) == (1, f"gpuplayground: {sentence}\n")


def test_a_table_that_nobody_reads_to_its_end_is_no_complaint(folder: Path, resources: Path) -> None:
    recording = resources / "recordings" / "h200.gpurec"
    done = in_shell(f"export {recording} - | head -n 1", folder)
    assert done.stdout.startswith("time_ns,gpu_index,gpu_uuid,")
    assert done.stderr == ""


def test_a_recording_that_cannot_be_exported_whole_is_one_sentence(folder: Path, resources: Path) -> None:
    recording = resources / "recordings" / "h200.gpurec"
    limited = f"ulimit -f 8; exec {' '.join(COMMAND)} export {recording} table.csv"
    done = subprocess.run(
        ["sh", "-c", limited], env=environment(), cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "table.csv” cannot be written (File too large)" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_are_like_the_null_device(folder: Path, closed: str) -> None:
    done = in_shell(f"run says.py {'' if '<&-' in closed else '< /dev/null'} {closed}", folder)
    assert done.returncode == 0
    assert done.stdout == ("said\n" if " >&-" not in f" {closed}" else "")
    if "2>&-" not in closed:
        assert "to stderr\n" in done.stderr
        assert "says.py: exit 0" in done.stderr
    assert in_shell(f"--version {closed}", folder).returncode == 0
    assert in_shell(f"run nothing.py {closed}", folder).returncode == 2


def test_output_that_is_set_not_to_wait_is_waited_for(folder: Path) -> None:
    (folder / "much.py").write_text("for i in range(50_000):\n    print('line', i)\n")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    process = subprocess.Popen(
        [*COMMAND, "run", "much.py"], env=environment(), cwd=folder, stdout=writing, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    with process, os.fdopen(reading, "rb") as output:
        watchdog = threading.Timer(TIMEOUT_S, process.kill)
        watchdog.start()
        text = output.read().decode()
        watchdog.cancel()
    assert process.returncode == 0
    assert text == "".join(f"line {i}\n" for i in range(50_000))


def test_in_an_encoding_without_our_characters_nothing_fails(folder: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = in_shell("doctor", folder, **plain)
    assert (done.returncode, done.stderr) == (1, "")
    assert "\\x" not in done.stdout
    assert "Python 3." in done.stdout
    done = in_shell("run says.py < /dev/null", folder, **plain)
    assert (done.returncode, done.stdout) == (0, "said\n")
    assert "\\x" not in done.stderr
    assert re.search(r"says\.py: exit 0 - [0-9.]+ .?s$", done.stderr, re.MULTILINE)


def test_a_system_that_refuses_to_open_more_files_is_one_sentence(folder: Path, resources: Path) -> None:
    recording = resources / "recordings" / "h200.gpurec"
    limited = f"ulimit -n 4; exec {' '.join(COMMAND)} export {recording} table.csv"
    # Where setuptools is installed, Python itself would open one file too many as it starts.
    env = environment(SETUPTOOLS_USE_DISTUTILS="stdlib")
    done = subprocess.run(["sh", "-c", limited], env=env, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("gpuplayground: The system refused a request ([Errno 24] Too many open files")
    assert done.stderr.count("\n") == 1


def test_a_name_that_is_no_text_can_be_named(folder: Path) -> None:
    name = os.fsdecode(b"sp ace \xff \xc3\xbc.py")
    (folder / name).write_text("print(__file__.encode('utf-8', 'surrogateescape'))\n")
    done = gpuplayground("run", name, "--json", f"{name}.json", cwd=folder)
    assert done.returncode == 0
    assert done.stdout == f"{os.fsencode(folder / name)!r}\n"
    assert (folder / f"{name}.json").exists()
    assert gpuplayground("run", f"{name}x", cwd=folder).returncode == 2
    assert gpuplayground("export", name, "table.csv", cwd=folder).returncode == 2
