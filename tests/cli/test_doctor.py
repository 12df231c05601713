"""``gpuplayground doctor`` over the fake driver library, through the real agent process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gpuplayground.cli.inventory import read_inventory
from tests.support.command_line import COMMAND, TIMEOUT_S, environment, gpuplayground
from tests.support.fakes import fake_nvml_env, gpu_uuid, no_nvml_env

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake library is a shared object")

FRAMEWORKS = ["NumPy", "CuPy", "PyTorch", "TensorFlow", "PyCUDA", "Numba", "PyOpenCL", "CUPTI"]
TORCH_FOR_CPU = (
    "from types import SimpleNamespace as N\n"
    "__version__, version, cuda = '2.13.0+cpu', N(cuda=None), N(is_available=lambda: False)\n"
    "float32, C = 'float32', type('C', (list,), {'__add__': lambda a, b: a, '__rmul__': lambda a, f: a})\n"
    "C.cpu, C.tolist = lambda self: self, lambda self: list(self)\n"
    "arange = lambda size, dtype, device: C(3.0 * i + 1 for i in range(size))\n"
)


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
    questions = ["Is my GPU supported?", "Which libraries do I need?", "How do I set CUDA up?"]
    assert [line for line in lines if line in questions] == questions
    assert any(line.startswith("  ok       The NVIDIA driver 5") for line in lines)
    assert any("compute capability" in line and line.startswith("  ok       GPU 1 is an NVIDIA") for line in lines)
    assert "           $ gpuplayground env create cuda cupy numba pycuda" in lines
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
    assert [framework["name"] for framework in findings["frameworks"]] == FRAMEWORKS
    assert findings["problems"] == []
    assert findings["answers"][0]["question"] == "Is my GPU supported?"
    assert {"id", "topic", "level", "sentence", "command", "details", "fix"} == findings["findings"][0].keys()


def test_the_json_alone_goes_to_standard_output(bare_python: Path) -> None:
    env = environment(**fake_nvml_env(gpus=1))
    done = gpuplayground("doctor", "--python", bare_python, "--quick", "--json", "-", env=env)
    assert json.loads(done.stdout)["problems"] == []


def test_without_a_driver_the_problem_is_named_once_with_exit_code_1(bare_python: Path) -> None:
    done = gpuplayground("doctor", "--python", bare_python, env=environment(**no_nvml_env()))
    assert done.returncode == 1
    problems = [line for line in done.stdout.splitlines() if line.startswith("! ")]
    assert len(problems) == 1
    assert "NVIDIA" in problems[0]
    assert done.stdout.splitlines()[-1] == "1 problem found."


def test_a_framework_that_misses_the_gpu_is_a_problem(bare_python: Path, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text(TORCH_FOR_CPU)
    env, out = environment(**fake_nvml_env(gpus=1)), tmp_path / "findings.json"
    env["PYTHONPATH"] += f":{tmp_path}"
    done = gpuplayground("doctor", "--python", bare_python, "--json", out, env=env)
    assert done.returncode == 1
    assert "! PyTorch 2.13.0+cpu is built without CUDA: install a CUDA build" in done.stdout
    (torch,) = (each for each in json.loads(out.read_text("utf-8"))["frameworks"] if each["name"] == "PyTorch")
    assert (torch["installed"], torch["version"], torch["sees_gpu"]) == (True, "2.13.0+cpu", False)
    assert torch["device"] == "CPU"
    assert torch["problem"].startswith("PyTorch 2.13.0+cpu is built without CUDA")


def test_a_quick_look_starts_no_framework(bare_python: Path, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text(f"open({str(tmp_path / 'started')!r}, 'w')\n")
    env = environment(**fake_nvml_env(gpus=1))
    env["PYTHONPATH"] += f":{tmp_path}"
    assert gpuplayground("doctor", "--python", bare_python, "--quick", env=env).returncode == 0
    assert not (tmp_path / "started").exists()
    gpuplayground("doctor", "--python", bare_python, env=env)
    assert (tmp_path / "started").exists(), "or the test shows nothing"


def test_all_environments_that_are_found_are_checked(bare_python: Path, tmp_path: Path) -> None:
    out = tmp_path / "findings.json"
    env = environment(**no_nvml_env(), VIRTUAL_ENV=str(bare_python.parents[1]))
    gpuplayground("doctor", "--all", "--quick", "--json", out, env=env, cwd=tmp_path)
    prefixes = [each["prefix"] for each in json.loads(out.read_text("utf-8"))["environments"]]
    assert prefixes[0] == sys.prefix
    assert str(bare_python.parents[1]) in prefixes


def test_processes_that_cannot_be_listed_are_told_of_and_are_no_problem(bare_python: Path, tmp_path: Path) -> None:
    out = tmp_path / "findings.json"
    env = environment(**fake_nvml_env(gpus=2, refuse="nvmlDeviceGetComputeRunningProcesses_v3@1:4"))
    done = gpuplayground("doctor", "--python", bare_python, "--json", out, env=env)
    assert done.returncode == 0
    (line,) = (line for line in done.stdout.splitlines() if "shows no processes" in line)
    assert line.startswith("  info     GPU 1")
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


def test_ctrl_c_ends_a_kernel_that_hangs(bare_python: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hang = f"import socket; socket.create_connection({server.getsockname()!r}).recv(1)"
        (tmp_path / "torch.py").write_text(hang)
        env = environment(**no_nvml_env())
        env["PYTHONPATH"] += f":{tmp_path}"
        command = [*COMMAND, "doctor", "--python", str(bare_python)]
        with subprocess.Popen(
            command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            connection, _ = server.accept()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=TIMEOUT_S)
        with connection:
            connection.settimeout(TIMEOUT_S)
            assert connection.recv(1) == b"", "the kernel outlived the doctor"
    assert (process.returncode, errors) == (130, "")


def test_the_doctor_can_be_piped_into_a_reader_that_goes_away(bare_python: Path) -> None:
    env = environment(**no_nvml_env())
    code = f"{' '.join(COMMAND)} doctor --python {bare_python} | true"
    done = subprocess.run(["sh", "-c", code], env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.stderr == ""
