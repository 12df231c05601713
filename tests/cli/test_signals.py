"""Signals to ``gpuplayground run`` and ``bench``: the file gets them, once, and its end is the command's."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.command_line import COMMAND, TIMEOUT_S, environment, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

#: Says which signals came, and ends by the exit code 7 on all but SIGUSR1.
HANDLES = r"""
import os, signal, sys, time
def handle(number, frame):
    print(signal.Signals(number).name, flush=True)
    if number != signal.SIGUSR1:
        print("saved", flush=True)
        sys.exit(7)
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1"):
    signal.signal(getattr(signal, name), handle)
os.write(1, b"ready\n")
while True:
    time.sleep(0.01)
"""
IGNORES = r"""
import os, signal, time
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
os.write(1, b"ready\n")
time.sleep(600)
"""
WAITS = "import os, time\nos.write(1, b'ready\\n')\ntime.sleep(600)\n"
ASKING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def default_signals() -> Iterator[None]:
    """Under nohup or in the background of a script the tests ignore some, and so would what they start."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (*ASKING, signal.SIGQUIT)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@contextmanager
def started(folder: Path, source: str, *options: str, **changes: str) -> Iterator[subprocess.Popen[str]]:
    """A command that has printed its first line; whatever happens, it is gone afterwards."""
    path = folder / "snippet.py"
    path.write_text(source, "utf-8")
    command = [*COMMAND, *(options or ("run",)), str(path), "--no-history"]
    with subprocess.Popen(
        command,
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_line(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == f"{line}\n"


@pytest.mark.parametrize("number", [*ASKING, signal.SIGQUIT])
def test_a_handler_of_the_file_runs_and_decides_the_exit_code(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, HANDLES) as process:
        wait_for_line(process, "ready")
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    assert stdout == f"{number.name}\nsaved\n"
    assert process.returncode == 7
    assert "line  statement" in stderr


def test_a_signal_that_does_not_ask_for_the_end_leaves_the_file_running(tmp_path: Path) -> None:
    with started(tmp_path, HANDLES, "run", "--grace", "0") as process:
        wait_for_line(process, "ready")
        for _ in range(2):
            process.send_signal(signal.SIGUSR1)
            wait_for_line(process, "SIGUSR1")


@pytest.mark.parametrize("number", [*ASKING, signal.SIGQUIT, signal.SIGUSR1])
def test_without_a_handler_the_exit_code_is_that_of_the_signal(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path, WAITS) as process:
        wait_for_line(process, "ready")
        process.send_signal(number)
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 128 + number


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 137), (signal.SIGHUP, 137), (signal.SIGINT, 130)])
def test_a_file_that_does_not_heed_a_signal_is_killed_after_the_grace_period(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with started(tmp_path, IGNORES, "run", "--grace", "0.3") as process:
        wait_for_line(process, "ready")
        process.send_signal(number)
        _, stderr = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code
    assert "killed at line" in stderr


def test_a_file_may_take_as_long_to_end_as_it_is_given(tmp_path: Path) -> None:
    source = HANDLES.replace('print("saved"', 'time.sleep(1); print("saved"')
    with started(tmp_path, source, "run", "--grace", "60") as process:
        wait_for_line(process, "ready")
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=TIMEOUT_S)[0] == "SIGTERM\nsaved\n"
    assert process.returncode == 7


@pytest.mark.parametrize("number", ASKING)
def test_what_is_sent_to_the_whole_group_reaches_the_file_once(tmp_path: Path, number: signal.Signals) -> None:
    source = HANDLES.replace("sys.exit(7)", "")
    with started(tmp_path, source) as process:
        wait_for_line(process, "ready")
        os.killpg(process.pid, number)
        wait_for_line(process, number.name)
        wait_for_line(process, "saved")
        process.send_signal(signal.SIGUSR1)
        wait_for_line(process, "SIGUSR1")  # orders are obeyed in turn: what came twice would have come by now


def test_timeout_sends_a_signal_twice_and_the_file_can_clean_up_all_the_same(tmp_path: Path) -> None:
    with started(tmp_path, HANDLES) as process:
        wait_for_line(process, "ready")
        process.send_signal(signal.SIGINT)
        os.killpg(process.pid, signal.SIGINT)
        stdout, _ = process.communicate(timeout=TIMEOUT_S)
    assert "saved\n" in stdout
    assert process.returncode == 7


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_ahead_of_the_file_ends_it_before_its_first_line(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    # The snippet's interpreter waits while it starts, until the test lets it go on.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys, time\n"
        "if any(argument.endswith('child.py') for argument in sys.orig_argv):\n"
        f"    open({str(tmp_path / 'starting')!r}, 'w').close()\n"
        f"    while not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.01)\n"
    )
    path = f"{tmp_path}{os.pathsep}{environment()['PYTHONPATH']}"
    with started(tmp_path, WAITS, PYTHONPATH=path) as process:
        wait_for((tmp_path / "starting").exists)
        process.send_signal(number)
        (tmp_path / "go").touch()
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code
    assert "Traceback" not in stderr or stdout == "ready\n"


def test_a_benchmark_gets_signals_too(tmp_path: Path) -> None:
    source = HANDLES.replace("while True:\n    time.sleep(0.01)\n", "time.sleep(0.01)\n")
    with started(tmp_path, source, "bench", "--lines", "11", "--max-time", "600") as process:
        wait_for_line(process, "ready")
        process.send_signal(signal.SIGTERM)
        stdout, _ = process.communicate(timeout=TIMEOUT_S)
    assert stdout == "SIGTERM\nsaved\n"
    assert process.returncode == 7


#: Runs a command as a shell does, in the foreground of a terminal of its own, and brings it back whenever it stops.
SHELL = """
import fcntl, os, signal, subprocess, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
def lead():
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
child = subprocess.Popen(sys.argv[1:], preexec_fn=lead)
while True:
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        break
    os.tcsetpgrp(0, os.getpgrp())
    print("stopped", flush=True)
    os.tcsetpgrp(0, child.pid)
    os.killpg(child.pid, signal.SIGCONT)
print("ended", os.waitstatus_to_exitcode(status), flush=True)
"""


class Terminal:
    """A terminal whose foreground a run has."""

    def __init__(self, path: Path) -> None:
        self._own, its = pty.openpty()
        mode = termios.tcgetattr(its)
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(its, termios.TCSANOW, mode)
        command = [sys.executable, "-c", SHELL, *COMMAND, "run", str(path), "--no-history"]
        self._process = subprocess.Popen(command, env=environment(), stdin=its, stdout=its, stderr=its)
        os.close(its)
        self.shown = ""

    def press(self, key: bytes) -> None:
        os.write(self._own, key)

    def wait_for(self, text: str) -> None:
        """Wait until something is shown behind what was waited for before."""
        while text not in self.shown:
            self.shown += os.read(self._own, 4096).decode()
        self.shown = self.shown.partition(text)[2]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._own)


@contextmanager
def terminal(folder: Path, source: str) -> Iterator[Terminal]:
    path = folder / "snippet.py"
    path.write_text(source, "utf-8")
    opened = Terminal(path)
    try:
        yield opened
    finally:
        opened.close()


def test_ctrl_c_in_a_terminal_is_one_keyboard_interrupt(tmp_path: Path) -> None:
    source = dedent(r"""
        import os, time
        count = 0
        try:
            os.write(1, b"ready\n")
            time.sleep(600)
        except KeyboardInterrupt:
            count += 1
        try:
            time.sleep(0.5)
        except KeyboardInterrupt:
            count += 1
        print("interrupts:", count)
        """)
    with terminal(tmp_path, source) as opened:
        opened.wait_for("ready")
        opened.press(b"\x03")
        opened.wait_for("interrupts: 1\r\n")
        opened.wait_for("ended 0")


def test_a_file_is_stopped_and_goes_on_as_any_command_of_a_shell(tmp_path: Path) -> None:
    source = dedent(r"""
        import os, signal, time
        came = []
        signal.signal(signal.SIGCONT, lambda *_: came.append(1))
        os.write(1, b"ready\n")
        while not came:
            time.sleep(0.01)
        print("went on")
        """)
    with terminal(tmp_path, source) as opened:
        opened.wait_for("ready")
        opened.press(b"\x1a")
        opened.wait_for("stopped")
        opened.wait_for("went on")
        opened.wait_for("ended 0")


def test_ctrl_backslash_is_the_file_s_to_handle(tmp_path: Path) -> None:
    with terminal(tmp_path, HANDLES) as opened:
        opened.wait_for("ready")
        opened.press(b"\x1c")
        opened.wait_for("SIGQUIT\r\nsaved")
        opened.wait_for("ended 7")
