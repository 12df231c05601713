"""Stores every run and benchmark in one file that several windows can use at once.

Each run is one commit, so that a killed window loses nothing it has saved. :mod:`.schema` describes the file,
:mod:`.entries` and :mod:`.details` its contents.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from gpuplayground.model.benchmarks import Flag
from gpuplayground.model.samples import GpuSample
from gpuplayground.past_runs import details as details
from gpuplayground.past_runs.details import KeptRun
from gpuplayground.past_runs.entries import (
    EntryKind,
    HistoryEntry,
    HistoryError,
    HistoryFilter,
    clean,
    remarks_of,
    verdict_of,
)
from gpuplayground.past_runs.export import export_csv, export_json
from gpuplayground.past_runs.file import HistoryFile, transaction
from gpuplayground.past_runs.rows import COLUMNS, INSERT, NEWEST_FIRST, condition, entry_of, first_entry, row_of
from gpuplayground.receipts.receipt import Receipt

__all__ = ["EVERYTHING", "EntryKind", "HistoryEntry", "HistoryError", "HistoryFilter", "HistoryStore", "KeptRun"]

EVERYTHING = HistoryFilter()
#: Maximum number of entries deleted in one transaction, which limits how long other windows wait.
_CHUNK = 500
_INSERT_CURVES = "INSERT OR REPLACE INTO curves VALUES (?, ?)"


class HistoryStore:
    """The history of one user, opened for one thread.

    A damaged file is renamed, never removed, and its readable rows are copied to a new one; :attr:`notice` says so.

    Args:
        path: The file; it and its folder are created if missing.
        busy_s: Maximum wait for another window that is writing, in seconds.

    Raises:
        HistoryError: from any method: the file cannot be read or written.
    """

    def __init__(self, path: Path, busy_s: float = 5.0) -> None:
        self._file = HistoryFile(path, busy_s)
        self._file.changed_elsewhere()

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self._file.path

    @property
    def notice(self) -> str:
        """A sentence about a repair of the file, or empty."""
        return self._file.notice

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; any other method opens it again."""
        self._file.close()

    def add(self, kept: KeptRun) -> int:
        """Save a run, unless it is saved already, and return the id of its entry."""
        content, trace = details.pack(kept), details.pack_trace(kept.run.trace)
        curves = details.pack_samples(kept.samples)

        def write(connection: sqlite3.Connection) -> int:
            with transaction(connection):
                known = connection.execute("SELECT id FROM entries WHERE run_id = ?", (kept.run.run_id,)).fetchone()
                if known is not None:
                    return int(known[0])
                entry_id = connection.execute(INSERT, row_of(kept)).lastrowid
                connection.execute("INSERT INTO details VALUES (?, ?)", (entry_id, content))
                if trace is not None:
                    connection.execute("INSERT INTO traces VALUES (?, ?, ?)", (entry_id, *trace))
                if curves is not None:
                    connection.execute(_INSERT_CURVES, (entry_id, curves))
                return int(entry_id or 0)

        return self._file.call(write)

    def complete(
        self,
        run_id: str,
        receipts: Sequence[Receipt],
        verdicts: Sequence[Sequence[Flag]] = (),
        samples: Sequence[GpuSample] = (),
    ) -> bool:
        """Add what is known only some time after a run.

        Args:
            run_id: id of the run.
            receipts: one per GPU that it used.
            verdicts: flags of each benchmark, in order.
            samples: NVML samples around the run.

        Returns:
            Whether the run is still in the history.
        """
        curves = details.pack_samples(samples)

        def write(connection: sqlite3.Connection) -> bool:
            with transaction(connection):
                entry = first_entry(connection, "run_id", run_id)
                if entry is None:
                    return False
                kept = details.with_verdicts(self._details(connection, entry), receipts, verdicts)
                verdict = verdict_of([benchmark.verdict for benchmark in kept.run.benchmarks])
                connection.execute(
                    "UPDATE entries SET verdict = ?, remarks = ? WHERE id = ?",
                    (verdict, remarks_of(verdict, entry.note), entry.id),
                )
                content = details.pack(kept)
                connection.execute("UPDATE details SET content = ? WHERE entry_id = ?", (content, entry.id))
                if curves is not None:
                    connection.execute(_INSERT_CURVES, (entry.id, curves))
                return True

        return self._file.call(write)

    def entries(
        self, wanted: HistoryFilter = EVERYTHING, limit: int = 200, after: HistoryEntry | None = None
    ) -> list[HistoryEntry]:
        """Return one page of the entries that pass a filter: pinned ones first, then the newest.

        Args:
            wanted: the filter.
            limit: maximum number of entries.
            after: the last entry of the previous page; stays valid when entries are added.
        """
        where, values = condition(wanted)
        if after is not None:
            where += " AND (pinned, start_ns, id) < (?, ?, ?)"
            values += after.order
        # The ids come from the index alone; only the rows of this page are read.
        page = f"SELECT id FROM entries WHERE {where} {NEWEST_FIRST} LIMIT ?"  # noqa: S608 - made of constants
        query = f"SELECT {COLUMNS} FROM entries WHERE id IN ({page}) {NEWEST_FIRST}"  # noqa: S608

        return self._file.call(lambda connection: [*map(entry_of, connection.execute(query, (*values, limit)))])

    def count(self, wanted: HistoryFilter = EVERYTHING) -> int:
        """Return the number of entries that pass a filter."""
        where, values = condition(wanted)
        query = f"SELECT count(*) FROM entries WHERE {where}"  # noqa: S608
        return self._file.call(lambda connection: int(connection.execute(query, values).fetchone()[0]))

    def ids(self, wanted: HistoryFilter = EVERYTHING) -> list[int]:
        """Return the ids of all entries that pass a filter, sorted as by :meth:`entries`."""
        where, values = condition(wanted)
        query = f"SELECT id FROM entries WHERE {where} {NEWEST_FIRST}"  # noqa: S608
        return self._file.call(lambda connection: [entry_id for (entry_id,) in connection.execute(query, values)])

    def get(self, entry_id: int) -> KeptRun:
        """Return a run with all its details.

        Raises:
            HistoryError: also if it was deleted or is damaged.
        """
        kept = self._find(entry_id, whole=True)
        if kept is None and entry_id in self._file.lost:
            raise HistoryError("This run could not be read: it was in a damaged part of the history.")
        if kept is None:
            raise HistoryError("This run is no longer in the history: another window has deleted it.")
        return kept

    def set_pinned(self, entry_id: int, pinned: bool) -> None:
        """Pin an entry to the top of lists, or unpin it."""
        self._change("UPDATE entries SET pinned = ? WHERE id = ?", (pinned, entry_id))

    def set_note(self, entry_id: int, note: str) -> None:
        """Replace the note of an entry."""
        text = clean(note)

        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                entry = first_entry(connection, "id", entry_id)
                if entry is not None:
                    values = (text, remarks_of(entry.verdict, text), entry_id)
                    connection.execute("UPDATE entries SET note = ?, remarks = ? WHERE id = ?", values)

        self._file.call(write)

    def delete(self, entry_ids: Sequence[int]) -> None:
        """Delete entries permanently, with everything that belongs to them."""
        for start in range(0, len(entry_ids), _CHUNK):
            chunk = tuple(entry_ids[start : start + _CHUNK])
            self._change(f"DELETE FROM entries WHERE id IN ({', '.join('?' * len(chunk))})", chunk)  # noqa: S608

    def export(self, entry_ids: Sequence[int], path: Path) -> int:
        """Write runs to a file, as CSV if its name ends in ``.csv``, else as JSON, and return their number.

        Runs that were deleted meanwhile are left out.
        """
        write = export_csv if path.suffix.lower() == ".csv" else export_json
        return write(self._existing(entry_ids), path)

    def changed_elsewhere(self) -> bool:
        """Return whether another window has written since the last call."""
        return self._file.changed_elsewhere()

    def _change(self, statement: str, values: tuple[Any, ...]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                connection.execute(statement, values)

        self._file.call(write)

    def _find(self, entry_id: int, *, whole: bool = False) -> KeptRun | None:
        def read(connection: sqlite3.Connection) -> KeptRun | None:
            entry = first_entry(connection, "id", entry_id)
            if entry is None:
                return None
            kept = self._details(connection, entry)
            return self._with_rest(connection, kept, entry_id) if whole else kept

        return self._file.call(read)

    def _with_rest(self, connection: sqlite3.Connection, kept: KeptRun, entry_id: int) -> KeptRun:
        """Return a run with its trace and its samples."""
        query = "SELECT operations, content FROM traces WHERE entry_id = ?"
        for operations, content in connection.execute(query, (entry_id,)):
            kept = replace(kept, run=replace(kept.run, trace=details.unpack_trace(operations, content)))
        for (content,) in connection.execute("SELECT content FROM curves WHERE entry_id = ?", (entry_id,)):
            kept = replace(kept, samples=details.unpack_samples(content))
        return kept

    def _existing(self, entry_ids: Sequence[int]) -> Iterator[KeptRun]:
        for entry_id in entry_ids:
            kept = self._find(entry_id)
            if kept is not None:
                yield kept

    def _details(self, connection: sqlite3.Connection, entry: HistoryEntry) -> KeptRun:
        row = connection.execute("SELECT content FROM details WHERE entry_id = ?", (entry.id,)).fetchone()
        return details.unpack(row[0] if row is not None else b"", entry)
