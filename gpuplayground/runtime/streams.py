"""Standard streams of a snippet: prompt line by line, in batches in a flood, and an ``input()`` that asks."""

from __future__ import annotations

import io
import os
import sys
from collections import deque
from itertools import islice
from threading import RLock
from time import monotonic
from typing import Any, Callable

from .channel import Channel

#: Up to this many lines per window are written one by one, so that output and progress appear at once.
_LINES_PER_WINDOW = 64
_WINDOW_S = 0.010
#: A flood ends when less than this came in a window.
_FLOOD_LINES = 256
#: Lines held back before the snippet itself has to write them: the session reads more slowly than it prints.
_MOST_HELD = 1 << 15
_BATCH_BYTES = 1 << 16


class AdaptiveOutput(io.RawIOBase):
    """The raw end of ``sys.stdout``: each line is one write, but a million lines are not a million writes."""

    mode = "wb"

    def __init__(self, descriptor: int, flush_soon: Callable[[Callable[[], None]], bool]) -> None:
        super().__init__()
        self.name = "<stdout>"
        self._descriptor = descriptor
        self._flush_soon = flush_soon
        self._lock = RLock()
        #: Lines held back. Appending needs no lock: whoever writes them looks at the front alone.
        self._held: deque[bytes] = deque()
        self._flooded = False
        #: What the current call has taken, and bytes that an interrupted call took without being able to say so.
        self._taken: list[int] = []
        self._unacknowledged = b""
        self._window_start = 0.0
        self._lines = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of standard output."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return False: it is a pipe."""
        return False

    def write(self, data: Any) -> int:
        """Write one line, or hold it back for at most about 10 ms when too many come.

        A KeyboardInterrupt may arise after the bytes went out and before this returns. The buffer above then comes
        with the same bytes again, which must not be written twice.
        """
        if self._flooded and not self._unacknowledged:
            # A flood passes through here a million times: this is the short way.
            line = bytes(data)
            try:
                self._held.append(line)
                if len(self._held) > _MOST_HELD:
                    self.push()
                return len(line)
            except BaseException:
                self._unacknowledged = line
                raise
        known, self._unacknowledged = self._unacknowledged, b""
        if known and bytes(data[: len(known)]) == known:
            return len(known)
        self._taken = []
        try:
            self._take(data, len(data))
        except BaseException:
            self._unacknowledged = bytes(data[: sum(self._taken)])
            raise
        return self._taken[0]

    def _take(self, data: Any, size: int) -> None:
        with self._lock:
            now = monotonic()
            if now - self._window_start > _WINDOW_S:
                self._window_start = now
                self._lines = 0
            self._lines += 1
            if self._lines > _LINES_PER_WINDOW and size < _BATCH_BYTES and self._flush_soon(self._calm):
                self._flooded = True
            if self._held:
                self.push()
            self._write_now(data, self._taken)

    def _calm(self) -> None:
        """In the helper thread: write what was held back, and see whether the flood is over."""
        if len(self._held) < _FLOOD_LINES:
            self._flooded = False
        self.push()
        if self._flooded or self._held:
            # Also for a line that was on its way into the flood as it ended.
            self._flush_soon(self._calm)

    def push(self) -> None:
        """Write what is held back."""
        with self._lock:
            while self._held:
                data = b"".join(islice(self._held, len(self._held)))
                written: list[int] = []
                try:
                    self._write_now(data, written)
                finally:
                    self._drop(sum(written))

    def _drop(self, size: int) -> None:
        """Forget so many bytes at the front of what is held back: they are written."""
        while size > 0:
            line = self._held.popleft()
            if len(line) > size:
                self._held.appendleft(line[size:])
            size -= len(line)

    def _write_now(self, data: Any, written: list[int]) -> None:
        """Write, and note in ``written`` how much: in one call, so that no interrupt comes between the two."""
        written.extend(map(os.write, (self._descriptor,), (data,)))

    def forget_lock(self) -> None:
        """Take a fresh lock, in a forked child or at the end: a thread that is no more may have held the old one."""
        self._lock = RLock()

    def close(self) -> None:
        """Write what is held back; the descriptor stays open, as Python leaves it."""
        if not self.closed:
            try:
                self.push()
            finally:
                super().close()


class Stdout(io.TextIOWrapper):
    """``sys.stdout``: an explicit ``flush()`` always reaches the descriptor, which the flush of a line need not."""

    def flush(self) -> None:
        """Write everything printed so far."""
        super().flush()
        raw = getattr(self.buffer, "raw", None)
        if isinstance(raw, AdaptiveOutput):
            raw.push()


class AskingInput(io.RawIOBase):
    """The raw end of ``sys.stdin``: a read asks the user for a line."""

    mode = "rb"

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self.name = "<stdin>"
        self._channel = channel

    def readable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of standard input, which is the null device."""
        return 0

    def readinto(self, buffer: Any) -> int:
        """Wait for what the user types; 0 at the end of input."""
        data = self._channel.read_typed(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def install(channel: Channel) -> AdaptiveOutput:
    """Put the snippet's standard streams in place and return the raw end of standard output."""
    newline = None if sys.platform == "win32" else "\n"
    raw = AdaptiveOutput(1, channel.flush_soon)
    stdout = Stdout(
        io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", newline=newline, line_buffering=True
    )
    stdout.mode = "w"  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = stdout  # type: ignore[misc]
    reconfigure = getattr(sys.stderr, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    stdin = io.TextIOWrapper(io.BufferedReader(AskingInput(channel)), encoding="utf-8", errors="surrogateescape")
    stdin.mode = "r"  # type: ignore[misc]
    sys.stdin = sys.__stdin__ = stdin  # type: ignore[misc]
    buffer_c_output_by_lines()
    return raw


def buffer_c_output_by_lines() -> None:
    """Make ``printf`` of C libraries appear line by line: into a pipe C would write it in blocks, or lose it."""
    if sys.platform == "win32":
        return
    import ctypes

    try:
        libc = ctypes.CDLL(None)
        stream = ctypes.c_void_p.in_dll(libc, "__stdoutp" if sys.platform == "darwin" else "stdout")
        line_buffered = 1
        libc.setvbuf(stream, None, ctypes.c_int(line_buffered), ctypes.c_size_t(0))
    except (OSError, ValueError, AttributeError):
        return
