"""Signals to this process as a queue that one thread waits for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType


class SignalQueue:
    """Numbers in the order they came: signals while :meth:`listening`, and what other threads put in.

    Python handles a signal in the main thread, which a signal that the system gave to another thread does not wake from
    its wait for a lock. So signals go through a pipe, see :func:`signal.set_wakeup_fd`.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)

    def put(self, number: int) -> None:
        """Add a number from 0 to 255; for any thread."""
        os.write(self._writing, bytes([number]))

    def get(self) -> int:
        """Wait for the next number."""
        return os.read(self._reading, 1)[0]

    def close(self) -> None:
        """Close both ends of the pipe."""
        os.close(self._reading)
        os.close(self._writing)

    @contextmanager
    def listening(self, numbers: Iterable[int]) -> Iterator[None]:
        """Queue these signals instead of what they do now; for the main thread.

        Those that are ignored stay so: nohup and a shell's ``&`` ignore some on purpose.
        """
        heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
        before_fd = signal.set_wakeup_fd(self._writing)
        before = {number: signal.signal(number, _do_nothing) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before_fd)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Handle a signal whose number went into the pipe."""
