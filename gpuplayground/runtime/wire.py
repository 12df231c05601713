"""Frames between processes: JSON objects, each with a ``kind``, behind a four-byte length when the carrier is a stream.

Never pickle, never eval: what arrives may come from a snippet that wrote into a descriptor it found open.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

_LENGTH = struct.Struct(">I")
#: A frame longer than this is not one of ours: the stream is corrupt.
MAX_FRAME_BYTES = 64 << 20

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
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
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
