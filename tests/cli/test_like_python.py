"""``gpuplayground run FILE`` does what ``python FILE`` does: the same output, errors and exit code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import TIMEOUT_S, environment, gpuplayground

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="links, signals and encodings of POSIX")
#: What differs from one process to the next.
_CHANGING = re.compile(r"0x[0-9a-f]{6,}")

SOURCES = {
    "warnings reach beyond the top": """
        import warnings
        warnings.warn("top", DeprecationWarning)
        for level in (2, 3, 9):
            warnings.warn(f"level {level}", UserWarning, stacklevel=level)
        def f(): warnings.warn("inner", DeprecationWarning, stacklevel=2)
        f()
        """,
    "stacks": """
        import faulthandler, inspect, logging, sys, traceback
        print([(f.function, f.filename, f.lineno) for f in inspect.stack()], sys._getframe().f_back)
        traceback.print_stack()
        faulthandler.dump_traceback(all_threads=False)
        logging.basicConfig()
        logging.warning("here", stack_info=True)
        class A:
            def method(self):
                traceback.print_stack()
                print(len(traceback.extract_stack()), logging.getLogger().findCaller(True)[1:3])
        if __name__ == "__main__":
            A().method()
        """,
    "a crash": """
        import faulthandler, os, signal, sys
        faulthandler.enable(all_threads=False)
        print("before", flush=True)
        def f(): os.kill(os.getpid(), signal.SIGABRT)
        f()
        """,
    "a trace of everything": """
        import sys
        def trace(frame, event, arg):
            print(event, frame.f_code.co_filename, frame.f_code.co_name, frame.f_lineno, file=sys.stderr)
            return trace
        sys.settrace(trace)
        sys._getframe().f_trace = trace
        def f(x): return (
            x +
            1)
        x = [f(1),
             f(2)]
        if x:
            f(3)
        sys.settrace(None)
        """,
    "no recursion is too deep": "import sys; sys.setrecursionlimit(100_000)\ndef f(n): return f(n + 1)\nf(0)",
    "the usual recursion": "def f(n): return f(n + 1)\nf(0)",
    "a chain of errors": """
        def f(): raise ValueError("first")
        try:
            f()
        except ValueError as error:
            try:
                raise KeyError("second") from error
            finally:
                raise TypeError("third")
        """,
    "another name ahead of the guard": """
        __name__ = "other"
        if __name__ == "__main__":
            print("guarded")
        print("after")
        """,
    "a text opens the guard": """
        if __name__ == "__main__":
            "no docstring"
            print(__doc__)
        """,
    "the future": '''
        """docstring"""
        from __future__ import annotations
        from __future__ import generator_stop
        x: Unknown = 1
        print(__annotations__, __doc__, annotations)
        ''',
    "an excepthook sees no frames": """
        import inspect, sys
        def hook(*error): print([f.function for f in inspect.stack()], error[1])
        sys.excepthook = hook
        1 / 0
        """,
    "exit handlers see no frames": """
        import atexit, sys
        atexit.register(lambda: print(sys._getframe().f_back, hasattr(sys, "last_value")))
        """,
    "an exit in a hook": "import sys\nsys.excepthook = lambda *_: sys.exit(7)\n1 / 0",
    "a null byte": "print(1)\0\n",
    "an unknown encoding": "# coding: nonsense\nprint(1)\n",
    "an encoding of no text": "# -*- coding: rot13 -*-\ncevag(1)\n",
    "an encoding that ASCII is none of": "# coding: utf-16\nprint(1)\n",
    "two encodings": "\ufeff# coding: latin-1\nprint(1)\n",
}
BYTES = {
    "not UTF-8": b"x = 1\nprint('\xe9')\n",
    "not the declared encoding": b"# coding: ascii\nprint('\xe9')\n",
    "UTF-16": "print(1)".encode("utf-16"),
}


def assert_same(file: Path, stdin: str = "", **changes: str) -> str:
    """Run a file both ways, compare, and return what Python has printed."""
    env = environment(**changes)
    expected = subprocess.run(
        [sys.executable, str(file)],
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    done = gpuplayground("run", file, "--no-history", env=env, stdin=stdin)
    assert _CHANGING.sub("0x", done.stdout) == _CHANGING.sub("0x", expected.stdout)
    code = expected.returncode
    assert done.returncode == (code if code >= 0 else 128 - code)
    wanted = _CHANGING.sub("0x", expected.stderr)
    assert _CHANGING.sub("0x", done.stderr)[: len(wanted)] == wanted
    assert "gpuplayground/runtime" not in done.stdout + done.stderr
    return expected.stdout


@posix_only
@pytest.mark.parametrize("name", SOURCES)
def test_a_file_does_what_python_does(tmp_path: Path, name: str) -> None:
    file = tmp_path / "file.py"
    lines = SOURCES[name].strip("\n").split("\n")
    file.write_text("\n".join(line.removeprefix("        ") for line in lines), "utf-8")
    assert_same(file)


def test_what_follows_a_guard_that_is_false_is_timed(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text("__name__ = 'other'\nif __name__ == '__main__':\n    a = 1\n    b = 2\nc = 3\nd = 4\n")
    done = gpuplayground("run", file, "--no-history")
    assert re.findall(r"^ +(\d+)  (\S+) =", done.stderr, re.MULTILINE) == [("1", "__name__"), ("5", "c"), ("6", "d")]


@posix_only
@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_text_are_pythons_own_error(tmp_path: Path, name: str) -> None:
    file = tmp_path / "file.py"
    file.write_bytes(BYTES[name])
    assert_same(file)


@posix_only
@pytest.mark.skipif(sys.version_info < (3, 11), reason="frames cannot be hidden from a debugger there")
@pytest.mark.parametrize(
    "commands",
    ["n n w c", "s s s s w u d s c", "n n n n", "r", "until 7 w n n c", "n n n n n c", "b 7 c c", "c"],
)
@pytest.mark.parametrize(
    "rest",
    [
        "y = 6\nprint(y)\n",
        "for i in range(2):\n    y = (\n      i,\n     x)\nif __name__ == '__main__':\n    print(y)\nprint(x)\n",
        "def f(n):\n    return n\nf(3)\nimport json\n1 / 0\nprint(3)\n",
    ],
)
def test_a_debugger_stays_in_the_file(tmp_path: Path, rest: str, commands: str) -> None:
    file = tmp_path / "file.py"
    # Ended by quitting the process, so that no traceback through the debugger follows.
    file.write_text("x = 5\nbreakpoint()\n" + rest)
    # The debugger of Python 3.13 imports this for completion, and then steps into the exit handler that it registers.
    (tmp_path / "rlcompleter.py").write_text("class Completer: complete = None\n")
    typed = "\n".join(re.sub(r"(until|b) (\d)", r"\1_\2", commands).split()).replace("_", " ")
    assert "(Pdb)" in assert_same(file, f"{typed}\nimport os\nos._exit(3)\n")


@posix_only
@pytest.mark.parametrize("source", ["print(1)", "import sys; sys.exit(3)", "1 / 0"])
def test_pythoninspect_shows_what_python_shows(tmp_path: Path, source: str) -> None:
    file = tmp_path / "file.py"
    file.write_text(source)
    assert_same(file, PYTHONINSPECT="1")


@posix_only
def test_a_linked_script_finds_the_modules_beside_the_real_file(tmp_path: Path) -> None:
    real, linked = tmp_path / "real", tmp_path / "linked"
    real.mkdir()
    linked.mkdir()
    (real / "sibling.py").write_text("VALUE = 42\n")
    (real / "main.py").write_text("import sibling, sys\nprint(sibling.VALUE, sys.path[0], sys.argv, __file__)\n")
    (linked / "main.py").symlink_to("../real/main.py")
    (tmp_path / "folder").symlink_to("real")
    assert assert_same(linked / "main.py").startswith("42 ")
    assert assert_same(tmp_path / "folder" / "main.py").startswith("42 ")
