"""The open file of the history: transactions, what is done about damage, and the sentences for what goes wrong."""

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
    """One connection, for one thread. A damaged file is renamed, never removed, and replaced by what is readable in it.

    Where another program has put a file in its place, or has moved or removed it, the one of that name is used from
    then on: what is written into a file that has lost its name is not found again.

    Args:
        path: The file; it and its folder are made where they are missing.
        busy_s: How long to wait for another window that is writing.
    """

    def __init__(self, path: Path, busy_s: float) -> None:
        self.path = path
        self._busy_s = busy_s
        #: What the user should know about the file, a sentence, or empty.
        self.notice = ""
        #: The ids of runs that could not be read in a file that was damaged.
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
        """Do something with the file; where it turns out to be damaged, with one that has what is readable in it.

        ``work`` is called again where another file has taken the place of this one meanwhile: what was written is not
        in that one, or not for certain.

        Raises:
            HistoryError: it cannot be opened, read or written.
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
        """Return whether another window has written since this was last asked, or the file is another one by now.

        False the first time.
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
            # Where it was there before, as it was then: one that took its place since is noticed the next time.
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
            return f"The history is held by another program: close what uses “{self.path}”."
        if code == sqlite3.SQLITE_FULL:
            return f"The disk is full, so the history cannot be kept: make room for “{self.path}”."
        if isinstance(error, sqlite3.Error) and is_damage(error):
            return f"The history is damaged ({error}): move “{self.path}” away to begin a new one."
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return f"The history cannot be used ({reason}): see that “{self.path}” can be read and written."


def _identity(path: Path) -> _Identity | None:
    """Return what tells the file of a name from another of that name; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of it or nothing. The lock is taken at once, so that what was read first still holds."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back by itself
            connection.execute("ROLLBACK")
        raise
