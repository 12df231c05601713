"""Copies the readable rows of a damaged history to a new one.

Rows are recognized by their shape, so neither the schema nor the interior pages need to be intact. If a run's entry is
lost, a new one is made from its details, without its note, and pinned only if an index says so.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from gpuplayground.model.results import RunState
from gpuplayground.past_runs import details as details
from gpuplayground.past_runs.entries import EntryKind, HistoryEntry, HistoryError
from gpuplayground.past_runs.rows import INSERT, row_of
from gpuplayground.past_runs.sqlite_pages import Cell, PageFile, Value

#: Types of an entry's columns after the id, which is not stored in the row. SQLite stores a whole REAL as an integer.
_ENTRY_TYPES: tuple[type | tuple[type, ...], ...] = (
    str, str, str, str, int, int, str, str, str, *((int, float, type(None)),) * 3, int, str, int, str, str, str,
)  # fmt: skip
_KINDS, _STATES = frozenset(map(str, EntryKind)), frozenset(map(str, RunState))
_TABLES = {"entries": 19, "details": 2, "traces": 3, "curves": 2}
#: First bytes of the JSON in the two tables whose rows have the same shape.
_BEGINNINGS = {"details": b'{"request":', "curves": b'{"gpus":'}


@dataclass(slots=True)
class Salvage:
    """Ids of the runs that were found, lost, and found incomplete."""

    found: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    partial: set[int] = field(default_factory=set)


def salvage(pages: PageFile, new: sqlite3.Connection) -> Salvage:
    """Copy all readable rows to a new history in one transaction.

    Args:
        pages: the damaged history.
        new: an empty history that does not enforce foreign keys, because rows come in page order.

    Raises:
        sqlite3.Error: the new history cannot be written.
    """
    known = _Known()
    new.execute("BEGIN IMMEDIATE")
    for number in _live_pages(pages, new):
        for cell in pages.index_cells(number):
            known.note(cell)
        for cell in pages.table_cells(number):
            _carry(cell, new, known)
    rebuilt = _rebuild(new, known)
    return _concluded(new, known, rebuilt)


@dataclass(slots=True)
class _Known:
    """What is known about runs, including unreadable ones: ids, pins and damage."""

    ids: set[int] = field(default_factory=set)
    pinned: set[int] = field(default_factory=set)
    damaged: set[int] = field(default_factory=set)

    def note(self, cell: Cell) -> None:
        """Take an index entry: ``listed`` begins with the pin, the other index has a text and the id."""
        values = cell.values or ()
        is_listed = len(values) == 7 and values[2] == cell.rowid
        if is_listed or (len(values) == 2 and isinstance(values[0], str)):
            self.ids.add(cell.rowid)
        if is_listed and values[0] == 1:
            self.pinned.add(cell.rowid)


def _live_pages(pages: PageFile, new: sqlite3.Connection) -> Iterable[int]:
    """Return the pages to search for rows: all but the free ones, whose rows were deleted."""
    everything = range(1, pages.count + 1)
    free = pages.free_pages()
    if free is not None:
        return [number for number in everything if number not in free]
    # The free pages are unknown. If every tree is intact, nothing else is in use. If one is not, pages outside all
    # trees may belong to it; they come last, so that rows known to be in use win. They may contain runs that were
    # deleted by a version without secure_delete.
    used: dict[int, None] = {1: None}
    all_whole = True
    for root in _roots(pages, new):
        seen, is_whole = pages.tree(root)
        used.update(dict.fromkeys(sorted(seen)))
        all_whole = all_whole and is_whole
    return list(used) if all_whole else [*used, *(number for number in everything if number not in used)]


def _roots(pages: PageFile, new: sqlite3.Connection) -> list[int]:
    """Return the root pages of tables and indexes, from the schema or else as in a new file."""
    schema = (cell.values for number in pages.tree(1)[0] for cell in pages.table_cells(number))
    found = [values[3] for values in schema if values is not None and len(values) == 5]
    roots = [root for root in found if isinstance(root, int) and root > 0]
    own = [int(root) for (root,) in new.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 0")]
    return roots if len(roots) >= len(own) - 1 else own  # the first version has one table less


def _carry(cell: Cell, new: sqlite3.Connection, known: _Known) -> None:
    if cell.values is None:
        known.damaged.add(cell.rowid)
        return
    table = _table_of(cell.values)
    if table is None:
        return
    known.ids.add(cell.rowid)
    if not _is_sound(table, cell.values):
        known.damaged.add(cell.rowid)
        return
    places = ", ".join("?" * _TABLES[table])
    values = (cell.rowid, *cell.values[1:])
    new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", values)  # noqa: S608 - names of our tables


def _table_of(values: tuple[Value, ...]) -> str | None:
    """Return the table that a row belongs to, by its shape. The first column is NULL: SQLite stores it as the rowid."""
    if not values or values[0] is not None:
        return None
    if len(values) == _TABLES["entries"]:
        return "entries" if isinstance(values[1], str) else None
    if len(values) == _TABLES["traces"]:
        return "traces" if isinstance(values[1], bytes) and isinstance(values[2], bytes) else None
    if len(values) == _TABLES["details"] and isinstance(values[1], bytes):
        beginning = _inflated(values[1], 16)
        return next((name for name, text in _BEGINNINGS.items() if beginning.startswith(text)), None)
    return None


def _is_sound(table: str, values: tuple[Value, ...]) -> bool:
    """Return whether a row's values are valid. Compressed values have a checksum."""
    if table == "entries":
        types = zip(values[1:], _ENTRY_TYPES, strict=True)
        return all(isinstance(value, kind) for value, kind in types) and values[2] in _KINDS and values[7] in _STATES
    return all(_is_whole(value) for value in values[1:] if isinstance(value, bytes))


def _inflated(packed: bytes, size: int) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj().decompress(packed, size)
    return b""


def _is_whole(packed: bytes) -> bool:
    inflater = zlib.decompressobj()
    try:
        left = packed
        while left:
            inflater.decompress(left, 1 << 20)
            left = inflater.unconsumed_tail
    except zlib.error:
        return False
    return inflater.eof


def _rebuild(new: sqlite3.Connection, known: _Known) -> set[int]:
    """Create entries for details without one and return their ids."""
    orphans = "SELECT entry_id, content FROM details WHERE entry_id NOT IN (SELECT id FROM entries)"
    rebuilt = set()
    for entry_id, content in new.execute(orphans).fetchall():
        unnamed = HistoryEntry(entry_id, "", EntryKind.RUN, "", "", 0, 0, RunState.FINISHED, "")
        try:
            values = row_of(details.unpack(content, unnamed))
        except HistoryError:
            known.damaged.add(entry_id)
            continue
        with suppress(sqlite3.IntegrityError):  # another entry has the same run
            created = new.execute(INSERT, values).lastrowid
            new.execute(
                "UPDATE entries SET id = ?, pinned = ? WHERE id = ?", (entry_id, entry_id in known.pinned, created)
            )
            rebuilt.add(entry_id)
    return rebuilt


def _concluded(new: sqlite3.Connection, known: _Known, rebuilt: set[int]) -> Salvage:
    """Delete rows without an entry, reserve all known ids, and commit."""
    for table in ("details", "traces", "curves"):
        new.execute(f"DELETE FROM {table} WHERE entry_id NOT IN (SELECT id FROM entries)")  # noqa: S608
    found = _ids(new, "SELECT id FROM entries")
    bare = _ids(new, "SELECT id FROM entries WHERE id NOT IN (SELECT entry_id FROM details)")
    last = max(known.ids | found, default=0)
    new.execute("DELETE FROM sqlite_sequence WHERE name = 'entries'")
    new.execute("INSERT INTO sqlite_sequence VALUES ('entries', ?)", (last,))
    new.execute("COMMIT")
    return Salvage(found, known.ids - found, (known.damaged & found) | rebuilt | bare)


def _ids(connection: sqlite3.Connection, query: str) -> set[int]:
    return {int(entry_id) for (entry_id,) in connection.execute(query)}
