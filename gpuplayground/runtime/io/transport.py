"""Sends and receives bytes between the snippet's process and the session."""

from __future__ import annotations

import os
import sys

from .descriptors import OwnDescriptor, move_high


class Transport:
    """Sends and receives bytes, and can wake the waiting thread."""

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        raise NotImplementedError

    def wait(self) -> bytes | None:
        """Wait for data or a wake-up; return the data, empty at the end, or None after a wake-up."""
        raise NotImplementedError

    def wake(self) -> bool:
        """Make :meth:`wait` return in another thread; return whether that is possible."""
        return False

    def close(self) -> None:
        """Close the descriptors."""


if sys.platform != "win32":
    import select

    class _DescriptorTransport(Transport):
        """A socket inherited from the session, at a high descriptor that child processes do not inherit."""

        def __init__(self, descriptor: int) -> None:
            reading, writing = os.pipe()
            self._channel, self._wake_in, self._wake_out = (
                OwnDescriptor(move_high(each)) for each in (descriptor, reading, writing)
            )
            self._poll = select.poll()
            self._poll.register(self._channel.number, select.POLLIN)
            self._poll.register(self._wake_in.number, select.POLLIN)

        def send(self, data: bytes) -> None:
            self._channel.write(data)

        def wait(self) -> bytes | None:
            # If the snippet closes all descriptors, both ends of the pipe are closed, which ends this wait.
            for descriptor, _ in self._poll.poll():
                if descriptor == self._wake_in.number:
                    self._wake_in.read()
                    return None
            try:
                return self._channel.read()
            except ConnectionResetError:
                return b""

        def wake(self) -> bool:
            try:
                self._wake_out.write(b"!")
            except OSError:  # closed by the snippet, which also ends the wait
                return False
            return True

        def close(self) -> None:
            for descriptor in (self._channel, self._wake_in, self._wake_out):
                descriptor.close()

    def open_transport(descriptor: int) -> Transport:
        """Return the transport over an inherited descriptor."""
        return _DescriptorTransport(descriptor)
