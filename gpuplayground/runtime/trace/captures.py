"""Checks whether a framework's current stream is being captured into a CUDA graph.

The check imports and initialises nothing. The caller must ensure that a CUDA context is current.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from types import ModuleType
from typing import Callable

Question = Callable[[], bool]


class FrameworkStreams:
    """Queries the frameworks that the snippet has imported; caches their functions."""

    def __init__(self) -> None:
        self._questions: dict[str, Question] = {}

    def are_capturing(self) -> bool:
        """Return whether a current stream is being captured; a framework that cannot tell counts as not capturing."""
        for name, find in _FINDERS:
            module = sys.modules.get(name)
            if module is None:
                continue
            with suppress(Exception):  # half imported, an unknown version, the snippet's own module, or a GPU error
                question = self._questions.get(name) or self._questions.setdefault(name, find(module))
                if question():
                    return True
        return False


def _torch_question(torch: ModuleType) -> Question:
    is_initialized: Question = torch.cuda.is_initialized
    is_capturing: Question = torch.cuda.is_current_stream_capturing
    return lambda: is_initialized() and bool(is_capturing())


def _cupy_question(cupy: ModuleType) -> Question:
    current_stream = cupy.cuda.get_current_stream
    return lambda: bool(current_stream().is_capturing())


_FINDERS = (("torch", _torch_question), ("cupy", _cupy_question))
