"""The doctor asks real interpreters; packages that are not there are stood in for by modules on PYTHONPATH."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gpuplayground.environments.doctor import FrameworkReport, probe_framework, probe_frameworks
from gpuplayground.environments.framework_probes import PROBES, FrameworkProbe

BY_NAME = {probe.name: probe for probe in PROBES}
TIMEOUT_S = 60.0


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules the interpreters find first."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def ask(probe: FrameworkProbe, *, expects_gpu: bool = True, timeout: float = TIMEOUT_S) -> FrameworkReport:
    return probe_framework(probe, sys.executable, expects_gpu, timeout)


def write_torch(folder: Path, cuda: str | None, gpus: int) -> None:
    (folder / "torch.py").write_text(
        "from types import SimpleNamespace\n"
        "__version__ = '2.13.0'\n"
        f"version = SimpleNamespace(cuda={cuda!r})\n"
        f"cuda = SimpleNamespace(is_available=lambda: {gpus} > 0, device_count=lambda: {gpus})\n"
    )


def test_an_installed_framework_reports_its_version() -> None:
    import numpy as np

    report = ask(BY_NAME["NumPy"])
    assert report == FrameworkReport("NumPy", True, np.__version__, None, "python -m pip install numpy")


def test_a_framework_that_is_not_installed_is_no_problem_and_names_the_command_that_installs_it() -> None:
    report = ask(replace(BY_NAME["CuPy"], module="cupy_that_nobody_has"))
    assert (report.installed, report.version, report.problem) == (False, None, None)
    assert report.install == 'python -m pip install "cupy-cuda12x[ctk]"'


def test_a_framework_that_sees_the_gpu_is_fine(stub: Path) -> None:
    write_torch(stub, "13.0", 2)
    report = ask(BY_NAME["PyTorch"])
    assert (report.version, report.sees_gpu, report.problem) == ("2.13.0", True, None)


def test_a_build_without_cuda_is_a_problem_only_where_there_is_a_gpu(stub: Path) -> None:
    write_torch(stub, None, 0)
    assert ask(BY_NAME["PyTorch"], expects_gpu=False).problem is None
    problem = ask(BY_NAME["PyTorch"]).problem
    assert problem is not None
    assert problem.startswith("PyTorch 2.13.0 is built without CUDA: install a CUDA build")


def test_a_framework_that_misses_the_drivers_gpu_is_a_problem(stub: Path) -> None:
    write_torch(stub, "13.0", 0)
    report = ask(BY_NAME["PyTorch"])
    assert report.sees_gpu is False
    assert "sees no GPU although the driver has one" in (report.problem or "")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("raise RuntimeError('bad\\nbuild')", "NumPy cannot be used (RuntimeError: bad build): reinstall it"),
        ("import os; os.abort()", "NumPy crashes on import: reinstall it"),
        ("raise SystemExit(0)", "NumPy cannot be used (SystemExit: 0): reinstall it"),
    ],
)
def test_a_framework_that_does_not_come_up_is_a_problem_in_one_sentence(stub: Path, source: str, sentence: str) -> None:
    (stub / "numpy.py").write_text(source)
    problem = ask(BY_NAME["NumPy"], expects_gpu=False).problem
    assert problem is not None
    assert problem.startswith(sentence)
    assert "\n" not in problem


def test_a_framework_that_hangs_is_given_up_and_killed_with_what_it_started(stub: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = f"import socket; socket.create_connection({server.getsockname()!r}).recv(1)"
        start = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {child!r}])\n"
        (stub / "numpy.py").write_text(start + "import time; time.sleep(600)\n")
        report = ask(BY_NAME["NumPy"], timeout=5.0)
        assert "did not import within 5 s" in (report.problem or "")
        connection, _ = server.accept()
        with connection:
            connection.settimeout(TIMEOUT_S)
            assert connection.recv(1) == b"", "the process it started still holds its end"


def test_a_framework_may_print_what_it_likes(stub: Path) -> None:
    (stub / "numpy.py").write_text("import os; print('hello'); os.write(1, b'no newline'); __version__ = '9'")
    assert ask(BY_NAME["NumPy"]).version == "9"


def test_a_file_in_the_current_folder_is_not_taken_for_a_framework(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "framework_nobody_has.py").write_text("")
    monkeypatch.chdir(tmp_path)
    assert not ask(replace(BY_NAME["NumPy"], module="framework_nobody_has")).installed


def test_the_frameworks_are_reported_in_the_order_they_are_listed(stub: Path) -> None:
    for name in ("numpy", "cupy", "torch", "tensorflow", "pycuda", "numba", "cupti"):
        (stub / f"{name}.py").write_text("raise ValueError")
    reports = probe_frameworks(sys.executable, expects_gpu=False, timeout=TIMEOUT_S)
    names = ["NumPy", "CuPy", "PyTorch", "TensorFlow", "PyCUDA", "Numba", "CUPTI"]
    assert [report.name for report in reports] == names
    assert all("cannot be used (ValueError)" in (report.problem or "") for report in reports)
