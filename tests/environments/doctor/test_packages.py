"""Conflicts among the packages of environments that are folders of dist-info."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuplayground.environments.doctor.finding import Finding, Level
from gpuplayground.environments.doctor.packages import CUDA, PYTORCH, TENSORFLOW, conflicts, read_packages
from gpuplayground.model.samples import Inventory
from tests.support.machines import environment_of, inventory, no_driver

OLD = inventory(driver="535.183.01", cuda="12.2")


def found(
    folder: Path, machine: Inventory, *packages: str, metadata: str = "", system_cudnn: str = ""
) -> list[Finding]:
    environment = environment_of(folder / "env", *packages, metadata=metadata)
    return list(conflicts(read_packages(environment), machine, system_cudnn))


@pytest.mark.parametrize(
    ("packages", "name", "fix"),
    [
        (("torch 2.13.0", "nvidia-cuda-runtime 13.0.96"), "PyTorch 2.13.0 is built for CUDA 13", PYTORCH),
        (("torch 2.13.0+cu130",), "PyTorch 2.13.0+cu130 is built for CUDA 13", PYTORCH),
        (("cupy-cuda13x 14.2.0",), "CuPy 14.2.0 (cupy-cuda13x) is built for CUDA 13", CUDA),
        (("tensorflow 2.30.0", "nvidia-cuda-runtime-cu13 13.0", "nvidia-cudnn-cu13 9.1"), "TensorFlow", TENSORFLOW),
        (("numba-cuda 0.30.0", "nvidia-cuda-runtime 13.0"), "Numba", CUDA),
    ],
)  # fmt: skip
def test_a_build_for_a_newer_cuda_than_the_drivers_is_a_problem(
    tmp_path: Path, packages: tuple[str, ...], name: str, fix: object
) -> None:
    finding = next(each for each in found(tmp_path, OLD, *packages) if each.id.endswith("/driver"))
    assert finding.level is Level.PROBLEM
    assert finding.sentence.startswith(name)
    assert "install driver 580 or newer" in finding.sentence
    assert finding.fix == fix


@pytest.mark.parametrize(
    "packages",
    [("torch 2.13.0+cu126",), ("torch 2.13.0", "nvidia-cuda-runtime-cu12 12.8.90"), ("cupy-cuda12x 14.2.0",)],
)
def test_a_build_for_the_drivers_cuda_or_an_older_one_is_fine(tmp_path: Path, packages: tuple[str, ...]) -> None:
    assert found(tmp_path / "old", OLD, *packages) == []


def test_without_a_gpu_no_build_is_too_new(tmp_path: Path) -> None:
    assert found(tmp_path, no_driver(), "torch 2.13.0+cu130", "tensorflow 2.21.0") == []


def test_two_builds_of_cupy_overwrite_each_other(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, OLD, "cupy-cuda11x 13.6.0", "cupy-cuda12x 14.2.0")
    assert "cupy-cuda11x and cupy-cuda12x are installed together" in finding.sentence
    assert finding.command.endswith('/env/bin/python -m pip install "cupy-cuda12x[ctk]"')
    assert finding.fix == CUDA


def test_of_two_builds_of_cupy_the_newer_is_no_second_problem(tmp_path: Path) -> None:
    assert len(found(tmp_path, OLD, "cupy-cuda12x 14.2.0", "cupy-cuda13x 14.2.0")) == 1


def test_where_pip_is_not_in_the_environment_commands_are_for_uv(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "env", "cupy-cuda11x 13.6.0", "cupy-cuda12x 14.2.0")
    next((tmp_path / "env").rglob("pip-*.dist-info/METADATA")).unlink()
    next((tmp_path / "env").rglob("pip-*.dist-info")).rmdir()
    (finding,) = conflicts(read_packages(environment), OLD)
    assert finding.command == (
        "uv pip uninstall --python /env/bin/python cupy-cuda11x cupy-cuda12x && "
        'uv pip install --python /env/bin/python "cupy-cuda12x[ctk]"'
    )


def test_numpy_that_is_too_new_for_numba_is_read_off_numbas_own_metadata(tmp_path: Path) -> None:
    needs = "Requires-Dist: llvmlite<0.51,>=0.50\nRequires-Dist: numpy<2.5,>=1.22\n"
    (finding,) = found(tmp_path, no_driver(), "numba 0.68.1", "numpy 2.6.0", metadata=needs)
    assert finding.sentence == "NumPy 2.6.0 does not fit Numba 0.68.1, which needs numpy<2.5,>=1.22."
    assert finding.command == '/env/bin/python -m pip install "numpy<2.5,>=1.22"'


@pytest.mark.parametrize(
    "needs",
    ["Requires-Dist: numpy<2.7,>=1.22\n", 'Requires-Dist: numpy<2; extra == "old"\n', "Requires-Dist: ???\n", ""],
)
def test_numpy_that_fits_is_no_conflict(tmp_path: Path, needs: str) -> None:
    assert found(tmp_path, no_driver(), "numba 0.68.1", "numpy 2.6.0", metadata=needs) == []


@pytest.mark.parametrize("package", ["tensorflow 2.21.0", "tensorflow-cpu 2.21.0"])
def test_tensorflow_without_cuda_libraries_runs_silently_on_the_cpu(tmp_path: Path, package: str) -> None:
    (finding,) = found(tmp_path, inventory(), package)
    assert "silently runs on the CPU" in finding.sentence
    assert finding.command == '/env/bin/python -m pip install "tensorflow[and-cuda]"'


def test_tensorflow_may_use_the_libraries_of_the_machine(tmp_path: Path) -> None:
    assert found(tmp_path, inventory(), "tensorflow 2.21.0", system_cudnn="9.1") == []


def test_cudnn_that_lost_its_library_is_a_problem(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "env", "nvidia-cudnn-cu12 9.10.2.21")
    (finding,) = conflicts(read_packages(environment), inventory())
    assert finding.command.endswith("--force-reinstall --no-deps nvidia-cudnn-cu12==9.10.2.21")
    library = tmp_path / "env/lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"\x7fELF")
    assert list(conflicts(read_packages(environment), inventory())) == []
