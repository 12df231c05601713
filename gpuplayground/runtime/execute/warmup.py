"""Imports ahead of a run: quietly, so that the run itself shows what they print, and never fatally."""

from __future__ import annotations

import os
import sys
from time import perf_counter_ns
from typing import Sequence

_KEPT_BYTES = 1 << 16


class Warmup:
    """What was imported ahead, what each import cost in nanoseconds, and what it printed."""

    def __init__(self) -> None:
        self.cost_ns: dict[str, int] = {}
        self._printed: dict[str, list[tuple[int, bytes]]] = {}

    def import_all(self, imports: Sequence[str], script_folder: str) -> None:
        """Execute import statements such as ``from x import y`` one after the other.

        Args:
            imports: the statements, in order; those of modules in ``script_folder`` are left to the run, since
                their files may change until then.
            script_folder: the folder of the snippet.
        """
        with _Capture() as capture:
            for text in imports:
                if _is_local(text.split()[1].split(".")[0], script_folder):
                    continue
                start = perf_counter_ns()
                try:
                    exec(text, {"__name__": "__warmup__"})
                except KeyboardInterrupt:
                    return
                except BaseException:  # a broken module, sys.exit() in one: the run meets it again
                    capture.take()
                    continue
                self.cost_ns[text] = perf_counter_ns() - start
                printed = capture.take()
                if any(data for _, data in printed):
                    self._printed[text] = printed

    def use(self, texts: Sequence[str]) -> int:
        """Return what importing some modules cost, in nanoseconds: once, the next time it is 0."""
        return sum(self.cost_ns.pop(text, 0) for text in texts)

    def replay(self, texts: Sequence[str]) -> None:
        """Print now what the imports printed when they were made."""
        for text in texts:
            for descriptor, data in self._printed.pop(text, ()):
                if data:
                    (sys.stdout if descriptor == 1 else sys.stderr).flush()
                    os.write(descriptor, data)


def _is_local(top: str, script_folder: str) -> bool:
    from importlib.machinery import PathFinder

    try:
        return PathFinder.find_spec(top, [script_folder]) is not None
    except (ImportError, ValueError):
        return True


class _Capture:
    """Puts files in the place of descriptors 1 and 2, so that what C code prints is caught too."""

    def __enter__(self) -> _Capture:  # noqa: PYI034 - Self needs Python 3.11
        import tempfile

        self._originals = {}
        for descriptor in (1, 2):
            self._originals[descriptor] = os.dup(descriptor)
            with tempfile.TemporaryFile() as file:
                os.dup2(file.fileno(), descriptor)
        return self

    def take(self) -> list[tuple[int, bytes]]:
        """Return what was printed since the last time."""
        taken = []
        for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
            try:
                stream.flush()
                os.lseek(descriptor, 0, os.SEEK_SET)
                taken.append((descriptor, os.read(descriptor, _KEPT_BYTES)))
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.ftruncate(descriptor, 0)
            except (OSError, ValueError, AttributeError):
                continue  # the module put something odd in the stream's place
        return taken

    def __exit__(self, *_: object) -> None:
        self.take()
        for descriptor, original in self._originals.items():
            os.dup2(original, descriptor)
            os.close(original)
