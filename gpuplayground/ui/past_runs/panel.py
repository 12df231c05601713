"""The history page: search, table and actions for past runs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gpuplayground.past_runs.entries import HistoryEntry, HistoryFilter
from gpuplayground.ui.past_runs.empty_page import EmptyPage
from gpuplayground.ui.past_runs.entry_text import runs
from gpuplayground.ui.past_runs.filter_row import FilterRow
from gpuplayground.ui.past_runs.model import HistoryModel
from gpuplayground.ui.past_runs.notice_bar import NoticeBar
from gpuplayground.ui.past_runs.table import HistoryTable
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.panel_header import PanelHeader
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.saving import choose_by_dialog
from gpuplayground.ui.widgets.theme import Theme, ui_font

#: How often relative times such as “5 min ago” are updated while visible.
_TIMES_MS = 20_000
#: A narrower panel hides the number of runs, because the tabs need the room.
_ROOM_FOR_COUNT = 640


class HistoryPanel(QWidget):
    """Shows the entries it is given, and emits requests with entry ids. It stores nothing."""

    searchChanged = Signal(str, object, bool)  # text, tuple of EntryKind (empty: all), pinned only
    moreRequested = Signal(object)  # the HistoryEntry that the next page follows
    reopenRequested = Signal(int)
    compareRequested = Signal(list)
    pinRequested = Signal(int, bool)
    noteRequested = Signal(int, str)
    deleteRequested = Signal(list)
    exportRequested = Signal(list, str)  # ids, or an empty list for all that pass the filter; path
    shown = Signal()

    def __init__(self, theme: Theme, icons: Icons, header: PanelHeader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._is_read = False
        self._problem = ""
        self._pending: list[HistoryEntry] = []  # deleted, but can still be restored
        self.header = header
        self.count = PlainLabel()
        self.filters = FilterRow(theme, icons)
        self.model = HistoryModel(self)
        self.table = HistoryTable(theme, icons, self.model)
        self.empty = EmptyPage(theme, icons)
        self.notice = NoticeBar(theme, icons)
        self._stack = QStackedWidget()
        self._times = QTimer(self, interval=_TIMES_MS)
        self._times.timeout.connect(self.table.viewport().update)
        self._lay_out()
        self._connect()
        self._show_state()

    @property
    def filter(self) -> HistoryFilter:
        """The current filter."""
        return self.filters.filter

    def show_entries(self, entries: Sequence[HistoryEntry], count: int, *, is_complete: bool) -> None:
        """Show the first page of a search's results; ``count`` is their total number."""
        self.model.replace(entries, is_complete=is_complete)
        self.table.scrollToTop()
        self._take_count(count)

    def refresh_entries(self, entries: Sequence[HistoryEntry], count: int, *, is_complete: bool) -> None:
        """Update the entries shown; selection, scroll position and an open note editor stay."""
        self.model.refresh(entries, is_complete=is_complete)
        self._take_count(count)

    def add_entries(self, entries: Sequence[HistoryEntry], count: int, *, is_complete: bool) -> None:
        """Add the next page."""
        self.model.append(entries, is_complete=is_complete)
        self._take_count(count)

    def show_problem(self, sentence: str) -> None:
        """Show why the history cannot be read; an empty sentence means that it can be read again."""
        self._problem = sentence
        if sentence and self.model.rowCount():
            self.notice.say(sentence)
        self._show_state()

    def say(self, sentence: str, role: str = "error") -> None:
        """Show a notice below the table."""
        self.notice.say(sentence, role)

    def focus_search(self) -> None:
        """Focus the search field."""
        self.filters.search.setFocus()
        self.filters.search.selectAll()

    def delete_selected(self) -> None:
        """Hide the selected runs; they are deleted when the deletion can no longer be undone."""
        ids = [entry.id for entry in self.table.selected()]
        if not ids:
            return
        self.notice.settle()
        row = self.table.currentIndex().row()
        self._pending = self.model.hide(ids)
        text = self.tr("{0} deleted").format(runs(len(ids)))
        self.notice.offer_undo(text, self._undo_deletion, self._settle_deletion)
        self.table.selectRow(min(row, self.model.rowCount() - 1))
        self._show_state()

    def event(self, event: QEvent) -> bool:
        """Handle Ctrl+F and, after a deletion, Ctrl+Z here instead of as shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Search, or undo a deletion."""
        if event.matches(QKeySequence.StandardKey.Find):
            self.focus_search()
        elif event.matches(QKeySequence.StandardKey.Undo) and self.notice.can_undo:
            self.notice.undo()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Keep relative times up to date while visible."""
        super().showEvent(event)
        self._times.start()
        self.shown.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Make a deletion final, because Undo is no longer visible."""
        super().hideEvent(event)
        self._times.stop()
        if self.notice.can_undo:
            self.notice.settle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the number of runs if the tabs need the room."""
        super().resizeEvent(event)
        self.count.setVisible(event.size().width() >= _ROOM_FOR_COUNT)

    def _is_own(self, event: QKeyEvent) -> bool:
        undoes = event.matches(QKeySequence.StandardKey.Undo) and self.notice.can_undo
        return undoes or event.matches(QKeySequence.StandardKey.Find)

    def _take_count(self, count: int) -> None:
        self._count, self._is_read, self._problem = count, True, ""
        self._show_state()

    def _show_state(self) -> None:
        has_rows = self.model.rowCount() > 0
        if self._problem:
            self.empty.show_problem(self._problem)
        elif not (self._is_read and self.model.is_complete):
            self.empty.show_reading()
        elif self.filter.is_empty:
            self.empty.show_nothing_yet()
        else:
            self.empty.show_nothing_found(" ".join(self.filter.text.split()))
        self._stack.setCurrentWidget(self.table if has_rows else self.empty)
        self.count.setText(runs(max(0, self._count - len(self._pending))) if self._is_read else "")
        self._show_selection()

    def _show_selection(self) -> None:
        self.filters.compare.setEnabled(self.table.selected_count() > 1)
        self.filters.export.setEnabled(self.model.rowCount() > 0)

    def _search(self, wanted: HistoryFilter) -> None:
        self.notice.settle()
        self.searchChanged.emit(wanted.text, wanted.kinds, wanted.pinned_only)

    def _enter_list(self) -> None:
        if self.model.rowCount():
            self.table.setFocus()
            if not self.table.selected_count():
                self.table.select_first()

    def _compare(self) -> None:
        ids = [entry.id for entry in self.table.selected()]
        if len(ids) > 1:
            self.compareRequested.emit(ids)

    def _pin(self, entry_ids: list[int], pinned: bool) -> None:
        self.model.set_pinned(entry_ids, pinned=pinned)
        for entry_id in entry_ids:
            self.pinRequested.emit(entry_id, pinned)

    def _undo_deletion(self) -> None:
        back, self._pending = self._pending, []
        self.model.unhide(back)
        self._show_state()

    def _settle_deletion(self) -> None:
        gone, self._pending = self._pending, []
        self._count -= len(gone)
        self.deleteRequested.emit([entry.id for entry in gone])

    def _export(self) -> None:
        selected = [entry.id for entry in self.table.selected()]
        what = runs(len(selected)) if len(selected) > 1 else self.tr("the selected run")
        title = self.tr("Export {0}").format(what if selected else self.tr("all listed runs"))
        kinds = (self.tr("JSON, all data (*.json)"), self.tr("CSV, a table of figures (*.csv)"))
        path = choose_by_dialog(self, title, "history.json", ";;".join(kinds))
        if path is not None:
            self.exportRequested.emit(selected, str(path))

    def _lay_out(self) -> None:
        self.count.setProperty("role", "muted")
        self.count.setFont(ui_font(11))
        self.count.setAccessibleName(self.tr("Number of runs"))
        self.header.add_widget(self.count)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        for widget in (self.header, self.filters):
            column.addWidget(widget)
        column.addWidget(self._stack, 1)
        column.addWidget(self.notice)

    def _connect(self) -> None:
        self.filters.filterChanged.connect(self._search)
        self.filters.listRequested.connect(self._enter_list)
        self.filters.compare.clicked.connect(self._compare)
        self.filters.export.clicked.connect(self._export)
        self.empty.clearRequested.connect(self.filters.clear)
        self.model.moreRequested.connect(self.moreRequested)
        self.model.noteEdited.connect(self.noteRequested)
        for action in (
            self.reopenRequested, self.compareRequested, self.pinRequested, self.noteRequested, self.exportRequested
        ):  # fmt: skip
            action.connect(self.notice.dismiss)
        table = self.table
        table.openRequested.connect(self.reopenRequested)
        table.compareRequested.connect(self._compare)
        table.exportRequested.connect(self._export)
        table.deleteRequested.connect(self.delete_selected)
        table.pinRequested.connect(self._pin)
        table.selectionModel().selectionChanged.connect(self._show_selection)
        self.model.modelReset.connect(self._show_selection)
