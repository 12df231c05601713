"""Removes the private folders of snippet copies from shown output."""

from __future__ import annotations

import re

#: Maximum length of a copy's folder below the root: two hexadecimal names and separators.
_BELOW = 80


class PathFilter:
    """Replaces ``root/…/…/name.py`` with ``name.py`` in one stream of output, whose chunks may be split anywhere.

    Args:
        root: parent of the private folders; empty to change nothing.
    """

    def __init__(self, root: str) -> None:
        self._prefix = root.encode("utf-8", "surrogateescape").rstrip(b"/\\")
        separator = rb"[/\\\\]"
        self._pattern = re.compile(
            re.escape(self._prefix) + separator + rb"[0-9a-f]{8,40}" + separator + rb"[0-9a-f]{8,40}" + separator
        )
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what can be shown now; a possible beginning of such a path is held back."""
        if not self._prefix:
            return data
        data = self._pattern.sub(b"", self._held + data)
        cut = self._cut(data)
        self._held = data[cut:]
        return data[:cut]

    def finish(self) -> bytes:
        """Return the data held back."""
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
