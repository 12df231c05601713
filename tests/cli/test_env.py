"""``gpuplayground env`` as a real process, with uv and an index on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpuplayground.environments.managed.store import ManagedEnvironments
from gpuplayground.environments.provision import CONFIRM_ABOVE_BYTES
from gpuplayground.storage import paths
from gpuplayground.storage.locks import hold_environment
from tests.support.command_line import COMMAND, TIMEOUT_S, assert_refused, environment, gpuplayground, wait_for
from tests.support.fakes import fake_nvml_env
from tests.support.managed import folders, processes_with, use_index
from tests.support.package_index import PackageIndex, Wheel, package_index

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals and processes are those of Linux")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """A package index that uv takes for the default one."""
    with package_index() as served:
        use_index(monkeypatch, served.url, tmp_path / "uv-cache")
        yield served


@pytest.fixture
def environments() -> ManagedEnvironments:
    """The environments of the command line."""
    return ManagedEnvironments(paths.data() / "environments")


def announce_a_large_size(index: PackageIndex, wheel: Wheel) -> None:
    """Let the index say that a wheel is larger than what is downloaded without asking."""
    index.tells_sizes = False
    index.announced[wheel.file] = CONFIRM_ABOVE_BYTES + 1


def test_an_environment_is_created_listed_and_removed(index: PackageIndex, environments: ManagedEnvironments) -> None:
    index.add("scipy", "1.17.0", requires=["numpy"])
    numpy = index.add("numpy", "2.4.6")
    done = gpuplayground("env", "create", "cuda", "scipy")
    (built,) = environments.environments()
    assert (done.returncode, done.stdout) == (0, f"cuda is ready: {built.interpreter}\n")
    lines = done.stderr.splitlines()
    assert lines[0] == "Resolving scipy…"
    assert f"  numpy  2.4.6   {len(numpy.data)} B" in [line.rstrip() for line in lines]
    assert lines[-1] == "Checking the imports"
    done = gpuplayground("env", "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"cuda  Python {built.python}  NumPy 2.4.6  ")
    assert done.stdout.count("\n") == 1
    done = gpuplayground("env", "remove", "cuda")
    assert (done.returncode, done.stdout, done.stderr) == (0, "cuda is removed.\n", "")
    assert folders(environments) == []
    done = gpuplayground("env", "list")
    assert (done.returncode, done.stdout) == (
        0,
        "No environments yet: gpuplayground env create NAME PACKAGES… builds one.\n",
    )


def test_the_build_of_a_framework_is_the_one_for_this_machine(index: PackageIndex) -> None:
    env = environment(**fake_nvml_env(gpus=1))
    done = gpuplayground("env", "create", "cuda", "cupy", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[1].startswith("gpuplayground: The package index has no cupy-cuda")
    done = gpuplayground("env", "create", "cuda", "numpy==2.*", "--python", "3.7", env=env)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_the_list_as_json_names_everything(index: PackageIndex, environments: ManagedEnvironments) -> None:
    index.add("snail", "1.2")
    assert gpuplayground("env", "create", "slow", "snail>=1").returncode == 0
    (built,) = environments.environments()
    held = hold_environment(built.interpreter)
    assert held is not None
    with held:
        content = json.loads(gpuplayground("env", "list", "--json").stdout)
    (entry,) = content["environments"]
    assert content["schema_version"] == 1
    assert entry == {
        "name": "slow",
        "interpreter": built.interpreter,
        "python": built.python,
        "requirements": ["snail>=1"],
        "packages": {"snail": "1.2"},
        "size_bytes": environments.size_bytes(built),
        "created": built.created,
        "in_use": True,
        "notes": [],
    }


def test_an_environment_in_use_is_shown_as_such_and_not_removed(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("snail")
    assert gpuplayground("env", "create", "slow", "snail").returncode == 0
    held = hold_environment(environments.environments()[0].interpreter)
    assert held is not None
    with held:
        assert gpuplayground("env", "list").stdout.endswith("  in use\n")
        done = gpuplayground("env", "remove", "slow")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "gpuplayground: The environment slow is in use: stop what runs in it, then remove it.\n"
    assert not gpuplayground("env", "list").stdout.endswith("in use\n")


def test_a_failure_is_a_sentence_with_the_words_of_uv_below(index: PackageIndex) -> None:
    index.add("snail", requires=["shell>=2"])
    index.add("shell", "1.0")
    done = gpuplayground("env", "create", "slow", "snail")
    assert (done.returncode, done.stdout) == (1, "")
    sentence, *words = done.stderr.splitlines()[1:]
    assert sentence.startswith("gpuplayground: These packages cannot be installed together: relax their versions, or")
    assert words[0] == "  error: No solution found when resolving dependencies"
    assert all(line.startswith("  ") for line in words)


def test_a_large_download_needs_a_yes(index: PackageIndex, environments: ManagedEnvironments) -> None:
    wheel = index.add("snail")
    announce_a_large_size(index, wheel)
    done = gpuplayground("env", "create", "slow", "snail")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "gpuplayground: slow would download 500 MB: add --yes to allow that."
    assert (index.downloads(wheel), folders(environments)) == (0, [])
    assert gpuplayground("env", "create", "slow", "snail", "--yes").returncode == 0


def test_a_download_of_unknown_size_needs_a_yes(index: PackageIndex) -> None:
    index.tells_sizes = index.tells_length = False
    index.add("snail")
    done = gpuplayground("env", "create", "slow", "snail")
    assert done.returncode == 2
    assert "would download more than 0 B (the size of snail is unknown): add --yes" in done.stderr


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_on_a_terminal_a_large_download_is_asked_about(
    index: PackageIndex, environments: ManagedEnvironments, answer: str, code: int
) -> None:
    wheel = index.add("snail")
    announce_a_large_size(index, wheel)
    with on_terminal("env", "create", "slow", "snail") as (process, terminal):
        shown = read_until(terminal, "Continue? [y/N] ")
        os.write(terminal, f"{answer}\n".encode())
        shown += read_until(terminal, None)
        assert process.wait(TIMEOUT_S) == code
    assert "To download: 500 MB." in shown
    assert ("slow is ready" in shown) == (code == 0)
    assert ("Nothing was downloaded." in shown) == (code == 1)
    assert len(environments.environments()) == (code == 0)


def test_on_a_terminal_progress_is_one_line_that_changes(index: PackageIndex) -> None:
    index.add("snail")
    with on_terminal("env", "create", "slow", "snail") as (process, terminal):
        shown = read_until(terminal, None)
        assert process.wait(TIMEOUT_S) == 0
    before, _, after = shown.partition("\r\x1b[KCreating the environment\r\x1b[K")
    assert "Resolving snail" in before
    assert "Checking the imports\r\x1b[Kslow is ready" in after


def test_ctrl_c_at_the_question_downloads_nothing(index: PackageIndex, environments: ManagedEnvironments) -> None:
    wheel = index.add("snail")
    announce_a_large_size(index, wheel)
    with on_terminal("env", "create", "slow", "snail") as (process, terminal):
        read_until(terminal, "Continue? [y/N] ")
        os.write(terminal, b"\x03")
        assert "Traceback" not in read_until(terminal, None)
        assert process.wait(TIMEOUT_S) == 130
    assert (index.downloads(wheel), folders(environments)) == (0, [])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_or_a_polite_kill_cancels_a_download(
    index: PackageIndex, environments: ManagedEnvironments, number: signal.Signals, code: int
) -> None:
    wheel = index.add("snail", extra_bytes=1 << 20)
    index.stalls.add(wheel.file)
    with subprocess.Popen(
        [*COMMAND, "env", "create", "slow", "snail"], env=environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        assert index.stalled.wait(TIMEOUT_S)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code
    assert stderr.splitlines()[-1] == "Cancelled. What has been downloaded is kept for the next time."
    assert "Traceback" not in stderr
    assert folders(environments) == []
    wait_for(lambda: not processes_with(str(environments.folder)))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: ACTION"),
        (["create"], "the following arguments are required: NAME, PACKAGE"),
        (["create", "slow"], "the following arguments are required: PACKAGE"),
        (["create", "Slow", "snail"], "“Slow” cannot be the name of an environment: use up to 41 lower-case letters"),
        (["create", "slow", "snail @"], "“snail @” is not a requirement: name packages such as numpy or numpy>=2."),
        (["create", "slow", "snail", "--python", "2.7"], "2.7 is not a version of Python: name one such as 3.12."),
        (["remove", "slow"], "There is no environment slow: “gpuplayground env list” shows those there are."),
        (["remove", "../slow"], "There is no environment ../slow: "),
    ],
)
def test_bad_input_is_refused_in_one_sentence(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    assert_refused(gpuplayground("env", *arguments, cwd=tmp_path), sentence)


@contextlib.contextmanager
def on_terminal(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a command line with a terminal for all its streams; yield the process and the terminal's other end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=environment(), stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
    )  # fmt: skip
    os.close(theirs)
    try:
        with process:
            yield process, ours
    finally:
        os.close(ours)


def read_until(terminal: int, text: str | None) -> str:
    """Return what a terminal shows up to a text, or to the end of its process."""
    shown = b""
    while text is None or text.encode() not in shown:
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # the process has closed its end
            break
        shown += piece
    return shown.decode()
