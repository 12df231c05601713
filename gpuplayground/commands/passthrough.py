"""A run's output and input on this process's own descriptors: bytes as they come, nothing kept, nothing changed."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable

from gpuplayground.playground.events import OutputAppended

_STDIN = 0
_DESCRIPTORS = {"stdout": 1, "stderr": 2}
_READ_BYTES = 1 << 16


def write_output(event: OutputAppended) -> None:
    """Write one batch of output, unbuffered.

    Raises:
        BrokenPipeError: nobody reads it any more.
        OSError: it cannot be written.
    """
    for chunk in event.chunks:
        descriptor, rest = _DESCRIPTORS[chunk.stream], memoryview(chunk.data)
        while rest:
            try:
                rest = rest[os.write(descriptor, rest) :]
            except BlockingIOError:
                # Whoever shares a terminal or a pipe with us may have set it not to wait.
                select.select([], [descriptor], [])


class LineFeeder:
    """Reads a line from standard input whenever one is wanted, in a thread that may wait for it for ever.

    Reads the descriptor itself: a thread inside ``sys.stdin`` would keep the interpreter from shutting down.

    Args:
        answer: takes a line with its line end, or None at the end of input.
    """

    def __init__(self, answer: Callable[[str | None], None]) -> None:
        self._answer = answer
        self._wanted = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._pending = b""

    def want_line(self) -> None:
        """Have one line read and answered with, in the background."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, daemon=True)
            self._thread.start()
        self._wanted.release()

    def _serve(self) -> None:
        while True:
            self._wanted.acquire()
            line = self._next_line()
            self._answer(line.decode("utf-8", "replace") if line else None)

    def _next_line(self) -> bytes:
        while b"\n" not in self._pending:
            try:
                data = os.read(_STDIN, _READ_BYTES)
            except OSError:  # closed, or a terminal that is gone
                data = b""
            if not data:
                line, self._pending = self._pending, b""
                return line
            self._pending += data
        line, newline, self._pending = self._pending.partition(b"\n")
        return line + newline
