"""Results as files: JSON, and texts made elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gpuplayground.commands.usage import CommandFailedError


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write an object as indented JSON in UTF-8.

    Raises:
        CommandFailedError: the file cannot be written.
    """
    # Half a surrogate pair in a snippet's text cannot be UTF-8: ASCII escapes can hold it.
    write_text(path, f"{json.dumps(content, indent=2, ensure_ascii=True)}\n")


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8 with the line ends that it has.

    Raises:
        CommandFailedError: the file cannot be written.
    """
    try:
        path.write_text(text, "utf-8", newline="")
    except OSError as error:
        reason = error.strerror or error
        raise CommandFailedError(f"{path} cannot be written ({reason}): choose another folder.") from error
