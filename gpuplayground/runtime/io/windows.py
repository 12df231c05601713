"""Transport and input waits for Windows, where waits on pipes cannot be interrupted."""

from __future__ import annotations

import ctypes
import msvcrt
import time
from multiprocessing.connection import PipeConnection  # type: ignore[attr-defined, unused-ignore]

from .transport import Transport

#: Polling interval for input in seconds; a Stop is noticed only between two polls.
_LOOK_S = 0.05


class HandleTransport(Transport):
    """A message pipe whose handle is inherited from the session. Its wait cannot be woken."""

    def __init__(self, handle: int) -> None:
        self._connection = PipeConnection(handle)

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        self._connection.send_bytes(data)

    def wait(self) -> bytes | None:
        """Wait for data and return it; empty at the end."""
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
    """Return whether a read would not block: there is data or the end of input, where PeekNamedPipe fails."""
    available = ctypes.c_ulong()
    handle = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))  # type: ignore[attr-defined, unused-ignore]
    peek = ctypes.windll.kernel32.PeekNamedPipe  # type: ignore[attr-defined, unused-ignore]
    return not peek(handle, None, 0, None, ctypes.byref(available), None) or available.value > 0


def wait_readable(descriptor: int) -> None:
    """Wait until a read would not block."""
    while not is_readable(descriptor):
        time.sleep(_LOOK_S)
