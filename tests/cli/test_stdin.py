"""Standard input of a snippet that is run from the command line: the command's own, untouched."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.command_line import COMMAND, TIMEOUT_S, environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors and terminals are POSIX's")

RUN = (*COMMAND, "run", "--no-history")
#: No line end, no text, and a line end of another system.
BYTES = b"one\r\n\xff\xfe\x80\0two"

READERS = {
    "the buffer": "import sys; data = sys.stdin.buffer.read()",
    "the text": "import sys; data = sys.stdin.buffer.readline() + sys.stdin.buffer.read()",
    "another file object": "data = open(0, 'rb').read()",
    "the descriptor": "import os; data = b''.join(iter(lambda: os.read(0, 2), b''))",
    "a child": "import subprocess; data = subprocess.run(['cat'], stdout=subprocess.PIPE).stdout",
}


def outcome(command: Sequence[str], folder: Path, stdin: bytes) -> tuple[int, bytes]:
    """Return exit code and output of a command line that is given some input."""
    done = subprocess.run(
        command, env=environment(), cwd=folder, input=stdin, capture_output=True, timeout=TIMEOUT_S, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_every_byte_of_input_arrives_as_it_is(tmp_path: Path, reader: str) -> None:
    (tmp_path / "reads.py").write_text(f"{reader}\nprint(data)\n")
    assert outcome([*RUN, "reads.py"], tmp_path, BYTES) == (0, f"{BYTES!r}\n".encode())


@pytest.mark.parametrize(
    "source",
    [
        "print(input())\nprint(input())\ninput()",
        "import sys\nprint(ascii(sys.stdin.read()))",
        "import sys\nprint(sys.stdin.encoding, sys.stdin.errors, sys.stdin.name, sys.stdin.mode, sys.stdin.fileno())",
        "import os, sys\nprint(next(sys.stdin), end='', flush=True)\nos.system('wc -c')",
    ],
    ids=["input", "text", "facts", "read ahead"],
)
def test_input_is_what_it_is_in_python(tmp_path: Path, source: str) -> None:
    (tmp_path / "reads.py").write_text(source)
    stdin = "erste\nzweite ü\nletzte".encode()
    plain = outcome([sys.executable, "reads.py"], tmp_path, stdin)
    assert outcome([*RUN, "reads.py"], tmp_path, stdin)[1] == plain[1]


def test_what_a_snippet_leaves_of_a_file_is_there_for_the_next_command(tmp_path: Path) -> None:
    (tmp_path / "reads.py").write_text("import os\nprint(os.read(0, 4))\n")
    (tmp_path / "input").write_bytes(b"one\ntwo\n")
    command = f"{{ {' '.join(RUN)} reads.py; cat; }} < input"
    assert outcome(["sh", "-c", command], tmp_path, b"") == (0, b"b'one\\n'\ntwo\n")


def test_bench_gives_its_input_too(tmp_path: Path) -> None:
    (tmp_path / "reads.py").write_text("import sys\nprint(sys.stdin.buffer.read())\nsum(range(100))\n")
    command = [*COMMAND, "bench", "--no-history", "reads.py", "--lines", "3", "--max-time", "1"]
    assert outcome(command, tmp_path, BYTES) == (0, f"{BYTES!r}\n".encode())


def test_a_terminal_is_read_as_it_is(tmp_path: Path) -> None:
    import pty

    (tmp_path / "reads.py").write_text(
        "import os, sys\nprint(sys.stdin.isatty(), os.isatty(0), flush=True)\n"
        "print([input(), os.read(0, 100), sys.stdin.read()])\n"
    )
    # The command leads a session whose terminal this is, in the foreground, as under a shell.
    login = (
        "import fcntl, os, sys, termios\n"
        "os.setsid()\n"
        "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    leader, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", login, *RUN, "reads.py"],
        env=environment(),
        cwd=tmp_path,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    os.close(terminal)
    watchdog = threading.Timer(TIMEOUT_S, process.kill)
    watchdog.start()
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True True\n"
        for line in (b"one\n", b"two\n", b"three\n", b"\x04"):
            os.write(leader, line)
        assert process.stdout.read() == b"['one', b'two\\n', 'three\\n']\n"
    watchdog.cancel()
    os.close(leader)
    assert process.returncode == 0
