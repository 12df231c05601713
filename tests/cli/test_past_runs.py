"""What commands leave in the history that the window shows."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from gpuplayground.model.results import RunState
from gpuplayground.past_runs.store import HistoryStore, KeptRun
from gpuplayground.receipts.receipt import Receipt
from gpuplayground.storage import paths
from tests.support.command_line import assert_refused, environment, gpuplayground
from tests.support.fakes import fake_nvml_env, gpu_uuid


def kept() -> list[KeptRun]:
    """Return what is in the history, the newest first."""
    with HistoryStore(paths.data() / paths.HISTORY_FILE) as store:
        return [store.get(entry.id) for entry in store.entries()]


def test_a_run_is_kept_with_its_source_and_its_arguments(tmp_path: Path) -> None:
    path = tmp_path / "fails.py"
    path.write_text("x = 1\nraise ValueError('no')\n")
    assert gpuplayground("run", path, "--", "one").returncode == 1
    (run,) = kept()
    assert (run.request.source, run.request.arguments) == (path.read_text(), ("one",))
    assert run.run.state is RunState.FAILED
    assert run.run.summary.startswith("ValueError: no (line 2)")
    assert [timing.source for timing in run.run.timings] == ["x = 1", "raise ValueError('no')"]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_a_run_on_a_gpu_is_kept_with_its_receipt_and_the_curves_of_its_time(tmp_path: Path, libcuda: Path) -> None:
    path = tmp_path / "cuda.py"
    path.write_text(
        f"import ctypes, time\ncuda = ctypes.CDLL({str(libcuda)!r}); cuda.cuInit(0); cuda.use_primary(0)\n"
        "cuda.push_primary(0); time.sleep(0.3)\ncuda.launch(0)\n"
    )
    done = gpuplayground("run", path, "--device", "1", env=environment(**fake_nvml_env(gpus=2)))
    assert done.returncode == 0, done.stderr
    (run,) = kept()
    (receipt,) = run.receipts
    assert isinstance(receipt, Receipt)
    assert receipt.gpu_uuid == gpu_uuid(1)
    assert [gpu.uuid for gpu in run.gpus] == [gpu_uuid(0), gpu_uuid(1)]
    assert {sample.gpu_uuid for sample in run.samples} == {gpu_uuid(0), gpu_uuid(1)}
    assert all(sample.memory_used_bytes for sample in run.samples)


def test_a_benchmark_is_kept_with_its_samples_and_its_verdict(tmp_path: Path) -> None:
    path = tmp_path / "sum.py"
    path.write_text("values = range(1000)\nsum(values)\n")
    assert gpuplayground("bench", path, "--lines", "2", "--max-time", "0.6").returncode == 0
    (run,) = kept()
    (benchmark,) = run.run.benchmarks
    assert benchmark.samples_ns
    assert benchmark.verdict


def test_without_the_history_nothing_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    path.write_text("x = 1\n")
    assert gpuplayground("run", path, "--no-history").returncode == 0
    assert gpuplayground("bench", path, "--lines", "1", "--max-time", "0.1", "--no-history").returncode == 0
    assert not (paths.data() / paths.HISTORY_FILE).exists()


def test_what_did_not_start_is_not_kept(tmp_path: Path) -> None:
    assert_refused(gpuplayground("run", tmp_path / "nothing.py"), "There is no file")
    assert not (paths.data() / paths.HISTORY_FILE).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="/dev/null is a file of POSIX")
def test_a_history_that_cannot_be_written_is_one_sentence_and_changes_no_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "ends.py"
    path.write_text("raise SystemExit(3)\n")
    done = gpuplayground("run", path, env=environment(XDG_DATA_HOME="/dev/null/nowhere"))
    assert done.returncode == 3
    last = done.stderr.splitlines()[-1]
    assert last.startswith("The run is not kept in the history (Not a directory: ")
    assert last.endswith("use --no-history.")


def test_a_damaged_history_is_told_of_and_begun_anew(tmp_path: Path) -> None:
    file = paths.data() / paths.HISTORY_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"no database" * 1000)
    path = tmp_path / "plain.py"
    path.write_text("x = 1\n")
    done = gpuplayground("run", path)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1].startswith(
        "The history was damaged and no run could be read: a new one was started"
    )
    (run,) = kept()
    assert run.request.name == "plain.py"
    assert "damaged" not in gpuplayground("run", path).stderr
