"""``run FILE --install`` as a real process: the package index is a folder with wheels that are made here."""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.command_line import assert_refused, environment, gpuplayground
from tests.support.fakes import no_nvml_env

VALUE = "import tabulate\nprint('made by', tabulate.MAKER)\n"


def wheel(folder: Path, name: str, source: str, version: str = "1.0") -> None:
    """Write a wheel with one module (https://packaging.python.org/en/latest/specifications/binary-distribution-format/)."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={digest(text)},{len(text.encode())}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def offline(tmp_path: Path) -> dict[str, str]:
    """An environment without a GPU, whose only packages are those of a folder."""
    wheel(tmp_path / "wheels", "tabulate", "MAKER = 'a test'\n")
    return environment(
        **no_nvml_env(),
        XDG_DATA_HOME=str(tmp_path / "data"),
        UV_CACHE_DIR=str(tmp_path / "cache"),
        UV_FIND_LINKS=str(tmp_path / "wheels"),
        UV_NO_INDEX="1",
        UV_PYTHON_DOWNLOADS="never",
        PIP_CONFIG_FILE="/dev/null",
    )


def snippet(folder: Path, source: str) -> Path:
    path = folder / "snippet.py"
    path.write_text(source, "utf-8")
    return path


def test_the_package_is_installed_and_the_file_runs_with_it(tmp_path: Path, offline: dict[str, str]) -> None:
    file = snippet(tmp_path, VALUE)

    first = gpuplayground("run", file, "--install", "--no-history", env=offline)
    second = gpuplayground("run", file, "--install", "--no-history", env=offline)

    assert (first.returncode, first.stdout) == (0, "made by a test\n"), first.stderr
    assert "gets tabulate" in first.stderr
    assert (second.returncode, second.stdout) == (0, "made by a test\n"), second.stderr
    assert "gets tabulate" not in second.stderr  # the environment is there


def test_a_missing_package_is_announced_with_the_command_that_installs_it(
    tmp_path: Path, offline: dict[str, str]
) -> None:
    file = snippet(tmp_path, "import tabulate\n")

    done = gpuplayground("run", file, "--no-history", env=offline)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"gpuplayground: tabulate is not installed there: “gpuplayground run {file} --install” installs it."
    )


def test_a_module_that_nobody_knows_is_not_offered(tmp_path: Path, offline: dict[str, str]) -> None:
    done = gpuplayground("run", snippet(tmp_path, "import tabulaet\n"), "--no-history", env=offline)

    assert done.returncode == 1
    assert "--install" not in done.stderr


def test_a_package_that_is_nowhere_is_one_sentence_below_what_uv_says(tmp_path: Path, offline: dict[str, str]) -> None:
    header = '# /// script\n# dependencies = ["nowhere-at-all"]\n# ///\n'

    done = gpuplayground("run", snippet(tmp_path, header), "--install", "--no-history", env=offline)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("gpuplayground: ")
    assert "nowhere-at-all" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_run_without_a_gpu_is_not_installed(tmp_path: Path, offline: dict[str, str]) -> None:
    done = gpuplayground("run", snippet(tmp_path, "import cupy\n"), "--install", "--no-history", env=offline)

    assert done.returncode == 1
    assert "CuPy uses the GPU through an NVIDIA driver, and this machine has none" in done.stderr


def test_a_bad_header_and_a_second_python_are_refused(tmp_path: Path, offline: dict[str, str]) -> None:
    bad = snippet(tmp_path, "# /// script\n# dependencies = [\n# ///\n")
    assert_refused(gpuplayground("run", bad, "--install", env=offline), "is not TOML")

    both = ("--install", "--python", sys.executable)
    assert_refused(gpuplayground("run", bad, *both, env=offline), "exclude each other")


def test_a_benchmark_with_a_bad_selection_installs_nothing(tmp_path: Path, offline: dict[str, str]) -> None:
    file = snippet(tmp_path, VALUE)

    done = gpuplayground("bench", file, "--lines", "90", "--install", "--no-history", env=offline)

    assert done.returncode == 2
    assert not (tmp_path / "data" / "gpuplayground" / "environments").exists()
