"""The command line as a whole: what it answers at once, what it refuses, and what it hands to the window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gpuplayground.app.options import WindowOptions
from gpuplayground.cli import main
from gpuplayground.cli.commands import COMMANDS
from tests.support.command_line import (
    COMMAND,
    ROOT,
    TIMEOUT_S,
    assert_refused,
    environment,
    gpuplayground,
    in_process,
    wait_for,
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[WindowOptions]:
    """What the window was asked for, in place of showing it."""
    options: list[WindowOptions] = []

    def show(asked_for: WindowOptions) -> int:
        options.append(asked_for)
        return 7

    window = ModuleType("gpuplayground.app.start")
    monkeypatch.setattr(window, "main", show, raising=False)
    monkeypatch.setitem(sys.modules, window.__name__, window)
    return options


def test_the_version_is_printed() -> None:
    done = gpuplayground("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("gpuplayground 0.")


def test_python_main_py_is_the_same_command() -> None:
    main_py = (sys.executable, str(ROOT / "main.py"))
    assert gpuplayground("--version", command=main_py).stdout == gpuplayground("--version").stdout


def test_the_help_names_every_subcommand_and_each_has_its_own() -> None:
    text = gpuplayground("--help").stdout
    for command in COMMANDS:
        assert f"gpuplayground {command}" in text
        done = gpuplayground(command, "--help")
        assert done.returncode == 0
        assert done.stdout.startswith(f"usage: gpuplayground {command}")


def test_the_command_line_is_read_without_loading_qt_numpy_or_a_database() -> None:
    code = "import sys, gpuplayground.cli.main; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in modules.stdout.split()}
    assert not loaded & {"PySide6", "pyqtgraph", "numpy", "sqlite3", "pynvml", "subprocess", "asyncio"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing.txt"], "There is no file nothing.txt: check the name."),
        (["nowhere/new.py"], "There is no file nowhere/new.py: check the name."),
        (["nb.ipynb"], "nb.ipynb is a Jupyter notebook: turn it into a script by"),
        (["run", "nb.ipynb"], "nb.ipynb is a Jupyter notebook: turn it into a script by"),
        (["--run", "nothing.py"], "There is no file nothing.py: check the name."),
        (["docter"], "There is no file docter: check the name. Commands are run, bench, record, export, env, doctor."),
        (["--run", "."], ". is a folder: name a file."),
        (["--replay", "nothing.rec"], "There is no recording nothing.rec: check the name."),
        (["--replay", "foreign.gpurec", "--screenshot", "x.png"], "“foreign.gpurec” is not a recording"),
        (["foreign.gpurec"], "“foreign.gpurec” is not a recording of GPU Playground: choose a .gpurec file."),
        (["x" * 300], "cannot be read (File name too long): check its name and permissions."),
        (["--screenshot", "x" * 300], "cannot be written (File name too long): choose another name."),
        (["--size", "big"], "big is not a size such as 1400x900"),
        (["--size", "10x10"], "10x10 is not a size such as 1400x900"),
        (["--theme", "pink"], "invalid choice: 'pink'"),
        (["--after", "-1", "--screenshot", "x.png"], "-1 is not a time in seconds"),
        (["--after", "soon", "--screenshot", "x.png"], "soon is not a number"),
        (["--after", "2"], "--after needs --screenshot OUT.png."),
        (["--screenshot", "x.jpg"], "x.jpg is not a .png file: use a name that ends in .png."),
        (["run", "a.py", "--json", ""], "The name of the file to write is empty: name one."),
        (["--screenshot", "nowhere/x.png"], "nowhere/x.png cannot be written: there is no folder nowhere."),
        (["--run"], "--run needs a file to run"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["doctor", "--python", "nowhere"], "There is no Python interpreter at nowhere"),
        (["doctor", "--json", "."], ". is a folder: name a file to write."),
    ],
)
def test_bad_input_is_refused_in_one_sentence_with_exit_code_2(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "foreign.gpurec").write_text("time,power\n" * 100)
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "nb.ipynb").write_text('{"cells": []}')
    assert_refused(in_process(*arguments, cwd=tmp_path), sentence)
    assert not (tmp_path / "x.png").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have no names there")
@pytest.mark.parametrize("arguments", [["pipe"], ["--replay", "pipe"], ["export", "pipe", "table.csv"]])
def test_a_pipe_is_not_waited_for_where_a_file_is_needed(arguments: list[str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert_refused(gpuplayground(*arguments, cwd=tmp_path), "pipe is a pipe or a device: save its content to a file")


def test_a_file_that_is_called_like_a_command_is_opened_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[WindowOptions]
) -> None:
    (tmp_path / "run").write_text("")
    monkeypatch.chdir(tmp_path)
    assert main.main(["./run"]) == 7
    assert asked == [WindowOptions(files=("./run",))]


def test_the_options_of_the_window_reach_it(tmp_path: Path, resources: Path, asked: list[WindowOptions]) -> None:
    file, picture = (str(tmp_path / name) for name in ("a.py", "b.png"))
    recording = str(resources / "recordings" / "h200.gpurec")
    Path(file).write_text("")
    options = ["--screenshot", picture, "--after", "1.5", "--size", "1400x900", "--theme", "light"]
    assert main.main([file, "--run", "--replay", recording, *options]) == 7
    assert asked == [
        WindowOptions(
            files=(file,), screenshot=picture, after_s=1.5, size=(1400, 900), theme="light", replay=recording, run=True
        )
    ]


def test_a_picture_is_as_large_on_every_machine(tmp_path: Path, asked: list[WindowOptions]) -> None:
    picture = str(tmp_path / "b.png")
    assert main.main(["--screenshot", picture]) == 7
    assert asked == [WindowOptions(screenshot=picture, size=(1400, 900))]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_display_a_picture_is_waited_for_and_a_signal_is_no_success(
    tmp_path: Path, number: signal.Signals
) -> None:
    seen, picture = tmp_path / "seen", tmp_path / "picture.png"
    file = tmp_path / "snippet.py"
    file.write_text(
        "import os\n"
        f"with open({str(seen)!r} + '~', 'w') as file:\n    print(os.environ.get('QT_QPA_PLATFORM'), file=file)\n"
        f"os.replace({str(seen)!r} + '~', {str(seen)!r})\n"
    )
    arguments = [str(file), "--run", "--screenshot", str(picture), "--after", "1000"]
    env = environment(DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    with subprocess.Popen([*COMMAND, *arguments], env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(seen.exists)
            process.send_signal(number)
            _, stderr = process.communicate(timeout=TIMEOUT_S)
        finally:
            process.kill()
    assert seen.read_text() == "None\n", "a snippet gets the user's environment, not ours"
    assert (process.returncode, stderr) == (128 + number, "")
    assert not picture.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break differently there")
def test_a_reader_that_goes_away_is_no_traceback() -> None:
    code = f"exec {' '.join(COMMAND)} --help | true"
    done = subprocess.run(["sh", "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert done.stderr == ""
