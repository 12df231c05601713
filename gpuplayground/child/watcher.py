"""The session's end of the socket to a snippet's watcher (:mod:`gpuplayground.runtime.watcher`). Linux only."""

from __future__ import annotations

import select
import signal
import socket
import sys
import threading
from contextlib import suppress


class Watcher:
    """Sends commands to a watcher and keeps what it reported. Thread-safe."""

    def __init__(self) -> None:
        self._own, self._child = socket.socketpair()
        self._own.setblocking(False)
        self._lock = threading.RLock()
        self._received = b""
        #: Process id of the snippet; None until the watcher has started it.
        self.snippet: int | None = None
        #: Exit code of the snippet, or minus a signal; None until it has ended.
        self.status: int | None = None
        #: Number of descendants that were killed; None until all have ended.
        self.left: int | None = None
        #: Whether the watcher has ended, or the interpreter ended before there was one.
        self.has_ended = False

    @property
    def child_end(self) -> int:
        """The descriptor that the watcher inherits."""
        return self._child.fileno()

    def fileno(self) -> int:
        """Return the descriptor to wait on before :meth:`read`."""
        return self._own.fileno()

    def close_child_end(self) -> None:
        """Close our copy of the watcher's end."""
        self._child.close()

    def read(self) -> None:
        """Process new reports of the watcher without blocking."""
        with self._lock:
            try:
                while not self.has_ended:
                    data = self._own.recv(4096)
                    self._received += data
                    self.has_ended = not data
            except BlockingIOError:
                pass
            except OSError:
                self.has_ended = True
            *lines, self._received = self._received.split(b"\n")
            for line in lines:
                self._take(line)

    def _take(self, line: bytes) -> None:
        what, _, number = line.partition(b" ")
        if what == b"pid":
            self.snippet = int(number)
        elif what == b"status":
            self.status = int(number)
        else:
            self.left = int(number)

    def pass_on(self, number: int) -> None:
        """Send the snippet a signal once it exists, unless its process group has just received the same signal."""
        with suppress(OSError):
            self._own.send(bytes([number]))

    def kill_all(self) -> None:
        """Kill the snippet and all its descendants."""
        self.pass_on(signal.SIGKILL)

    def wait_for_end(self, timeout_s: float) -> bool:
        """Wait for the watcher to end and return whether it did."""
        poll = select.poll()
        poll.register(self._own, select.POLLIN)
        while not self.has_ended and poll.poll(1e3 * timeout_s):
            self.read()
        return self.has_ended

    def close(self) -> None:
        """Close both ends; a watcher that is still running then kills everything."""
        with self._lock:
            self.has_ended = True
            self._own.close()
            self._child.close()


def open_watcher() -> Watcher | None:
    """Return a watcher for a new process; None on systems other than Linux."""
    return Watcher() if sys.platform == "linux" else None
