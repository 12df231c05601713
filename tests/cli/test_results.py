"""Results of a run are never lost: where they go is tried ahead of it, and what fails after it costs nothing else."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gpuplayground.storage import paths
from tests.support.command_line import COMMAND, TIMEOUT_S, Done, environment, gpuplayground
from tests.support.fakes import no_nvml_env

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="devices, pipes and modes are POSIX's")
needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a snippet that leaves a trace of having run and exits with code 7."""
    (tmp_path / "seven.py").write_text("open('ran', 'w').close()\nprint('printed')\nraise SystemExit(7)\n")
    (tmp_path / "well.py").write_text("x = 1\n# %% go\ny = x\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    return tmp_path


def run(folder: Path, *arguments: str | Path, **changes: str) -> Done:
    return gpuplayground(*arguments, cwd=folder, env=environment(**no_nvml_env(), **changes))


def assert_told(done: Done, code: int = 7) -> None:
    """Assert that nothing is lost: the output, the table and the exit code."""
    assert (done.returncode, done.stdout) == (code, "printed\n"), done.stderr
    assert "total (" in done.stderr
    assert "seven.py: exit 7 · " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--json", "--csv"])
@pytest.mark.parametrize(
    "path", ["nowhere/out", "folder", "file/out", "n" * 300, "", "/proc/no-such-file", "/sys/no-such-file"]
)
def test_what_cannot_be_written_is_refused_before_anything_runs(folder: Path, option: str, path: str) -> None:
    if path.startswith("/") and not Path(path).parent.is_dir():
        pytest.skip("there is no such file system")
    command = ["run", "seven.py"] if option == "--json" else ["bench", "seven.py", "--lines", "1"]
    done = run(folder, *command, option, path)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.count("\n") == 1
    assert not (folder / "ran").exists()


@posix_only
def test_an_older_file_is_whole_until_the_new_one_is(folder: Path) -> None:
    out, link = folder / "out.json", folder / "link.json"
    out.write_text("older")
    out.chmod(0o640)
    link.symlink_to(out)
    (folder / "looks.py").write_text("print(open('out.json').read())\n")
    done = run(folder, "run", "looks.py", "--json", "link.json")
    assert (done.returncode, done.stdout) == (0, "older\n"), done.stderr
    assert json.loads(out.read_text())["exit"]["code"] == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert link.is_symlink()
    limited = f"ulimit -f 1; exec {' '.join(COMMAND)} run looks.py --no-history --json out.json"
    before = out.read_text()
    subprocess.run(["sh", "-c", limited], env=environment(), cwd=folder, capture_output=True, check=False)
    assert out.read_text() == before
    assert not [path for path in folder.iterdir() if path.suffix == ".tmp"]


def test_a_file_that_was_only_tried_is_not_left_behind(folder: Path) -> None:
    run(folder, "run", "seven.py", "--json", "out.json", "--python", "no-such-python")
    run(folder, "bench", "well.py", "--cell", "go", "--json", "out.json", "--csv", "./out.json")
    assert not (folder / "out.json").exists()


@posix_only
@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("is_file", [False, True])
def test_results_on_standard_output_follow_what_was_printed(folder: Path, name: str, is_file: bool) -> None:
    if name.startswith("/") and not Path(name).parent.is_dir():
        pytest.skip("there is no such path")
    (folder / "out").write_text("before\n")
    redirection = f">> {folder / 'out'}" if is_file else ""
    done = subprocess.run(
        ["sh", "-c", f"exec {' '.join(COMMAND)} run seven.py --no-history --json {name} {redirection}"],
        env=environment(**no_nvml_env()),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 7, done.stderr
    text = (folder / "out").read_text().removeprefix("before\n") if is_file else done.stdout
    printed, _, results = text.partition("\n")
    assert printed == "printed"
    assert json.loads(results)["exit"]["code"] == 7
    assert not (folder / "-").exists()


@posix_only
def test_a_named_pipe_takes_the_results(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append((folder / "pipe").read_text()), daemon=True)
    reader.start()
    assert_told(run(folder, "run", "seven.py", "--json", "pipe"))
    reader.join(TIMEOUT_S)
    assert json.loads(found[0])["exit"]["code"] == 7


@needs_full_device
def test_a_disk_that_is_full_at_the_end_costs_only_the_file(folder: Path) -> None:
    done = run(folder, "run", "seven.py", "--json", "/dev/full")
    assert_told(done)
    assert "/dev/full cannot be written (No space left on device)" in done.stderr
    both = run(
        folder, "bench", "well.py", "--cell", "go", "--max-time", "0.1", "--json", "/dev/full", "--csv", "out.csv"
    )
    assert "Median" in both.stderr
    assert both.returncode == 1, "the run went well, but what was asked for is not there"
    assert (folder / "out.csv").read_text()


def history(folder: Path) -> Path:
    file = folder / "data" / "gpuplayground" / paths.HISTORY_FILE
    file.parent.mkdir(parents=True)
    return file


def test_a_damaged_history_costs_nothing_else(folder: Path) -> None:
    history(folder).write_bytes(b"this is no database" * 1000)
    assert_told(run(folder, "run", "seven.py", "--json", "out.json", XDG_DATA_HOME=str(folder / "data")))
    assert json.loads((folder / "out.json").read_text())["exit"]["code"] == 7


def test_a_history_that_is_a_folder_costs_nothing_else(folder: Path) -> None:
    history(folder).mkdir()
    done = run(folder, "run", "seven.py", XDG_DATA_HOME=str(folder / "data"))
    assert_told(done)
    assert "history" in done.stderr.splitlines()[-1]


def test_a_locked_history_costs_nothing_else(folder: Path) -> None:
    file = history(folder)
    run(folder, "run", "well.py", XDG_DATA_HOME=str(folder / "data"))
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        done = run(folder, "run", "seven.py", XDG_DATA_HOME=str(folder / "data"))
    finally:
        connection.close()
    assert_told(done)
    assert len(done.stderr.splitlines()[-1]) > 20


@posix_only
def test_a_history_that_does_not_fit_on_the_disk_costs_nothing_else(folder: Path) -> None:
    limited = f"ulimit -f 4; exec {' '.join(COMMAND)} run seven.py"
    done = subprocess.run(
        ["sh", "-c", limited],
        env=environment(**no_nvml_env(), XDG_DATA_HOME=str(folder / "data")),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert_told(done)


@pytest.mark.parametrize("folder_is", ["file", "file/below", "/proc"])
def test_a_data_folder_that_cannot_be_used_costs_nothing_else(folder: Path, folder_is: str) -> None:
    if folder_is == "/proc" and not Path("/proc").is_dir():
        pytest.skip("there is no /proc")
    assert_told(run(folder, "run", "seven.py", XDG_DATA_HOME=str(folder / folder_is)))


@pytest.mark.parametrize(
    "stub",
    [
        "def __getattr__(name):\n    raise RuntimeError('broken')\n",
        "class Version(str):\n    def __str__(self):\n        raise RuntimeError\n__version__ = Version('1')\n",
        "__version__ = b'1'\n",
    ],
)
def test_a_framework_whose_version_cannot_be_read_costs_nothing_else(folder: Path, stub: str) -> None:
    (folder / "torch.py").write_text(stub)
    (folder / "seven.py").write_text("import torch\nprint('printed')\nraise SystemExit(7)\n")
    assert_told(run(folder, "run", "seven.py"))


def test_a_result_that_cannot_be_looked_at_costs_nothing_else(folder: Path) -> None:
    (folder / "numpy.py").touch()
    (folder / "odd.py").write_text(
        "import numpy\nclass Odd:\n    def __getattr__(self, name):\n        raise RuntimeError\nresult = Odd()\n"
    )
    done = run(folder, "run", "odd.py")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "odd.py: exit 0" in done.stderr


@posix_only
def test_a_reader_of_stderr_that_is_gone_costs_no_file_and_no_exit_code(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "run", "seven.py", "--json", "out.json"],
        env=environment(**no_nvml_env()),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=writing,
        timeout=TIMEOUT_S,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stdout) == (7, b"printed\n")
    assert json.loads((folder / "out.json").read_text())["exit"]["code"] == 7


@pytest.mark.parametrize(
    "broken",
    [
        "gpuplayground.cli.version.version_of",
        "gpuplayground.cli.run.save_to_history",
        "gpuplayground.cli.gpu_watch.GpuWatch.observe",
        "gpuplayground.cli.gpu_watch.GpuWatch.stop",
    ],
)
def test_no_failure_of_a_part_of_ours_costs_anything_else(folder: Path, broken: str) -> None:
    module, _, name = broken.rpartition(".")
    (folder / "start.py").write_text(
        "import pkgutil, sys\n"
        "from gpuplayground.cli.main import main\n"
        f"setattr(pkgutil.resolve_name({module!r}), {name!r}, lambda *_: 1 / 0)\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, str(folder / "start.py")]
    done = gpuplayground(
        "run", "seven.py", "--json", "out.json", command=command, cwd=folder, env=environment(**no_nvml_env())
    )
    assert_told(done)
    assert json.loads((folder / "out.json").read_text())["exit"]["code"] == 7
