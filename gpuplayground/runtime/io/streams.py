"""Standard streams of a snippet: Python's own, written line by line, and in a window an ``input()`` that asks."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from typing import Any, Callable

from . import wire

_flush_stdout: Callable[[], None] = lambda: None  # noqa: E731 - replaced by install()
_flush_c_stdout: Callable[[], None] = lambda: None  # noqa: E731


class AskingInput(io.FileIO):
    """Descriptor 0 as the raw end of ``sys.stdin``: says that input is wanted before a read has to wait for it."""

    def __init__(self, ask: Callable[[], None]) -> None:
        super().__init__(0, closefd=False)
        self.name = "<stdin>"
        self._ask = ask

    def readinto(self, buffer: Any, /) -> int | None:
        """Read what has been typed, asking for it when there is nothing left; 0 at the end of input."""
        if not _is_readable(0):
            self._ask()
            _wait_readable(0)
        return io.FileIO.readinto(self, buffer)  # super() would need its frame, see hidden_frames.hide()

    def read(self, size: int | None = -1, /) -> bytes:
        """Read by :meth:`readinto`, which asks."""
        return io.RawIOBase.read(self, -1 if size is None else size) or b""

    def readall(self) -> bytes:
        """Read to the end of input by :meth:`readinto`, which asks."""
        return io.RawIOBase.readall(self) or b""


if sys.platform == "win32":
    from .windows import is_readable as _is_readable
    from .windows import wait_readable as _wait_readable
else:
    import select

    def _is_readable(descriptor: int) -> bool:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))

    def _wait_readable(descriptor: int) -> None:
        """The read itself waits, and a signal interrupts it."""


def install(stdin: str, ask: Callable[[], None]) -> None:
    """Put the snippet's standard streams in place: Python's own, whose output no crash takes back line by line.

    Args:
        stdin: :data:`wire.INHERITED` keeps ``sys.stdin`` and the encoding of the terminal; with :data:`wire.TYPED`
            all text is UTF-8, as a window shows it.
        ask: says that input is wanted.
    """
    global _flush_stdout
    if stdin == wire.TYPED:
        for stream in (sys.stdout, sys.stderr):
            _reconfigure(stream, encoding="utf-8", errors=stream.errors)
        asking = io.TextIOWrapper(io.BufferedReader(AskingInput(ask)), encoding="utf-8", errors="surrogateescape")
        asking.mode = "r"  # type: ignore[misc]
        sys.stdin = sys.__stdin__ = asking  # type: ignore[misc]
    _reconfigure(sys.stdout, line_buffering=True)
    _flush_stdout = sys.stdout.flush
    if not getattr(sys.stdout, "write_through", False):  # PYTHONUNBUFFERED is for C's output, too
        _buffer_c_output_by_lines()


def flush() -> None:
    """Write text that has no line end yet. What is wrong with the stream, the snippet's next write says."""
    with suppress(OSError, ValueError):
        _flush_stdout()


def drain() -> None:
    """Write everything printed so far, by Python and by C, whatever ``sys.stdout`` is by now."""
    flush()
    with suppress(Exception):  # an object of the snippet's
        sys.stdout.flush()
    _flush_c_stdout()


def _reconfigure(stream: Any, **options: Any) -> None:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(**options)


def _buffer_c_output_by_lines() -> None:
    """Make ``printf`` of C libraries appear line by line: into a pipe C would write it in blocks, or lose it."""
    global _flush_c_stdout
    if sys.platform == "win32":
        return
    import ctypes

    try:
        libc = ctypes.CDLL(None)
        stream = ctypes.c_void_p.in_dll(libc, "__stdoutp" if sys.platform == "darwin" else "stdout")
        line_buffered = 1
        libc.setvbuf(stream, None, ctypes.c_int(line_buffered), ctypes.c_size_t(0))
        fflush = libc.fflush
    except (OSError, ValueError, AttributeError):
        return
    _flush_c_stdout = lambda: fflush(stream)  # noqa: E731
