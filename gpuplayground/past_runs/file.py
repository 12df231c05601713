"""Connection to the history's file: transactions, repair after damage, and errors as sentences."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from gpuplayground.past_runs.entries import HistoryError
from gpuplayground.past_runs.repair import open_history, repair
from gpuplayground.past_runs.schema import is_damage

T = TypeVar("T")
_Identity = tuple[int, int]


class HistoryFile:
    """One connection, for one thread. A damaged file is renamed, not removed, and a new one gets its readable rows.

    If another program replaces, moves or removes the file, the connection is reopened by name: data written to an
    unnamed file would be lost.

    Args:
        path: The file; it and its folder are created if missing.
        busy_s: Maximum wait for another window that is writing, in seconds.
    """

    def __init__(self, path: Path, busy_s: float) -> None:
        self.path = path
        self._busy_s = busy_s
        #: A sentence about a repair of the file, or empty.
        self.notice = ""
        #: Ids of runs that could not be read from a damaged file.
        self.lost: frozenset[int] = frozenset()
        self._connection: sqlite3.Connection | None = None
        self._identity: _Identity | None = None
        self._version: tuple[_Identity | None, int] | None = None

    def close(self) -> None:
        """Close the file; :meth:`call` opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Call ``work`` with the connection; if the file turns out to be damaged, repair it and call it again.

        ``work`` is also called again if the file was replaced meanwhile, because the new file may lack what was
        written.

        Raises:
            HistoryError: the file cannot be opened, read or written.
        """
        try:
            try:
                result = work(self._opened())
                return result if _identity(self.path) == self._identity else work(self._opened())
            except sqlite3.Error as error:
                if not is_damage(error):
                    raise
            self._repair()
            return work(self._opened())
        except (sqlite3.Error, OSError, OverflowError, ValueError) as error:
            raise HistoryError(self._sentence(error)) from error

    def changed_elsewhere(self) -> bool:
        """Return whether another window has written, or the file was replaced, since the last call.

        False at the first call.
        """
        before = self._version
        version = self.call(lambda connection: int(connection.execute("PRAGMA data_version").fetchone()[0]))
        self._version = self._identity, version
        return before is not None and before != self._version

    def _opened(self) -> sqlite3.Connection:
        found = _identity(self.path)
        if self._connection is not None and found != self._identity:
            self.close()
        if self._connection is None:
            self._connection = open_history(self.path, self._busy_s)
            # The identity before opening, so that a file replaced since is noticed the next time.
            self._identity = found or _identity(self.path)
        return self._connection

    def _repair(self) -> None:
        self.close()
        repaired = repair(self.path, self._busy_s)
        if repaired is not None:
            self.notice, self.lost = repaired.sentence, repaired.lost

    def _sentence(self, error: Exception) -> str:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return f"The history is locked by another program: close what uses “{self.path}”."
        if code == sqlite3.SQLITE_FULL:
            return f"The disk is full, so the history cannot be saved: free space for “{self.path}”."
        if isinstance(error, sqlite3.Error) and is_damage(error):
            return f"The history is damaged ({error}): move “{self.path}” away to start a new one."
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return f"The history cannot be used ({reason}): make “{self.path}” readable and writable."


def _identity(path: Path) -> _Identity | None:
    """Return the device and inode of a file, which change when it is replaced; None without a file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a transaction that takes the write lock at once, so that rows read in it stay current."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back on its own when the disk is full
            connection.execute("ROLLBACK")
        raise
