"""How every child process of ours begins and ends: apart from the terminal, and never waited for without a limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any


def apart() -> dict[str, Any]:
    """Return the ``Popen`` options that start a child in a session of its own.

    Ctrl+C in the terminal does not reach it, and :func:`kill` reaches everything that it starts. On Windows it gets no
    console window.
    """
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a child that was started :func:`apart`, with its children, unless it has ended. Does not wait."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)


def reap(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait that long for a killed child and return whether it has ended; if not, a thread goes on waiting.

    A killed process may hang in a driver forever, and one that nobody waits for stays in the list of processes.
    """
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, name=f"end of {process.pid}", daemon=True).start()
        return False
    return True
