"""A pipe that every process of a snippet holds open, whatever it did to its environment: at its end none is left."""

from __future__ import annotations

import os
import select
from pathlib import Path

#: First lines of a snippet: from here on each process that is started inherits the descriptor ``LIFE``.
HOLD = (
    "import os, signal, subprocess, sys, time\nLIFE = os.open({path!r}, os.O_WRONLY)\nos.set_inheritable(LIFE, True)\n"
)
_PATIENCE_S = 60


class Lifeline:
    """The reading end of a named pipe in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lifeline"
        os.mkfifo(self._path)
        self._reading = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)

    def held_by(self, source: str) -> str:
        """Return a snippet that opens the pipe first; it has imported os, signal, subprocess, sys and time."""
        return HOLD.format(path=str(self._path)) + source

    def close(self) -> None:
        """Close the reading end."""
        os.close(self._reading)

    def is_cut(self) -> bool:
        """Return whether nobody holds the pipe any more."""
        try:
            return os.read(self._reading, 1) == b""
        except BlockingIOError:
            return False

    def wait_until_cut(self) -> bool:
        """Wait until nobody holds the pipe any more, and return whether that came about."""
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        return bool(poll.poll(1000 * _PATIENCE_S)) and self.is_cut()
