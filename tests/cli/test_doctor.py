"""``gpuplayground doctor`` over the fake driver library, through the real agent process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gpuplayground.cli.inventory import read_inventory
from tests.support.command_line import COMMAND, TIMEOUT_S, environment, gpuplayground
from tests.support.fakes import fake_nvml_env, gpu_uuid, no_nvml_env

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake library is a shared object")


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter without any framework, so that nothing on this machine matters."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=TIMEOUT_S)
    return folder / "bin" / "python"


def test_a_healthy_machine_is_reported_with_exit_code_0(bare_python: Path) -> None:
    done = gpuplayground("doctor", "--python", bare_python, env=environment(**fake_nvml_env(gpus=2)))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Driver      5")
    assert lines[1].startswith("CUDA        1")
    for index in (0, 1):
        (line,) = (line for line in lines if line.startswith(f"GPU {index}"))
        assert "compute capability" in line
        assert line.endswith(gpu_uuid(index))
    assert 'CuPy        not installed  python -m pip install "cupy-cuda12x[ctk]"' in lines
    assert lines[-1] == "No problems found."


def test_the_findings_are_written_as_json(bare_python: Path, tmp_path: Path) -> None:
    out = tmp_path / "findings.json"
    env = environment(**fake_nvml_env(gpus=1))
    assert gpuplayground("doctor", "--python", bare_python, "--json", out, env=env).returncode == 0
    findings = json.loads(out.read_text("utf-8"))
    assert findings["schema_version"] == 1
    assert findings["driver"].keys() >= {"driver_version", "cuda_version"}
    assert findings["gpus"][0]["uuid"] == gpu_uuid(0)
    assert len(findings["gpus"][0]["compute_capability"]) == 2
    names = ["NumPy", "CuPy", "PyTorch", "TensorFlow", "PyCUDA", "Numba", "CUPTI"]
    assert [framework["name"] for framework in findings["frameworks"]] == names
    assert findings["problems"] == []


def test_without_a_driver_the_problem_is_named_once_with_exit_code_1(bare_python: Path) -> None:
    done = gpuplayground("doctor", "--python", bare_python, env=environment(**no_nvml_env()))
    assert done.returncode == 1
    problems = [line for line in done.stdout.splitlines() if line.startswith("! ")]
    assert len(problems) == 1
    assert "No NVIDIA driver was found" in problems[0]


def test_a_framework_that_misses_the_gpu_is_a_problem(bare_python: Path, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text(
        "from types import SimpleNamespace as N\n"
        "__version__, version, cuda = '2.13.0+cpu', N(cuda=None), N(is_available=lambda: False)\n"
    )
    env = environment(**fake_nvml_env(gpus=1))
    env["PYTHONPATH"] += f":{tmp_path}"
    done = gpuplayground("doctor", "--python", bare_python, env=env)
    assert done.returncode == 1
    assert "PyTorch     2.13.0+cpu     sees no GPU" in done.stdout
    assert "! PyTorch 2.13.0+cpu is built without CUDA: install a CUDA build" in done.stdout


def test_processes_that_cannot_be_listed_are_told_of_and_are_no_problem(bare_python: Path, tmp_path: Path) -> None:
    out = tmp_path / "findings.json"
    env = environment(**fake_nvml_env(gpus=2, refuse="nvmlDeviceGetComputeRunningProcesses_v3@1:4"))
    done = gpuplayground("doctor", "--python", bare_python, "--json", out, env=env)
    assert done.returncode == 0
    (line,) = (line for line in done.stdout.splitlines() if "processes —" in line)
    assert "This account may not list the processes" in line
    assert list(json.loads(out.read_text("utf-8"))["unlisted_processes"]) == [gpu_uuid(1)]


def test_a_slow_start_of_the_driver_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in fake_nvml_env(gpus=1, delay="nvmlInitWithFlags:4000000").items():
        monkeypatch.setenv(name, value)
    assert read_inventory().problem is None


def test_a_driver_that_hangs_does_not_hang_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in fake_nvml_env(gpus=1, hang="all").items():
        monkeypatch.setenv(name, value)
    problem = read_inventory(timeout=0.5).problem
    assert problem is not None
    assert problem.sentence == "The NVIDIA driver does not answer: restart the computer."


def test_the_doctor_can_be_piped_into_a_reader_that_goes_away(bare_python: Path) -> None:
    env = environment(**no_nvml_env())
    code = f"{' '.join(COMMAND)} doctor --python {bare_python} | true"
    done = subprocess.run(["sh", "-c", code], env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.stderr == ""
