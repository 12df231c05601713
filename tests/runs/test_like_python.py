"""Inside a snippet everything works as in ``python file.py``: each of these is run both ways and must not differ."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.snippets import INTERPRETER, Playground

SNIPPETS = {
    "main": """
        import __main__, sys
        print(__name__, __file__, __main__.__file__ == __file__, sys.modules["__main__"] is __main__, __spec__)
        print(__package__, __cached__, sorted(k for k in globals() if k.startswith("__")))
        """,
    "docstring": '''
        """What it is."""
        "not the docstring"
        x = 1
        """nor this"""
        print(__doc__)
        ''',
    "getsource": """
        import inspect
        def twice(x):
            # a comment
            return 2 * x
        class Thing:
            def method(self):
                return 1
        print(inspect.getsource(twice), inspect.getsource(Thing))
        print(inspect.getsourcefile(twice), inspect.getmodule(Thing))
        """,
    "decorators that read their source": """
        import inspect
        def shown(function):
            print(inspect.getsource(function))
            return function
        @shown
        def f(): return 1
        @shown
        @shown
        def g():
            return 2
        print(f() + g(), f.__code__.co_firstlineno, g.__code__.co_firstlineno)
        """,
    "pickle": """
        import pickle
        class Point:
            def __init__(self, x): self.x = x
        def f(): return 5
        print(pickle.loads(pickle.dumps(Point(3))).x, pickle.loads(pickle.dumps(f))(), Point.__module__)
        """,
    "spawn": """
        import multiprocessing as mp
        def square(x): return x * x
        if __name__ == "__main__":
            with mp.get_context("spawn").Pool(2) as pool:
                print(pool.map(square, range(4)))
        """,
    "forkserver": """
        import multiprocessing as mp
        def square(x): return x * x
        if __name__ == "__main__":
            with mp.get_context("forkserver").Pool(2) as pool:
                print(pool.map(square, range(4)))
        """,
    "fork": """
        import multiprocessing as mp
        def square(x):
            print("in child", x, flush=True)
            return x * x
        with mp.get_context("fork").Pool(1) as pool:
            print(pool.map(square, range(4)))
        """,
    "process pool": """
        from concurrent.futures import ProcessPoolExecutor
        def cube(x): return x ** 3
        if __name__ == "__main__":
            with ProcessPoolExecutor(2) as pool:
                print(list(pool.map(cube, range(4))))
        """,
    "os.fork in the middle": """
        import os, sys
        pid = os.fork()
        if pid == 0:
            print("child", flush=True)
        else:
            os.waitpid(pid, 0)
            print("parent", flush=True)
        sys.exit(0 if pid else 3)
        """,
    "os.fork with an error in the child": """
        import os
        pid = os.fork()
        if pid == 0:
            raise ValueError("only in the child")
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """,
    "threads": """
        import threading
        print(threading.active_count(), threading.current_thread() is threading.main_thread())
        results = []
        threads = [threading.Thread(target=results.append, args=(i,)) for i in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(sorted(results))
        """,
    "threads that outlive the last line": """
        import threading, time
        def late():
            time.sleep(0.2)
            print("late")
        threading.Thread(target=late).start()
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        print("last line")
        """,
    "asyncio.run": """
        import asyncio
        async def main():
            await asyncio.sleep(0.01)
            return 7
        print(asyncio.run(main()))
        """,
    "annotations stay text": """
        from __future__ import annotations
        import dataclasses
        x: Unknown = 1
        def f(a: Nowhere) -> Other: pass
        @dataclasses.dataclass
        class Point:
            x: Missing = 3
        print(f.__annotations__, Point(), __annotations__)
        """,
    "annotations": """
        x: int = 1
        y: "str"
        print(__annotations__)
        """,
    "arguments": "import sys; print(sys.argv, len(sys.argv))",
    "path": """
        import sys, os
        print(sys.path[0], os.getcwd(), [p for p in sys.path if "gpuplayground" in p and "runtime" in p])
        """,
    "names of our modules are free": """
        for name in ("statements", "channel", "wire", "streams", "tracebacks", "warmup", "cuda", "child", "main"):
            try:
                __import__(name)
            except ModuleNotFoundError:
                continue
            print("found", name)
        print("done")
        """,
    "a module beside it": "import helper; print(helper.VALUE, helper.__file__)",
    "a module that hides one of the standard library": "import linecache; print(linecache.VALUE)",
    "atexit": """
        import atexit
        atexit.register(print, "first registered")
        atexit.register(print, "last registered")
        print("body")
        """,
    "atexit after an error": """
        import atexit
        atexit.register(print, "still run")
        raise SystemExit(4)
        """,
    "global and del": """
        def count():
            global n
            n += 1
        n = 1; count(); count()
        print(n)
        del n
        print("n" in globals())
        """,
    "guarded body": """
        def main(): print("main")
        if __name__ == "__main__":
            main()
            print("after")
        """,
    "guarded body with else": """
        if __name__ == "__main__":
            print("main")
        else:
            print("imported")
        """,
    "exit with a code": "import sys; print(1); sys.exit(3); print(2)",
    "exit with a message": "import sys; sys.exit('no data')",
    "exit in a function with a finally": """
        import sys
        def f():
            try: sys.exit(5)
            finally: print("cleaned")
        f()
        """,
    "os._exit": "import os; print('x', flush=True); os._exit(5)",
    "an excepthook of its own": """
        import sys
        def hook(kind, error, trace):
            print("hook", kind.__name__, error, trace.tb_frame.f_code.co_filename, trace.tb_lineno, trace.tb_next)
        sys.excepthook = hook
        1 / 0
        """,
    "unraisable and thread errors": """
        import threading
        threading.excepthook = lambda args: print("thread", args.exc_type.__name__)
        thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()
        """,
    "warnings": "x = 1 is 1; print(x)\nimport warnings; warnings.warn('look')",
    "closed stdout": "import os, sys; sys.stdout.write('a'); sys.stdout.flush(); os.close(1)",
    "redirected stdout": """
        import contextlib, io, sys
        with contextlib.redirect_stdout(io.StringIO()) as text: print("hidden")
        print(repr(text.getvalue()), sys.stdout is sys.__stdout__, sys.stdout.fileno(), sys.stdout.isatty(), flush=True)
        sys.stdout.buffer.write(b"bytes\\n")
        sys.stdout.buffer.flush()
        print(sys.stdout.name, sys.stdout.mode, sys.stdin.name, sys.stdin.fileno())
        """,
    "output of subprocesses in order": """
        import subprocess, sys
        print("before", flush=True)
        subprocess.run([sys.executable, "-c", "print('inside')"])
        print("after", flush=True)
        """,
    "C output": """
        import ctypes
        ctypes.CDLL(None).puts(b"from C")
        """,
    "empty input": "import sys; print(repr(sys.stdin.read()))",
    "walrus, match and comprehension scope": """
        values = [y := x for x in range(3)]
        print(values, y)
        match values:
            case [a, *rest]: print(a, rest)
        """,
    "star import": "from os.path import *\nprint(join('a', 'b'))",
    "a leading comment and an encoding": "# -*- coding: utf-8 -*-\n# café\nprint('é')",
    "only comments": "# nothing\n",
    "empty": "",
    "a byte order mark": "\ufeffprint('marked')",
    "semicolons and continued lines": "a = 1; b = (2 +\n 3); print(a, b); c = \\\n 4; print(c)",
    "crlf": "x = '''a\r\nb'''\r\nprint(repr(x))\r\n",
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_does_what_python_does(playground: Playground, name: str) -> None:
    source = dedent(SNIPPETS[name]).lstrip("\n")
    folder = playground.folder
    (folder / "helper.py").write_text("VALUE = 42\n")
    if "linecache" in source:
        (folder / "linecache.py").write_text("VALUE = 'mine'\n")
    file = folder / "my snippet.py"
    file.write_bytes(source.encode())

    expected = subprocess.run(
        [INTERPRETER, str(file), "one", "two words"],
        cwd=folder,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    played = playground.play(
        source, path=str(file), arguments=("one", "two words"), answers=[None], working_directory=None
    )

    assert played.output() == expected.stdout.decode()
    assert played.result.exit_code == expected.returncode
    if "error" not in name:
        assert played.stderr == expected.stderr.decode()


def test_top_level_await_works_and_tasks_live_from_one_statement_to_the_next(playground: Playground) -> None:
    played = playground.play(
        dedent("""
        import asyncio
        async def later():
            await asyncio.sleep(0.01)
            return "later"
        task = asyncio.ensure_future(later()) if False else None
        async with asyncio.Lock():
            task = asyncio.create_task(later())
        print([x async for x in asyncio.as_completed([])] if False else await task)
        value = await asyncio.sleep(0, "value")
        print(value)
        def plain(): return asyncio.run(later())
        print(plain())
        """)
    )
    assert played.output() == "later\nvalue\nlater\n"
    assert played.result.state == "finished"


def test_an_unsaved_snippet_runs_from_a_private_copy_under_its_own_name(playground: Playground) -> None:
    played = playground.play(
        "import inspect, sys\ndef f(): pass\nprint(inspect.getsource(f), sys.argv[0] == __file__, __file__)",
        name="Übung.py",
    )
    path = Path(played.output().split()[-1])
    assert played.output().startswith("def f(): pass\n True")
    assert path.name == "Übung.py"
    assert not path.exists(), "the copy is gone after the run"


def test_a_changed_buffer_runs_as_it_stands_with_the_modules_beside_its_file(playground: Playground) -> None:
    (playground.folder / "helper.py").write_text("VALUE = 42\n")
    file = playground.folder / "saved.py"
    file.write_text("print('old')")
    played = playground.play("import helper; print('new', helper.VALUE)", path=str(file), name="saved.py")
    assert played.output() == "new 42\n"
    assert file.read_text() == "print('old')"


def test_without_a_file_the_snippet_works_in_the_given_folder(playground: Playground) -> None:
    played = playground.play("import os, sys; print(os.getcwd() == sys.path[0], os.getcwd())")
    assert played.output() == f"True {playground.folder}\n"


def test_a_late_future_import_is_the_syntax_error_it_is_in_python(playground: Playground) -> None:
    played = playground.play("x = 1\nfrom __future__ import annotations\n")
    assert "from __future__ imports must occur at the beginning" in played.result.summary
    assert played.result.error is not None
    assert played.result.error.line == 2
