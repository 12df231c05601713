"""Leaves the private folders that copies of snippets run from out of what is shown of their output."""

from __future__ import annotations

import re

#: Longest path below the root that leads to a copy: two names of hexadecimal digits and their separators.
_BELOW = 80


class PathFilter:
    """Replaces ``root/…/…/name.py`` by ``name.py`` in one stream of output, cut anywhere.

    Args:
        root: where the private folders are; empty leaves everything as it is.
    """

    def __init__(self, root: str) -> None:
        self._prefix = root.encode("utf-8", "surrogateescape").rstrip(b"/\\")
        separator = rb"[/\\\\]"
        self._pattern = re.compile(
            re.escape(self._prefix) + separator + rb"[0-9a-f]{8,40}" + separator + rb"[0-9a-f]{8,40}" + separator
        )
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what can be shown now; the beginning of what may become such a path is held back."""
        if not self._prefix:
            return data
        data = self._pattern.sub(b"", self._held + data)
        cut = self._cut(data)
        self._held = data[cut:]
        return data[:cut]

    def finish(self) -> bytes:
        """Return what was held back."""
        held, self._held = self._held, b""
        return held

    def _cut(self, data: bytes) -> int:
        whole = data.rfind(self._prefix, max(len(data) - len(self._prefix) - _BELOW, 0))
        if whole >= 0 and not data[whole + len(self._prefix) :].strip(b"0123456789abcdef/\\"):
            return whole
        for length in range(min(len(self._prefix) - 1, len(data)), 0, -1):
            if data.endswith(self._prefix[:length]):
                return len(data) - length
        return len(data)
