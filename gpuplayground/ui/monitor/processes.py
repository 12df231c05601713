"""The table of processes on the selected GPU."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStackedLayout, QTableView, QWidget

from gpuplayground.model.samples import ProcessSample
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import align_right, ui_font
from gpuplayground.units import DASH, memory_size, percent

_Index = QModelIndex | QPersistentModelIndex


class ProcessModel(QAbstractTableModel):
    """One row per process, the largest memory first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ProcessSample, ...] = ()
        self._headings = (self.tr("PID"), self.tr("Process"), self.tr("Kind"), self.tr("Memory"), self.tr("SM %"))

    def set_rows(self, rows: tuple[ProcessSample, ...]) -> None:
        """Replace the processes."""
        rows = tuple(sorted(rows, key=lambda row: (-(row.memory_used_bytes or 0), row.pid)))
        if [row.pid for row in rows] == [row.pid for row in self._rows]:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self._headings) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 Qt's own default
        """Return the number of processes."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 Qt's own default
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._headings)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the headings; those of numbers are right-aligned."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headings[section]
        return self._alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell as text."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            kind = self.tr("graphics") if row.kind == "graphics" else self.tr("compute")
            memory, share = memory_size(row.memory_used_bytes), percent(row.sm_util_percent)
            return (str(row.pid), row.name or DASH, kind, memory, share)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 1:
            return plainly(row.name or "")
        return self._alignment(index.column()) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return left if column in (1, 2) else align_right()


class ProcessTable(QWidget):
    """The table, or a message if there is nothing to list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ProcessModel(self)
        self.view = QTableView(self)
        self.view.setModel(self.model)
        self.view.setAccessibleName(self.tr("Processes on the selected GPU"))
        self.view.setFont(ui_font(12))
        self.view.setShowGrid(False)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setTabKeyNavigation(False)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(28)
        header = self.view.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.note = PlainLabel(parent=self)
        self.note.setProperty("role", "muted")
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.note.setWordWrap(True)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.note)
        self._stack.addWidget(self.view)
        self.set_processes(None)

    def set_processes(self, rows: tuple[ProcessSample, ...] | None, unlisted: str = "") -> None:
        """Show the processes, None while they have not been read; ``unlisted`` is the reason if some are unknown."""
        self.model.set_rows(rows or ())
        self.view.setToolTip(plainly(unlisted))
        if rows:
            self._stack.setCurrentWidget(self.view)
            return
        unread = self.tr("Processes have not been read yet.")
        known = unread if rows is None else self.tr("No process uses this GPU.")
        self.note.setText(f"{DASH}\n{unlisted}" if unlisted else known)
        self._stack.setCurrentWidget(self.note)
