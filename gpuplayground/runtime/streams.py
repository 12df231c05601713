"""Standard streams of a snippet: prompt line by line, in batches in a flood, and an ``input()`` that asks."""

from __future__ import annotations

import io
import os
import sys
from collections import deque
from itertools import islice
from threading import RLock
from time import monotonic
from typing import Any, Callable, Optional

from .channel import Channel

#: Up to this many lines per window are written one by one, so that output and progress appear at once.
_LINES_PER_WINDOW = 64
_WINDOW_S = 0.010
#: A flood ends when less than this came in a window; ``print`` writes two texts.
_FLOOD_TEXTS = 256
#: Texts held back before the snippet itself has to write them: the session reads more slowly than it prints.
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
        #: Text held back. Appending needs no lock: whoever writes it looks at the front alone.
        self.held: deque[str] = deque()
        #: Not empty while so much comes that text goes there rather than through the layers above.
        self.flood: list[bool] = []
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
                self.flood[:] = (True,)
            if self.held:
                self.push()
            self._write_now(data, self._taken)

    def _calm(self) -> None:
        """In the helper thread: write what was held back, and see whether the flood is over."""
        goes_on = bool(self.flood)
        if len(self.held) < _FLOOD_TEXTS:
            self.flood.clear()
        self.push()
        if goes_on:
            # Once more after the end of the flood, too: for a text that was on its way as it ended.
            self._flush_soon(self._calm)

    def push(self) -> None:
        """Write what is held back."""
        with self._lock:
            while self.held:
                count = len(self.held)
                text = "".join(islice(self.held, count))
                data = (text.replace("\n", "\r\n") if sys.platform == "win32" else text).encode(
                    "utf-8", "backslashreplace"
                )
                # Forgotten first: a text that is lost when Stop comes right here is better than one that comes twice.
                for _ in range(count):
                    self.held.popleft()
                written: list[int] = []
                while sum(written) < len(data):
                    self._write_now(data[sum(written) :], written)

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
    """``sys.stdout``: prompt line by line; an explicit ``flush()`` always reaches the descriptor."""

    def __init__(self, raw: AdaptiveOutput, newline: Optional[str]) -> None:
        super().__init__(
            io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", newline=newline, line_buffering=True
        )
        self._raw_end = raw
        self.write = _short_way(raw, super().write)  # type: ignore[method-assign]

    def flush(self) -> None:
        """Write everything printed so far."""
        super().flush()
        self._raw_end.push()


def _short_way(raw: AdaptiveOutput, write_all_the_way: Callable[[str], int]) -> Callable[[str], int]:
    """Return ``sys.stdout.write``. A flood passes through here a million times: every look-up saved is felt."""
    flood, held, hold = raw.flood, raw.held, raw.held.append

    def write(text: str, /) -> int:
        """Write string to stream, and return the number of characters written."""
        if flood and text.__class__ is str:
            hold(text)
            if text == "\n" and len(held) > _MOST_HELD:
                raw.push()
            return len(text)
        return write_all_the_way(text)

    return write


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
    stdout = Stdout(raw, newline)
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
