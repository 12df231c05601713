"""Batches a snippet's output: sent at once if there is little, at intervals and bounded if there is much."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from gpuplayground.model.events import OutputChunk

#: Minimum time between two batches, in seconds.
INTERVAL_S = 0.040
#: Maximum size of a batch in bytes: more than a window can show per interval, but cheap to process.
BATCH_LIMIT_BYTES = 1_000_000


class OutputBatcher:
    """Collects chunks and emits them in batches, in order.

    Args:
        emit: called with the chunks of a batch and the number of bytes cut from its beginning.
        limit_bytes: maximum size of a batch, which keeps the newest bytes; None drops nothing and emits full batches.
        has_room: returns whether a due batch may be emitted; if not, it is asked again after an interval.
    """

    def __init__(
        self,
        emit: Callable[[tuple[OutputChunk, ...], int], None],
        limit_bytes: int | None = BATCH_LIMIT_BYTES,
        has_room: Callable[[], bool] | None = None,
    ) -> None:
        self._emit = emit
        self._has_room = has_room
        self._limit = limit_bytes
        self._parts: deque[tuple[str, bytearray]] = deque()
        self._size = 0
        self._dropped = 0
        self._last = float("-inf")
        #: Number of bytes cut from all batches so far.
        self.dropped_bytes = 0

    def append(self, stream: str, data: bytes) -> None:
        """Add data read from ``stdout`` or ``stderr``."""
        if self._parts and self._parts[-1][0] == stream:
            self._parts[-1][1].extend(data)
        else:
            self._parts.append((stream, bytearray(data)))
        self._size += len(data)
        if self._limit is None:
            if self._size >= BATCH_LIMIT_BYTES:
                self.flush()
        elif self._size > 2 * self._limit:
            self._cut(self._limit)

    def wait_s(self, now: float) -> float | None:
        """Return the seconds until a batch is due, or None if there is no output."""
        return max(0.0, self._last + INTERVAL_S - now) if self._parts else None

    def flush_if_due(self, now: float) -> None:
        """Emit a batch if the interval since the last one is over."""
        if self._parts and now - self._last >= INTERVAL_S:
            if self._has_room is None or self._has_room():
                self.flush()
            self._last = now

    def flush(self) -> None:
        """Emit everything now, so that later events do not overtake it."""
        if not self._parts:
            return
        if self._limit is not None:
            self._cut(self._limit)
        chunks = tuple(OutputChunk(stream, bytes(data)) for stream, data in self._parts)
        dropped, self._dropped = self._dropped, 0
        self._parts.clear()
        self._size = 0
        self._emit(chunks, dropped)

    def _cut(self, limit: int) -> None:
        """Drop the oldest bytes above ``limit``."""
        excess = self._size - limit
        if excess <= 0:
            return
        self._dropped += excess
        self.dropped_bytes += excess
        self._size = limit
        while excess:
            data = self._parts[0][1]
            if len(data) > excess:
                del data[:excess]
                return
            excess -= len(data)
            self._parts.popleft()
