"""The history table: its keys, clicks and context menu, and which columns fit."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from gpuplayground.past_runs.entries import HistoryEntry
from gpuplayground.ui.past_runs.delegate import ROW_HEIGHT, HistoryDelegate
from gpuplayground.ui.past_runs.model import Column, HistoryModel
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme

_WIDTHS = {Column.PIN: 24, Column.WHEN: 76, Column.DEVICE: 96, Column.FIGURE: 82, Column.VERDICT: 98, Column.NOTE: 200}
_WIDE_FIGURE, _WIDE_VERDICT = 148, 124
#: Least width of the table at which a column is shown; the others are always shown.
_FROM_WIDTH = {Column.WHEN: 400, Column.VERDICT: 320, Column.DEVICE: 760, Column.NOTE: 620}
_ROOM_FOR_INTERVALS = 560
_KEYS = {
    "open": (QKeySequence("Return"), QKeySequence("Enter")),
    "pin": (QKeySequence("Ctrl+D"),),
    "note": (QKeySequence("F2"),),
    "compare": (QKeySequence("Ctrl+Shift+M"),),
    "delete": (QKeySequence("Del"),),
    "select_all": (QKeySequence("Ctrl+A"),),
}


class HistoryTable(QTableView):
    """Shows the entries of a model and emits the user's requests."""

    openRequested = Signal(int)  # id of the entry
    compareRequested = Signal()  # the selected ones
    exportRequested = Signal()
    deleteRequested = Signal()
    pinRequested = Signal(object, bool)  # ids, whether to pin

    def __init__(self, theme: Theme, icons: Icons, model: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries, self._icons = model, icons
        self._delegate = HistoryDelegate(theme, icons, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(self.tr("Past runs"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        rows, header = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.hide()
        header.setHighlightSections(False)
        # A selection model of its own: else Qt checks every cell of a column to highlight its title.
        header.setSelectionModel(QItemSelectionModel(model, header))
        header.setMinimumSectionSize(_WIDTHS[Column.PIN])
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for column, width in _WIDTHS.items():
            header.resizeSection(column, width)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        self.doubleClicked.connect(self._double_clicked)
        theme.changed.connect(self.viewport().update)

    def selected(self) -> list[HistoryEntry]:
        """Return the selected entries in display order."""
        return [self._entries.entry(row) for row in self._selected_rows()]

    def selected_count(self) -> int:
        """Return the number of selected entries."""
        return len(self._selected_rows())

    def select_first(self) -> None:
        """Select the first row, so that keys act on it."""
        if self._entries.rowCount():
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.selectionModel().setCurrentIndex(self._entries.index(0, Column.NAME), flags)

    def open_selected(self) -> None:
        """Ask for the selected run to be opened, if exactly one is selected."""
        entries = self.selected()
        if len(entries) == 1:
            self.openRequested.emit(entries[0].id)

    def edit_note(self) -> None:
        """Edit the note of the selected run, if exactly one is selected."""
        rows = self._selected_rows()
        if len(rows) == 1:
            column = Column.NAME if self.isColumnHidden(Column.NOTE) else Column.NOTE
            index = self._entries.index(rows[0], column)
            self.setCurrentIndex(index)
            self.edit(index)

    def pin_selected(self) -> None:
        """Pin the selected entries, or unpin them if all are pinned."""
        entries = self.selected()
        if entries:
            pinned = not all(entry.pinned for entry in entries)
            self.pinRequested.emit([entry.id for entry in entries], pinned)

    def event(self, event: QEvent) -> bool:
        """Handle the table's keys here instead of as shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _command(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Run the command of a key."""
        # Keys that a note's editor does not handle are not for the table: Enter ends the editing and opens nothing.
        is_writing = self.state() == QAbstractItemView.State.EditingState
        match "" if is_writing else _command(event):
            case "open":
                self.open_selected()
            case "pin":
                self.pin_selected()
            case "note":
                self.edit_note()
            case "compare":
                self.compareRequested.emit()
            case "delete" if self.selectionModel().hasSelection():
                self.deleteRequested.emit()
            case _:
                super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Do not jump to rows by their first letter: the page has a search field."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Toggle the pin that was clicked."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier and event.button() == Qt.MouseButton.LeftButton
        if plain and index.isValid() and index.column() == Column.PIN:
            entry = self._entries.entry(index.row())
            self.pinRequested.emit([entry.id], not entry.pinned)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the context menu of the selected entries."""
        if self.selectionModel().hasSelection():
            self.menu().exec(event.globalPos())

    def menu(self) -> QMenu:
        """Return the context menu of the selected entries."""
        entries = self.selected()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        one, several = len(entries) == 1, len(entries) > 1
        all_pinned = all(entry.pinned for entry in entries)
        # The id, because rows move when a run ends while the menu is open.
        chosen = entries[0].id if one else 0
        items = (
            ("open", self.tr("Open in a new tab"), lambda: self.openRequested.emit(chosen), one),
            ("compare", self.tr("Compare"), self.compareRequested.emit, several),
            ("pin", self.tr("Unpin") if all_pinned else self.tr("Pin to the top"), self.pin_selected, True),
            ("note", self.tr("Edit note"), self.edit_note, one),
            ("export", self.tr("Export…"), self.exportRequested.emit, True),
            ("delete", self.tr("Delete"), self.deleteRequested.emit, True),
        )
        for name, text, command, is_enabled in items:
            action = menu.addAction(text)
            if name in _KEYS:
                action.setShortcut(_KEYS[name][0])
            action.setEnabled(is_enabled)
            action.triggered.connect(lambda _checked=False, command=command: command())
        return menu

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the columns that fit."""
        width = event.size().width()
        for column, least in _FROM_WIDTH.items():
            self.setColumnHidden(column, width < least)
        self._delegate.notes_beside_names = self.isColumnHidden(Column.NOTE)
        header, wide = self.horizontalHeader(), width >= _ROOM_FOR_INTERVALS
        header.resizeSection(Column.FIGURE, _WIDE_FIGURE if wide else _WIDTHS[Column.FIGURE])
        header.resizeSection(Column.VERDICT, _WIDE_VERDICT if wide else _WIDTHS[Column.VERDICT])
        header.resizeSection(Column.NOTE, max(_WIDTHS[Column.NOTE], width // 4))
        super().resizeEvent(event)

    def _selected_rows(self) -> list[int]:
        """Return the selected rows in order, from ranges: ``selectedRows()`` would check every cell."""
        rows: set[int] = set()
        for each in self.selectionModel().selection().toList():
            rows.update(range(each.top(), each.bottom() + 1))
        return sorted(rows)

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.column() != Column.PIN:
            self.openRequested.emit(self._entries.entry(index.row()).id)


def _command(event: QKeyEvent) -> str:
    """Return the command of a key, or an empty text."""
    pressed = QKeySequence(event.keyCombination())
    keypad = Qt.KeyboardModifier.KeypadModifier
    if event.modifiers() & keypad:
        pressed = QKeySequence((event.modifiers() & ~keypad).value | event.key())
    return next((name for name, keys in _KEYS.items() if pressed in keys), "")
