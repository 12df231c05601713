"""A run's output on this process's own descriptors: bytes as they come, nothing kept, nothing changed."""

from __future__ import annotations

import os
import select

from gpuplayground.model.events import OutputAppended

_DESCRIPTORS = {"stdout": 1, "stderr": 2}


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
