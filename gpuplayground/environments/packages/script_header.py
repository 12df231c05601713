"""Reads the header of a script: the PEP 723 block with the Python and the packages that it needs.

The format: https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

# The pattern given in PEP 723, with the block's type fixed to "script".
_BLOCK = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+?)^# ///$")


class HeaderError(ValueError):
    """The header of a script cannot be used; the message is a sentence that says why."""


def header_of(source: str) -> dict[str, Any] | None:
    """Return the contents of the script's header, None if it has none.

    Raises:
        HeaderError: the header is not TOML, or there are two.
    """
    blocks = list(_BLOCK.finditer(source.replace("\r\n", "\n")))
    if not blocks:
        return None
    if len(blocks) > 1:
        raise HeaderError("The script has two headers (# /// script): keep one.")
    lines = blocks[0]["content"].splitlines()
    try:
        return tomllib.loads("\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines))
    except tomllib.TOMLDecodeError as error:
        raise HeaderError(f"The header of the script (# /// script) is not TOML: {error}") from error
