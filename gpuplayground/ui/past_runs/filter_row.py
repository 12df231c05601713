"""What narrows the history down: words, a kind, pinned ones; and at the right what is done with the selected runs."""

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

#: The list is asked for again when the typing pauses.
_PAUSE_MS = 120
#: A narrower row shows its buttons without words.
_ROOM_FOR_WORDS = 560
#: In a still narrower one the list of kinds is as wide as the kind that is chosen, and the field says one word.
_ROOM_FOR_KINDS = 440
#: What the field, the kinds and the buttons without words need: with words they must not hold the panel wide.
_LEAST_WIDTH = 300


class FilterRow(QWidget):
    """Reports what the list is to be narrowed down to, a moment after it changed."""

    filterChanged = Signal(object)  # HistoryFilter
    leftDown = Signal()  # the Down key: to the list

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._told = HistoryFilter()
        self.search = QLineEdit()
        self.search.setAccessibleName(self.tr("Search the history"))
        self.search.setToolTip(
            self.tr("Every word is looked for in names, labels, notes, verdicts, GPUs, frameworks and endings (Ctrl+F)")
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
            "git-compare", self.tr("Compare"), self.tr("Compare the selected runs, two or more (Ctrl+Shift+M)")
        )
        self.export = self._button(
            "download", self.tr("Export…"), self.tr("Write the selected runs, or all of the list, as JSON or CSV")
        )
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        self.search.textChanged.connect(self._pause.start)
        self.kind.currentIndexChanged.connect(self._tell)
        self.kind.currentIndexChanged.connect(self._share_width)
        self.pinned.toggled.connect(self._tell)
        theme.changed.connect(self._draw_icons)
        self._draw_icons()
        self._lay_out()

    @property
    def filter(self) -> HistoryFilter:
        """What the controls say."""
        return HistoryFilter(self.search.text(), self.kind.currentData(), self.pinned.isChecked())

    def clear(self) -> None:
        """Show everything again."""
        self.search.clear()
        self.kind.setCurrentIndex(0)
        self.pinned.setChecked(False)
        self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc in the field empties it; Down and Enter go to the list."""
        in_field = self.search.hasFocus()
        if in_field and event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif in_field and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._tell()
            self.leftDown.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave words out where the field needs their room."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        style = Qt.ToolButtonStyle
        has_words, has_kinds = self.width() >= _ROOM_FOR_WORDS, self.width() >= _ROOM_FOR_KINDS
        for button in (self.compare, self.export):
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if has_words else style.ToolButtonIconOnly)
        self.search.setPlaceholderText(
            self.tr("Search name, label, note, GPU, framework") if has_kinds else self.tr("Search")
        )
        # Made anew: the font is the theme's only once the row is shown.
        widest = self.kind.sizeHint().width()
        metrics = self.kind.fontMetrics()
        words = [metrics.horizontalAdvance(self.kind.itemText(index)) for index in range(self.kind.count())]
        spare = 0 if has_kinds else max(words) - words[self.kind.currentIndex()]
        self.kind.setFixedWidth(widest - spare)
        self.kind.view().setMinimumWidth(widest)

    def _tell(self) -> None:
        self._pause.stop()
        if self.filter != self._told:
            self._told = self.filter
            self.filterChanged.emit(self._told)

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
