"""However a snippet ends: the session lives, says what happened in one line, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from gpuplayground.model.results import RunState
from gpuplayground.runs.session import Session
from tests.support.snippets import Played, Playground


def assert_one_line(played: Played) -> None:
    assert played.result.summary
    assert "\n" not in played.result.summary


def test_a_snippet_that_ends_well_says_so(playground: Playground) -> None:
    played = playground.play("print('hi')")
    assert played.result.state is RunState.FINISHED
    assert played.result.exit_code == 0
    assert played.result.summary.startswith("exit 0 · ")
    assert played.result.start_ns <= played.result.end_ns
    assert played.states == [RunState.STARTING, RunState.RUNNING, RunState.FINISHED]
    assert played.result.environment["python"].startswith("3.")
    assert {"executable", "platform"} <= played.result.environment.keys()


@pytest.mark.skipif(sys.platform == "win32", reason="there the process itself is asked")
def test_without_a_look_at_zombies_runs_end_all_the_same(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("waitid", "pidfd_open"):  # as on macOS
        monkeypatch.delattr(os, name, raising=False)
    assert playground.play("raise SystemExit(3)").result.exit_code == 3
    crashed = playground.play("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)").result
    assert crashed.signal_name == "SIGSEGV"
    killed = playground.play("import time; print('on', flush=True); time.sleep(60)", when="on", then=Session.kill)
    assert killed.result.state is RunState.STOPPED


@pytest.mark.parametrize("source", ["", "# nothing", "'''only text'''"])
def test_an_empty_snippet_ends_well(playground: Playground, source: str) -> None:
    played = playground.play(source)
    assert played.result.state is RunState.FINISHED
    assert played.result.timings == ()


def test_a_syntax_error_is_shown_as_python_shows_it(playground: Playground) -> None:
    played = playground.play("x = 1\nprint('x'\ny = 2\n", name="broken.py")
    assert played.result.state is RunState.FAILED
    assert played.result.summary.startswith("SyntaxError: '(' was never closed (line 2)")
    assert played.stderr.startswith("  File \"broken.py\", line 2\n    print('x'\n         ^\n")
    assert played.errors[0].error.line == 2
    assert played.output() == ""
    assert played.result.exit_code == 1


@pytest.mark.parametrize(
    "source", ["x = '\\0'.encode()\n\0", "x = 1\nreturn 2", "nonlocal x", "x = 1\nglobal x", "\ud800"]
)
def test_what_does_not_compile_fails_without_running_anything(playground: Playground, source: str) -> None:
    played = playground.play("print('never')\n" + source)
    assert played.result.state is RunState.FAILED
    assert played.output() == ""
    assert_one_line(played)


def test_an_exception_shows_the_snippet_s_frames_alone(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import json
        def load(text):
            return json.loads(text)
        load("{")
        """),
        name="mine.py",
    )
    assert played.result.state is RunState.FAILED
    assert played.result.summary.startswith("json.decoder.JSONDecodeError: Expecting property name")
    assert "(line 4)" in played.result.summary
    lines = played.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == '  File "mine.py", line 5, in <module>'
    assert "  … 3 frames in json" in lines
    assert "gpuplayground" not in played.stderr
    error = played.errors[0].error
    assert error.line == 4
    assert error.kind == "JSONDecodeError"
    assert "decoder.py" in error.full_traceback
    assert "child.py" not in error.full_traceback
    assert error == played.result.error


def test_chains_notes_and_groups_of_exceptions_are_shown(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import sys
        def f():
            try:
                {}["key"]
            except KeyError as error:
                raise ValueError("two\\nlines") from error
        if sys.version_info >= (3, 11):
            try:
                f()
            except ValueError as error:
                error.add_note("a note")
                raise ExceptionGroup("several", [error, TypeError("other")])
        f()
        """)
    )
    if "ExceptionGroup" in played.stderr:
        assert "a note" in played.stderr
        assert "TypeError: other" in played.stderr
        assert played.result.summary.startswith("ExceptionGroup: several (2 sub-exceptions)")
    else:
        assert played.result.summary.startswith("ValueError: two …")
    assert "The above exception was the direct cause" in played.stderr
    assert "KeyError: 'key'" in played.stderr
    assert "/runtime/" not in played.stderr


def test_an_exception_in_a_thread_is_shown_and_does_not_end_the_snippet(playground: Playground) -> None:
    played = playground.play(
        "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start(); t.join()\nprint('on')"
    )
    assert "Exception in thread Thread-1" in played.stderr
    assert "ZeroDivisionError" in played.stderr
    assert played.output() == "on\n"
    assert played.result.exit_code == 0


def test_an_exception_that_cannot_be_shown_is_reported_all_the_same(playground: Playground) -> None:
    played = playground.play(
        "class Odd(Exception):\n    def __str__(self): raise RuntimeError('no')\nraise Odd()",
    )
    assert played.result.summary.startswith("Odd")
    assert played.result.exit_code == 1


def test_a_hook_that_fails_is_shown_with_the_error_it_was_for(playground: Playground) -> None:
    played = playground.play("import sys\ndef hook(*a): raise KeyError('hook')\nsys.excepthook = hook\n1 / 0")
    assert "Error in sys.excepthook:" in played.stderr
    assert "ZeroDivisionError" in played.stderr


@pytest.mark.parametrize(
    ("source", "code", "summary"),
    [
        ("import sys; sys.exit(3)", 3, "exit 3 · "),
        ("import sys; sys.exit('no data here')", 1, "exit 1: no data here · "),
        ("import sys; sys.exit()", 0, "exit 0 · "),
        ("import os; os._exit(5)", 5, "exit 5 · "),
    ],
)
def test_an_exit_code_is_named(playground: Playground, source: str, code: int, summary: str) -> None:
    played = playground.play(source)
    assert played.result.exit_code == code
    assert played.result.state is (RunState.FAILED if code else RunState.FINISHED)
    assert played.result.summary.startswith(summary)
    assert played.errors == []


def test_a_segfault_is_named_with_its_line_and_the_times_so_far(playground: Playground) -> None:
    played = playground.play("import ctypes\nx = 1\nctypes.string_at(0)\nprint('never')")
    assert played.result.state is RunState.FAILED
    assert played.result.exit_code is None
    assert played.result.signal_name == "SIGSEGV"
    assert "SIGSEGV (a segmentation fault in native code) at line 3" in played.result.summary
    # The statement that ended the process is there too, with the time that was left for it.
    assert [(timing.line, timing.failed) for timing in played.result.timings] == [(1, False), (2, False), (3, True)]
    assert played.result.timings[-1].wall_ns > 0


def test_a_kill_from_outside_is_named(playground: Playground) -> None:
    def kill(_: Session) -> None:
        os.kill(int(pid_file.read_text()), signal.SIGKILL)

    pid_file = playground.folder / "pid"
    played = playground.play(
        "import os, time\nopen('pid', 'w').write(str(os.getpid()))\nprint('go')\ntime.sleep(60)", when="go", then=kill
    )
    assert played.result.state is RunState.FAILED
    assert played.result.signal_name == "SIGKILL"
    assert played.result.summary.startswith("ended by SIGKILL (from outside")


def test_running_out_of_memory_is_an_error_with_its_line(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))
        parts = []
        while True:
            parts.append(bytearray(1 << 20))
        """).lstrip()
    )
    assert played.result.state is RunState.FAILED
    assert played.result.summary.startswith("MemoryError")
    assert_one_line(played)
    assert played.result.error is not None
    assert played.result.error.line == 5


def test_endless_recursion_is_shown_in_few_lines(playground: Playground) -> None:
    played = playground.play("def f(n):\n    return f(n + 1)\nf(0)")
    assert played.result.summary.startswith("RecursionError")
    assert "Previous line repeated" in played.stderr
    assert len(played.stderr) < 3000


def test_deleting_the_working_directory_harms_nobody(playground: Playground) -> None:
    folder = playground.folder / "gone"
    folder.mkdir()
    played = playground.play(
        "import os, shutil\nshutil.rmtree(os.getcwd())\nprint('still here')", working_directory=str(folder)
    )
    assert played.output() == "still here\n"
    assert played.result.state is RunState.FINISHED
    assert not folder.exists()


def test_closing_every_descriptor_harms_nobody_else(playground: Playground) -> None:
    played = playground.play("import os\nprint('before', flush=True)\nos.closerange(0, 4096)\nx = 1")
    assert played.output() == "before\n"
    assert played.result.state.is_final
    assert_one_line(played)


def test_garbage_on_the_channel_ends_the_snippet_and_says_so(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import os, stat, time
        for descriptor in range(3, 1024):
            try:
                if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                    os.write(descriptor, b"\\xff" * 100)
            except OSError:
                pass
        time.sleep(60)
        """)
    )
    assert played.result.state is RunState.FAILED
    assert "own channel" in played.result.summary
    assert_one_line(played)


@pytest.mark.parametrize(
    ("interpreter", "words"),
    [
        ("/nowhere/bin/python", "There is no Python interpreter at /nowhere/bin/python"),
        ("/etc/hostname", "choose another environment"),
        ("/bin/false", "did not work as a Python interpreter (exit 1"),
        ("/bin/true", "did not work as a Python interpreter (exit 0"),
    ],
)
def test_an_interpreter_that_is_none_is_named_in_a_sentence(
    playground: Playground, interpreter: str, words: str
) -> None:
    played = playground.play("print(1)", interpreter=interpreter)
    assert played.result.state is RunState.NOT_STARTED
    assert words in played.result.summary
    assert played.result.exit_code is None
    assert_one_line(played)
    assert played.output() == ""


def test_an_interpreter_that_is_too_old_is_named_with_its_version(playground: Playground) -> None:
    old = playground.folder / "python-of-old"
    old.write_text("#!/bin/sh\necho 'Python 3.6' >&2\nexit 86\n")
    old.chmod(0o755)
    played = playground.play("print(1)", interpreter=str(old))
    assert "is Python 3.6, but snippets need Python 3.10 or newer" in played.result.summary


def test_a_working_folder_that_does_not_exist_is_named(playground: Playground) -> None:
    played = playground.play("print(1)", working_directory="/nowhere/at/all")
    assert played.result.state is RunState.NOT_STARTED
    assert "/nowhere/at/all does not exist" in played.result.summary


def test_a_script_whose_folder_went_still_runs(playground: Playground) -> None:
    played = playground.play("print(1)", path="/nowhere/at/all/x.py", name="x.py", working_directory=None)
    assert played.output() == "1\n"


def test_frameworks_that_were_imported_are_named_with_their_versions(playground: Playground) -> None:
    (playground.folder / "cupy.py").write_text("__version__ = '99.1'\n")
    played = playground.play("import cupy")
    assert played.result.environment["cupy"] == "99.1"
    assert "torch" not in played.result.environment


def test_leftover_copies_of_a_killed_window_are_removed(playground: Playground) -> None:
    stale = playground.runs_folder / "0123abc"
    stale.mkdir(parents=True)
    (stale / "snippet.py").write_text("")
    playground.warm("x = 1")
    assert not stale.exists()
    assert Path(playground.runs_folder).is_dir()
