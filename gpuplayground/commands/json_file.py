"""Results as JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gpuplayground.commands.usage import UsageError


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write an object as indented JSON in UTF-8.

    Raises:
        UsageError: the file cannot be written.
    """
    # Half a surrogate pair in a snippet's text cannot be UTF-8: ASCII escapes can hold it.
    text = json.dumps(content, indent=2, ensure_ascii=True)
    try:
        path.write_text(f"{text}\n", "utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}.") from error
