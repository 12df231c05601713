"""Frames out of a stream that was cut anywhere."""

from __future__ import annotations

import struct

import pytest

from gpuplayground.runtime.io import wire


def test_frames_come_together_however_they_were_cut() -> None:
    frames = [{"kind": "a"}, {"kind": "b", "text": "ü" * 100}, {"kind": "c", "surrogate": "\ud800"}]
    data = b"".join(wire.pack(frame) for frame in frames)
    for step in (1, 2, 7, len(data)):
        buffer = wire.FrameBuffer()
        got = [frame for at in range(0, len(data), step) for frame in buffer.feed(data[at : at + step])]
        assert got == frames


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", wire.MAX_FRAME_BYTES + 1),
        wire.pack({"kind": "a"})[:4] + b"not json at",
        struct.pack(">I", 2) + b"[]",
    ],
)
def test_what_is_no_frame_is_an_error(data: bytes) -> None:
    with pytest.raises(wire.WireError):
        list(wire.FrameBuffer().feed(data + b"\0" * 32))
