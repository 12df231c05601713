"""Checks of files named on the command line, and the exit codes. A bad command line exits with 2 and one sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: Exit codes as in ``timeout(1)`` and shells; 2 is the usual one for bad usage.
EXIT_PROBLEM = 1
EXIT_USAGE = 2
EXIT_TIMED_OUT = 124
EXIT_SIGNAL_BASE = 128
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
#: Stands for standard output as the file to write.
STDOUT = Path("-")


class UsageError(Exception):
    """The command line cannot be used; the message is one sentence that says what to do."""


def readable_file(text: str, what: str = "file", *, allow_stream: bool = False) -> Path:
    """Return the path of an existing file.

    Args:
        text: the path from the command line.
        what: the word for the file in error messages.
        allow_stream: whether it may be a pipe or a device, which can be read only once and may block.

    Raises:
        UsageError: it is missing, a folder, or not readable.
    """
    path = Path(text)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"There is no {what} {text}: check the name.") from None
    except OSError as error:
        raise UsageError(f"{text} cannot be read ({error.strerror}): check its name and permissions.") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{text} is a folder: name a {what}.")
    if not stat.S_ISREG(mode) and not allow_stream:
        raise UsageError(f"{text} is a pipe or a device: save its content to a file and name that.")
    if path.suffix == ".ipynb":
        from gpuplayground.storage.documents import NOTEBOOK_ADVICE

        raise UsageError(f"{text} is a Jupyter notebook: {NOTEBOOK_ADVICE}.")
    if not os.access(path, os.R_OK):
        raise UsageError(f"{text} cannot be read: check its permissions.")
    return path


def writable_file(text: str) -> Path:
    """Return the path of a file after checking that it can be written, before the work that fills it.

    An existing file keeps its content; a missing one is still missing afterwards.

    Raises:
        UsageError: it is a folder, its folder is missing, or it is not writable.
    """
    if not text:
        raise UsageError("The name of the file to write is empty: name one.")
    path = Path(text)
    try:
        if path.is_dir():
            raise UsageError(f"{text} is a folder: name a file to write.")
        if not path.parent.is_dir():
            raise UsageError(f"{text} cannot be written: there is no folder {path.parent}.")
        existing = path if path.exists() else path.parent
        if not os.access(existing, os.W_OK):
            raise UsageError(f"{text} cannot be written: check the permissions of {existing}.")
        _try_to_open(path)
    except OSError as error:
        raise UsageError(f"{text} cannot be written ({error.strerror}): choose another name.") from None
    return path


def _try_to_open(path: Path) -> None:
    """Open a file for writing: permissions alone do not tell, for instance on a read-only file system.

    Raises:
        OSError: it cannot be opened.
    """
    if path.is_file():
        with path.open("ab"):
            return
    # Opening a pipe would block until it has a reader, and closing it again would end the reader's input.
    if not path.exists():
        target = Path(os.path.realpath(path))  # a symbolic link to a missing file
        with target.open("xb"):
            target.unlink()


def output_file(text: str, source: str | None) -> Path:
    """Return the path of a writable file that is not the snippet, or :data:`STDOUT` for "-".

    Args:
        text: the path from the command line, or "-".
        source: the file that is run; None if there is none.

    Raises:
        UsageError: it is the snippet, or as for :func:`writable_file`.
    """
    if text == str(STDOUT):
        return STDOUT
    path = writable_file(text)
    if source is not None and is_same_file(path, Path(source)):
        raise UsageError(f"{text} is the file that is run: name another file to write.")
    return path


def is_same_file(first: Path, second: Path) -> bool:
    """Return whether two paths name the same file, which need not exist; False for devices and pipes."""
    if first.exists() and second.exists():
        return first.is_file() and first.samefile(second)
    return first.resolve() == second.resolve()
