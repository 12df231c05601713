"""Runs a short command and returns its output; kills it after a timeout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Event

#: How often cancellation is checked, in seconds.
_SLICE_S = 0.05
#: Maximum wait for a killed process, which may hang in the kernel.
_LAST_WAIT_S = 0.1


class CommandTimeoutError(Exception):
    """A command did not end in time or was cancelled."""


def command_output(command: Sequence[str], timeout: float, cancelled: Event | None = None) -> str:
    """Return the standard output of a command.

    Args:
        command: the program and its arguments.
        timeout: maximum run time in seconds.
        cancelled: once set, the answer is not wanted any more.

    Raises:
        CommandTimeoutError: it did not end in time or was given up; nothing of it is left running.
        OSError: it cannot be started.
    """
    if cancelled is not None and cancelled.is_set():
        raise CommandTimeoutError
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        # So that a wrapper's children are killed with it.
        start_new_session=True,
    )
    deadline = time.monotonic() + timeout
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_SLICE_S)[0].decode("utf-8", "replace")
        if time.monotonic() > deadline or (cancelled is not None and cancelled.is_set()):
            _end(process)
            raise CommandTimeoutError


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None:
        process.stdout.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WAIT_S)
