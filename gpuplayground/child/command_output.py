"""Runs a short command and returns its output; kills it after a timeout."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event

from gpuplayground.child.lifetime import apart, kill, reap

#: How often cancellation is checked, in seconds.
_POLL_S = 0.05
#: Maximum wait for a killed process, which may hang in the kernel, in seconds.
_KILL_WAIT_S = 0.1


class CommandTimeoutError(Exception):
    """A command did not end in time or was cancelled."""


def command_output(
    command: Sequence[str],
    timeout: float,
    cancelled: Event | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Return the standard output of a command.

    Unlike ``subprocess.run`` it does not wait for a killed process, which may hang in the driver.

    Args:
        command: the program and its arguments.
        timeout: maximum run time in seconds.
        cancelled: set it to give up early.
        environment: environment variables of the command; None inherits those of this process.

    Raises:
        CommandTimeoutError: the command did not end in time or was cancelled; it and its children have been killed.
        OSError: the command cannot be started.
    """
    if cancelled is not None and cancelled.is_set():
        raise CommandTimeoutError
    process = subprocess.Popen[bytes](
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        **apart(),
    )
    deadline = time.monotonic() + timeout
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                output, _ = process.communicate(timeout=_POLL_S)
                return str(output, "utf-8", "replace")
            if time.monotonic() > deadline:
                raise CommandTimeoutError(f"{command[0]} did not end in time ({timeout:g} s)")
            if cancelled is not None and cancelled.is_set():
                raise CommandTimeoutError(f"{command[0]} was cancelled")
    finally:
        _discard(process)


def _discard(process: subprocess.Popen[bytes]) -> None:
    """Kill the process with its children, unless it has ended, and close its output."""
    kill(process)
    if process.stdout is not None:
        process.stdout.close()
    reap(process, _KILL_WAIT_S)
