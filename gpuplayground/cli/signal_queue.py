"""Queues the signals sent to this process for the thread that waits for them."""

from __future__ import annotations

import select
import signal
import socket
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress


class SignalQueue:
    """A queue of signal numbers, and of others that threads put in.

    It is a socket because the system may deliver a signal to any thread: a byte in the socket wakes the reader,
    whereas a wait for a lock is interrupted only if the main thread happens to receive the signal.
    """

    def __init__(self) -> None:
        self._reading, self._writing = socket.socketpair()
        self._writing.setblocking(False)
        self._received: deque[int] = deque()

    def get(self) -> int:
        """Wait for the next number and return it."""
        while not self._received:
            self._received.extend(self._reading.recv(4096))
        return self._received.popleft()

    def forget(self, number: int) -> None:
        """Drop the occurrences of a number received so far."""
        if select.select([self._reading], [], [], 0)[0]:
            self._received.extend(self._reading.recv(4096))
        self._received = deque(each for each in self._received if each != number)

    def put(self, number: int) -> None:
        """Add a number from 0 to 255; may be called from any thread, even after :meth:`close`."""
        with suppress(OSError):
            self._writing.send(bytes([number]))

    @contextmanager
    def collecting(self, names: Iterable[str]) -> Iterator[None]:
        """Redirect signals to this queue; to be called in the main thread.

        Args:
            names: of the signals, such as SIGTERM. Signals this system lacks are skipped; ignored ones stay ignored, as
                nohup and ``&`` in a script intend.
        """
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {n: signal.signal(n, lambda *_: None) for n in numbers if signal.getsignal(n) is not signal.SIG_IGN}
        previous_fd = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous_fd)
            for number, handler in before.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """Close the socket."""
        self._reading.close()
        self._writing.close()
