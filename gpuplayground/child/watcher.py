"""The session's end of the socket to a snippet's watcher, see :mod:`gpuplayground.runtime.watcher`. Linux only."""

from __future__ import annotations

import select
import signal
import socket
import sys
import threading
from contextlib import suppress


class Watcher:
    """Orders for a watcher, and what it has told so far. Every method is for any thread."""

    def __init__(self) -> None:
        self._own, self._child = socket.socketpair()
        self._own.setblocking(False)
        self._lock = threading.RLock()
        self._received = b""
        #: The snippet's process, None before the watcher has started it.
        self.snippet: int | None = None
        #: How the snippet has ended, its exit code or minus a signal; None before that.
        self.status: int | None = None
        #: How many descendants it killed, None before all of them have ended.
        self.left: int | None = None
        #: Whether the watcher has ended, or never was: the interpreter did not get as far.
        self.has_ended = False

    @property
    def child_end(self) -> int:
        """The descriptor for the watcher to inherit."""
        return self._child.fileno()

    def fileno(self) -> int:
        """Return the descriptor that is readable when there is something to :meth:`read`."""
        return self._own.fileno()

    def close_child_end(self) -> None:
        """Close the end that the watcher has by now."""
        self._child.close()

    def read(self) -> None:
        """Take what the watcher has told since, if anything."""
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
        """Send the snippet a signal, as soon as there is one, unless its process group has just got the same."""
        with suppress(OSError):
            self._own.send(bytes([number]))

    def kill_all(self) -> None:
        """Have the snippet killed with all its descendants."""
        self.pass_on(signal.SIGKILL)

    def wait_for_end(self, timeout_s: float) -> bool:
        """Wait for the watcher's own end and return whether it came in time."""
        poll = select.poll()
        poll.register(self._own, select.POLLIN)
        while not self.has_ended and poll.poll(1e3 * timeout_s):
            self.read()
        return self.has_ended

    def close(self) -> None:
        """Close both ends: a watcher that still lives then ends everything."""
        with self._lock:
            self.has_ended = True
            self._own.close()
            self._child.close()


def open_watcher() -> Watcher | None:
    """Return the end for a new process, or None on a system without watchers."""
    return Watcher() if sys.platform == "linux" else None
