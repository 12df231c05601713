"""Locks on files that the system drops however their owner ends, and that hold between machines where files do."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

#: How often a lock is tried that is waited for, in seconds.
_AGAIN_S = 0.02


def try_lock(file: BinaryIO) -> bool:
    """Return whether the lock on an open file could be had at once; it is held until the file is closed."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def wait_for_lock(file: BinaryIO, seconds: float) -> bool:
    """Return whether the lock on an open file could be had in that time; it is held until the file is closed."""
    deadline = time.monotonic() + seconds
    while not try_lock(file):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_AGAIN_S)
    return True


def is_still(file: BinaryIO, path: Path) -> bool:
    """Return whether an open file is the one of that name: somebody may have deleted or replaced it meanwhile."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return False
