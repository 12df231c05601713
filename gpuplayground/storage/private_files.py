"""Creates files and folders that only the user can read, whatever the umask.

On Windows the access lists of the profile folder do that; modes have no effect there.
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
    """Create a private folder and its parents. An existing one keeps its mode, see :func:`tighten`.

    Raises:
        OSError: it cannot be created.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        with suppress(FileExistsError):  # another process was faster
            each.mkdir(_FOLDER_MODE)
            _set_mode(each, _FOLDER_MODE)
        if not each.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(each))


def create(file: Path) -> None:
    """Create an empty private file.

    Raises:
        FileExistsError: the file exists.
        OSError: it cannot be created.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    os.close(descriptor)
    _set_mode(file, _FILE_MODE)


def open_to_append(file: Path) -> BinaryIO:
    """Open a private file for appending, such as a lock file.

    Raises:
        OSError: it cannot be opened.
    """
    opened = open(file, "ab", opener=lambda name, flags: os.open(name, flags, _FILE_MODE))  # noqa: SIM115
    _set_mode(file, _FILE_MODE)
    return opened


def write(file: Path, content: bytes) -> None:
    """Replace the content of a private file in one step: a crash or a full disk leaves the old content.

    The content is on disk when this returns. A missing folder is created. A symbolic link stays one: its target is
    replaced. Takes milliseconds, or seconds on a slow disk: call it in a thread.

    Raises:
        OSError: it cannot be written; no temporary file is left.
    """
    file = Path(os.path.realpath(file))
    make_folder(file.parent)
    # A private file with a random name: windows in two containers may have the same process ID.
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
    """Make a folder and its content private, without following links. Files of other users are left alone."""
    if sys.platform == "win32":
        return
    for path in (root, *_below(root)):
        with suppress(OSError):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                path.chmod(mode & 0o700)


def _below(folder: Path) -> Iterator[Path]:
    # Outer folders first: once a folder is private, nobody else can replace a file in it by a link.
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
        with suppress(OSError):  # the file system may have no modes
            path.chmod(mode)


def _sync_folder(folder: Path) -> None:
    """Flush the new name to disk too, if the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
