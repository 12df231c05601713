"""What is different about Windows: the channel is a duplex pipe, and a pipe is not waited for with a signal in mind."""

from __future__ import annotations

import ctypes
import msvcrt
import time
from multiprocessing.connection import PipeConnection  # type: ignore[attr-defined, unused-ignore]

from .transport import Transport

#: How often a pipe is looked at while it is waited for, in seconds: only between two looks a Stop is noticed.
_LOOK_S = 0.05


class HandleTransport(Transport):
    """Frames over a message pipe whose handle the session let the process inherit. A wait cannot be woken."""

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


def open_transport(handle: int) -> Transport:
    """Return the transport over an inherited handle of a pipe."""
    return HandleTransport(handle)


def is_readable(descriptor: int) -> bool:
    """Return whether a read returns at once: there is data, or the end of it (PeekNamedPipe fails there)."""
    available = ctypes.c_ulong()
    handle = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))  # type: ignore[attr-defined, unused-ignore]
    peek = ctypes.windll.kernel32.PeekNamedPipe  # type: ignore[attr-defined, unused-ignore]
    return not peek(handle, None, 0, None, ctypes.byref(available), None) or available.value > 0


def wait_readable(descriptor: int) -> None:
    """Wait until a read returns at once."""
    while not is_readable(descriptor):
        time.sleep(_LOOK_S)
