"""File descriptors of the runtime, kept out of the snippet's way and checked before each use."""

from __future__ import annotations

import errno
import os
import sys

#: Lowest number of the runtime's descriptors, above the few that a snippet closes in a loop.
_HIGH_DESCRIPTOR = 200
_READ_BYTES = 1 << 16


def move_high(descriptor: int) -> int:
    """Move an inherited descriptor to a high number that child processes do not inherit; -1 stays."""
    if sys.platform == "win32" or descriptor < 0:
        return descriptor
    return _moved_up(descriptor)


class OwnDescriptor:
    """A descriptor of the runtime. The snippet may close it and open another file under its number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._file = _file_of(number)

    def is_open(self) -> bool:
        """Return whether the number still refers to the same file."""
        return self._file is not None and _file_of(self.number) == self._file

    def write(self, data: bytes | memoryview) -> None:
        """Write all of ``data``.

        Raises:
            OSError: the descriptor has been closed, or writing failed.
        """
        rest = memoryview(data)
        while rest:
            self._check()
            rest = rest[os.write(self.number, rest) :]

    def read(self) -> bytes:
        """Read available data.

        Raises:
            OSError: the descriptor has been closed.
        """
        self._check()
        return os.read(self.number, _READ_BYTES)

    def close(self) -> None:
        """Close the file, unless the snippet has."""
        if self.is_open():
            os.close(self.number)
        self._file = None

    def _check(self) -> None:
        if not self.is_open():
            raise OSError(errno.EBADF, "closed by the snippet")


def _file_of(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


if sys.platform != "win32":
    import fcntl

    def _moved_up(descriptor: int) -> int:
        """Return a close-on-exec copy of a descriptor at a high number, and close the original."""
        try:
            high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH_DESCRIPTOR)
        except OSError:  # a low limit on open files
            high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
        os.close(descriptor)
        return high
