"""Encodes the frames between processes: JSON objects with a ``kind``, length-prefixed on streams.

No pickle and no eval, because data may come from a snippet that writes to a descriptor it found open.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO, Iterator

_LENGTH = struct.Struct(">I")
#: Maximum size of a frame; a larger one means that the stream is corrupt.
MAX_FRAME_BYTES = 64 << 20

#: Exit code of ``child.py`` under a Python that is too old.
TOO_OLD = 86

#: Source of a snippet's standard input: inherited from the command, or typed in the window.
INHERITED, TYPED = "inherited", "typed"

Frame = dict[str, Any]


class WireError(Exception):
    """The data is not a valid frame."""


def encode(frame: Frame) -> bytes:
    """Return a frame as compact JSON in UTF-8."""
    return json.dumps(frame, separators=(",", ":")).encode("utf-8", "surrogatepass")


def decode(data: bytes) -> Frame:
    """Return the frame in ``data``.

    Raises:
        WireError: the data is not a JSON object with a ``kind``.
    """
    try:
        frame = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or an extremely long number
        raise WireError(f"not a frame: {error}") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("kind"), str):
        raise WireError("not a frame: no kind")
    return frame


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Write a length-prefixed frame and flush the stream."""
    data = encode(frame)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame | None:
    """Return the next frame of a stream, or None at its end.

    Raises:
        WireError: the stream is corrupt or ends inside a frame.
    """
    head = stream.read(_LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        raise WireError("the stream ended inside a frame")
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        raise WireError(f"a frame of {length} bytes")
    data = stream.read(length)
    if len(data) < length:
        raise WireError("the stream ended inside a frame")
    return decode(data)


def pack(frame: Frame) -> bytes:
    """Return a length-prefixed frame."""
    data = encode(frame)
    return _LENGTH.pack(len(data)) + data


class FrameBuffer:
    """Reassembles frames from non-blocking reads of a stream, which may split them anywhere."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that ``data`` completes.

        Raises:
            WireError: the stream is corrupt and cannot be read any further.
        """
        self._pending += data
        while len(self._pending) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._pending)
            if length > MAX_FRAME_BYTES:
                raise WireError(f"a frame of {length} bytes")
            end = _LENGTH.size + length
            if len(self._pending) < end:
                break
            frame = bytes(self._pending[_LENGTH.size : end])
            del self._pending[:end]
            yield decode(frame)


class Progress:
    """Layout of the memory that a snippet's process shares with its session: native signed 64-bit words.

    The snippet writes a few words per statement without a system call. The session can read them at any time, even
    while a C call blocks the interpreter and after a crash.
    """

    #: Index of the current statement, or -1.
    CURRENT = 0
    #: ``clock.now_ns()`` when the first statement began.
    START_NS = 1
    #: First word of the first statement. Each takes ``STRIDE`` words: wall_ns, synced_ns (or -1), outcome, and start in
    #: nanoseconds after ``START_NS``.
    FIRST = 8
    STRIDE = 4
    #: Outcomes.
    DONE = 1
    FAILED = 2
    #: The statement is in a main guard whose condition was false.
    SKIPPED = 3

    @classmethod
    def size(cls, statements: int) -> int:
        """Return the size in bytes for a number of statements."""
        return 8 * (cls.FIRST + cls.STRIDE * statements)
