"""Whatever ends a snippet, and whoever else writes: what was printed arrives, in order."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent, indent

import pytest

from gpuplayground.model.events import OutputAppended
from gpuplayground.model.results import RunState
from gpuplayground.runs.session import Session
from tests.support.snippets import Played, Playground

LINES = "".join(f"line {number}\n" for number in range(3000))
PRINTED = "for number in range(3000): print('line', number)"


@pytest.fixture(autouse=True)
def buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own default, whatever the tests themselves run under."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


def in_order(played: Played) -> str:
    """Everything that was written, in the order in which it came."""
    chunks = (chunk for event in played.events if isinstance(event, OutputAppended) for chunk in event.chunks)
    return b"".join(chunk.data for chunk in chunks).decode()


@pytest.mark.parametrize(
    "end",
    [
        "import ctypes; ctypes.string_at(0)",
        "import os; os._exit(3)",
        "import os; os.abort()",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os, sys; os.execv(sys.executable, [sys.executable, '-c', ''])",
        "import os; os.closerange(3, 4096); os._exit(0)",
        "raise SystemExit(2)",
    ],
    ids=["segfault", "exit at once", "abort", "kill", "exec", "closed", "exit"],
)
def test_no_line_is_lost_however_a_snippet_ends(playground: Playground, end: str) -> None:
    source = f"def work():\n    {PRINTED}\n{indent(end, '    ')}\nwork()"
    assert playground.play(source, batch_limit_bytes=None).output() == LINES


def test_text_without_a_line_end_survives_a_crash_in_a_later_statement(playground: Playground) -> None:
    assert playground.play("print('half a line', end='')\nimport os\nos.abort()").output() == "half a line"


def test_children_c_and_plain_writes_come_where_they_belong(playground: Playground) -> None:
    source = dedent("""
        import ctypes, os, subprocess
        libc = ctypes.CDLL(None)
        def work():
            for turn in range(20):
                for number in range(100): print(turn, number)
                subprocess.run(["echo", "child", str(turn)])
                os.write(1, b"plain %d\\n" % turn)
                libc.printf(b"C %d\\n", turn)
        work()
        """)
    expected = "".join(
        "".join(f"{turn} {number}\n" for number in range(100)) + f"child {turn}\nplain {turn}\nC {turn}\n"
        for turn in range(20)
    )
    assert playground.play(source).output() == expected


def test_a_traceback_comes_after_all_that_was_printed(playground: Playground) -> None:
    source = dedent(f"""
        import ctypes, subprocess
        def work():
            {PRINTED}
            subprocess.run(["echo", "child"])
            ctypes.CDLL(None).printf(b"<C>")
            print("<Python>", end="")
            raise ValueError("at last")
        work()
        """)
    text = in_order(playground.play(source, batch_limit_bytes=None))
    printed, traceback, rest = text.partition("Traceback (most recent call last):")
    assert printed.startswith(LINES + "child\n")
    assert printed.removeprefix(LINES + "child\n") in ("<Python><C>", "<C><Python>")
    assert traceback
    assert rest.endswith("ValueError: at last\n")


def test_a_stop_amid_a_flood_leaves_every_line_whole_and_once(playground: Playground) -> None:
    source = dedent("""
        import sys
        number = 0
        try:
            while True:
                sys.stdout.write(f"line {number}\\n")
                number += 1
        except KeyboardInterrupt:
            sys.stdout.write(f"stopped at {number}\\n")
        """)
    played = playground.play(source, when="line 5000", then=Session.interrupt, batch_limit_bytes=None)
    *lines, last = played.output().splitlines()
    stopped_at = int(last.removeprefix("stopped at "))
    # The interrupt comes after a line was written, or before it was counted.
    assert lines in ([f"line {n}" for n in range(stopped_at)], [f"line {n}" for n in range(stopped_at + 1)])


def test_half_a_line_is_written_at_once_where_python_is_told_so(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    source = (
        "import ctypes, os\ndef work():\n  print('half', end='')\n  ctypes.CDLL(None).printf(b' of C')\n  os._exit(0)"
    )
    assert playground.play(f"{source}\nwork()").output() == "half of C"


def test_what_has_no_encoding_fails_as_in_python(playground: Playground) -> None:
    source = "print('before')\nprint('\\ud800')\n"
    plain = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    played = playground.play(source)
    assert played.output() == plain.stdout
    assert played.stderr.splitlines()[-1] == plain.stderr.splitlines()[-1]
    assert (played.result.state, played.result.exit_code) == (RunState.FAILED, plain.returncode)


def test_an_error_message_without_an_encoding_is_escaped(playground: Playground) -> None:
    assert playground.play("raise ValueError('\\ud800')").stderr.endswith("ValueError: \\ud800\n")
