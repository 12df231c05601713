"""Sets up a snippet's standard streams: line-buffered output, and in the window an ``input()`` that asks the user."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from typing import Any, Callable

from . import wire

_flush_stdout: Callable[[], None] = lambda: None  # noqa: E731 - replaced by install()
_flush_c_stdout: Callable[[], None] = lambda: None  # noqa: E731


class AskingInput(io.FileIO):
    """Raw file behind ``sys.stdin`` that asks for input before a read blocks."""

    def __init__(self, ask: Callable[[], None]) -> None:
        super().__init__(0, closefd=False)
        self.name = "<stdin>"
        self._ask = ask

    def readinto(self, buffer: Any, /) -> int | None:
        """Read typed input, asking for it if there is none; returns 0 at the end of input."""
        if not _is_readable(0):
            self._ask()
            _wait_readable(0)
        return io.FileIO.readinto(self, buffer)  # super() would need its frame, see hidden_frames.hide()

    def read(self, size: int | None = -1, /) -> bytes:
        """Read through :meth:`readinto`, which asks."""
        return io.RawIOBase.read(self, -1 if size is None else size) or b""

    def readall(self) -> bytes:
        """Read to the end of input through :meth:`readinto`, which asks."""
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
        """Do nothing: the read itself waits, and signals interrupt it."""


def install(stdin: str, ask: Callable[[], None]) -> None:
    """Set up the snippet's standard streams, line-buffered so that a crash loses no complete lines.

    Args:
        stdin: :data:`wire.INHERITED` keeps ``sys.stdin`` and the terminal's encoding; with :data:`wire.TYPED` all
            streams use UTF-8.
        ask: called when input is needed.
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
    if not getattr(sys.stdout, "write_through", False):  # PYTHONUNBUFFERED also applies to C output
        _buffer_c_output_by_lines()


def flush() -> None:
    """Flush incomplete lines. Errors are left to the snippet's next write."""
    with suppress(OSError, ValueError):
        _flush_stdout()


def drain() -> None:
    """Flush everything printed so far by Python and C, even if the snippet has replaced ``sys.stdout``."""
    flush()
    with suppress(Exception):  # may be any object of the snippet
        sys.stdout.flush()
    _flush_c_stdout()


def _reconfigure(stream: Any, **options: Any) -> None:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(**options)


def _buffer_c_output_by_lines() -> None:
    """Make the output of C libraries line-buffered; on a pipe C would buffer it in blocks and lose it in a crash."""
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
