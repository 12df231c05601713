"""The timings page: a table of statement times that fills while the snippet runs, with the totals below."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gpuplayground.model.benchmarks import BenchmarkPlan
from gpuplayground.model.events import StatementsTimed
from gpuplayground.model.results import Run
from gpuplayground.runs.timing_table import format_timings
from gpuplayground.ui.results.timings_delegate import FIGURE_WIDTH, PADDING, ROW_HEIGHT, TimingsDelegate
from gpuplayground.ui.results.timings_footer import TimingsFooter
from gpuplayground.ui.results.timings_model import Column, TimingsModel
from gpuplayground.ui.widgets.panel_header import PanelHeader
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font

_WIDTHS = {Column.LINE: 48, Column.WALL: 80, Column.GPU_DONE: 80, Column.GPU: 80, Column.SHARE: 124}
#: A panel narrower than this, not counting the GPU columns, shows shares without bars, or not at all.
_ROOM_FOR_BARS, _ROOM_FOR_SHARES = 430, 330
#: A narrower panel hides the GPU-done column if there are GPU busy times.
_ROOM_FOR_GPU_DONE = 440
#: The first click sorts these in descending order.
_NUMERIC = (Column.WALL, Column.GPU_DONE, Column.GPU, Column.SHARE)


class TimingsTable(QTableView):
    """The table itself. A plain click, or Enter, goes to the statement's line."""

    rowActivated = Signal(int, bool)  # row, whether the editor gets the focus: a click leaves it in the table
    copyRequested = Signal()

    def event(self, event: QEvent) -> bool:
        """Handle Ctrl+C here instead of as a shortcut of the window."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
            return super().event(event)
        if event.matches(QKeySequence.StandardKey.Copy):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy rows, or go to the line of the current row."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copyRequested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.rowActivated.emit(self.currentIndex().row(), True)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go to the line of the clicked row."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier and event.button() == Qt.MouseButton.LeftButton
        if index.isValid() and plain and len(self.selectionModel().selectedRows()) == 1:
            self.rowActivated.emit(index.row(), False)


class TimingsPanel(QWidget):
    """Shows the timings of one run."""

    lineActivated = Signal(int, bool)  # line, whether the editor gets the focus

    def __init__(self, theme: Theme, header: PanelHeader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run_id: str | None = None
        self._sorted_by: tuple[Column, bool] | None = None
        self.model = TimingsModel(self)
        self.table = TimingsTable()
        self.header = header
        self.current = PlainLabel()
        self.empty = PlainLabel()
        self._stack = QStackedWidget()
        self._set_up_table(theme)
        self.footer = TimingsFooter(theme, self.table.horizontalHeader())
        self._lay_out()
        self._say_empty(running=False)
        self._show_totals()

    def _set_up_table(self, theme: Theme) -> None:
        table, header = self.table, self.table.horizontalHeader()
        table.setModel(self.model)
        table.setItemDelegate(TimingsDelegate(theme, table))
        table.setAccessibleName(self.tr("Statement timings"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setWordWrap(False)
        rows = table.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.hide()
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(40)
        header.sectionClicked.connect(self._sort_clicked)
        for column, width in _WIDTHS.items():
            header.resizeSection(column, width)
        header.setSectionResizeMode(Column.STATEMENT, QHeaderView.ResizeMode.Stretch)
        header.hideSection(Column.GPU_DONE)
        header.hideSection(Column.GPU)
        table.rowActivated.connect(self._row_activated)
        table.copyRequested.connect(self.copy)

    def _lay_out(self) -> None:
        self.current.setProperty("role", "muted")
        self.current.setFont(ui_font(11))
        self.header.add_widget(self.current)
        tip = self.tr("Copy all timings as a text table")
        self.copy_button = self.header.add_button("copy", self.tr("Copy timings"), tip, lambda _: self.copy_all())
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setMargin(16)
        filled = QWidget()
        inner = QVBoxLayout(filled)
        outer = QVBoxLayout(self)
        for layout in (inner, outer):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        inner.addWidget(self.table, 1)
        inner.addWidget(self.footer)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(filled)
        outer.addWidget(self.header)
        outer.addWidget(self._stack, 1)
        outer.setContentsMargins(0, 0, 0, 4)

    def clear(self, run_id: str, _plan: BenchmarkPlan | None = None) -> None:
        """Empty the table for a run that is about to start."""
        self._run_id = run_id
        self.model.clear()
        self.current.clear()
        self.current.setToolTip("")
        self._say_empty(running=True)
        self._show_totals()

    def add(self, event: StatementsTimed) -> None:
        """Add newly finished statements, and show which line is running."""
        if event.run_id != self._run_id:
            return
        bar = self.table.verticalScrollBar()
        at_end = bar.value() == bar.maximum()
        self.model.add(event.timings)
        if at_end and self._sorted_by is None:
            self.table.scrollToBottom()
        line = event.current_line
        self.current.setText("" if line is None else self.tr("running line {line}").format(line=line))
        self._show_totals()

    def set_run(self, run: Run) -> None:
        """Show the timings of a finished run; rows that are already shown stay as they are."""
        if run.run_id != self._run_id:
            return
        self._say_trace(run)
        if len(run.timings) != self.model.rowCount() or any(timing.gpu is not None for timing in run.timings):
            self.model.replace(run.timings)
        self._say_empty(running=False)
        self._show_totals()
        # After the table has been laid out with these rows.
        QTimer.singleShot(0, self, self._scroll_to_failure_or_top)

    def _say_trace(self, run: Run) -> None:
        """Say when a run that used the GPU lacks some or all GPU times, and why."""
        self.current.clear()
        self.current.setToolTip(plainly(run.trace_note))
        if run.trace_note and any(timing.synced_ns is not None for timing in run.timings):
            has_some = any(timing.gpu is not None for timing in run.timings)
            self.current.setText(self.tr("GPU times incomplete") if has_some else self.tr("no GPU times"))

    def text(self) -> str:
        """Return all timings as an aligned text table, in order of execution."""
        statements = [timing for timing in self.model.timings() if not timing.is_region]
        return format_timings(sorted(statements, key=lambda timing: timing.index))

    def copy(self) -> None:
        """Copy the selected rows in display order, or all rows if none is selected."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        if not rows:
            self.copy_all()
            return
        timings = self.model.timings()
        statements = [timing for timing in timings if not timing.is_region]
        QGuiApplication.clipboard().setText(format_timings(statements, [timings[row] for row in rows]))

    def copy_all(self) -> None:
        """Copy all timings."""
        QGuiApplication.clipboard().setText(self.text())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the context menu."""
        if self.model.rowCount():
            self.menu().exec(event.globalPos())

    def menu(self) -> QMenu:
        """Return the context menu."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self.table.selectionModel().hasSelection():
            copy = menu.addAction(self.tr("Copy selected rows"))
            copy.setShortcut(QKeySequence.StandardKey.Copy)
            copy.triggered.connect(self.copy)
        menu.addAction(self.tr("Copy all")).triggered.connect(self.copy_all)
        return menu

    def _show_totals(self) -> None:
        totals = self.model.totals
        self.table.setColumnHidden(Column.GPU, not totals.has_gpu)
        self._fit_columns(self.width())
        self.footer.show_totals(totals)
        self.copy_button.setEnabled(totals.statements > 0)
        self._stack.setCurrentIndex(1 if totals.statements else 0)

    def _say_empty(self, *, running: bool) -> None:
        if running:
            self.empty.setText(self.tr("Statements appear here as they finish."))
        elif self._run_id is None:
            self.empty.setText(self.tr("Press Run (F5) to see the time of each statement here."))
        else:
            self.empty.setText(self.tr("No statement was executed in this run."))

    def _scroll_to_failure_or_top(self) -> None:
        failed = next((row for row, timing in enumerate(self.model.timings()) if timing.failed), None)
        # During the run the table followed the last statement.
        self.table.scrollTo(self.model.index(failed or 0, Column.LINE))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the bars, then the shares, where the statements would not fit."""
        super().resizeEvent(event)
        self._fit_columns(event.size().width())

    def _fit_columns(self, width: int) -> None:
        header = self.table.horizontalHeader()
        totals = self.model.totals
        room = (
            width
            - (_WIDTHS[Column.GPU_DONE] if totals.has_idle else 0)
            - (_WIDTHS[Column.GPU] if totals.has_gpu else 0)
        )
        bars = room >= _ROOM_FOR_BARS
        # The GPU busy times say most of what these do, so this column is hidden first.
        self.table.setColumnHidden(
            Column.GPU_DONE, not totals.has_idle or (totals.has_gpu and width < _ROOM_FOR_GPU_DONE)
        )
        header.resizeSection(Column.SHARE, _WIDTHS[Column.SHARE] if bars else FIGURE_WIDTH + 2 * PADDING)
        self.table.setColumnHidden(Column.SHARE, room < _ROOM_FOR_SHARES)
        rows = self.model.rowCount()
        digits = len(str(self.model.timing(rows - 1).line)) if rows else 1
        header.resizeSection(Column.LINE, max(_WIDTHS[Column.LINE], 2 * PADDING + 8 * digits))

    def _row_activated(self, row: int, by_key: bool) -> None:
        self.lineActivated.emit(self.model.timing(row).line, by_key)

    def _sort_clicked(self, section: int) -> None:
        """Sort by a column, then in reverse, then restore the order of execution."""
        column = Column(section)
        descending_first = column in _NUMERIC
        if self._sorted_by == (column, descending_first):
            self._sorted_by = (column, not descending_first)
        elif self._sorted_by == (column, not descending_first):
            self._sorted_by = None
        else:
            self._sorted_by = (column, descending_first)
        header = self.table.horizontalHeader()
        header.setSortIndicatorShown(self._sorted_by is not None)
        if self._sorted_by is None:
            self.model.order_by(None)
            return
        descending = self._sorted_by[1]
        header.setSortIndicator(section, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
        self.model.order_by(column, descending=descending)
