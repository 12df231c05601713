"""The table model of the history. It loads pages on scrolling, and changes keep the selection and an open editor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import IntEnum
from itertools import groupby

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from gpuplayground.past_runs.entries import HistoryEntry
from gpuplayground.runtime.clock import now_ns
from gpuplayground.ui.past_runs import entry_text
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import align_right, ui_font

ENTRY_ROLE = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class Column(IntEnum):
    """The columns, from left to right."""

    PIN = 0
    WHEN = 1
    NAME = 2
    DEVICE = 3
    FIGURE = 4
    VERDICT = 5
    NOTE = 6


#: Columns in which a note can be edited: the name column if the note column is hidden.
_EDITABLE = (Column.NAME, Column.NOTE)
_FLAGS = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
_FLAGS_OF_NOTES = _FLAGS | Qt.ItemFlag.ItemIsEditable


class HistoryModel(QAbstractTableModel):
    """One row per loaded entry: pinned ones first, then the newest."""

    moreRequested = Signal(object)  # the HistoryEntry that the next page follows
    noteEdited = Signal(int, str)  # id of the entry, text

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[HistoryEntry] = []
        self._ids: set[int] = set()  # of the rows
        self._hidden: set[int] = set()
        self._last: HistoryEntry | None = None  # the last entry of the last page as loaded, even if it is hidden
        self._is_complete = True
        self._is_waiting = False

    @property
    def is_complete(self) -> bool:
        """Whether all entries are loaded."""
        return self._is_complete

    def entries(self) -> list[HistoryEntry]:
        """Return the loaded entries in display order."""
        return list(self._rows)

    def entry(self, row: int) -> HistoryEntry:
        """Return the entry of a row."""
        return self._rows[row]

    def replace(self, entries: Sequence[HistoryEntry], *, is_complete: bool) -> None:
        """Replace all entries by a first page."""
        self.beginResetModel()
        self._rows = self._shown(entries)
        self._ids = {row.id for row in self._rows}
        self._last = entries[-1] if entries else None
        self._is_complete, self._is_waiting = is_complete, False
        self.endResetModel()
        self._fill()

    def refresh(self, entries: Sequence[HistoryEntry], *, is_complete: bool) -> None:
        """Update the first rows; rows that sort after the last given entry stay."""
        last, before, tail = (entries[-1] if entries else None), self._last, []
        if is_complete or last is None or before is None or last.order <= before.order:
            self._last, self._is_complete = last, is_complete
        else:
            fresh = {entry.id for entry in entries}
            tail = [row for row in self._rows if row.order < last.order and row.id not in fresh]
            if not self._is_complete:
                # An unpinned entry may belong to a page that is not loaded yet, and comes with it.
                tail = [row for row in tail if row.order >= before.order]
        self._is_waiting = False
        self._change_to([*self._shown(entries), *tail])
        self._fill()

    def append(self, entries: Sequence[HistoryEntry], *, is_complete: bool) -> None:
        """Append the next page; the cost does not depend on the number of rows."""
        self._last = entries[-1] if entries else self._last
        self._is_complete, self._is_waiting = is_complete, False
        new = [entry for entry in self._shown(entries) if entry.id not in self._ids]
        if new:
            self._insert(len(self._rows), new)
        self._fill()

    def hide(self, entry_ids: Iterable[int]) -> list[HistoryEntry]:
        """Hide entries, even if they are loaded again, and return those that were shown."""
        self._hidden |= set(entry_ids)
        gone = [row for row in self._rows if row.id in self._hidden]
        self._change_to([row for row in self._rows if row.id not in self._hidden])
        self._fill()
        return gone

    def unhide(self, entries: Iterable[HistoryEntry]) -> None:
        """Show hidden entries again."""
        back = list(entries)
        self._hidden -= {entry.id for entry in back}
        self._change_to(sorted([*self._rows, *back], key=lambda entry: entry.order, reverse=True))

    def set_pinned(self, entry_ids: Iterable[int], *, pinned: bool) -> None:
        """Pin or unpin entries in the list before the database has done so."""
        changed = set(entry_ids)
        rows = [replace(row, pinned=pinned) if row.id in changed else row for row in self._rows]
        self._change_to(sorted(rows, key=lambda entry: entry.order, reverse=True))

    def row_of(self, entry_id: int) -> int | None:
        """Return the row of an entry, if it is loaded."""
        return next((row for row, entry in enumerate(self._rows) if entry.id == entry_id), None)

    def canFetchMore(self, parent: Index) -> bool:
        """Whether there are more entries and no page has been requested."""
        return not (parent.isValid() or self._is_complete or self._is_waiting)

    def fetchMore(self, parent: Index) -> None:
        """Request the next page; views call it when scrolled to the end."""
        if self.canFetchMore(parent) and self._last is not None:
            self._is_waiting = True
            self.moreRequested.emit(self._last)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of loaded entries."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(Column)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return precomputed flags, because views ask for them most often; notes are editable."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return _FLAGS_OF_NOTES if index.column() in _EDITABLE else _FLAGS

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return title, font or alignment of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = Column(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._title(column)
        if role == Qt.ItemDataRole.FontRole:
            return ui_font(11)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            return align_right() if column == Column.FIGURE else left
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the entry, text, tooltip or accessible text of a cell."""
        entry, column = self._rows[index.row()], Column(index.column())
        if role == ENTRY_ROLE:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(entry, column)
        if role == Qt.ItemDataRole.EditRole and column in _EDITABLE:
            return entry.note
        if role == Qt.ItemDataRole.ToolTipRole:
            return plainly(self._tip(entry, column))
        if role == Qt.ItemDataRole.AccessibleTextRole and column == Column.NAME:
            return entry_text.spoken(entry, now_ns())
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Change a note and ask for it to be saved."""
        entry = self._rows[index.row()]
        note = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or note == entry.note:
            return False
        self._rows[index.row()] = replace(entry, note=note)
        self._emit_changed(index.row())
        self.noteEdited.emit(entry.id, note)
        return True

    def _shown(self, entries: Sequence[HistoryEntry]) -> list[HistoryEntry]:
        return [entry for entry in entries if entry.id not in self._hidden]

    def _text(self, entry: HistoryEntry, column: Column) -> str:
        match column:
            case Column.PIN:
                return ""
            case Column.WHEN:
                return entry_text.when(entry, now_ns())
            case Column.NAME:
                return f"{entry.name} · {entry.label}" if entry.label else entry.name
            case Column.DEVICE:
                return entry.device.removeprefix("NVIDIA ")
            case Column.FIGURE:
                return entry_text.figure(entry)
            case Column.VERDICT:
                return entry_text.verdict(entry)[0]
            case Column.NOTE:
                return entry.note

    def _tip(self, entry: HistoryEntry, column: Column) -> str:
        match column:
            case Column.PIN:
                text = self.tr("Unpin") if entry.pinned else self.tr("Pin to the top")
                return f"{text} (Ctrl+D)"
            case Column.WHEN:
                return entry_text.full_time(entry)
            case Column.NAME:
                # Includes what hidden columns would show.
                facts = (self._text(entry, column), entry_text.full_time_and_state(entry), entry.summary, entry.device)
                return "\n".join(part for part in (*facts, entry.note) if part)
            case Column.DEVICE:
                return entry.device
            case Column.FIGURE:
                return entry_text.figure_meaning(entry)
            case Column.VERDICT:
                return entry_text.verdict_meaning(entry)
            case Column.NOTE:
                return entry.note or self.tr("Add a note (F2)")

    def _title(self, column: Column) -> str:
        return {
            Column.PIN: "",
            Column.WHEN: self.tr("When"),
            Column.NAME: self.tr("Snippet"),
            Column.DEVICE: self.tr("GPU"),
            Column.FIGURE: self.tr("Time"),
            Column.VERDICT: self.tr("Verdict"),
            Column.NOTE: self.tr("Note"),
        }[column]

    def _change_to(self, rows: list[HistoryEntry]) -> None:
        """Change to other rows by removing, moving and inserting, which keeps the selection and an open editor."""
        wanted = {entry.id: entry for entry in rows}
        self._remove([row for row, entry in enumerate(self._rows) if entry.id not in wanted])
        known = {entry.id for entry in self._rows}
        self._ids = set(known)
        self._reorder([entry for entry in rows if entry.id in known])
        for is_new, group in groupby(enumerate(rows), key=lambda item: item[1].id not in known):
            if is_new:
                items = list(group)
                self._insert(items[0][0], [entry for _, entry in items])

    def _fill(self) -> None:
        """Request the next page if there are no rows, because a view without rows requests none."""
        if not self._rows:
            self.fetchMore(_NO_INDEX)

    def _insert(self, first: int, entries: list[HistoryEntry]) -> None:
        self.beginInsertRows(_NO_INDEX, first, first + len(entries) - 1)
        self._rows[first:first] = entries
        self._ids.update(entry.id for entry in entries)
        self.endInsertRows()

    def _remove(self, rows: list[int]) -> None:
        """Remove rows from the last to the first, consecutive ones at once."""
        blocks = groupby(enumerate(reversed(rows)), key=lambda item: item[0] + item[1])
        for block in [[row for _, row in group] for _, group in blocks]:
            self.beginRemoveRows(_NO_INDEX, block[-1], block[0])
            del self._rows[block[-1] : block[0] + 1]
            self.endRemoveRows()

    def _reorder(self, rows: list[HistoryEntry]) -> None:
        """Reorder the rows; entries may have changed."""
        old = self._rows
        if [entry.id for entry in rows] == [entry.id for entry in old]:
            self._rows = rows
            for row, (before, after) in enumerate(zip(old, rows, strict=True)):
                if before != after:
                    self._emit_changed(row)
            return
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        places = {entry.id: row for row, entry in enumerate(rows)}
        self._rows = rows
        moved = [self.index(places[old[index.row()].id], index.column()) for index in held]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def _emit_changed(self, row: int) -> None:
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(Column) - 1))
