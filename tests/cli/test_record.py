"""``gpuplayground record`` and ``export`` over the fake driver library, as real processes."""

from __future__ import annotations

import contextlib
import csv
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gpuplayground.monitor.recording.reader import Recording, RecordingError
from tests.support.command_line import COMMAND, TIMEOUT_S, assert_refused, environment, gpuplayground, in_process
from tests.support.fakes import fake_nvml_env, gpu_uuid, no_nvml_env

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake library is a shared object")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of two fake GPUs."""
    out = tmp_path_factory.mktemp("recordings") / "short.gpurec"
    env = environment(**fake_nvml_env(gpus=2))
    done = gpuplayground("record", out, "--seconds", "0.8", "--hz", "20", env=env)
    assert done.returncode == 0, done.stderr
    assert "of 2 GPUs" in done.stdout
    return out


def wait_for_samples(recording: Path) -> None:
    """Wait until the first batch is in the file, which is read while it is being written."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(RecordingError), Recording.open(recording) as opened:
            if next(opened.samples(), None) is not None:
                return
        time.sleep(0.1)
    raise AssertionError("nothing was recorded")


def test_a_recording_is_exported_as_csv_with_a_row_per_sample(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    done = gpuplayground("export", recording, out)
    assert (done.returncode, done.stderr) == (0, "")
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 2
    assert done.stdout == f"{out}: {len(rows):,} rows.\n"
    assert {row["gpu_uuid"] for row in rows} == {gpu_uuid(0), gpu_uuid(1)}
    assert list(rows[0])[:4] == ["time_ns", "gpu_index", "gpu_uuid", "gpu_util_percent"]


def test_a_recording_is_exported_to_standard_output_as_it_is_to_a_file(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    assert gpuplayground("export", recording, out).returncode == 0
    done = gpuplayground("export", recording, "-", cwd=tmp_path)
    table = out.read_text()
    assert (done.returncode, done.stdout) == (0, table)
    rows = table.count("\n") - 1
    assert done.stderr == f"{rows:,} rows.\n"
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_recording_without_an_end_is_ended_by_ctrl_c_or_a_polite_kill(tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "open.gpurec"
    env = environment(**fake_nvml_env(gpus=1))
    process = subprocess.Popen([*COMMAND, "record", out], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        assert process.stderr is not None
        assert b"Press Ctrl+C to stop" in process.stderr.readline()
        wait_for_samples(out)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, stderr) == (0, b"")
    assert b"of 1 GPU" in stdout
    assert gpuplayground("export", out, tmp_path / "table.csv").returncode == 0


def test_without_a_gpu_nothing_is_recorded_and_no_file_is_left(tmp_path: Path) -> None:
    out = tmp_path / "none.gpurec"
    done = gpuplayground("record", out, env=environment(**no_nvml_env()))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "No NVIDIA driver was found" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_a_recording_is_never_overwritten(recording: Path) -> None:
    before = recording.read_bytes()
    assert_refused(gpuplayground("record", recording), "already exists: choose another name")
    assert_refused(gpuplayground("export", recording, recording), "is the recording itself")
    assert recording.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["record", "nowhere/out.gpurec"], "nowhere/out.gpurec cannot be written: there is no folder nowhere."),
        (["record", "."], ". is a folder: name a file to write."),
        (["record", "out.gpurec", "--seconds", "0"], "0 is not a time above zero"),
        (["record", "out.gpurec", "--seconds", "-1"], "-1 is not a time above zero"),
        (["record", "out.gpurec", "--seconds", "1e99"], "1e99 s is too long"),
        (["record", "out.gpurec", "--hz", "1000"], "1000 is not between 0.1 and 50"),
        (["record", "out.gpurec", "--hz", "0"], "0 is not between 0.1 and 50"),
        (["record", "out.gpurec", "--hz", "nan"], "nan is not between 0.1 and 50"),
        (["record"], "the following arguments are required: OUT"),
        (["export", "nothing.gpurec", "out.csv"], "There is no recording nothing.gpurec: check the name."),
        (["export", "foreign.gpurec", "out.csv"], "is not a recording of GPU Playground"),
        (["export", "foreign.gpurec", "nowhere/out.csv"], "there is no folder nowhere"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "foreign.gpurec").write_text("time,power\n" * 100)
    assert_refused(in_process(*arguments, cwd=tmp_path), sentence)
    assert not (tmp_path / "out.csv").exists()
