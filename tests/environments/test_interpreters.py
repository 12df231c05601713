"""Environments, found and asked with real interpreters (and with programs that are none)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import gpuplayground
from gpuplayground.environments import interpreters
from gpuplayground.environments.interpreters import Environment, InterpreterError, discover, probe

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fakes are shell scripts")
SHORT_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what lies in the folder for temporary files be started unasked; test_trust.py is about what is not."""
    monkeypatch.setattr(interpreters, "distrust", lambda _: "")


@pytest.fixture(autouse=True)
def _nothing_to_find(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home without environments and a PATH without Python, whatever the machine has."""
    (tmp_path / "home").mkdir()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def make_venv(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, capture_output=True)
    return folder


def script(path: Path, body: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_the_programs_own_interpreter_describes_itself() -> None:
    environment = probe(sys.executable)
    assert environment.is_current
    assert environment.version == ".".join(map(str, sys.version_info[:3]))
    assert os.path.realpath(environment.prefix) == os.path.realpath(sys.prefix)
    assert environment.label.startswith(f"Python {SHORT_VERSION} · ")


def test_a_virtual_environment_is_labelled_so_and_keeps_its_own_interpreter(tmp_path: Path) -> None:
    environment = probe(str(make_venv(tmp_path / "project" / ".venv") / "bin" / "python"))
    assert environment.label == f"Python {SHORT_VERSION} · venv"
    assert not environment.is_current
    assert environment.interpreter.startswith(str(tmp_path))


def test_an_environments_folder_stands_for_its_interpreter(tmp_path: Path) -> None:
    assert probe(str(make_venv(tmp_path / "env"))).prefix == str(tmp_path / "env")


def test_a_command_on_the_path_stands_for_its_interpreter(tmp_path: Path) -> None:
    script(tmp_path / "bin" / "python-of-mine", f'exec {sys.executable} "$@"')
    assert probe("python-of-mine").is_current


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('echo \'[[3, 8, 1], "/usr", "/usr", "/usr/bin/python3.8"]\'', "is Python 3.8, which is too old"),
        ("echo hello", "is not a Python interpreter"),
        ("exit 3", "is not a Python interpreter"),
        ("echo '[1, 2]'", "is not a Python interpreter"),
        ("exec /bin/sleep 60", "did not answer within 0.5 s"),
    ],
)
def test_what_is_no_usable_python_is_refused_in_one_sentence(tmp_path: Path, body: str, sentence: str) -> None:
    with pytest.raises(InterpreterError) as caught:
        probe(script(tmp_path / "fake", body), timeout=0.5)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_a_plain_and_an_empty_path_are_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a program")
    (tmp_path / "text").chmod(0o644)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InterpreterError, match="There is no Python interpreter at nowhere"):
        probe("nowhere")
    with pytest.raises(InterpreterError, match="is not executable"):
        probe(str(tmp_path / "text"))
    with pytest.raises(InterpreterError, match="a folder without a Python interpreter"):
        probe(str(tmp_path / "folder"))


def test_every_kind_of_environment_is_found_once_the_programs_own_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    active = make_venv(tmp_path / "active")
    conda = make_venv(tmp_path / "miniforge" / "envs" / "science")
    pyenv = make_venv(tmp_path / "home" / ".pyenv" / "versions" / "3.12.1")
    project = make_venv(tmp_path / "project" / ".venv")
    added = make_venv(tmp_path / "added")
    (tmp_path / "home" / ".conda").mkdir()
    (tmp_path / "home" / ".conda" / "environments.txt").write_text(f"{conda}\n{tmp_path / 'gone'}\n")
    script(tmp_path / "bin" / "python3", f'exec {active / "bin" / "python3"} "$@"')
    monkeypatch.setenv("VIRTUAL_ENV", str(active))
    (tmp_path / "project" / "deep").mkdir()

    found = discover([str(added / "bin" / "python"), str(tmp_path / "gone")], tmp_path / "project" / "deep")

    assert found[0].is_current
    expected = [str(path) for path in (active, project, added, conda, pyenv)]
    assert [environment.prefix for environment in found[1:]] == expected


def test_environments_of_the_same_kind_and_version_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    extra = [str(make_venv(tmp_path / name / ".venv")) for name in ("first", "second")]
    labels = [environment.label for environment in discover(extra) if environment.prefix in extra]
    assert labels == [f"Python {SHORT_VERSION} · venv (first)", f"Python {SHORT_VERSION} · venv (second)"]


def test_an_environment_added_twice_is_listed_once(tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "env")
    found = discover([str(venv), str(venv / "bin" / "python"), str(venv / "bin" / "python3")])
    assert [environment.prefix for environment in found if not environment.is_current] == [str(venv)]


def test_an_environment_that_is_found_and_added_goes_by_the_name_it_was_added_under(tmp_path: Path) -> None:
    added = str(make_venv(tmp_path / ".venv") / "bin" / "python")
    assert [each.interpreter for each in discover([added], tmp_path) if not each.is_current] == [added]


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="root can read every folder")
def test_a_folder_that_cannot_be_read_hides_no_other_environment(tmp_path: Path) -> None:
    closed, open_ = tmp_path / "project", tmp_path / "project" / "open"
    make_venv(closed / ".venv")
    venv = make_venv(open_ / ".venv")
    (closed / ".venv").chmod(0)
    try:
        found = [each.prefix for each in discover((), open_) if not each.is_current]
        with pytest.raises(InterpreterError):
            probe(str(closed / ".venv" / "bin" / "python3"))
    finally:
        (closed / ".venv").chmod(0o700)
    assert found == [str(venv)]


def test_environments_compare_by_value() -> None:
    assert Environment("python", "Python 3.13 · venv", "3.13.1", "/env") == Environment(
        "python", "Python 3.13 · venv", "3.13.1", "/env"
    )


def test_interpreters_that_hang_are_ended_with_their_children_once_given_up(tmp_path: Path) -> None:
    pid_file, cancelled = tmp_path / "pid", threading.Event()
    hanging = script(tmp_path / "hanging", f"/bin/sleep 600 &\necho $! > {pid_file}\nwait")

    def give_up_once_it_hangs() -> None:
        wait_for_text(pid_file)
        cancelled.set()

    watcher = threading.Thread(target=give_up_once_it_hangs)
    watcher.start()
    found = discover([hanging, hanging + "-not-there"], cancelled=cancelled)
    watcher.join()
    assert hanging not in [environment.interpreter for environment in found]
    assert is_gone(int(pid_file.read_text()))
    with pytest.raises(InterpreterError):
        probe(sys.executable, cancelled=cancelled)


def test_an_account_without_a_home_and_a_folder_that_is_gone_still_have_this_programs_own(tmp_path: Path) -> None:
    # An account without an entry among the users has no home: expanduser() finds none either.
    code = (
        "import os, pwd, sys, tempfile\n"
        "def unknown(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = unknown\n"
        "folder = tempfile.mkdtemp(); os.chdir(folder); os.rmdir(folder)\n"
        "from gpuplayground.environments.interpreters import InterpreterError, discover, probe\n"
        "print([each.is_current for each in discover(['~nobody-of-that-name/bin/python'])])\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    root = str(Path(gpuplayground.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code], env={**environment, "PYTHONPATH": root}, capture_output=True, text=True
    )
    assert done.stdout == "[True]\n", done.stderr


def wait_for_text(path: Path) -> None:
    for _ in range(6000):
        if path.exists() and path.read_text().strip():
            return
        time.sleep(0.005)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; a zombie that nobody waits for has."""
    for _ in range(2000):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.005)
    return False
