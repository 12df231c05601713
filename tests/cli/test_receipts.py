"""What the monitor adds to commands that run something: receipts and verdicts, on a fake driver and a fake CUDA."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from gpuplayground.cli.gpu_watch import GpuWatch
from gpuplayground.model.events import RunFinished
from gpuplayground.model.results import Run, RunRequest, RunState, StatementTiming
from gpuplayground.model.samples import GpuSample
from gpuplayground.receipts.sample_log import SampleLog
from tests.support.command_line import environment, gpuplayground
from tests.support.fakes import FakeNvml, fake_nvml_env, gpu_uuid, no_nvml_env

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

HEAD = """\
import ctypes, time
cuda = ctypes.CDLL({library!r}); cuda.cuInit(0); cuda.use_primary(0); cuda.push_primary(0); time.sleep(0.3)
"""


@pytest.fixture
def snippet(tmp_path: Path, libcuda: Path) -> Path:
    path = tmp_path / "snippet.py"
    path.write_text(HEAD.format(library=str(libcuda)) + "cuda.launch(0)\n")
    return path


def test_a_run_on_a_gpu_is_followed_by_its_receipt(snippet: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    env = environment(**fake_nvml_env(gpus=2))
    done = gpuplayground("run", snippet, "--device", "1", "--json", out, env=env)
    assert done.returncode == 0, done.stderr
    _, _, receipt = done.stderr.rpartition("\n\n")
    labels = [line.split("  ")[1] for line in receipt.splitlines()[1:]]
    assert {"GPU memory", "Utilization", "Power", "Energy"} <= set(labels)
    (written,) = json.loads(out.read_text("utf-8"))["receipt"]
    assert written["gpu_uuid"] == gpu_uuid(1)
    assert written["sample_count"] > 0
    assert written["device_before_bytes"] is not None, "what was used ahead of the run"
    assert written["device_after_bytes"] is not None


def test_a_run_on_the_cpu_has_no_receipt_and_waits_for_none(tmp_path: Path) -> None:
    path, out = tmp_path / "cpu.py", tmp_path / "out.json"
    path.write_text("x = 1\n")
    done = gpuplayground("run", path, "--json", out, env=environment(**fake_nvml_env(gpus=1)))
    assert done.stderr.splitlines()[-1].startswith("cpu.py: ")
    assert json.loads(out.read_text("utf-8"))["receipt"] == []


def test_a_benchmark_is_judged_by_what_the_monitor_saw(snippet: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    env = environment(**fake_nvml_env(gpus=1))
    done = gpuplayground("bench", snippet, "--lines", "3", "--max-time", "0.6", "--json", out, env=env)
    assert done.returncode == 0, done.stderr
    (benchmark,) = json.loads(out.read_text("utf-8"))["benchmarks"]
    assert benchmark["uses_gpu"]
    text = " ".join(flag["sentence"] for flag in benchmark["verdict"])
    assert "not monitored" not in text
    assert "MHz" in text


#: A worker in the set-up; then the driver lists the snippet's process and one more.
WORKER = """\
import os, pathlib, subprocess
worker = subprocess.Popen(["sleep", "600"], start_new_session=True)
listed = pathlib.Path({control!r}); part = listed.with_suffix(".new")
part.write_text(f"gpus=1\\nprocesses=2\\npids={{os.getpid()}},{{{listed}}}\\n"); part.replace(listed); time.sleep(1.2)
cuda.launch(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize(("listed", "is_shared"), [("worker.pid", False), ("", True)])
def test_a_worker_of_the_snippet_is_no_other_process_on_its_gpu(
    listed: str, is_shared: bool, tmp_path: Path, libcuda: Path
) -> None:
    path, out, control = tmp_path / "snippet.py", tmp_path / "out.json", tmp_path / "control"
    worker = WORKER.format(control=str(control), listed=listed or os.getpid())
    path.write_text(HEAD.format(library=str(libcuda)) + worker)
    env = environment(**FakeNvml(control, gpus=1).env)
    done = gpuplayground("bench", path, "--lines", "7", "--max-time", "0.6", "--json", out, env=env)
    assert done.returncode == 0, done.stderr
    (benchmark,) = json.loads(out.read_text("utf-8"))["benchmarks"]
    sentences = [flag["sentence"] for flag in benchmark["verdict"]]
    assert any(each.startswith("Another process used the GPU") for each in sentences) is is_shared, sentences


def test_without_a_driver_nothing_is_watched(snippet: Path) -> None:
    env = environment(**no_nvml_env())
    done = gpuplayground("bench", snippet, "--lines", "3", "--max-time", "0.6", env=env)
    assert done.returncode == 0, done.stderr
    assert "MHz" not in done.stderr


def test_a_run_longer_than_all_samples_reach_back_is_accounted_for_from_its_start() -> None:
    second = 1_000_000_000
    watch = GpuWatch()
    watch.observer.log = SampleLog(seconds=5)
    watch.observer.begin(RunRequest("1", ""))
    for tick in range(70, 430):
        used = 3 << 30 if 100 <= tick < 200 else 1 << 30
        watch._take((GpuSample(tick * second // 10, "GPU-1", memory_used_bytes=used),))
    timings = (StatementTiming(0, 1, 1, "x", second, second),)
    run = Run("1", "a.py", RunState.FINISHED, 10 * second, 40 * second, timings=timings, pid=7)
    watch.follow(RunFinished("1", run))
    observed = watch.observe(run)
    (receipt,) = observed.receipts
    assert (receipt.device_peak_bytes, receipt.device_before_bytes, receipt.unwatched_ns) == (3 << 30, 1 << 30, 0)
    assert len(observed.samples) >= 30
