"""Text from outside on a terminal: every character can be seen, and none of them acts."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest

from gpuplayground.printable import visible, visible_line
from tests.support.command_line import environment, gpuplayground
from tests.support.fakes import no_nvml_env

EVIL = "\x1b]0;title\x07\x1b[2J\r\x9b31m\u202e\u2066\u200b\u2028\ud800"
SHOWN = r"\x1b]0;title\x07\x1b[2J\r\x9b31m\u202e\u2066\u200b\u2028\ud800"


def test_what_cannot_be_seen_is_written_as_python_writes_it() -> None:
    assert visible(EVIL) == SHOWN
    assert visible("a\tb\nc") == "a\tb\nc"
    assert visible_line("a\tb\nc") == r"a\tb\nc"


def test_every_character_that_acts_is_found_and_no_other() -> None:
    joiners = {"\u200c", "\u200d"}
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        acts = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        acts |= unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        if acts and character not in "\n\t":
            assert visible(character) != character, hex(number)
        elif unicodedata.category(character) not in ("Cf", "Cn", "Co") or character in joiners:
            assert visible(character) == character, hex(number)


def test_names_of_other_languages_and_signs_stay() -> None:
    name = "Größe 数 नमस्ते می‌خواهم 👩‍💻 e\u0301 ± µs …"
    assert visible(name) == name


@pytest.mark.skipif(sys.platform == "win32", reason="such names are POSIX's")
def test_nothing_of_a_snippet_but_its_own_output_acts_on_the_terminal(tmp_path: Path) -> None:
    name = "a\x1b[31m\r\n\u202eb.py"
    (tmp_path / name).write_text(
        "print('own \\x1b[1m output')\n"
        "x = '\x1b[41m'\n"
        "# %% \x1b[42m title\n"
        "if x: raise SystemExit('\\x1b[43m \\u202e')\n",
        "utf-8",
    )
    env = environment(**no_nvml_env(), XDG_DATA_HOME=str(tmp_path / "data"))
    for arguments in (
        ["run", name],
        ["run", f"{name}x"],
        ["run", name, "--json", f"no\x1b[31m/{name}"],
        ["run", name, "--python", "no\x1b[31m"],
        ["run", name, "--device", "\x1b[31m"],
        ["bench", name, "--cell", "1", "--max-time", "0.1"],
        ["bench", name, "--cell", "\x1b[31m"],
        ["bench", name, "--lines", "1\x1b[31m"],
        ["bench", name, "--lines", "2", "--sweep", "\x1b[31m = 1"],
        ["export", name, "out.csv"],
        ["record", f"no\x1b[31m/{name}"],
        ["doctor", "--python", "no\x1b[31m"],
        [f"{name}x"],
    ):
        done = gpuplayground(*arguments, env=env, cwd=tmp_path)
        own = [line for line in done.stderr.splitlines() if line == "\x1b[43m \u202e"]  # by sys.exit, as Python does
        left = done.stderr
        for line in own:
            left = left.replace(f"{line}\n", "", 1)
        assert left, arguments
        assert "\x1b" not in left, arguments
        assert "\u202e" not in left, arguments
        assert "\r" not in left, arguments
        assert done.stdout in ("", "own \x1b[1m output\n"), arguments


def test_a_terminal_gets_our_own_styles_only(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    (tmp_path / "a.py").write_text("x = '\x1b[41m'\n", "utf-8")
    output = b""
    process, master = pty.fork()
    if not process:
        os.chdir(tmp_path)
        arguments = [sys.executable, "-m", "gpuplayground", "run", "a.py", "--no-history"]
        os.execve(sys.executable, arguments, environment(**no_nvml_env()))
    try:
        while data := os.read(master, 4096):
            output += data
    except OSError:  # the terminal is gone with its last process
        pass
    os.waitpid(process, 0)
    os.close(master)
    assert b"\x1b[1m" in output
    assert b"\x1b[41m" not in output
    assert rb"x = '\x1b[41m'" in output
