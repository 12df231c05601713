"""Kernels run in real processes; frameworks that are not there are stood in for by modules on PYTHONPATH."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from gpuplayground.environments.doctor.finding import Finding, Level
from gpuplayground.environments.doctor.kernel_findings import Check, finding_of
from gpuplayground.environments.doctor.kernel_process import End, KernelResult, run_kernel
from gpuplayground.environments.doctor.packages import CUDA, PYTORCH
from gpuplayground.environments.framework_probes import PROBES, FrameworkProbe
from gpuplayground.environments.interpreters import Environment

BY_NAME = {probe.name: probe for probe in PROBES}
HERE = Environment(sys.executable, "Python 3.12 · venv", "3.12.1", "/env")
TIMEOUT_S = 60.0
FRAMEWORKS_PYTHON = os.environ.get("GPUPLAYGROUND_FRAMEWORKS_PYTHON", "")

#: A PyTorch that adds lists; ``{arange}`` is what it does when it is asked for an array.
TORCH = """
from types import SimpleNamespace
__version__ = "2.13.0"
version = SimpleNamespace(cuda={cuda!r})
cuda = SimpleNamespace(is_available=lambda: {gpus} > 0, device_count=lambda: {gpus}, get_device_name=lambda gpu: "H200")
float32 = "float32"
class Tensor(list):
    def __add__(self, other):
        others = other if isinstance(other, list) else [other] * len(self)
        return Tensor(a + b for a, b in zip(self, others))
    def __rmul__(self, factor): return self.each(lambda value: factor * value)
    def each(self, change): return Tensor(map(change, self))
    def cpu(self): return self
    def tolist(self): return {result}
def arange(size, dtype, device):
    {arange}
    return Tensor(map(float, range(size)))
"""


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules the interpreters find first."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def write_torch(
    folder: Path, *, gpus: int = 1, cuda: str | None = "13.0", arange: str = "pass", result: str = "list(self)"
) -> None:
    (folder / "torch.py").write_text(TORCH.format(cuda=cuda, gpus=gpus, arange=arange, result=result))


def run(probe: FrameworkProbe, timeout: float = TIMEOUT_S, cancelled: Event | None = None) -> KernelResult:
    return run_kernel(probe, sys.executable, timeout, cancelled)


def found(probe: FrameworkProbe, *, expects_gpu: bool = True, timeout: float = TIMEOUT_S) -> Finding:
    return finding_of(Check(HERE, probe), run(probe, timeout), expects_gpu=expects_gpu)


def test_numpy_adds_two_arrays_on_the_cpu() -> None:
    import numpy as np

    result = run(BY_NAME["NumPy"])
    assert (result.end, result.device, result.version) == (End.DONE, "CPU", np.__version__)
    assert result.import_s > 0
    finding = finding_of(Check(HERE, BY_NAME["NumPy"]), result, expects_gpu=True)
    assert finding.level is Level.OK
    assert finding.sentence.startswith(f"NumPy {np.__version__} added two arrays on the CPU: import ")


def test_a_framework_that_is_not_installed_is_no_problem() -> None:
    finding = found(replace(BY_NAME["CuPy"], module="cupy_that_nobody_has"))
    assert (finding.level, finding.sentence) == (Level.INFO, "CuPy is not installed.")
    assert finding.command == 'python -m pip install "cupy-cuda12x[ctk]"'


def test_a_kernel_that_runs_on_the_gpu_names_it(stub: Path) -> None:
    write_torch(stub)
    finding = found(BY_NAME["PyTorch"])
    assert finding.level is Level.OK
    assert finding.sentence.startswith("PyTorch 2.13.0 added two arrays on H200: import ")


def test_a_wrong_sum_is_a_problem(stub: Path) -> None:
    write_torch(stub, result="[value + 1 for value in self]")
    finding = found(BY_NAME["PyTorch"])
    assert finding.level is Level.PROBLEM
    assert "gets a wrong result" in finding.sentence


def test_a_build_without_cuda_is_a_problem_only_where_there_is_a_gpu(stub: Path) -> None:
    write_torch(stub, gpus=0, cuda=None)
    assert found(BY_NAME["PyTorch"], expects_gpu=False).level is Level.OK
    finding = found(BY_NAME["PyTorch"])
    assert finding.sentence.startswith("PyTorch 2.13.0 is built without CUDA: install a CUDA build")
    assert finding.fix == PYTORCH
    assert finding.command == "gpuplayground env create pytorch torch"


def test_a_framework_that_misses_the_drivers_gpu_is_a_problem(stub: Path) -> None:
    write_torch(stub, gpus=0)
    assert "sees no GPU although the driver has one" in found(BY_NAME["PyTorch"]).sentence


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("CUDA error: no kernel image is available for execution on the device", "has no kernels for this GPU"),
        ("CUDA out of memory. Tried to allocate 2.00 MiB", "found no free GPU memory"),
        ("CUDA driver version is insufficient for CUDA runtime version", "needs a newer NVIDIA driver"),
        ("the provided PTX was compiled with an unsupported toolchain.", "newer than the driver"),
        ("libcudnn_ops.so.9: cannot open shared object file: No such file or directory", "cannot load cuDNN"),
        ("libcublas.so.12: cannot open shared object file: No such file or directory", "cannot load libcublas.so.12"),
        ("libnvrtc.so.12: cannot open shared object file: No such file or directory", "run-time compiler"),
        ("CUDA driver library cannot be found.", "cannot find the driver's CUDA library"),
        ("nvcc not found", "nvcc does not work here"),
        ("numpy.core.multiarray failed to import", "does not fit the installed NumPy"),
        ("CUDA-capable device(s) is/are busy or unavailable", "another process has it to itself"),
        ("CUDA unknown error - this may be due to an incorrectly set up environment", "cannot start CUDA"),
        ("something else", "cannot be used (RuntimeError: something else): reinstall it"),
    ],
)
def test_an_error_of_the_kernel_becomes_a_sentence(stub: Path, message: str, words: str) -> None:
    write_torch(stub, arange=f"raise RuntimeError({message!r})")
    finding = found(BY_NAME["PyTorch"])
    assert finding.level is Level.PROBLEM
    assert words in finding.sentence
    assert message in f"{finding.sentence} {finding.details}"
    assert finding.command


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("raise RuntimeError('bad\\nbuild')", "NumPy cannot be used (RuntimeError: bad build): reinstall it."),
        ("import os; os.abort()", "NumPy crashes on import (SIGABRT): reinstall it."),
        ("import os; os._exit(3)", "NumPy crashes on import (exit code 3): reinstall it."),
        ("raise SystemExit(0)", "NumPy cannot be used (SystemExit: 0): reinstall it."),
    ],
)
def test_a_framework_that_does_not_come_up_is_a_problem_in_one_sentence(stub: Path, source: str, sentence: str) -> None:
    (stub / "numpy.py").write_text(source)
    finding = found(BY_NAME["NumPy"], expects_gpu=False)
    assert (finding.level, finding.sentence) == (Level.PROBLEM, sentence)


def test_a_kernel_that_crashes_is_told_from_an_import_that_does(stub: Path) -> None:
    write_torch(stub, arange="import os, signal; print('torch says', flush=True); os.kill(os.getpid(), signal.SIGSEGV)")
    finding = found(BY_NAME["PyTorch"])
    assert finding.sentence == "PyTorch 2.13.0 crashes while its kernel runs (SIGSEGV): reinstall it."
    assert finding.details == "torch says"


def test_a_framework_that_hangs_is_killed_with_what_it_started(stub: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = f"import socket; socket.create_connection({server.getsockname()!r}).recv(1)"
        start = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {child!r}])\n"
        (stub / "numpy.py").write_text(start + "import time; time.sleep(600)\n")
        finding = found(BY_NAME["NumPy"], timeout=5.0)
        assert finding.sentence.startswith("NumPy did not import within 5 s:")
        connection, _ = server.accept()
        with connection:
            connection.settimeout(TIMEOUT_S)
            assert connection.recv(1) == b"", "the process it started still holds its end"


def test_a_kernel_can_be_cancelled(stub: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hang = f"import socket; socket.create_connection({server.getsockname()!r}).recv(1)"
        write_torch(stub, arange=hang)
        cancelled, results = Event(), list[KernelResult]()
        thread = Thread(target=lambda: results.append(run(BY_NAME["PyTorch"], cancelled=cancelled)))
        thread.start()
        connection, _ = server.accept()
        with connection:
            cancelled.set()
            thread.join(TIMEOUT_S)
    (result,) = results
    assert (result.end, result.version) == (End.CANCELLED, "2.13.0")
    assert run(BY_NAME["NumPy"], cancelled=cancelled).end is End.CANCELLED


def test_a_framework_may_print_what_it_likes(stub: Path) -> None:
    text = "import os; print('hello'); os.write(1, b'{\"stage\": \"done\"} no newline'); __version__ = '9'"
    (stub / "numpy.py").write_text(text)
    assert run(BY_NAME["NumPy"]).version == "9"


def test_a_file_in_the_current_folder_is_not_taken_for_a_framework(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "framework_nobody_has.py").write_text("")
    monkeypatch.chdir(tmp_path)
    assert run(replace(BY_NAME["NumPy"], module="framework_nobody_has")).end is End.MISSING


def test_an_interpreter_that_is_gone_is_a_warning() -> None:
    result = run_kernel(BY_NAME["NumPy"], "/nowhere/python", TIMEOUT_S)
    finding = finding_of(Check(HERE, BY_NAME["NumPy"]), result, expects_gpu=False)
    assert finding.level is Level.WARNING
    assert "cannot be started (No such file or directory)" in finding.sentence


def test_a_conflict_that_is_known_explains_a_failure() -> None:
    known = Finding("/env/cupy/driver", "Python", Level.PROBLEM, "CuPy is built for CUDA 13")
    result = KernelResult(End.RAISED, version="14.2", error="RuntimeError: cudaErrorInsufficientDriver", output="")
    finding = finding_of(Check(HERE, BY_NAME["CuPy"]), result, expects_gpu=True, known=known)
    assert finding.level is Level.WARNING
    assert "the problem above" in finding.sentence
    assert "cudaErrorInsufficientDriver" in finding.details


def test_a_framework_that_needs_a_gpu_is_no_problem_without_one() -> None:
    result = KernelResult(End.DONE, version="14.2", gpus=0)
    check = Check(HERE, BY_NAME["CuPy"])
    assert finding_of(check, result, expects_gpu=False).level is Level.INFO
    missing = finding_of(check, result, expects_gpu=True)
    assert (missing.level, missing.fix) == (Level.PROBLEM, CUDA)


def test_a_cause_in_the_machine_is_not_fixed_by_an_environment(stub: Path) -> None:
    write_torch(stub, arange="raise RuntimeError('CUDA out of memory')")
    assert found(BY_NAME["PyTorch"]).fix is None
    write_torch(stub, arange="raise RuntimeError('no kernel image is available')")
    assert found(BY_NAME["PyTorch"]).fix == PYTORCH


def test_why_a_framework_sees_no_gpu_is_its_own_words_where_they_are_known() -> None:
    reason = "The NVIDIA driver on your system is too old (found version 12020)."
    result = KernelResult(End.DONE, version="2.13.0", gpus=0, device="CPU", reason=reason)
    finding = finding_of(Check(HERE, BY_NAME["PyTorch"]), result, expects_gpu=True)
    assert "needs a newer NVIDIA driver than this one" in finding.sentence
    assert reason in finding.details


def test_pycuda_whose_kernel_runs_needs_no_nvcc_on_the_path() -> None:
    check = Check(HERE, BY_NAME["PyCUDA"])
    ran = KernelResult(End.DONE, version="2026.1", gpus=1, lacks="nvcc", device="GPU", device_name="H200")
    assert finding_of(check, ran, expects_gpu=True).level is Level.OK
    failed = KernelResult(
        End.RAISED, version="2026.1", gpus=1, lacks="nvcc", during_import=False, error="OSError: nvcc"
    )
    assert "cannot compile kernels without nvcc" in finding_of(check, failed, expects_gpu=True).sentence


def test_opencl_on_the_cpu_is_a_warning_where_there_is_a_gpu() -> None:
    result = KernelResult(End.DONE, version="2026.1", device="CPU", device_name="pthread")
    finding = finding_of(Check(HERE, BY_NAME["PyOpenCL"]), result, expects_gpu=True)
    assert finding.level is Level.WARNING
    assert "nvidia.icd" in finding.command


@pytest.mark.frameworks
@pytest.mark.skipif(not FRAMEWORKS_PYTHON, reason="GPUPLAYGROUND_FRAMEWORKS_PYTHON is not set")
@pytest.mark.parametrize("name", ["PyTorch", "TensorFlow", "Numba"])
def test_real_frameworks_add_two_arrays(name: str) -> None:
    result = run_kernel(BY_NAME[name], FRAMEWORKS_PYTHON, 240.0)
    assert result.end is End.DONE, result
    assert result.device == ("GPU" if result.gpus else "CPU")
