"""The file into which a snippet's process writes its trace: it has no name, so nothing is left behind."""

from __future__ import annotations

import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO


class TraceFile:
    """An anonymous file that a snippet's process inherits; there is none where CUPTI for Python is not to be had."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        if sys.platform == "linux":
            with suppress(OSError):  # no room for a file: there are no GPU times then, but there is a run
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process

    @property
    def child_argument(self) -> str:
        """What the process is started with: a descriptor, or -1."""
        return "-1" if self._file is None else str(self._file.fileno())

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that the process inherits."""
        return () if self._file is None else (self._file.fileno(),)

    @property
    def path(self) -> Path | None:
        """A path to read it by, while this process holds it open; None where nothing was written."""
        if self._file is None or not self._file.seek(0, 2):
            return None
        return Path(f"/proc/self/fd/{self._file.fileno()}")

    def close(self) -> None:
        """Let go of the file, and with it of what is in it."""
        if self._file is not None:
            self._file.close()
            self._file = None
