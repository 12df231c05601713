"""Interface to everything a session waits for, shared by the implementations of each platform."""

from __future__ import annotations

from dataclasses import dataclass

from gpuplayground.runtime.io import wire


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came: ``source`` is ``stdout``, ``stderr`` or ``channel``; no data means that its other end is closed."""

    source: str
    data: bytes


class Sources:
    """Output and channel of one process, read by one thread; :meth:`wake` and :meth:`send` are for any thread."""

    def wait(self, timeout_s: float | None) -> list[Arrival]:
        """Wait until something came, the process ended or :meth:`wake` was called.

        What came together is returned in this order: stdout, stderr, frames.
        """
        raise NotImplementedError

    def send(self, frame: wire.Frame) -> None:
        """Send a frame to the process as soon as it takes it."""
        raise NotImplementedError

    def type_in(self, text: bytes, *, is_end: bool = False) -> None:
        """Put text into the process's standard input as soon as it takes it, and end the input with it."""
        raise NotImplementedError

    def is_input_awaited(self) -> bool:
        """Return whether a process of the snippet is seen to wait for input that has not been typed."""
        return False

    def push(self) -> None:
        """Send what waits to be sent as far as the process takes it now, and read nothing: nobody would hear of it."""

    def wake(self) -> None:
        """Make :meth:`wait` return."""
        raise NotImplementedError

    def peek(self) -> bytes:
        """Return what has arrived on the channel so far, without taking it."""
        raise NotImplementedError

    def forget_process(self) -> None:
        """The process has ended: wait only for output from now on."""

    def close(self) -> None:
        """Close every descriptor."""
        raise NotImplementedError
