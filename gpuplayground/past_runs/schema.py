"""Creates, opens and migrates the history's file.

It is an SQLite database in WAL mode, so that several windows can use it and a killed one leaves it intact:

- ``entries``: one small row per run, enough for lists and searches. ``words`` and ``remarks`` have the searchable text
  in lower case; the index ``listed`` covers both, so that a search of 100,000 runs reads only the index.
- ``details``: the request, the run, its receipts, the GPUs and the driver as JSON, compressed by zlib.
- ``traces``: the GPU operations as raw rows, and their dtype, names, regions and spans as JSON, both compressed by
  zlib; only for traces that are not too large.
- ``curves``: the NVML samples around the run as JSON, compressed by zlib; only with a monitored GPU.

A run with a short source takes about 1.7 kB on disk, 100,000 runs take 170 MB. Only :meth:`HistoryStore.delete`
removes runs; SQLite reuses the space.
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
#: Tables of the first version.
_TABLES = frozenset({"entries", "details", "traces"})
#: Statements that migrate a file from the version given by the index to the next; an empty file has version 0.
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
#: Suffixes of the additional files that SQLite creates.
TAILS = ("-wal", "-shm")
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class NotAHistoryError(sqlite3.DatabaseError):
    """The file is another program's database, or lacks tables."""


def connect(path: Path, busy_s: float) -> sqlite3.Connection:
    """Open the file for one thread; create it if it is missing, and migrate it if it is old.

    Raises:
        HistoryError: a newer version of the application wrote it.
        OSError, sqlite3.Error: it cannot be opened, or is damaged (see :func:`is_damage`).
    """
    private_files.make_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        private_files.create(path)
    # SQLite creates its other files with the same mode.
    for tail in ("", *TAILS):
        private_files.tighten(path.with_name(path.name + tail))
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
    try:
        _use_wal(connection, busy_s)
        # In WAL mode a power failure may lose the last runs, but never damages the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        # Deleted runs are overwritten, so that they cannot be found in the file or brought back by a repair.
        connection.execute("PRAGMA secure_delete = ON")
        if _version_of(connection) < VERSION:
            _migrate(connection)
        _check(connection)
        if _version_of(connection) > VERSION:
            raise HistoryError(  # noqa: TRY301 - the connection must be closed
                f"“{path}” was written by a newer version of GPU Playground: update it to see the history."
            )
    except BaseException:
        connection.close()
        raise
    return connection


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error means that the file is damaged, rather than locked or on a full disk."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, NotAHistoryError) or (code is not None and code & 0xFF in _DAMAGED)


def _use_wal(connection: sqlite3.Connection, busy_s: float) -> None:
    """Switch to WAL mode; SQLite's busy timeout does not cover another process doing the same."""
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
    """Return whether a database is marked as a history and has the tables of one, in any version."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return bool(application == APPLICATION_ID and _tables_of(connection) >= _TABLES)


def is_new(connection: sqlite3.Connection) -> bool:
    """Return whether a database is empty."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    return not _version_of(connection) and not _tables_of(connection) and pages <= 1


def _version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version_of(connection)  # another window may have migrated it meanwhile
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
