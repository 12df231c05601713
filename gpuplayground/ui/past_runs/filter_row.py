"""The row above the history table: search and filters, and the actions on the selected runs."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from gpuplayground.past_runs.entries import EntryKind, HistoryFilter
from gpuplayground.ui.widgets.drop_down import DropDown
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme

#: The search starts after the typing has paused this long.
_PAUSE_MS = 120
#: A narrower row shows its buttons without text.
_ROOM_FOR_TEXT = 560
#: In a still narrower one the kinds list fits the current kind only, and the search field has a short placeholder.
_ROOM_FOR_KINDS = 440
#: Width of the row with the buttons' icons only: their text must not keep the panel from shrinking.
_LEAST_WIDTH = 300


class FilterRow(QWidget):
    """Reports the filter shortly after it has changed."""

    filterChanged = Signal(object)  # HistoryFilter
    listRequested = Signal()  # Down or Enter in the search field: focus the list

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._reported = HistoryFilter()
        self.search = QLineEdit()
        self.search.setAccessibleName(self.tr("Search the history"))
        self.search.setToolTip(
            self.tr("Search names, labels, notes, verdicts, GPUs, frameworks and outcomes for every word (Ctrl+F)")
        )
        self.search.setClearButtonEnabled(True)
        self._magnifier = QAction(self.search)
        self.search.addAction(self._magnifier, QLineEdit.ActionPosition.LeadingPosition)
        self.kind = DropDown()
        self.kind.setAccessibleName(self.tr("Kind of run"))
        self.kind.setToolTip(self.tr("Show only runs of one kind"))
        for text, kinds in (
            (self.tr("All"), ()),
            (self.tr("Runs"), (EntryKind.RUN,)),
            (self.tr("Benchmarks"), (EntryKind.BENCHMARK,)),
            (self.tr("Sweeps"), (EntryKind.SWEEP,)),
        ):
            self.kind.addItem(text, kinds)
        self.pinned = self._button("pin", self.tr("Pinned only"), self.tr("Show only pinned runs"))
        self.pinned.setCheckable(True)
        self.compare = self._button(
            "git-compare", self.tr("Compare"), self.tr("Compare two or more selected runs (Ctrl+Shift+M)")
        )
        self.export = self._button(
            "download", self.tr("Export…"), self.tr("Export the selected runs, or all listed runs, as JSON or CSV")
        )
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._report)
        self.search.textChanged.connect(self._pause.start)
        self.kind.currentIndexChanged.connect(self._report)
        self.kind.currentIndexChanged.connect(self._fit_width)
        self.pinned.toggled.connect(self._report)
        theme.changed.connect(self._draw_icons)
        self._draw_icons()
        self._lay_out()

    @property
    def filter(self) -> HistoryFilter:
        """The filter that the controls show."""
        return HistoryFilter(self.search.text(), self.kind.currentData(), self.pinned.isChecked())

    def clear(self) -> None:
        """Clear the filter."""
        self.search.clear()
        self.kind.setCurrentIndex(0)
        self.pinned.setChecked(False)
        self._report()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc clears the search field; Down and Enter go to the list."""
        in_field = self.search.hasFocus()
        if in_field and event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif in_field and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._report()
            self.listRequested.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the texts to the width."""
        super().resizeEvent(event)
        self._fit_width()

    def _fit_width(self) -> None:
        style = Qt.ToolButtonStyle
        has_text, has_kinds = self.width() >= _ROOM_FOR_TEXT, self.width() >= _ROOM_FOR_KINDS
        for button in (self.compare, self.export):
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if has_text else style.ToolButtonIconOnly)
        self.search.setPlaceholderText(
            self.tr("Search name, label, note, GPU, framework") if has_kinds else self.tr("Search")
        )
        # Measured each time, because the theme's font is set only when the row is shown.
        widest = self.kind.sizeHint().width()
        metrics = self.kind.fontMetrics()
        widths = [metrics.horizontalAdvance(self.kind.itemText(index)) for index in range(self.kind.count())]
        spare = 0 if has_kinds else max(widths) - widths[self.kind.currentIndex()]
        self.kind.setFixedWidth(widest - spare)
        self.kind.view().setMinimumWidth(widest)

    def _report(self) -> None:
        self._pause.stop()
        if self.filter != self._reported:
            self._reported = self.filter
            self.filterChanged.emit(self._reported)

    def _button(self, icon: str, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(icon)
        button.setText(text)
        button.setIconSize(QSize(14, 14))
        button.setAccessibleName(text.rstrip("…"))
        button.setToolTip(plainly(tip))
        return button

    def _draw_icons(self) -> None:
        self._magnifier.setIcon(self._icons.icon("search"))
        for button in (self.pinned, self.compare, self.export):
            button.setIcon(self._icons.icon(button.objectName()))

    def _lay_out(self) -> None:
        self.setMinimumWidth(_LEAST_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(4)
        row.addWidget(self.search, 1)
        row.addWidget(self.kind)
        order = (self.search, self.kind, self.pinned, self.compare, self.export)
        for button in order[2:]:
            row.addWidget(button)
        for first, second in pairwise(order):
            self.setTabOrder(first, second)
