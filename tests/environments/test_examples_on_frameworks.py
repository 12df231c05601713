"""The shipped examples run as plain ``python file.py``: really, and where a package or the driver is missing.

Set GPUPLAYGROUND_FRAMEWORKS_PYTHON to the path of a Python that has PyTorch, TensorFlow and Numba to run theirs.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gpuplayground.environments.examples import Example, load_examples
from gpuplayground.storage import paths
from tests.support.command_line import gpuplayground

_FOLDER = paths.resources() / "examples"
#: The examples of vector addition by the last word of their names.
EXAMPLES = {
    example.path.stem.rpartition("_")[2]: example
    for example in load_examples(_FOLDER)
    if "_vector_addition_" in example.path.stem
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


def hide(package: str, folder: Path) -> str:
    """Return a PYTHONPATH on which a package is missing, whether or not it is installed."""
    (folder / "sitecustomize.py").write_text(f"import sys\nsys.modules[{package!r}] = None\n")
    return str(folder)


def stand_in(package: str, folder: Path) -> str:
    """Return a PYTHONPATH on which a package is installed, as far as importing it goes."""
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text("")
    return str(folder)


def test_the_numpy_example_adds_and_checks() -> None:
    done = run(EXAMPLES["numpy"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "NumPy added 16,777,216 pairs of numbers on the CPU.\n"


@pytest.mark.parametrize(
    ("stem", "package", "sentence"),
    [
        ("numpy", "numpy", "NumPy is not installed in this environment: python -m pip install numpy\n"),
        ("pycuda", "pycuda", "PyCUDA is not installed in this environment: python -m pip install numpy pycuda\n"),
        ("cupy", "cupy", 'CuPy is not installed in this environment: python -m pip install "cupy-cuda12x[ctk]"\n'),
        ("torch", "torch", "PyTorch is not installed in this environment: python -m pip install numpy torch\n"),
        (
            "tensorflow",
            "tensorflow",
            "TensorFlow is not installed in this environment: python -m pip install numpy tensorflow\n",
        ),
        (
            "numba",
            "numba",
            'Numba is not installed in this environment: python -m pip install numba "numba-cuda[cu12]"\n',
        ),
    ],
)
def test_without_its_package_an_example_says_in_one_sentence_what_installs_it(
    stem: str, package: str, sentence: str, tmp_path: Path
) -> None:
    done = run(EXAMPLES[stem], PYTHONPATH=hide(package, tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


@pytest.mark.skipif(has_driver(), reason="this machine has an NVIDIA driver")
@pytest.mark.parametrize(("stem", "name"), [("pycuda", "PyCUDA"), ("cupy", "CuPy")])
def test_without_the_driver_an_example_says_so_in_one_sentence(stem: str, name: str, tmp_path: Path) -> None:
    done = run(EXAMPLES[stem], PYTHONPATH=stand_in(stem, tmp_path))
    sentence = (
        f"{name} needs the NVIDIA driver and this machine has none: install it from https://www.nvidia.com/drivers\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


@pytest.mark.frameworks
@needs_frameworks
@pytest.mark.parametrize(
    ("stem", "environment", "last_line"),
    [
        ("torch", {}, "PyTorch added 16,777,216 pairs of numbers on the {CPU,GPU}."),
        ("tensorflow", {}, "TensorFlow added 16,777,216 pairs of numbers on {CPU,GPU}:0."),
        ("numba", {"NUMBA_ENABLE_CUDASIM": "1"}, "6 blocks of 192 threads added 1,025 pairs of numbers."),
    ],
)
def test_the_examples_of_installed_frameworks_add_and_check(
    stem: str, environment: dict[str, str], last_line: str
) -> None:
    done = run(EXAMPLES[stem], FRAMEWORKS_PYTHON, **environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] in {last_line.replace("{CPU,GPU}", device) for device in ("CPU", "GPU")}


@pytest.mark.frameworks
@needs_frameworks
def test_the_examples_of_one_topic_leave_equal_results_to_compare(tmp_path: Path) -> None:
    digests = set()
    for stem in ("numpy", "torch", "tensorflow"):
        out = tmp_path / f"{stem}.json"
        done = gpuplayground("run", EXAMPLES[stem].path, "--python", FRAMEWORKS_PYTHON, "--json", out)
        assert done.returncode == 0, done.stderr
        digests.add(json.loads(out.read_text())["result"]["digest"])
    assert len(digests) == 1


@pytest.mark.frameworks
@needs_frameworks
@pytest.mark.skipif(has_driver(), reason="this machine has an NVIDIA driver")
@pytest.mark.parametrize(("stem", "name"), [("torch", "PyTorch"), ("tensorflow", "TensorFlow")])
def test_on_the_cpu_an_example_says_that_it_runs_there(stem: str, name: str) -> None:
    assert f"{name} finds no GPU here and runs on the CPU.\n" in run(EXAMPLES[stem], FRAMEWORKS_PYTHON).stdout


@pytest.mark.frameworks
@needs_frameworks
@pytest.mark.skipif(has_driver(), reason="this machine has an NVIDIA driver")
def test_without_a_gpu_the_numba_example_offers_the_simulator() -> None:
    done = run(EXAMPLES["numba"], FRAMEWORKS_PYTHON, NUMBA_ENABLE_CUDASIM="0")
    assert (done.returncode, done.stderr) == (
        1,
        "Numba finds no NVIDIA GPU here: set NUMBA_ENABLE_CUDASIM=1 to let it simulate one\n",
    )
