"""What the command line is refused with: one sentence on stderr and exit code 2, never a traceback."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import NoReturn

#: Exit codes as ``timeout(1)`` and shells have them; 2 is the usual one for a command that cannot be carried out.
EXIT_PROBLEM = 1
EXIT_USAGE = 2
EXIT_TIMED_OUT = 124
EXIT_SIGNAL_BASE = 128
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


class UsageError(Exception):
    """The command cannot be carried out as it was given; the message is one sentence that says what to do."""


class CommandFailedError(Exception):
    """The command was right and could not be carried out all the same; the message is one sentence: exit code 1."""


class Parser(argparse.ArgumentParser):
    """Refuses arguments in one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Print the message and where to read more, and exit with code 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def readable_file(text: str, what: str = "file") -> Path:
    """Return the path of an existing file.

    Raises:
        UsageError: it is missing, a folder, or may not be read.
    """
    path = Path(text)
    if path.is_dir():
        raise UsageError(f"{text} is a folder: name a {what}.")
    if not path.exists():
        raise UsageError(f"There is no {what} {text}: check the name.")
    if not os.access(path, os.R_OK):
        raise UsageError(f"{text} may not be read: check its permissions.")
    return path


def writable_file(text: str) -> Path:
    """Return the path of a file that can be written, before the work that fills it is done.

    Raises:
        UsageError: it is a folder, its folder is missing, or it may not be written.
    """
    path = Path(text)
    if path.is_dir():
        raise UsageError(f"{text} is a folder: name a file to write.")
    if not path.parent.is_dir():
        raise UsageError(f"{text} cannot be written: there is no folder {path.parent}.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{text} cannot be written: check the permissions of {path.parent}.")
    return path
