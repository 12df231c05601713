"""Writes results to files or to standard output, as JSON or text."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from gpuplayground.cli.usage import STDOUT
from gpuplayground.standard_streams import CommandFailedError, say
from gpuplayground.storage.documents import replace_file

_OUTPUTS = (1, 2)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write an object as indented JSON in UTF-8.

    Raises:
        CommandFailedError: the file cannot be written.
    """
    # A lone surrogate in a snippet's text cannot be encoded as UTF-8, but as an ASCII escape.
    write_text(path, f"{json.dumps(content, indent=2, ensure_ascii=True)}\n")


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8 with unchanged line ends. An existing file is replaced in one step.

    Args:
        path: a file, a pipe or a device; :data:`.usage.STDOUT` for standard output.
        text: the text.

    Raises:
        CommandFailedError: it cannot be written.
    """
    try:
        descriptor = 1 if path == STDOUT else _own_output(path)
        if descriptor == 1 and os.isatty(1):
            say(text)
        else:
            _write(path if descriptor is None else descriptor, text.encode("utf-8", "replace"))
    except OSError as error:
        reason = error.strerror or error
        raise CommandFailedError(f"{path} cannot be written ({reason}): choose another folder.") from error


def _own_output(path: Path) -> int | None:
    """Return the descriptor of this process that a path names, as ``/dev/stdout`` does; None if it is another file.

    Opening it by its name would truncate the file behind it.
    """
    with suppress(OSError):
        found = path.stat()
        for descriptor in _OUTPUTS:
            if os.path.samestat(found, os.fstat(descriptor)):
                return descriptor
    return None


def _write(target: Path | int, data: bytes) -> None:
    if isinstance(target, Path) and (target.is_file() or not target.exists()):
        try:
            replace_file(Path(os.path.realpath(target)), data)
        except PermissionError:  # the file is writable, its folder is not
            target.write_bytes(data)
        return
    with open(target, "wb", closefd=isinstance(target, Path)) as file:
        file.write(data)
