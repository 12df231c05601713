"""Processes that a snippet started and left running where its watcher could not end them.

That are those of its session, and any that still carry its cookie.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

#: Environment variable that every descendant of a snippet inherits, also one that detached itself.
COOKIE = "GPUPLAYGROUND_RUN"

#: What a watcher calls itself, see :mod:`gpuplayground.runtime.watcher`.
_WATCHER = re.compile(rb"watches (\d+)")
_HAS_PROC = sys.platform == "linux"
_READ_BYTES = 1 << 16
#: How long processes that have been killed are waited for, and how often they are looked for, in seconds.
_ENDING_S, _LOOK_S = 0.5, 0.005
#: How often all processes are looked at again because one of them ended meanwhile.
_SCANS = 3


@dataclass(frozen=True, slots=True)
class ProcessKey:
    """A process, told apart from a later one of the same number by when it started (clock ticks since boot)."""

    pid: int
    start_ticks: int


class Family:
    """The descendants of one snippet process.

    Args:
        pid: its watcher's process, or the snippet's own; it has not been reaped.
        cookie: the value of the variable ``COOKIE`` in its environment.
    """

    def __init__(self, pid: int, cookie: str) -> None:
        #: Whoever belongs to one of these sessions is a descendant; a number that is no session harms nobody.
        self.sessions = {pid}
        self._pid = pid
        self._mark = f"{COOKIE}={cookie}".encode()
        status = _status(pid)
        self._start_ticks = status.start_ticks if status is not None else 0

    def others(self) -> set[ProcessKey]:
        """Return the living descendants, without the snippet's process itself."""
        for _ in range(_SCANS):
            found, is_complete = self._scan()
            if found or is_complete:
                break
        return found

    def kill_others(self) -> int:
        """Kill the descendants, also those that are born meanwhile; return how many there were.

        It waits half a second at most until the last one has ended.
        """
        killed: set[ProcessKey] = set()
        deadline = time.monotonic() + _ENDING_S
        while (living := self.others()) and time.monotonic() < deadline:
            for process in living - killed:
                _kill(process.pid)
            killed |= living
            time.sleep(_LOOK_S)
        return len(killed)

    def _scan(self) -> tuple[set[ProcessKey], bool]:
        """Return the descendants among all processes, and whether nobody can have been overlooked.

        A process that ended during the scan may have been a descendant that has just started another one.
        """
        found, is_complete = set(), True
        for entry in _process_numbers():
            if entry in (self._pid, os.getpid()):
                continue
            status = _status(entry)
            if status is not None and status.start_ticks < self._start_ticks:
                continue
            if status is None or status.is_dead:
                is_complete = False
            elif status.session in self.sessions or self._carries_cookie(entry):
                found.add(ProcessKey(entry, status.start_ticks))
        return found, is_complete

    def _carries_cookie(self, pid: int) -> bool:
        try:
            return self._mark in _contents(f"/proc/{pid}/environ").split(b"\0")
        except OSError:
            return False


def lineage(pid: int) -> frozenset[int]:
    """Return what a living process descends from: the numbers of its ancestors, and of the sessions of all of them.

    Both, because a process whose parent has ended keeps its session, and one that opens a session keeps its parent.
    One that did both is a child of a watcher by now: it descends from the snippet that is watched.
    Empty where the process has ended, or where there is no /proc.
    """
    ancestors: set[int] = set()
    sessions: set[int] = set()
    status = _status(pid)
    while status is not None and status.parent not in ancestors:
        ancestors.add(status.parent)
        sessions.add(status.session)
        status = _status(status.parent)
        if status is not None and (match := _WATCHER.fullmatch(status.name)):
            ancestors.add(int(match[1]))
    return frozenset(ancestors | sessions)


def kill_tree_on_windows(pid: int) -> None:
    """End a process and its descendants by the tool of Windows, while the process still exists."""
    subprocess.run(["taskkill", "/F", "/T", "/PID", str(pid)], capture_output=True, check=False)


def _kill(pid: int) -> None:
    if sys.platform != "win32":
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class _Status:
    name: bytes
    parent: int
    session: int
    start_ticks: int
    is_dead: bool


def _process_numbers() -> list[int]:
    if not _HAS_PROC:
        return []
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208 - names are all it takes


def _contents(path: str) -> bytes:
    """Return what a file of /proc says: without buffers and text, since there are as many as processes."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = b""
        while part := os.read(descriptor, _READ_BYTES):
            data += part
        return data
    finally:
        os.close(descriptor)


def _status(pid: int) -> _Status | None:
    """Read /proc/PID/stat, see proc(5); None where there is no such process, or no such file system."""
    if not _HAS_PROC:
        return None
    try:
        text = _contents(f"/proc/{pid}/stat")
    except OSError:
        return None
    # The name in parentheses may itself contain spaces and parentheses.
    start, end = text.index(b"(") + 1, text.rindex(b")")
    fields = text[end + 2 :].split()
    return _Status(
        name=text[start:end],
        parent=int(fields[1]),
        session=int(fields[3]),
        start_ticks=int(fields[19]),
        is_dead=fields[0] in (b"Z", b"X"),
    )
