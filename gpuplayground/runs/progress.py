"""Reads statement times from the memory that a snippet's process writes them to."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from contextlib import suppress
from typing import Any

from gpuplayground.model.results import StatementTiming
from gpuplayground.runtime.io import wire

#: Maximum valid line number.
MAX_LINE = (1 << 31) - 1


class ProgressMemory:
    """Anonymous shared memory; on Windows a mapping named after the cookie."""

    def __init__(self, cookie: str) -> None:
        self._words: memoryview | None = None
        self._rows: list[list[Any]] = []
        self._next = 0
        self._descriptor = -1
        if sys.platform == "win32":
            self.child_argument, self.inherited = f"gpuplayground-{cookie}", ()
        else:
            self._descriptor = _anonymous_file()
            self.child_argument, self.inherited = str(self._descriptor), (self._descriptor,)

    def open(self, rows: list[list[Any]]) -> None:
        """Start reading, after the snippet has sent its table of statements.

        Raises:
            WireError: the table or the memory is invalid.
        """
        size = wire.Progress.size(len(rows))
        if any(not _is_row(row) for row in rows):
            raise wire.WireError("not a table of statements")
        if sys.platform == "win32":
            mapping = mmap.mmap(-1, size, tagname=self.child_argument)
        else:
            mapping = self._mapped(size)
        self._words = memoryview(mapping).cast("q")
        self._rows = rows

    def _mapped(self, size: int) -> mmap.mmap:
        try:
            # Sealed before its size is checked: reading memory that a snippet truncates would raise SIGBUS here.
            _seal(self._descriptor)
            if os.fstat(self._descriptor).st_size < size:
                raise wire.WireError("the memory is too small")
            return mmap.mmap(self._descriptor, size)
        except OSError as error:
            raise wire.WireError(f"the memory cannot be read: {error}") from error

    @property
    def start_ns(self) -> int | None:
        """Start of the first statement (``clock.now_ns()``), None before it."""
        return self._words[wire.Progress.START_NS] or None if self._words is not None else None

    @property
    def current_line(self) -> int | None:
        """First line of the current statement, if any."""
        return self._line_of(self._current)

    @property
    def _current(self) -> int:
        return self._words[wire.Progress.CURRENT] if self._words is not None else -1

    def _line_of(self, index: int) -> int | None:
        return int(self._rows[index][0]) if 0 <= index < len(self._rows) else None

    def news(self) -> tuple[tuple[StatementTiming, ...], int | None]:
        """Return the statements that ended since the last call, and the first line of the current one, if any."""
        # The line is read first, so that the timings include all statements before it; it may be among them too.
        index = self._current
        timings = self.new_timings()
        return timings, self._line_of(index) if index >= self._next else None

    def new_timings(self) -> tuple[StatementTiming, ...]:
        """Return the statements that ended since the last call."""
        timings = []
        words, layout = self._words, wire.Progress
        while words is not None and self._next < len(self._rows):
            slot = layout.FIRST + layout.STRIDE * self._next
            wall_ns, synced_ns, outcome, began_ns = words[slot : slot + layout.STRIDE]
            if outcome == layout.SKIPPED:
                self._next += 1
                continue
            if outcome not in (layout.DONE, layout.FAILED):
                break
            line, end_line, source, is_import, prewarmed_ns = self._rows[self._next]
            timings.append(
                StatementTiming(
                    index=self._next,
                    line=line,
                    end_line=end_line,
                    source=source,
                    wall_ns=max(0, wall_ns),
                    synced_ns=synced_ns if synced_ns >= 0 else None,
                    is_import=is_import,
                    prewarmed_ns=prewarmed_ns,
                    failed=outcome == layout.FAILED,
                    start_ns=words[layout.START_NS] + max(0, began_ns),
                )
            )
            self._next += 1
        return tuple(timings)

    def cut_short(self, end_ns: int) -> StatementTiming | None:
        """Return the statement during which the process ended; its time is the run's minus that of the others.

        None if every statement that began has ended. Call it after :meth:`new_timings`.

        Args:
            end_ns: end of the process (``clock.now_ns()``).
        """
        words, layout = self._words, wire.Progress
        if words is None or words[layout.CURRENT] != self._next or not 0 <= self._next < len(self._rows):
            return None
        own = layout.FIRST + layout.STRIDE * self._next
        slots = range(layout.FIRST, layout.FIRST + layout.STRIDE * self._next, layout.STRIDE)
        others_ns = sum(max(words[slot], words[slot + 1], 0) for slot in slots)
        line, end_line, source, is_import, prewarmed_ns = self._rows[self._next]
        return StatementTiming(
            index=self._next,
            line=line,
            end_line=end_line,
            source=source,
            wall_ns=max(0, end_ns - words[layout.START_NS] - others_ns),
            is_import=is_import,
            prewarmed_ns=prewarmed_ns,
            failed=True,
            start_ns=words[layout.START_NS] + max(0, words[own + 3]),
        )

    def close(self) -> None:
        """Release the memory."""
        self._words = None
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1


def _is_row(row: object) -> bool:
    return (
        isinstance(row, list)
        and len(row) == 5
        and all(isinstance(value, kind) for value, kind in zip(row, (int, int, str, bool, int), strict=True))
        and all(0 <= line <= MAX_LINE for line in row[:2])
        and 0 <= row[4] < 1 << 63
    )


def _anonymous_file() -> int:
    memfd_create = getattr(os, "memfd_create", None)
    if memfd_create is not None:
        return int(memfd_create("gpuplayground-progress", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING))
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _seal(descriptor: int) -> None:
    """Prevent changes of a file's size on Linux, see F_ADD_SEALS in fcntl(2)."""
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
