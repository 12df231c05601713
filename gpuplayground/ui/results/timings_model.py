"""The table model of the statement timings, filled in batches while a snippet runs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from gpuplayground.model.results import StatementTiming
from gpuplayground.runs.timing_table import TimingTotals, name_of, remark, shown_idle_ns, shown_wall_ns
from gpuplayground.tracing.gpu_table import busy_text, gpu_details, with_regions
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import align_right, ui_font
from gpuplayground.units import duration, share_text

TIMING_ROLE = Qt.ItemDataRole.UserRole
SHARE_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class Column(IntEnum):
    """The columns, from left to right."""

    LINE = 0
    STATEMENT = 1
    WALL = 2
    GPU_DONE = 3
    GPU = 4
    SHARE = 5


_RIGHT_ALIGNED = (Column.LINE, Column.WALL, Column.GPU_DONE, Column.GPU)


class TimingsModel(QAbstractTableModel):
    """One row for each finished statement."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[StatementTiming] = []
        self._order: tuple[Column, bool] | None = None
        self.totals = TimingTotals()

    def clear(self) -> None:
        """Remove all rows; the sort order stays."""
        self.beginResetModel()
        self._rows = []
        self.totals = TimingTotals()
        self.endResetModel()

    def replace(self, timings: Sequence[StatementTiming]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._rows = with_regions(timings)
        self.totals = TimingTotals().plus(timings)
        self._rows.sort(key=self._key, reverse=self._reverse)
        self.endResetModel()

    def add(self, timings: Sequence[StatementTiming]) -> None:
        """Append newly finished statements."""
        if not timings:
            return
        first = len(self._rows)
        self.beginInsertRows(_NO_INDEX, first, first + len(timings) - 1)
        self._rows += timings
        self.endInsertRows()
        self.totals = self.totals.plus(timings)
        if self._order is not None:
            self._sort()
        # The total has grown, so every share has changed.
        self.dataChanged.emit(self.index(0, Column.SHARE), self.index(len(self._rows) - 1, Column.SHARE))

    def timings(self) -> list[StatementTiming]:
        """Return all statements in display order."""
        return list(self._rows)

    def timing(self, row: int) -> StatementTiming:
        """Return the statement of a row."""
        return self._rows[row]

    def order_by(self, column: Column | None, *, descending: bool = False) -> None:
        """Sort the rows; with None, restore the order of execution."""
        self._order = None if column is None else (column, descending)
        self._sort()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of statements."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the title, tooltip, font or alignment of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = Column(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._title(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._explanation(column)
        if role == Qt.ItemDataRole.FontRole:
            return ui_font(11)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            return left if column in (Column.STATEMENT, Column.SHARE) else align_right()
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text, tooltip, accessible text or alignment of a cell."""
        timing, column = self._rows[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(timing, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plainly(self._tip(timing, column) or "")
        if role == Qt.ItemDataRole.AccessibleTextRole and column == Column.STATEMENT:
            kind = self.tr("import") if timing.is_import else ""
            return ", ".join(part for part in (name_of(timing), kind, remark(timing)) if part)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (
            Column.LINE,
            Column.WALL,
            Column.GPU_DONE,
            Column.GPU,
        ):
            return align_right()
        if role == TIMING_ROLE:
            return timing
        if role == SHARE_ROLE:
            return 0.0 if timing.is_region else self.totals.share(timing.cost_ns)
        return None

    def _text(self, timing: StatementTiming, column: Column) -> str:
        match column:
            case Column.LINE:
                return "" if timing.is_region else str(timing.line)
            case Column.STATEMENT:
                return name_of(timing)
            case Column.WALL:
                return duration(shown_wall_ns(timing))
            case Column.GPU_DONE:
                return "" if timing.is_region else duration(shown_idle_ns(timing))
            case Column.GPU:
                return busy_text(timing)
            case Column.SHARE:
                return "" if timing.is_region else share_text(self.totals.share(timing.cost_ns))

    def _tip(self, timing: StatementTiming, column: Column) -> str | None:
        if column == Column.STATEMENT:
            source = timing.source if len(timing.source) < 1500 else f"{timing.source[:1500]}…"
            return f"{source}\n\n{gpu_details(timing) or remark(timing)}".strip()
        if column == Column.GPU and timing.gpu is not None:
            return gpu_details(timing)
        if timing.prewarmed_ns:
            text = self.tr("Preloaded: imported in {ahead} before the run. During the run itself: {during}.")
            return text.format(ahead=duration(timing.prewarmed_ns), during=duration(timing.wall_ns))
        return None

    def _title(self, column: Column) -> str:
        return {
            Column.LINE: self.tr("Line"),
            Column.STATEMENT: self.tr("Statement"),
            Column.WALL: self.tr("Wall time"),
            Column.GPU_DONE: self.tr("GPU done"),
            Column.GPU: self.tr("GPU busy"),
            Column.SHARE: self.tr("Share"),
        }[column]

    def _explanation(self, column: Column) -> str:
        return {
            Column.LINE: self.tr("First line of the statement"),
            Column.STATEMENT: self.tr("The statement; click it to go to its line"),
            Column.WALL: self.tr("Time until the statement returned; the GPU may still be working then"),
            Column.GPU_DONE: self.tr("Wall time until the GPU has finished the statement's work"),
            Column.GPU: self.tr("Time the GPU worked on the statement, by its own clock; overlapping work counts once"),
            Column.SHARE: self.tr("Share of the total time, counted until the GPU is done"),
        }[column]

    def _key(self, timing: StatementTiming) -> tuple[int, int] | tuple[str, int]:
        column = self._order[0] if self._order else None
        match column:
            case Column.LINE:
                return timing.line, timing.index
            case Column.STATEMENT:
                return name_of(timing).strip().lower(), timing.index
            case Column.WALL:
                return shown_wall_ns(timing), timing.index
            case Column.GPU_DONE:
                done = shown_idle_ns(timing)
                return -1 if done is None else done, timing.index
            case Column.GPU:
                return timing.gpu.busy_ns if timing.gpu is not None else -1, timing.index
            case Column.SHARE:
                return -1 if timing.is_region else timing.cost_ns, timing.index
        return timing.index, timing.start_ns if timing.is_region else 0

    @property
    def _reverse(self) -> bool:
        return self._order is not None and self._order[1]

    def _sort(self) -> None:
        """Reorder the rows; the selection stays."""
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        held = [(id(self._rows[index.row()]), index.column()) for index in old]
        self._rows.sort(key=self._key, reverse=self._reverse)
        rows = {id(timing): row for row, timing in enumerate(self._rows)} if held else {}
        self.changePersistentIndexList(old, [self.index(rows[number], column) for number, column in held])
        self.layoutChanged.emit()
