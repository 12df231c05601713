"""The signals that come to this process, one after the other, for the thread that waits for them."""

from __future__ import annotations

import select
import signal
import socket
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress


class SignalQueue:
    """Numbers of signals, and others that threads put in between.

    A socket, not a queue: the system may hand a signal to any thread. It only wakes one that waits for a lock if it
    happens to be the main thread; a byte in a socket wakes the one that reads it.
    """

    def __init__(self) -> None:
        self._reading, self._writing = socket.socketpair()
        self._writing.setblocking(False)
        self._come: deque[int] = deque()

    def get(self) -> int:
        """Wait for the next number and return it."""
        while not self._come:
            self._come.extend(self._reading.recv(4096))
        return self._come.popleft()

    def forget(self, number: int) -> None:
        """Drop what has come of a number so far."""
        if select.select([self._reading], [], [], 0)[0]:
            self._come.extend(self._reading.recv(4096))
        self._come = deque(each for each in self._come if each != number)

    def put(self, number: int) -> None:
        """Add a number from 0 to 255; for any thread, also after the queue has been closed."""
        with suppress(OSError):
            self._writing.send(bytes([number]))

    @contextmanager
    def collecting(self, names: Iterable[str]) -> Iterator[None]:
        """Let signals do nothing but come here, in the main thread.

        Args:
            names: of the signals, such as SIGTERM. Those this system doesn't have are left out, and those that are
                ignored stay so: nohup and ``&`` in a script do that on purpose.
        """
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {n: signal.signal(n, lambda *_: None) for n in numbers if signal.getsignal(n) is not signal.SIG_IGN}
        waking = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(waking)
            for number, handler in before.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """Close the socket."""
        self._reading.close()
        self._writing.close()
