"""Whether a snippet, or a process it started, waits for input without having said so, as ``os.read(0)`` does."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

#: Numbers of the system calls read and readv, whose first argument is a descriptor: see syscalls(2).
_READS = {"x86_64": ("0", "19"), "aarch64": ("63", "65")}.get(platform.machine(), ())

#: How often it is looked, in seconds.
_INTERVAL_S = 0.2
#: What looking may cost of a CPU: a snippet of hundreds of threads is looked at more rarely.
_SHARE = 0.02


class InputWatch:
    """Decides when to ask for input on behalf of a process that cannot ask itself.

    Args:
        is_awaited: whether a process waits for input at this moment.
    """

    def __init__(self, is_awaited: Callable[[], bool]) -> None:
        self._is_awaited = is_awaited
        self._was_awaited = False
        self._next = 0.0

    def look(self, is_running: bool) -> bool:
        """Return whether to ask now; ``is_running`` is that the snippet runs and has not asked itself.

        A process has to be seen waiting twice: one that can ask has asked by then.
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


def is_waited_for(pipe: int, pid: int) -> bool:
    """Return whether a process or a descendant of it is blocked in a read of an empty pipe.

    Only Linux can tell, and only for a plain read: one that waits by poll or select first is not seen.

    Args:
        pipe: either end of the pipe.
        pid: the process.
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
    """Yield the folders in /proc of all threads of a process and of its descendants."""
    waiting = [str(pid)]
    while waiting:
        with suppress(OSError):  # it has just ended
            for thread in Path("/proc", waiting.pop(), "task").iterdir():
                yield thread
                waiting += (thread / "children").read_text().split()


def _reads(thread: Path, file: tuple[int, int]) -> bool:
    """Return whether a thread is blocked in a read of a file; see proc_pid_syscall(5)."""
    try:
        number, _, rest = (thread / "syscall").read_text().partition(" ")
        if number not in _READS:
            return False
        status = (thread / "fd" / str(int(rest.split()[0], 16))).stat()
    except (OSError, ValueError, IndexError):  # it has ended, runs, or may not be looked at
        return False
    return (status.st_dev, status.st_ino) == file
