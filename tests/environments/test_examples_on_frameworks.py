"""The shipped examples run as plain ``python file.py``: on the CPU where they can, else they say what they need.

Set GPUPLAYGROUND_FRAMEWORKS_PYTHON to the path of a Python with PyTorch, TensorFlow, Numba and PyOpenCL to run theirs.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gpuplayground.environments.examples import Example, load_examples
from gpuplayground.storage import paths
from tests.support.command_line import gpuplayground

#: The examples by their names without the number: ``vector_addition_numpy``.
EXAMPLES = {example.path.stem.partition("_")[2]: example for example in load_examples(paths.resources() / "examples")}
SIMULATOR = {"NUMBA_ENABLE_CUDASIM": "1"}
#: The frameworks that run on a CPU, and what makes them do so.
ON_CPU: dict[str, dict[str, str]] = {"PyTorch": {}, "TensorFlow": {}, "OpenCL": {}, "Numba": SIMULATOR}
#: What the last line of an example says, as a regular expression, where it runs on the CPU.
LAST_LINES = {
    "vector_addition_torch": r"PyTorch added 16,777,216 pairs of numbers on the [CG]PU\.",
    "vector_addition_tensorflow": r"TensorFlow added 16,777,216 pairs of numbers on [CG]PU:0\.",
    "vector_addition_numba": r"6 blocks of 192 threads added 1,025 pairs of numbers\.",
    "vector_addition_opencl": r"OpenCL added 16,777,216 pairs of numbers on .+\.",
    "stay_on_the_gpu": r"10 steps on [\d,]+ numbers: 20 copies back and forth, 2 copies when the data stays\.",
    "batch_small_work": r"2,000 products of 16 x 16: 2,000 launches or one\.",
    "torch_compile": r"GELU of [\d,]+ numbers, eager and compiled, on the [CG]PU\.",
    "sort": r"[\d,]+ numbers sorted: \d+ passes of our own, or one call\.",
    "train_torch": r"The loss fell from 0\.\d+ to 0\.\d+; (9[5-9]\.\d|100\.0)% of 2,000 points are right\.",
    "train_tensorflow": r"The loss fell from 0\.\d+ to 0\.\d+; (9[5-9]\.\d|100\.0)% of 2,000 points are right\.",
    "inference_by_batch_size": r"256 inputs through a network \d+ wide: 256 calls, 16 calls, one call\.",
    "mixed_precision": r"Outputs differ by [0-4]\.\d+%; the loss fell from \d\.\d+ to \d\.\d+\.",
    "lennard_jones": r"[\d,]+ atoms, 100 steps; the energy per atom stays within \d\.\de-0[3-9] of -\d\.\d+\.",
    "heat_equation": r"4 steps on a plate of 18 x 18; the row below the edge is at [1-9]\d\.\d degrees\.",
    "monte_carlo": r"Exact 7\.1281; NumPy 7\.1\d+ ± 0\.\d+; (cpu|cuda) 7\.1\d+ ± 0\.\d+\.",
    "blur": r"\d+ frames of \d+ x \d+ blurred by a kernel 31 wide\.",
    "sobel": r"\d+ frames of \d+ x \d+: [1-9][\d,]+ pixels on edges, .+\.",
    "out_of_bounds": r"With the check every element is filled and the neighbour is whole\.",
    "a_race": r"Of [\d,]+ values the race lost [\d,]+, the atomics none\.",
    "check_against_the_cpu": r"All wrong elements lie within the radius of an end: .+\.",
}
FRAMEWORKS_PYTHON = os.environ.get("GPUPLAYGROUND_FRAMEWORKS_PYTHON", "")
#: How long an example may take on a slow machine with cold caches, in seconds.
TIMEOUT_S = 240

needs_frameworks = pytest.mark.skipif(not FRAMEWORKS_PYTHON, reason="GPUPLAYGROUND_FRAMEWORKS_PYTHON is not set")


def has_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def run(example: Example, python: str = sys.executable, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, str(example.path)],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def runs_on_a_cpu(example: Example) -> bool:
    return example.framework in ON_CPU and (example.framework == "Numba" or not example.needs_gpu)


def test_the_numpy_example_adds_and_checks() -> None:
    done = run(EXAMPLES["vector_addition_numpy"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "NumPy added 16,777,216 pairs of numbers on the CPU.\n"


def test_the_question_whether_the_gpu_is_there_gets_an_answer() -> None:
    done = run(EXAMPLES["is_my_gpu_there"])
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"\d+ GPUs? for CUDA\.", done.stdout.splitlines()[-1])


@pytest.mark.skipif(has_driver(), reason="this machine has an NVIDIA driver")
def test_without_the_driver_the_pycuda_example_says_so_in_one_sentence() -> None:
    done = run(EXAMPLES["vector_addition_pycuda"])
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "PyCUDA needs the NVIDIA driver and this machine has none: install it from https://www.nvidia.com/drivers\n",
    )


def test_every_example_that_can_run_on_a_cpu_is_run() -> None:
    assert set(LAST_LINES) == {name for name, example in EXAMPLES.items() if runs_on_a_cpu(example)}


@pytest.mark.frameworks
@needs_frameworks
@pytest.mark.parametrize("name", LAST_LINES)
def test_an_example_runs_on_its_framework_and_checks_its_result(name: str) -> None:
    done = run(EXAMPLES[name], FRAMEWORKS_PYTHON, **ON_CPU[EXAMPLES[name].framework])
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(LAST_LINES[name], done.stdout.splitlines()[-1])


@pytest.mark.frameworks
@needs_frameworks
@pytest.mark.skipif(has_driver(), reason="this machine has an NVIDIA driver")
@pytest.mark.parametrize(
    "name",
    [
        name
        for name, example in EXAMPLES.items()
        if example.needs_gpu and example.framework in {"PyTorch", "TensorFlow", "Numba"}
    ],
)
def test_an_example_that_needs_a_gpu_says_so_in_one_sentence(name: str) -> None:
    done = run(EXAMPLES[name], FRAMEWORKS_PYTHON, NUMBA_ENABLE_CUDASIM="0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "finds no" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.frameworks
@needs_frameworks
def test_the_examples_of_one_topic_leave_equal_results_to_compare(tmp_path: Path) -> None:
    digests = set()
    for stem in ("numpy", "torch", "tensorflow", "opencl"):
        out = tmp_path / f"{stem}.json"
        done = gpuplayground(
            "run", EXAMPLES[f"vector_addition_{stem}"].path, "--python", FRAMEWORKS_PYTHON, "--json", out
        )
        assert done.returncode == 0, done.stderr
        digests.add(json.loads(out.read_text())["result"]["digest"])
    assert len(digests) == 1


@pytest.mark.frameworks
@needs_frameworks
@pytest.mark.skipif(has_driver(), reason="this machine has an NVIDIA driver")
@pytest.mark.parametrize(("stem", "name"), [("torch", "PyTorch"), ("tensorflow", "TensorFlow")])
def test_on_the_cpu_an_example_says_that_it_runs_there(stem: str, name: str) -> None:
    done = run(EXAMPLES[f"vector_addition_{stem}"], FRAMEWORKS_PYTHON)
    assert f"{name} finds no GPU here and runs on the CPU.\n" in done.stdout
