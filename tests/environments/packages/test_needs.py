"""What a snippet needs, by its header or its imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gpuplayground.environments.packages.modules import DISTRIBUTIONS, distribution_for
from gpuplayground.environments.packages.needs import Needs, needs_of
from gpuplayground.environments.packages.script_header import HeaderError


def header(*lines: str) -> str:
    return "\n".join(["# /// script", *(f"# {line}" if line else "#" for line in lines), "# ///", "import torch", ""])


def test_the_header_is_what_counts() -> None:
    source = header('requires-python = ">=3.11"', "", "dependencies = [", '  "cupy-cuda12x[ctk]>=13",', '"rich",', "]")

    needs = needs_of(source, None)

    assert needs == Needs(("cupy-cuda12x[ctk]>=13", "rich"), ">=3.11", (), from_header=True)


def test_settings_for_other_programs_in_the_header_are_passed_over() -> None:
    assert needs_of(
        header('dependencies = ["numpy"]', "[tool.uv]", "exclude-newer = 2026-01-01"), None
    ).requirements == ("numpy",)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (['dependencies = ["numpy"'], "is not TOML"),
        (['dependencies = "numpy"'], "are not a list of strings"),
        (['dependencies = ["numpy", 3]'], "are not a list of strings"),
        (['dependencies = ["two words"]'], 'names the package "two words", which is no requirement'),
        (['requires-python = "three"'], 'asks for the Python "three"'),
        (["requires-python = 3"], 'asks for the Python "3"'),
    ],
)
def test_a_bad_header_is_one_sentence(lines: list[str], sentence: str) -> None:
    with pytest.raises(HeaderError, match=sentence) as error:
        needs_of(header(*lines), None)
    assert "\n" not in str(error.value)


def test_two_headers_are_refused() -> None:
    with pytest.raises(HeaderError, match="two headers"):
        needs_of(header("dependencies = []") + "\n" + header("dependencies = []"), None)


def test_imports_are_found_wherever_they_are() -> None:
    source = """
import os, cv2
from PIL import Image
def f():
    import sklearn.svm as svm
try:
    import torch
except ImportError:
    pass
"""

    assert set(needs_of(source, None).requirements) == {"opencv-python-headless", "pillow", "scikit-learn", "torch"}


@pytest.mark.parametrize(
    ("source", "distribution"),
    [
        ("import cuda.bindings.driver", "cuda-bindings"),
        ("from cuda import core", "cuda-core"),
        ("from cuda.core.experimental import Device", "cuda-core"),
        ("from cuda import cudart", "cuda-python"),
        ("import cupyx.scipy.signal", "cupy"),
        ("import numba.cuda", "numba"),
        ("import pycuda.autoinit", "pycuda"),
        ("import pynvml", "nvidia-ml-py"),
    ],
)
def test_a_submodule_comes_from_the_distribution_that_has_it(source: str, distribution: str) -> None:
    assert needs_of(source, None).requirements == (distribution,)


def test_modules_in_the_folder_of_the_snippet_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("")
    (tmp_path / "helpers").mkdir()
    (tmp_path / "fast.cpython-311-x86_64-linux-gnu.so").write_text("")

    needs = needs_of("import torch, helpers.images, fast, numpy\nfrom . import sibling\n", tmp_path)

    assert needs == Needs(("numpy",))


def test_a_module_that_no_table_knows_is_not_a_requirement() -> None:
    assert needs_of("import nunpy, numpy\nimport nunpy.linalg\n", None) == Needs(("numpy",), unknown=("nunpy",))


def test_the_standard_library_is_there() -> None:
    assert needs_of("import sys, json.decoder, tkinter\nfrom __future__ import annotations\n", None) == Needs()


@pytest.mark.parametrize("source", ["import (", "x = '\0'", "", "(" * 3000])
def test_a_snippet_that_is_not_valid_needs_nothing(source: str) -> None:
    assert needs_of(source, None) == Needs()


def test_a_misspelt_name_has_no_distribution() -> None:
    assert distribution_for("troch") is None
    assert distribution_for("torchvison") is None
    assert distribution_for("") is None


def test_no_module_of_the_standard_library_is_in_the_table() -> None:
    assert not DISTRIBUTIONS.keys() & sys.stdlib_module_names


def test_importing_the_selection_loads_no_window_and_no_packages_of_others() -> None:
    code = (
        "import sys, gpuplayground.environments.packages.sets, gpuplayground.environments.packages.automatic\n"
        "print(*{name.partition('.')[0] for name in sys.modules} & {'PySide6', 'numpy', 'pynvml'})"
    )

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == ""


def test_a_header_without_packages_leaves_them_to_the_imports() -> None:
    assert needs_of(header('requires-python = ">=3.11"'), None) == Needs(("torch",), ">=3.11")
    assert needs_of(header("dependencies = []"), None) == Needs(from_header=True)
