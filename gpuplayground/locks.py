"""Locks on files that the system drops however their owner ends, and that hold between machines where files do."""

from __future__ import annotations

import sys
from typing import BinaryIO


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
