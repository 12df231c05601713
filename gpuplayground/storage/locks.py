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
    try:
        _lock(file)
    except OSError:
        return False
    return True


def wait_for_lock(file: BinaryIO, seconds: float) -> bool:
    """Return whether the lock on an open file could be had in that time; it is held until the file is closed.

    True as well where the file system has no locks: nobody else holds one there.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            _lock(file)
        except (BlockingIOError, PermissionError):
            if time.monotonic() >= deadline:
                return False
        except OSError:
            return True
        else:
            return True
        time.sleep(_AGAIN_S)


def is_still(file: BinaryIO, path: Path) -> bool:
    """Return whether an open file is the one of that name: somebody may have deleted or replaced it meanwhile."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _lock(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
