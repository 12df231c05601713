"""The channel of a snippet on Windows: a duplex pipe whose handle the session let the process inherit."""

from __future__ import annotations

from multiprocessing.connection import PipeConnection  # type: ignore[attr-defined, unused-ignore]

from .channel import Transport


class HandleTransport(Transport):
    """Frames over a message pipe. A wait cannot be woken, so output is written line by line instead of in batches."""

    can_wake = False

    def __init__(self, handle: int) -> None:
        self._connection = PipeConnection(handle)

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        self._connection.send_bytes(data)

    def wait(self) -> bytes | None:
        """Wait for data and return it, nothing at the end."""
        try:
            return bytes(self._connection.recv_bytes())
        except EOFError:
            return b""

    def close(self) -> None:
        """Close the handle."""
        self._connection.close()
