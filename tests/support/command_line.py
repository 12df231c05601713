"""The command ``gpuplayground``, driven as a real process."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gpuplayground.cli import main

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "gpuplayground")
TIMEOUT_S = 120

Done = subprocess.CompletedProcess[str]


def environment(**changes: str | None) -> dict[str, str]:
    """Return this process's environment with changes; None removes a variable."""
    merged = {**os.environ, "PYTHONPATH": str(ROOT), **changes}
    return {name: value for name, value in merged.items() if value is not None}


def gpuplayground(
    *arguments: str | Path,
    command: Sequence[str] = COMMAND,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str = "",
) -> Done:
    """Run a command line to its end and return its exit code and its output."""
    return subprocess.run(
        [*command, *map(str, arguments)],
        env=environment() if env is None else env,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def in_process(*arguments: str | Path, cwd: Path) -> Done:
    """Carry out a command line in this process: for what is refused before anything is started."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            code = main.main([*map(str, arguments)])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return Done(arguments, code, stdout.getvalue(), stderr.getvalue())


def assert_refused(done: Done, sentence: str) -> None:
    """Assert exit code 2 and one line on stderr that holds ``sentence``."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("gpuplayground")


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait for a condition, and fail when it does not come true."""
    deadline = time.monotonic() + TIMEOUT_S
    while not is_so():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.01)
