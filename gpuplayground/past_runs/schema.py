"""The file of the history: how it is made, opened and brought up to date.

One SQLite database in WAL mode, so that windows read and write it at once and a killed one leaves it whole:

- ``entries``: one slim row for each run, which is all that lists and searches touch. ``words`` and ``remarks`` hold
  what is searched, in small letters; the index ``listed`` has both, so that a search of 100,000 runs reads it alone.
- ``details``: the request, the run, its receipts, the GPUs and the driver as JSON, compressed by zlib.
- ``traces``: the operations of the GPU as raw rows with their dtype and the names, regions and spans as JSON, both
  compressed by zlib; only where there are not too many.
- ``curves``: what NVML said meanwhile, as JSON compressed by zlib; only where there are GPUs to watch.

A run takes about 1.7 kB on the disk where its source is short, 100,000 of them 170 MB. Nothing is ever removed but
by :meth:`HistoryStore.delete`; the room of what was deleted is used again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path

from gpuplayground.past_runs.entries import HistoryError
from gpuplayground.storage import private_files

#: "GPHI" in ASCII.
APPLICATION_ID = 0x47504849
#: What even the first version has.
_TABLES = frozenset({"entries", "details", "traces"})
#: What brings a file from the version that is the position to the next one; an empty file has version 0.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        f"PRAGMA application_id = {APPLICATION_ID}",
        """CREATE TABLE entries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            run_id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            label TEXT NOT NULL,
            start_ns INTEGER NOT NULL,
            duration_ns INTEGER NOT NULL,
            state TEXT NOT NULL,
            summary TEXT NOT NULL,
            device TEXT NOT NULL,
            median_ns REAL,
            low_ns REAL,
            high_ns REAL,
            measured INTEGER NOT NULL,
            verdict TEXT NOT NULL,
            pinned INTEGER NOT NULL DEFAULT 0,
            note TEXT NOT NULL DEFAULT '',
            words TEXT NOT NULL,
            remarks TEXT NOT NULL
        )""",
        "CREATE INDEX listed ON entries (pinned, start_ns, id, kind, words, remarks)",
        """CREATE TABLE details (
            entry_id INTEGER PRIMARY KEY REFERENCES entries ON DELETE CASCADE,
            content BLOB NOT NULL
        )""",
        """CREATE TABLE traces (
            entry_id INTEGER PRIMARY KEY REFERENCES entries ON DELETE CASCADE,
            operations BLOB NOT NULL,
            content BLOB NOT NULL
        )""",
    ),
    (
        """CREATE TABLE curves (
            entry_id INTEGER PRIMARY KEY REFERENCES entries ON DELETE CASCADE,
            content BLOB NOT NULL
        )""",
    ),
)
VERSION = len(_MIGRATIONS)
#: What SQLite appends to the name of the file for those beside it.
TAILS = ("-wal", "-shm")
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class NotAHistoryError(sqlite3.DatabaseError):
    """The file is a database of something else, or lacks tables."""


def connect(path: Path, busy_s: float) -> sqlite3.Connection:
    """Open the file for one thread, make it where it is missing, and bring it up to date.

    Raises:
        HistoryError: a newer version of the application has written it.
        OSError, sqlite3.Error: it cannot be opened, or is damaged (see :func:`is_damage`).
    """
    private_files.make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        private_files.create(path)
    # SQLite gives the files that it makes beside it the same mode.
    for tail in ("", *TAILS):
        private_files.tighten(path.with_name(path.name + tail))
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
    try:
        _use_wal(connection, busy_s)
        # In WAL mode this may cost the last runs when the power fails, but never the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        # What was deleted is gone for good: nobody finds it in the file, nor does a repair bring it back.
        connection.execute("PRAGMA secure_delete = ON")
        if _version_of(connection) < VERSION:
            _migrate(connection)
        _check(connection)
        if _version_of(connection) > VERSION:
            raise HistoryError(  # noqa: TRY301 - the connection has to be closed as after any other
                f"“{path}” was written by a newer version of GPU Playground: update it to see the history."
            )
    except BaseException:
        connection.close()
        raise
    return connection


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is at fault, rather than the disk or another program."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, NotAHistoryError) or (code is not None and code & 0xFF in _DAMAGED)


def _use_wal(connection: sqlite3.Connection, busy_s: float) -> None:
    """Switch to WAL mode, which SQLite refuses at once while another process does the same."""
    deadline = time.monotonic() + busy_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
        time.sleep(0.01)


def is_history(connection: sqlite3.Connection) -> bool:
    """Return whether a database is marked as a history and has its tables, whatever its version."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return bool(application == APPLICATION_ID and _tables_of(connection) >= _TABLES)


def is_new(connection: sqlite3.Connection) -> bool:
    """Return whether a database has nothing in it yet."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    return not _version_of(connection) and not _tables_of(connection) and pages <= 1


def _version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version_of(connection)  # once more: another window may have been quicker
        if not is_new(connection):
            _check(connection)
        for steps in _MIGRATIONS[version:]:
            for statement in steps:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {max(version, VERSION)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _tables_of(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _check(connection: sqlite3.Connection) -> None:
    if not is_history(connection):
        raise NotAHistoryError("the file is not a history")
