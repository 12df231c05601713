"""What cannot be tested from outside an agent: structure layouts, and the cheap check for new GPUs."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pynvml
import pytest

from gpuplayground.model.samples import ProblemCode
from gpuplayground.monitor.sampling import nvml_errors, probes
from gpuplayground.monitor.sampling.nvml_errors import Code, gpu_problem, machine_problem
from tests.support.fakes import fake_nvml_env


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (probes._Utilization, pynvml.c_nvmlUtilization_t),
        (probes._MemoryV1, pynvml.c_nvmlMemory_t),
        (probes._MemoryV2, pynvml.c_nvmlMemory_v2_t),
        (probes._FieldValue, pynvml.c_nvmlFieldValue_t),
    ],
)
def test_the_structures_have_the_layout_of_nvidia_ml_py(
    ours: type[ctypes.Structure], theirs: type[ctypes.Structure]
) -> None:
    def offsets(structure: type[ctypes.Structure]) -> list[int]:
        return [getattr(structure, field[0]).offset for field in structure._fields_]

    assert ctypes.sizeof(ours) == ctypes.sizeof(theirs)
    assert offsets(ours)[: len(offsets(theirs))] == offsets(theirs)


def test_the_numbers_are_those_of_nvidia_ml_py() -> None:
    for code in Code:
        name = "NVML_SUCCESS" if code is Code.SUCCESS else f"NVML_ERROR_{code.name}"
        assert getattr(pynvml, name) == code
    assert pynvml.NVML_FI_DEV_POWER_AVERAGE == probes._FIELD_POWER_AVERAGE
    assert pynvml.NVML_FI_DEV_POWER_INSTANT == probes._FIELD_POWER_INSTANT
    assert pynvml.NVML_CLOCK_SM == probes._CLOCK_SM
    assert pynvml.NVML_CLOCK_MEM == probes._CLOCK_MEMORY
    assert pynvml.NVML_TEMPERATURE_GPU == probes._TEMPERATURE_GPU
    assert pynvml.nvmlMemory_v2 == probes._MEMORY_V2


@pytest.mark.parametrize("code", sorted({*Code, 5, 14, 77, 998} - {Code.SUCCESS}))
def test_every_error_has_a_sentence_for_the_user(code: int) -> None:
    for problem in (machine_problem(code, "detail"), gpu_problem(code, 3, "GPU-3", 1)):
        assert problem.sentence.endswith(".")
        assert "\n" not in problem.sentence
        assert problem.sentence.count(". ") == 0
    assert "3" in gpu_problem(code, 3, "GPU-3", 1).sentence
    assert nvml_errors.LOST.isdisjoint(nvml_errors.NOT_AVAILABLE)


def test_a_gpu_that_may_not_be_used_is_told_apart_from_a_lost_one() -> None:
    assert gpu_problem(Code.NO_PERMISSION, 0, "GPU-1", 1).code is ProblemCode.NO_PERMISSION
    assert gpu_problem(Code.RESET_REQUIRED, 0, "GPU-1", 1).code is ProblemCode.GPU_LOST


_LOOK = """
import sys
from pathlib import Path
from gpuplayground.monitor.sampling.nvml import Nvml
folder = Path(sys.argv[1])
(folder / "0000:01:00.0").mkdir()
with Nvml(folder) as nvml:
    assert not nvml.must_reopen()
    revision = nvml.revision
    (folder / "0000:02:00.0").mkdir()
    assert nvml.must_reopen()
    nvml.close()
    nvml.open()
    assert not nvml.must_reopen()
    assert nvml.revision == revision
    (folder / "0000:01:00.0").rmdir()
    assert nvml.must_reopen()
"""


def test_a_gpu_bound_to_the_driver_is_noticed_before_nvml_knows_of_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _LOOK, str(tmp_path)], env={**os.environ, **fake_nvml_env()}, check=True)


def test_an_agent_imports_nothing_heavy() -> None:
    script = (
        "import sys, gpuplayground.monitor.sampling.agent;"
        "heavy = {'numpy', 'platformdirs', 'PySide6', 'sqlite3', 'asyncio', 'multiprocessing'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
