"""A snippet may close any descriptor, use any number, and read its input by any way there is."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from gpuplayground.child import stdin_readers
from gpuplayground.model import run_summary
from gpuplayground.model.results import RunState
from gpuplayground.runs import execution
from gpuplayground.runs.session import Session
from tests.support.snippets import Playground

#: The loss of the channel is noticed before this line is printed: the snippet is let go on after that.
WAIT = "print('closed', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)"
CLOSINGS = {
    "a range": "os.closerange(3, 1 << 20)",
    "one by one": "for number in range(3, 1024):\n    try: os.close(number)\n    except OSError: pass",
}


@pytest.mark.parametrize("closing", CLOSINGS.values(), ids=CLOSINGS)
def test_a_snippet_that_closes_all_descriptors_goes_on(
    playground: Playground, closing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "_WITHOUT_CHANNEL_S", 0.0)
    played = playground.play(
        f"import os, sys, time\n{closing}\n{WAIT}\nprint('still here')\nprint('error', file=sys.stderr)\nsys.exit(7)",
        when="closed",
        then=lambda _: (playground.folder / "go").touch(),
    )
    assert (played.output(), played.stderr) == ("closed\nstill here\n", "error\n")
    assert (played.result.state, played.result.exit_code) == (RunState.FAILED, 7)
    assert run_summary.CHANNEL_LOST in played.result.notes
    assert played.lines()[-1] == played.result.timings[-1].line, "statements are timed all the same"


def test_numbers_that_were_ours_are_left_alone_once_they_are_the_snippets(playground: Playground) -> None:
    source = dedent("""
        import os, subprocess, sys
        os.closerange(3, 4096)
        path = "mine"
        first = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        numbers = [os.dup(first) for _ in range(300)]
        pid = os.fork()
        if pid == 0:
            os._exit(0 if all(os.fstat(number) for number in numbers) else 1)
        print(os.waitpid(pid, 0)[1], flush=True)
        print(subprocess.run([sys.executable, "-c", "print('child')"], capture_output=True, text=True).stdout, end="")
        os.write(first, b"mine")
        input_is_asked_for = sys.stdin.readline()
        """)
    played = playground.play(source, answers=["x"])
    assert played.output() == "0\nchild\n"
    assert played.result.state is RunState.FINISHED, played.stderr
    assert (playground.folder / "mine").read_bytes() == b"mine"


def test_a_snippet_gets_the_numbers_that_it_gets_in_python(playground: Playground) -> None:
    assert playground.play("import os\nprint([os.open(os.devnull, os.O_RDONLY) for _ in range(3)])").output() == (
        "[3, 4, 5]\n"
    )


def test_a_snippet_without_standard_streams_goes_on(playground: Playground) -> None:
    source = "import os, sys\nos.closerange(0, 4096)\nopen('ran', 'w').close()\nos._exit(5)"
    assert playground.play(source).result.exit_code == 5
    assert (playground.folder / "ran").exists()


def test_a_snippet_that_becomes_another_program_goes_on(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "_WITHOUT_CHANNEL_S", 0.0)
    program = f"import os, time\n{WAIT}\nprint(1)"
    played = playground.play(
        f"import os, sys\nos.execv(sys.executable, [sys.executable, '-c', {program!r}])",
        when="closed",
        then=lambda _: (playground.folder / "go").touch(),
    )
    assert played.output() == "closed\n1\n"
    assert played.result.state is RunState.FINISHED
    assert run_summary.CHANNEL_LOST in played.result.notes


def test_a_snippet_that_closed_all_descriptors_can_be_stopped(playground: Playground) -> None:
    played = playground.play(
        "import os, time\nos.closerange(3, 4096)\nprint('go')\nwhile True: time.sleep(0.01)",
        when="go",
        then=Session.interrupt,
    )
    assert played.result.state is RunState.STOPPED
    assert played.stderr.endswith("KeyboardInterrupt\n")


def can_see_who_waits() -> bool:
    """Whether the system lets a process look at what its own child waits for, which hardened ones refuse."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        try:
            return bool(Path(f"/proc/{child.pid}/syscall").read_text())
        except OSError:
            return False
        finally:
            child.kill()


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for who waits for input more often than for a user's snippet."""
    monkeypatch.setattr(stdin_readers, "_INTERVAL_S", 0.02)


needs_to_see_who_waits = pytest.mark.skipif(not can_see_who_waits(), reason="the system does not tell who waits")

READERS = {
    "a read of the descriptor": "os.read(0, 100)",
    "another file object": "open(0, 'rb', closefd=False).readline()",
    "the buffer": "sys.stdin.buffer.readline()",
    "the raw end": "sys.stdin.buffer.raw.read(100)",
    "a child": "subprocess.run(['head', '-n1'], stdout=subprocess.PIPE).stdout",
    "a shell": "subprocess.check_output('read line; echo $line', shell=True)",
    "a forked child": "forked(lambda: os.read(0, 100))",
}


@needs_to_see_who_waits
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_whoever_reads_descriptor_0_is_asked_for_and_given_what_is_typed(playground: Playground, reader: str) -> None:
    source = dedent("""
        import os, subprocess, sys
        def forked(function):
            reading, writing = os.pipe()
            if not os.fork():
                os.write(writing, function())
                os._exit(0)
            return os.read(reading, 100)
        """)
    played = playground.play(f"{source}\nprint({reader})\nprint(input())", answers=["été", "the next"])
    typed = "été\n".encode()
    assert played.output() == f"{typed!r}\nthe next\n"


@needs_to_see_who_waits
def test_a_child_reads_to_the_end_of_input(playground: Playground) -> None:
    played = playground.play(
        "import subprocess\nsubprocess.run(['cat'])\ntry: input()\nexcept EOFError: print('no more')",
        answers=["one", "two", None],
    )
    assert played.output() == "one\ntwo\nno more\n"


def test_the_whole_input_can_be_read_at_once(playground: Playground) -> None:
    played = playground.play("import sys\nprint(repr(sys.stdin.read()))", answers=["one", "two", None])
    assert played.output() == "'one\\ntwo\\n'\n"


def test_more_than_a_pipe_holds_can_be_typed_at_once(playground: Playground) -> None:
    played = playground.play("print(len(input()))\nprint(len(input()))", answers=["x" * 300_000, "y"])
    assert played.output() == "300000\n1\n"


@needs_to_see_who_waits
def test_a_stop_ends_the_wait_for_input_of_a_child(playground: Playground) -> None:
    played = playground.play(
        "import subprocess\nsubprocess.run(['cat'])",
        when=RunState.WAITING_FOR_INPUT,
        then=Session.interrupt,
    )
    assert played.result.state is RunState.STOPPED
