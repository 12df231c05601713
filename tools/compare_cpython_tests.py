"""Run CPython's own test modules as scripts, by Python and by ``gpuplayground run``, and say where they differ.

    python tools/compare_cpython_tests.py [--python PYTHON] [MODULE ...]

It takes about an hour, needs an interpreter that has ``Lib/test``, and exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_TIMEOUT_S = 600
_MODULES = [
    "abc",
    "array",
    "ast",
    "atexit",
    "base64",
    "bdb",
    "bigmem",
    "binascii",
    "bisect",
    "bool",
    "builtin",
    "bytes",
    "calendar",
    "cmath",
    "code",
    "codecs",
    "collections",
    "compile",
    "complex",
    "configparser",
    "contextlib",
    "copy",
    "csv",
    "ctypes",
    "dataclasses",
    "datetime",
    "decimal",
    "deque",
    "descr",
    "dict",
    "dis",
    "doctest",
    "enum",
    "exceptions",
    "fcntl",
    "file",
    "fileio",
    "float",
    "fork1",
    "fractions",
    "frame",
    "functools",
    "gc",
    "generators",
    "getpass",
    "glob",
    "grammar",
    "hashlib",
    "heapq",
    "inspect",
    "int",
    "io",
    "itertools",
    "json",
    "keyword",
    "linecache",
    "list",
    "logging",
    "long",
    "math",
    "mmap",
    "operator",
    "os",
    "pathlib",
    "pickle",
    "pprint",
    "queue",
    "random",
    "re",
    "sched",
    "set",
    "shelve",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "statistics",
    "string",
    "struct",
    "subprocess",
    "sys",
    "sys_settrace",
    "tempfile",
    "textwrap",
    "threading",
    "time",
    "traceback",
    "types",
    "typing",
    "unicodedata",
    "warnings",
    "weakref",
    "zipfile",
]


def main() -> int:
    """Compare what was asked for and return the exit code."""
    # In the background of a shell it is ignored, and Python's own tests of it fail.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("modules", nargs="*", default=_MODULES)
    options = parser.parse_args()
    command = [options.python, "-c", "import test, sys; print(test.__path__[0])"]
    folder = Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    differing = 0
    for name in options.modules:
        file = folder / f"test_{name}.py"
        if not file.is_file():
            continue
        ours = [sys.executable, "-m", "gpuplayground", "run", "--no-history", "--no-trace", "--python", options.python]
        expected, found = _outcome([options.python, str(file)]), _outcome([*ours, str(file)])
        differing += expected != found
        print(
            "same  " if expected == found else "DIFFER", name, expected, "" if expected == found else found, flush=True
        )
    return 1 if differing else 0


def _outcome(command: list[str]) -> tuple[object, ...]:
    """Return the exit code, how many tests ran, and the counts of the last line of ``unittest``."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_S,
                check=False,
                start_new_session=True,  # some signal their whole group
            )
        except subprocess.TimeoutExpired:
            return ("timed out",)
    text = done.stderr.decode("utf-8", "replace")
    ran = re.findall(r"^Ran (\d+) tests?", text, re.MULTILINE)
    ends = re.findall(r"^(?:OK|FAILED)(?: \(.*\))?$", text, re.MULTILINE)
    return (done.returncode, ran[-1:], ends[-1:])


if __name__ == "__main__":
    raise SystemExit(main())
