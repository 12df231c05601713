"""What a program prints when it is asked a short question; a program that does not answer is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Event

#: How often it is looked whether the answer is still wanted.
_SLICE_S = 0.05
#: A process that the kernel does not let go is not waited for longer than this.
_LAST_WAIT_S = 0.1


class NoAnswerError(Exception):
    """A program did not answer in time, or the answer was no longer wanted."""


def answer_of(command: Sequence[str], timeout: float, given_up: Event | None = None) -> str:
    """Return what a program prints.

    Args:
        command: the program and its arguments.
        timeout: seconds it may take.
        given_up: once set, the answer is not wanted any more.

    Raises:
        NoAnswerError: it did not end in time or was given up; nothing of it is left running.
        OSError: it cannot be started.
    """
    if given_up is not None and given_up.is_set():
        raise NoAnswerError
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        # A wrapper's own children are ended with it.
        start_new_session=True,
    )
    deadline = time.monotonic() + timeout
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_SLICE_S)[0].decode("utf-8", "replace")
        if time.monotonic() > deadline or (given_up is not None and given_up.is_set()):
            _end(process)
            raise NoAnswerError


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
