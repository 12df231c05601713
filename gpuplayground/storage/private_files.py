"""Files and folders that only the user can read, whatever the umask is.

Windows keeps them private by the access lists of the profile folder; modes mean nothing there.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


def make_folder(folder: Path) -> None:
    """Make a folder, with its parents, for the user alone. One that exists keeps its mode: see :func:`tighten`.

    Raises:
        OSError: it cannot be made.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        with suppress(FileExistsError):  # another process may have been quicker
            each.mkdir(_FOLDER_MODE)
            _set_mode(each, _FOLDER_MODE)
        if not each.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(each))


def create(file: Path) -> None:
    """Make an empty file for the user alone.

    Raises:
        FileExistsError: there is a file of that name.
        OSError: it cannot be made.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    os.close(descriptor)
    _set_mode(file, _FILE_MODE)


def open_to_append(file: Path) -> BinaryIO:
    """Open a file for appending, as lock files are, and for the user alone.

    Raises:
        OSError: it cannot be opened.
    """
    opened = open(file, "ab", opener=lambda name, flags: os.open(name, flags, _FILE_MODE))  # noqa: SIM115
    _set_mode(file, _FILE_MODE)
    return opened


def write(file: Path, content: bytes) -> None:
    """Replace the content of a file in one step: a crash or a full disk leaves the content from before.

    The file is the user's alone, on the disk when this returns, and its folder is made where it is missing. A symbolic
    link stays one: the file it leads to is replaced. Takes some milliseconds, on a slow disk seconds: for a thread.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    file = Path(os.path.realpath(file))
    make_folder(file.parent)
    # Made for the user alone, and of a name of its own: windows in two containers may have the same process id.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".tmp", dir=file.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(descriptor)
        _set_mode(temporary, _FILE_MODE)
        temporary.replace(file)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(file.parent)


def tighten(root: Path) -> None:
    """Take a folder and all that is in it from everyone but the user. What is not the user's to change is left alone.

    Links in it are not followed.
    """
    if sys.platform == "win32":
        return
    for path in (root, *_below(root)):
        with suppress(OSError):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                path.chmod(mode & 0o700)


def _below(folder: Path) -> Iterator[Path]:
    # From the outside in: once a folder is private, nobody else can put a link where a file was.
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield Path(entry)
            yield from _below(Path(entry))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry)


def _set_mode(path: Path, mode: int) -> None:
    if sys.platform != "win32":
        with suppress(OSError):  # the file system has no modes
            path.chmod(mode)


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk as well, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
