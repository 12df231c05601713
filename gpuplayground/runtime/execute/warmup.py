"""Makes imports ahead of a run: captures their output for the run and ignores their errors."""

from __future__ import annotations

import os
import sys
from time import perf_counter_ns
from typing import Sequence

_KEPT_BYTES = 1 << 16


class Warmup:
    """Imports made ahead of a run, with their cost in nanoseconds and their output."""

    def __init__(self) -> None:
        self.cost_ns: dict[str, int] = {}
        self._printed: dict[str, list[tuple[int, bytes]]] = {}

    def import_all(self, imports: Sequence[str], script_folder: str) -> None:
        """Execute import statements such as ``from x import y``.

        Args:
            imports: the statements in order; modules in ``script_folder`` are left to the run, because their files may
                change until then.
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
                except BaseException:  # a broken module or sys.exit() in one; the run will raise it again
                    capture.take()
                    continue
                self.cost_ns[text] = perf_counter_ns() - start
                printed = capture.take()
                if any(data for _, data in printed):
                    self._printed[text] = printed

    def use(self, texts: Sequence[str]) -> int:
        """Return the cost of some imports in nanoseconds; 0 on later calls."""
        return sum(self.cost_ns.pop(text, 0) for text in texts)

    def replay(self, texts: Sequence[str]) -> None:
        """Print the captured output of some imports."""
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
    """Redirects descriptors 1 and 2 to files, so that output of C code is captured too."""

    def __enter__(self) -> _Capture:  # noqa: PYI034 - Self needs Python 3.11
        import tempfile

        self._originals = {}
        for descriptor in (1, 2):
            self._originals[descriptor] = os.dup(descriptor)
            with tempfile.TemporaryFile() as file:
                os.dup2(file.fileno(), descriptor)
        return self

    def take(self) -> list[tuple[int, bytes]]:
        """Return the output since the last call."""
        taken = []
        for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
            try:
                stream.flush()
                os.lseek(descriptor, 0, os.SEEK_SET)
                taken.append((descriptor, os.read(descriptor, _KEPT_BYTES)))
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.ftruncate(descriptor, 0)
            except (OSError, ValueError, AttributeError):
                continue  # the module has replaced the stream
        return taken

    def __exit__(self, *_: object) -> None:
        self.take()
        for descriptor, original in self._originals.items():
            os.dup2(original, descriptor)
            os.close(original)
