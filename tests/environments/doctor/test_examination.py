"""Whole examinations: what comes first, what is kept, and what is left out."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from gpuplayground.environments.doctor.cache import KernelCache
from gpuplayground.environments.doctor.examination import Examination, Planned, Started, kernels, quick
from gpuplayground.environments.doctor.finding import Answer, Finding, Level, Topic
from gpuplayground.environments.doctor.text import report
from gpuplayground.environments.framework_probes import PROBES
from gpuplayground.environments.interpreters import Environment
from gpuplayground.model.samples import Inventory
from tests.support.machines import GTX_1080, H200, MachineFiles, environment_of, inventory, no_driver

TIMEOUT_S = 120.0


@pytest.fixture
def files(tmp_path: Path) -> MachineFiles:
    return MachineFiles(tmp_path / "root")


@pytest.fixture
def bare(tmp_path: Path) -> Environment:
    """An environment without packages."""
    folder = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=TIMEOUT_S)
    return Environment(str(folder / "bin" / "python"), "Python 3.12 · venv", "3.12.1", str(folder))


def answers(files: MachineFiles, machine: Inventory, *environments: Environment) -> list[str]:
    found, _ = quick(Examination(machine, environments, system=files.system(PATH="")))
    return [answer.text for answer in found]


def add_module(environment: Environment, name: str, source: str) -> Path:
    (site,) = Path(environment.prefix).glob("lib/python3*/site-packages")
    module = site / f"{name}.py"
    module.write_text(source)
    return module


def sentences(news: Iterator[object]) -> list[str]:
    return [each.sentence for each in news if isinstance(each, Finding)]


def test_with_a_driver_the_answers_say_that_nothing_is_to_be_set_up(files: MachineFiles) -> None:
    supported, libraries, set_up = answers(files, inventory())
    assert supported == "Yes: every current version of CUDA supports NVIDIA H200 (compute capability 9.0)."
    assert "in a build for CUDA 13 or older" in libraries
    assert "You need no CUDA toolkit" in set_up


def test_an_old_driver_and_an_old_gpu_limit_the_answer(files: MachineFiles) -> None:
    supported = answers(files, inventory((H200, GTX_1080), cuda="12.4"))[0]
    assert "GeForce GTX 1080 (compute capability 6.1) is supported up to CUDA 12.9" in supported
    assert "This driver runs builds for CUDA 12 and older" in supported
    assert answers(files, inventory((GTX_1080,)))[0].startswith("Partly: ")


def test_without_a_gpu_the_answers_say_what_runs_on_the_cpu(files: MachineFiles) -> None:
    supported, libraries, set_up = answers(files, no_driver())
    assert supported.startswith("No NVIDIA GPU was found")
    assert "in its CPU build" in libraries
    assert "nothing to set up" in set_up


def test_graphics_by_another_maker_are_named(files: MachineFiles) -> None:
    files.pci("0x1002")
    assert answers(files, no_driver())[0].startswith("No: the graphics here is by AMD")


def test_a_gpu_whose_driver_is_missing_is_not_denied(files: MachineFiles) -> None:
    files.pci()
    supported, _, set_up = answers(files, no_driver())
    assert supported.startswith("There is an NVIDIA GPU here, but it cannot be used yet.")
    assert "Install or repair the NVIDIA driver" in set_up


def test_a_set_of_frameworks_that_no_environment_has_can_be_built(files: MachineFiles, tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "env", "torch 2.13.0")
    _, findings = quick(Examination(no_driver(), (environment,), system=files.system(PATH="")))
    by_id = {finding.id: finding for finding in findings}
    assert len(by_id) == len(findings), "an id appears twice"
    assert by_id["frameworks/pytorch"].sentence == "PyTorch is in Python 3.12 · venv."
    assert "has CuPy, Numba or PyCUDA" in by_id["frameworks/cuda"].sentence
    missing = by_id["frameworks/cuda"]
    assert (missing.level, missing.command) == (Level.INFO, "gpuplayground env create cuda cupy numba pycuda")
    assert missing.fix is not None


def test_each_kernel_is_planned_started_and_found(bare: Environment) -> None:
    add_module(bare, "numpy", "raise ValueError('broken')")
    add_module(bare, "cupti", "raise ValueError('broken too')")
    news = list(kernels(Examination(no_driver(), (bare,), timeout=TIMEOUT_S)))
    for name in ("numpy", "cupti"):
        kinds = [type(each) for each in news if each.id == f"{bare.prefix}/{name}"]
        assert kinds == [Planned, Started, Finding]
    assert len(news) == 6, "only what is installed is run"


def test_the_library_of_cudnns_wheel_is_loaded(bare: Environment) -> None:
    (site,) = Path(bare.prefix).glob("lib/python3*/site-packages")
    (site / "nvidia_cudnn_cu13-9.15.1.dist-info").mkdir()
    library = site / "nvidia" / "cudnn" / "lib" / "libcudnn.so.9"
    library.parent.mkdir(parents=True)
    source = site / "cudnn.c"
    source.write_text("#include <stddef.h>\nsize_t cudnnGetVersion(void) { return 91501; }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True, timeout=TIMEOUT_S)
    assert sentences(kernels(Examination(no_driver(), (bare,)))) == ["cuDNN 9.15.1 loads."]
    library.write_bytes(b"not a library")
    (finding,) = (each for each in kernels(Examination(no_driver(), (bare,))) if isinstance(each, Finding))
    assert (finding.level, finding.sentence) == (Level.PROBLEM, "cuDNN does not load: install it again.")
    assert finding.command.endswith("--force-reinstall --no-deps nvidia-cudnn-cu13==9.15.1")


def test_an_environment_that_others_can_change_is_not_started(bare: Environment) -> None:
    marker = Path(bare.prefix) / "started"
    add_module(bare, "numpy", f"open({str(marker)!r}, 'w')")
    distrusted = replace(bare, distrust="everybody can write to /env")
    examination = Examination(no_driver(), (distrusted,))
    assert list(kernels(examination)) == []
    _, findings = quick(examination)
    assert any("was not started, because everybody can write to /env" in finding.sentence for finding in findings)
    assert not marker.exists()


def test_a_kernel_of_an_unchanged_environment_is_not_run_again(bare: Environment, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    methods = "{'__add__': lambda a, b: a, '__rmul__': lambda a, f: a, 'tolist': lambda a: list(a)}"
    source = f"__version__ = '9'\nopen({str(runs)!r}, 'a').write('.')\n"
    source += f"arange = lambda size, dtype: type('Array', (list,), {methods})(3.0 * i + 1 for i in range(size))\n"
    module = add_module(bare, "numpy", source)
    file = tmp_path / "checks.json"

    def examine(machine: Inventory, *, is_fresh: bool = False) -> str:
        examination = Examination(machine, (bare,), probes=PROBES[:1], cache=KernelCache(file), is_fresh=is_fresh)
        (finding,) = (each for each in kernels(examination) if isinstance(each, Finding))
        assert finding.level is Level.OK, finding
        return finding.sentence

    assert "unchanged since" not in examine(no_driver())
    assert "unchanged since" in examine(no_driver())
    assert runs.read_text() == "."
    examine(no_driver(), is_fresh=True)
    assert runs.read_text() == ".."
    examine(inventory(driver="590.1"))
    assert runs.read_text() == "...", "a new driver is checked"
    (module.parent / "something-1.0.dist-info").mkdir()
    examine(no_driver())
    assert runs.read_text() == "....", "a changed environment is checked"


def test_a_failure_is_not_kept(bare: Environment, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    add_module(bare, "numpy", f"open({str(runs)!r}, 'a').write('.')\nraise ValueError")
    for _ in range(2):
        examination = Examination(no_driver(), (bare,), cache=KernelCache(tmp_path / "checks.json"))
        assert "cannot be used (ValueError)" in sentences(kernels(examination))[0]
    assert runs.read_text() == ".."


@pytest.mark.parametrize("content", ["", "[]", '{"entries": {"a": 1}}', "\0"])
def test_a_damaged_cache_only_costs_time(bare: Environment, tmp_path: Path, content: str) -> None:
    file = tmp_path / "checks.json"
    file.write_text(content)
    add_module(bare, "numpy", "raise ValueError")
    assert sentences(kernels(Examination(no_driver(), (bare,), cache=KernelCache(file))))


def test_after_a_cancel_no_kernel_is_run(bare: Environment) -> None:
    add_module(bare, "numpy", "raise ValueError")
    cancelled = Event()
    news = kernels(Examination(no_driver(), (bare,)), cancelled=cancelled)
    assert isinstance(next(news), Planned)
    cancelled.set()
    rest = list(news)
    assert isinstance(rest[-1], Finding)


def test_a_disk_that_is_full_is_a_finding(bare: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    add_module(bare, "numpy", "")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    (sentence,) = sentences(kernels(Examination(no_driver(), (bare,))))
    assert "No space left on device" in sentence


def test_a_listener_that_goes_away_ends_the_kernels(bare: Environment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hang = f"import socket; socket.create_connection({server.getsockname()!r}).recv(1)"
        add_module(bare, "numpy", hang)
        news = kernels(Examination(no_driver(), (bare,)))
        assert isinstance(next(news), Planned)
        assert isinstance(next(news), Started)
        connection, _ = server.accept()
        with connection:
            news.close()
            connection.settimeout(TIMEOUT_S)
            assert connection.recv(1) == b""


def test_where_every_gpu_is_hidden_that_is_the_only_problem(bare: Environment, files: MachineFiles) -> None:
    array = "type('A', (list,), dict.fromkeys(('__add__', '__rmul__'), lambda a, b: a) | {'cpu': lambda a: a})"
    torch = "from types import SimpleNamespace as N\n__version__, version = '2', N(cuda=None)\n"
    torch += f"cuda, float32, A = N(is_available=lambda: False), 0, {array}\nA.tolist = lambda a: list(a)\n"
    add_module(bare, "torch", f"{torch}arange = lambda n, dtype, device: A(3.0 * i + 1 for i in range(n))\n")
    hidden = files.system(PATH="", CUDA_VISIBLE_DEVICES="")
    probes = [probe for probe in PROBES if probe.name == "PyTorch"]
    examination = Examination(inventory(), (bare,), system=hidden, probes=probes)
    _, findings = quick(examination)
    found = [*findings, *(each for each in kernels(examination, findings) if isinstance(each, Finding))]
    assert [finding.id for finding in found if finding.level is Level.PROBLEM] == ["gpus/hidden"]
    seen = replace(examination, system=files.system(PATH=""))
    assert any(isinstance(each, Finding) and each.level is Level.PROBLEM for each in kernels(seen))


def test_the_report_groups_findings_and_hides_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    findings = (
        Finding("a", Topic.DRIVER, Level.OK, "The driver works."),
        Finding("b", "Python 3.12", Level.PROBLEM, "CuPy fails.", "/home/ada/env/bin/python -m pip", "an error"),
        Finding("c", Topic.DRIVER, Level.INFO, "It is old."),
    )
    text = report("GPU Playground", (Answer("Is it?", "Yes.", Level.OK),), findings)
    assert text.splitlines() == [
        "GPU Playground", "", "Is it?", "  Yes.", "",
        "Driver", "  ok       The driver works.", "  info     It is old.", "",
        "Python 3.12", "  problem  CuPy fails.", "           $ ~/env/bin/python -m pip", "           an error", "",
        "1 problem found.",
    ]  # fmt: skip
