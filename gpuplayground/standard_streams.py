"""This process's own stdin, stdout and stderr, which may be closed, full, or read by nobody."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from typing import TextIO

from gpuplayground.printable import visible

#: Our characters where the encoding has none of them; whatever else it lacks is escaped with a backslash.
_PLAIN = {"µ": "u", "·": "-", "—": "-", "–": "-", "×": "x", "±": "+-", "…": "...", "“": '"', "”": '"', "✓": "*"}


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    escaped = (_PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode("ascii") for each in lacking)
    return "".join(escaped), error.end


class CommandFailedError(Exception):
    """A valid command that could not be carried out. The message is one sentence; the exit code is 1."""


codecs.register_error("gpuplayground.plain", _plain)


def open_missing() -> None:
    """Open the null device in place of the standard streams this process was started without.

    The next file or pipe would get the number otherwise, and what is meant for a terminal would be written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free: this one
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - kept to the end


def say(text: str) -> None:
    """Write to stdout at once, without control characters.

    Raises:
        BrokenPipeError: nobody reads it.
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
    """Write to stderr, without control characters, and return whether that could be done."""
    return tell_styled(visible(text))


def tell_styled(text: str) -> bool:
    """Do the same with a text that has control sequences of our own; what is from outside is visible in it already."""
    try:
        _write(sys.stderr, text)
    except OSError:
        _abandon(2)
        return False
    return True


def unwritable(error: OSError) -> CommandFailedError:
    """Return the sentence for output that could not be written."""
    reason = error.strerror or str(error)
    return CommandFailedError(f"The output cannot be written ({reason}): make room for it or send it elsewhere.")


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "gpuplayground.plain").decode(encoding))
    stream.flush()


def _abandon(number: int) -> None:
    """Let what Python still holds for a stream go nowhere, or it would complain when it exits."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)
