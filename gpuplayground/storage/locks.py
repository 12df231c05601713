"""File locks that the system releases when their owner ends, and that work across machines if the file system does."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

#: Interval between attempts to get a lock, in seconds.
_RETRY_S = 0.02
#: The file in the folder of an environment on which its users hold a shared lock.
IN_USE = ".in-use"


def try_lock(file: BinaryIO) -> bool:
    """Try to lock an open file and return whether that worked; the lock is held until the file is closed."""
    try:
        _lock(file)
    except OSError:
        return False
    return True


def wait_for_lock(file: BinaryIO, seconds: float) -> bool:
    """Lock an open file and return whether that worked in time; the lock is held until the file is closed.

    Also True if the file system has no locks: then nobody else holds one.
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
        time.sleep(_RETRY_S)


def is_still(file: BinaryIO, path: Path) -> bool:
    """Return whether an open file is still the one at ``path``, not deleted or replaced."""
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


def share_lock(file: BinaryIO) -> bool:
    """Take a lock that others may share but nobody may have alone; return whether that worked."""
    if sys.platform == "win32":
        return True  # Windows does not remove files in use anyway
    import fcntl

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def hold_environment(interpreter: str) -> BinaryIO | None:
    """Keep the environment of an interpreter from being removed until the returned file is closed.

    Returns None for interpreters that are not in an environment of the application, or in one that is being removed.
    """
    try:
        file = (Path(interpreter).parents[1] / IN_USE).open("rb")
    except (OSError, IndexError):
        return None
    if not share_lock(file) or not os.path.exists(interpreter):  # noqa: PTH110 - never raises
        file.close()
        return None
    return file
