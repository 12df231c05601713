"""Finds and kills processes that a snippet left running when its watcher could not.

They are the processes in its session and those with its cookie in their environment.
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

#: Environment variable that every descendant of a snippet inherits, including daemons.
COOKIE = "GPUPLAYGROUND_RUN"

#: Process name of a watcher, see :mod:`gpuplayground.runtime.watcher`.
_WATCHER = re.compile(rb"watches (\d+)")
_HAS_PROC = sys.platform == "linux"
_READ_BYTES = 1 << 16
#: Maximum wait for killed processes, and the polling interval, in seconds.
_ENDING_S, _LOOK_S = 0.5, 0.005
#: Maximum number of scans; a scan is repeated when a process ended during it.
_SCANS = 3


@dataclass(frozen=True, slots=True)
class ProcessKey:
    """A process id with its start time in clock ticks since boot, because ids are reused."""

    pid: int
    start_ticks: int


class Descendants:
    """The descendants of one snippet process.

    Args:
        pid: process id of its watcher, or of the snippet; not reaped yet.
        cookie: value of the environment variable ``COOKIE``.
    """

    def __init__(self, pid: int, cookie: str) -> None:
        #: Ids of sessions whose members are descendants; ids that are not sessions match nothing.
        self.sessions = {pid}
        self._pid = pid
        self._mark = f"{COOKIE}={cookie}".encode()
        status = _status(pid)
        self._start_ticks = status.start_ticks if status is not None else 0

    def others(self) -> set[ProcessKey]:
        """Return the running descendants, without the snippet's process itself."""
        for _ in range(_SCANS):
            found, is_complete = self._scan()
            if found or is_complete:
                break
        return found

    def kill_others(self) -> int:
        """Kill the descendants, including those started meanwhile, and return how many there were.

        Waits up to half a second for the last one to end.
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
        """Return the descendants among all processes, and whether the scan is complete.

        A process that ends during the scan may be a descendant that has just started another one.
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
    """Return the process ids and session ids of all ancestors of a running process.

    Both are needed: an orphan keeps its session, and a process that opens a session keeps its parent. A process that
    did both has been adopted by a watcher and counts as a descendant of the watched snippet. Empty if the process
    has ended, or without /proc.
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
    """Kill a process and its descendants with ``taskkill`` while the process still exists."""
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
    """Return the contents of a /proc file, unbuffered because a scan reads one per process."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = b""
        while part := os.read(descriptor, _READ_BYTES):
            data += part
        return data
    finally:
        os.close(descriptor)


def _status(pid: int) -> _Status | None:
    """Return the parsed /proc/PID/stat, see proc(5); None without such a process or without /proc."""
    if not _HAS_PROC:
        return None
    try:
        text = _contents(f"/proc/{pid}/stat")
    except OSError:
        return None
    # The name in parentheses may contain spaces and parentheses.
    start, end = text.index(b"(") + 1, text.rindex(b")")
    fields = text[end + 2 :].split()
    return _Status(
        name=text[start:end],
        parent=int(fields[1]),
        session=int(fields[3]),
        start_ticks=int(fields[19]),
        is_dead=fields[0] in (b"Z", b"X"),
    )
