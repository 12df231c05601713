"""A virtual X screen for benchmarks that show windows."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def virtual_screen() -> Iterator[dict[str, str]]:
    """Start Xvfb and yield the environment variables of programs that use it.

    Raises:
        SystemExit: Xvfb is not installed.
    """
    if shutil.which("Xvfb") is None:
        raise SystemExit("The benchmarks show real windows: install Xvfb first (apt-get install xvfb).")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.kill()
        server.wait()
