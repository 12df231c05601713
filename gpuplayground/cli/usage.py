"""What the command line is refused with: one sentence on stderr and exit code 2, never a traceback."""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: Exit codes as ``timeout(1)`` and shells have them; 2 is the usual one for a command that cannot be carried out.
EXIT_PROBLEM = 1
EXIT_USAGE = 2
EXIT_TIMED_OUT = 124
EXIT_SIGNAL_BASE = 128
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
#: A result that is written to standard output instead of a file.
STDOUT = Path("-")


class UsageError(Exception):
    """The command cannot be carried out as it was given; the message is one sentence that says what to do."""


def readable_file(text: str, what: str = "file", *, is_stream_fine: bool = False) -> Path:
    """Return the path of an existing file.

    Args:
        text: the path as it was given.
        what: what the file is called in a sentence.
        is_stream_fine: whether it may be a pipe or a device, which can be read only once and may keep one waiting.

    Raises:
        UsageError: it is missing, a folder, or may not be read.
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
    if not stat.S_ISREG(mode) and not is_stream_fine:
        raise UsageError(f"{text} is a pipe or a device: save what comes from it into a file and name that.")
    if path.suffix == ".ipynb":
        from gpuplayground.storage.documents import NOTEBOOK_ADVICE

        raise UsageError(f"{text} is a Jupyter notebook: {NOTEBOOK_ADVICE}.")
    if not os.access(path, os.R_OK):
        raise UsageError(f"{text} may not be read: check its permissions.")
    return path


def writable_file(text: str) -> Path:
    """Return the path of a file that can be written, proven before the work that fills it is done.

    What is in it stays, and a file that was not there is not there afterwards.

    Raises:
        UsageError: it is a folder, its folder is missing, or it may not be written.
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
    """Open a file for writing: what permissions say is not all, as on a file system that is read-only or no real one.

    Raises:
        OSError: it cannot be opened.
    """
    if path.is_file():
        with path.open("ab"):
            return
    # To open a pipe would wait for its reader, and a reader would take that for the end.
    if not path.exists():
        target = Path(os.path.realpath(path))  # of a link that leads nowhere yet
        with target.open("xb"):
            target.unlink()


def output_file(text: str, source: str | None) -> Path:
    """Return the path of a file that can be written and is not the snippet, or :data:`STDOUT`.

    Args:
        text: the path as it was given, or "-".
        source: the file that is run, or None where there is none.

    Raises:
        UsageError: it is the snippet, or as of :func:`writable_file`.
    """
    if text == str(STDOUT):
        return STDOUT
    path = writable_file(text)
    if source is not None and is_same_file(path, Path(source)):
        raise UsageError(f"{text} is the file that is run: name another file to write.")
    return path


def is_same_file(first: Path, second: Path) -> bool:
    """Return whether two paths are one file, which need not be there yet; a device or pipe is never the same."""
    if first.exists() and second.exists():
        return first.is_file() and first.samefile(second)
    return first.resolve() == second.resolve()
