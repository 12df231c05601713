"""Interface to everything a session waits for, implemented once per platform."""

from __future__ import annotations

from dataclasses import dataclass

from gpuplayground.runtime.io import wire


@dataclass(frozen=True, slots=True)
class Arrival:
    """Data from ``stdout``, ``stderr`` or ``channel``. Empty data means that the other end is closed."""

    source: str
    data: bytes


class Sources:
    """Output and channel of one process, read by one thread; :meth:`wake` and :meth:`send` are thread-safe."""

    def wait(self, timeout_s: float | None) -> list[Arrival]:
        """Wait until data arrives, the process ends or :meth:`wake` is called.

        Data that arrives together is returned in this order: stdout, stderr, channel.
        """
        raise NotImplementedError

    def send(self, frame: wire.Frame) -> None:
        """Queue a frame for the process."""
        raise NotImplementedError

    def type_in(self, text: bytes, *, is_end: bool = False) -> None:
        """Queue text for the process's standard input; ``is_end`` closes the input after it."""
        raise NotImplementedError

    def is_input_awaited(self) -> bool:
        """Return whether a process of the snippet is blocked reading standard input."""
        return False

    def push(self) -> None:
        """Send queued data without blocking and without reading anything."""

    def wake(self) -> None:
        """Make :meth:`wait` return early."""
        raise NotImplementedError

    def peek(self) -> bytes:
        """Return what has arrived on the channel so far, without consuming it."""
        raise NotImplementedError

    def forget_process(self) -> None:
        """Stop waiting for the end of the process, which has ended; only output is left."""

    def close(self) -> None:
        """Close every descriptor."""
        raise NotImplementedError
