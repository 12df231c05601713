"""Detects that a snippet, or a process it started, reads standard input without asking, as ``os.read(0)`` does."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

#: Numbers of the system calls read and readv, whose first argument is a descriptor; see syscalls(2).
_READS = {"x86_64": ("0", "19"), "aarch64": ("63", "65")}.get(platform.machine(), ())

#: Polling interval in seconds.
_INTERVAL_S = 0.2
#: Maximum share of a CPU spent on polling; a snippet with hundreds of threads is polled less often.
_SHARE = 0.02


class InputWatch:
    """Decides when to ask the user for input that a process reads without asking.

    Args:
        is_awaited: returns whether a process is blocked reading input.
    """

    def __init__(self, is_awaited: Callable[[], bool]) -> None:
        self._is_awaited = is_awaited
        self._was_awaited = False
        self._next = 0.0

    def should_ask(self, is_running: bool) -> bool:
        """Return whether to ask now.

        A process must be seen blocked twice in a row: one that can ask has done so by then.

        Args:
            is_running: whether the snippet runs and has not asked for input itself.
        """
        if not is_running:
            self._was_awaited = False
            return False
        began = time.monotonic()
        if began < self._next:
            return False
        is_awaited = self._is_awaited()
        took = time.monotonic() - began
        self._next = began + max(_INTERVAL_S, took / _SHARE)
        was_awaited, self._was_awaited = self._was_awaited, is_awaited
        return is_awaited and was_awaited


def is_reader_blocked(pipe: int, pid: int) -> bool:
    """Return whether a process or a descendant is blocked reading an empty pipe.

    Detects only plain reads, and only on Linux; a process waiting in poll or select is not detected.

    Args:
        pipe: descriptor of either end of the pipe.
        pid: the process id.
    """
    if sys.platform != "linux" or not _READS or _waiting_bytes(pipe):
        return False
    status = os.fstat(pipe)
    return any(_reads(thread, (status.st_dev, status.st_ino)) for thread in _threads(pid))


def _waiting_bytes(pipe: int) -> int:
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def _threads(pid: int) -> Iterator[Path]:
    """Yield the /proc folders of all threads of a process and its descendants."""
    waiting = [str(pid)]
    while waiting:
        with suppress(OSError):  # it has just ended
            for thread in Path("/proc", waiting.pop(), "task").iterdir():
                yield thread
                waiting += (thread / "children").read_text().split()


def _reads(thread: Path, file: tuple[int, int]) -> bool:
    """Return whether a thread is blocked reading a file, given as device and inode; see proc_pid_syscall(5)."""
    try:
        number, _, rest = (thread / "syscall").read_text().partition(" ")
        if number not in _READS:
            return False
        status = (thread / "fd" / str(int(rest.split()[0], 16))).stat()
    except (OSError, ValueError, IndexError):  # the thread has ended, is running, or access is denied
        return False
    return (status.st_dev, status.st_ino) == file
