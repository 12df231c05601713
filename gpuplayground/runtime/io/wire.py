"""Frames between processes: JSON objects, each with a ``kind``, behind a four-byte length when the carrier is a stream.

Never pickle, never eval: what arrives may come from a snippet that wrote into a descriptor it found open.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO, Iterator

_LENGTH = struct.Struct(">I")
#: A frame longer than this is not one of ours: the stream is corrupt.
MAX_FRAME_BYTES = 64 << 20

#: Exit code of ``child.py`` under a Python that is too old to say so in any other way.
TOO_OLD = 86

#: How a snippet's process is told where its standard input comes from: the command's own, or typed into the window.
INHERITED, TYPED = "inherited", "typed"

Frame = dict[str, Any]


class WireError(Exception):
    """What was read is not a frame."""


def encode(frame: Frame) -> bytes:
    """Return one frame as compact JSON in UTF-8."""
    return json.dumps(frame, separators=(",", ":")).encode("utf-8", "surrogatepass")


def decode(data: bytes) -> Frame:
    """Return the frame in ``data``.

    Raises:
        WireError: it is not a JSON object with a ``kind``.
    """
    try:
        frame = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, a number of thousands of digits
        raise WireError(f"not a frame: {error}") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("kind"), str):
        raise WireError("not a frame: no kind")
    return frame


def write_frame(stream: BinaryIO, frame: Frame) -> None:
    """Write one length-prefixed frame and flush it."""
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
    """Return one frame with its length in front, ready for a stream."""
    data = encode(frame)
    return _LENGTH.pack(len(data)) + data


class FrameBuffer:
    """Puts frames together from what a non-blocking read of a stream returned, wherever that was cut."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that ``data`` completes.

        Raises:
            WireError: the stream is corrupt; nothing after that can be trusted.
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
    """Layout of the memory a snippet's process shares with its session: native signed 64-bit words.

    The snippet writes a few words per statement without a system call, and the session reads them when it likes:
    even while a C call holds the interpreter, and after a crash that left no time to report anything.
    """

    #: Index of the statement that is executing, or -1.
    CURRENT = 0
    #: ``clock.now_ns()`` when the first statement began.
    START_NS = 1
    #: First word of the first statement; each takes ``STRIDE`` words: wall_ns, synced_ns (or -1), outcome, and when it
    #: began, in nanoseconds after ``START_NS``.
    FIRST = 8
    STRIDE = 4
    #: Outcomes.
    DONE = 1
    FAILED = 2
    #: It is under a guard that turned out to be false.
    SKIPPED = 3

    @classmethod
    def size(cls, statements: int) -> int:
        """Return the bytes needed for a number of statements."""
        return 8 * (cls.FIRST + cls.STRIDE * statements)
