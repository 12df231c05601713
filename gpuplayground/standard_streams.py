"""Writes to this process's stdout and stderr, which may be closed, full, or without a reader."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from typing import TextIO

from gpuplayground.printable import visible

#: Substitutes for characters of ours that an encoding lacks; all others are escaped with a backslash.
_PLAIN = {"µ": "u", "·": "-", "—": "-", "–": "-", "×": "x", "±": "+-", "…": "...", "“": '"', "”": '"', "✓": "*"}


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    escaped = (_PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode("ascii") for each in missing)
    return "".join(escaped), error.end


class CommandFailedError(Exception):
    """A valid command failed. The message is one sentence; the exit code is 1."""


codecs.register_error("gpuplayground.plain", _plain)


def open_missing() -> None:
    """Open the null device for each standard stream this process was started without.

    Otherwise the next file or pipe would get the descriptor, and terminal output would be written to it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest free number, which is this one
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open until the process ends


def say(text: str) -> None:
    """Write to stdout and flush; control characters are escaped.

    Raises:
        BrokenPipeError: the reader has gone.
        CommandFailedError: it cannot be written.
    """
    try:
        _write(sys.stdout, visible(text))
    except OSError as error:
        _abandon(1)
        if isinstance(error, BrokenPipeError):
            raise
        raise unwritable(error) from error


def tell(text: str) -> bool:
    """Write to stderr and return whether that worked; control characters are escaped."""
    return tell_styled(visible(text))


def tell_styled(text: str) -> bool:
    """Do the same with a text that contains our own control sequences; untrusted parts must be escaped already."""
    try:
        _write(sys.stderr, text)
    except OSError:
        _abandon(2)
        return False
    return True


def unwritable(error: OSError) -> CommandFailedError:
    """Return the error for output that could not be written."""
    reason = error.strerror or str(error)
    return CommandFailedError(f"The output cannot be written ({reason}): make room for it or send it elsewhere.")


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "gpuplayground.plain").decode(encoding))
    stream.flush()


def _abandon(number: int) -> None:
    """Redirect a stream to the null device, so that Python does not report an error when it flushes at exit."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)
