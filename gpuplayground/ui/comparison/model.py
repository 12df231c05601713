"""The table model of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from gpuplayground.comparison.agreement import Agreement, ResultCheck
from gpuplayground.comparison.comparison import Difference, Row
from gpuplayground.comparison.text import cells
from gpuplayground.model.benchmarks import FlagKind
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme, align_right, ui_font

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class Column(IntEnum):
    """The columns, in the order of :data:`gpuplayground.comparison.text.HEADINGS`."""

    NAME = 0
    MEDIAN = 1
    INTERVAL = 2
    SPEED_UP = 3
    BUSY = 4
    RESULT = 5
    REMARK = 6


_FIGURES = (Column.MEDIAN, Column.INTERVAL, Column.BUSY)


class ComparisonModel(QAbstractTableModel):
    """One row per subject, in the order they were added."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: tuple[Row, ...] = ()
        theme.changed.connect(self._theme_changed)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show rows; the selection stays if their number does."""
        if len(rows) == len(self._rows):
            self._rows = tuple(rows)
            self._theme_changed()
            return
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of subjects."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | Qt.AlignmentFlag | None:
        """Return the title or alignment of a column."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            return align_right() if Column(section) in _FIGURES else left
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return {
            Column.NAME: self.tr("Name"),
            Column.MEDIAN: self.tr("Median"),
            Column.INTERVAL: self.tr("95 % interval"),
            Column.SPEED_UP: self.tr("Speed-up"),
            Column.BUSY: self.tr("GPU busy"),
            Column.RESULT: self.tr("Result"),
            Column.REMARK: self.tr("Remark"),
        }[Column(section)]

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return text, colour, font, alignment or tooltip of a cell."""
        row, column = self._rows[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plainly(self._tip(row, column))
        if role == Qt.ItemDataRole.TextAlignmentRole and column in _FIGURES:
            return align_right()
        if role == Qt.ItemDataRole.FontRole:
            return ui_font(12, QFont.Weight.DemiBold if row.is_baseline else QFont.Weight.Normal)
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.color(self._color(row, column))
        return None

    def _text(self, row: Row, column: Column) -> str:
        text = cells(row)[column]
        if column is Column.REMARK and not text:
            return ", ".join(str(flag.kind) for flag in row.subject.verdict)
        return text

    def _tip(self, row: Row, column: Column) -> str:
        if column is Column.REMARK and row.subject.verdict:
            return "\n".join(flag.sentence for flag in row.subject.verdict)
        if column is Column.RESULT and row.result.largest_difference is not None and row.result.tolerance is not None:
            return self._result_tip(row.result, row.result.largest_difference, row.result.tolerance)
        return self._text(row, column)

    def _result_tip(self, check: ResultCheck, found: float, allowed: float) -> str:
        text = self.tr("Largest difference relative to the largest element: {found:.1e} (tolerance {allowed:.0e})")
        lines = [text.format(found=found, allowed=allowed)]
        if check.agreement is Agreement.SAMPLE:
            lines.append(
                self.tr("Compared: 4096 elements of each, and the mean and largest magnitude of all elements.")
            )
        return "\n".join(lines)

    def _color(self, row: Row, column: Column) -> str:
        if column is Column.SPEED_UP:
            return {Difference.FASTER: "good", Difference.SLOWER: "warning"}.get(row.difference, "muted")
        if column is Column.RESULT:
            bad = row.result.agreement in (Agreement.DIFFERENT, Agreement.NOT_COMPARABLE)
            return "warning" if bad else "muted" if row.result.agreement is Agreement.NONE else "text"
        if column is Column.REMARK:
            if not row.is_comparable:
                return "error"
            flagged = any(flag.kind is not FlagKind.STEADY for flag in row.subject.verdict)
            return "warning" if flagged and not row.remark else "muted"
        return "text"

    def _theme_changed(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(Column) - 1))
