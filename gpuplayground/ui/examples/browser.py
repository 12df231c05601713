"""The window of examples: search and list at the left, the chosen example at the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gpuplayground.environments.example_status import ExampleState, ExampleStatus
from gpuplayground.environments.examples import Example
from gpuplayground.ui.examples.example_tree import ExampleTree
from gpuplayground.ui.examples.preview import ExamplePreview
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme


class ExamplesBrowser(QDialog):
    """Not modal: an example can be tried while the list stays open."""

    openWanted = Signal(object)  # Example
    runWanted = Signal(object)  # Example

    def __init__(self, theme: Theme, icons: Icons, examples: Sequence[Example], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._count = len(examples)
        self.setWindowTitle(self.tr("Examples"))
        self.resize(QSize(1080, 680).boundedTo(self.screen().availableSize() - QSize(20, 50)))
        self.search = QLineEdit()
        self.tree = ExampleTree(theme, icons)
        self.preview = ExamplePreview(theme, icons)
        self.nothing = PlainLabel()
        self.count = PlainLabel()
        self.open_button = QPushButton(self.tr("Open"))
        self.run_button = QPushButton(self.tr("Open and run"))
        self._list = QStackedWidget()
        self._magnifier = QAction(self.search)
        self._set_up()
        self._lay_out()
        theme.changed.connect(self._draw_icons)
        self._draw_icons()
        self.tree.show_examples(examples)
        self._filter(self.search.text())

    def set_status(self, statuses: Mapping[Path, ExampleStatus]) -> None:
        """Mark the examples by the paths of their files; what is not named becomes unknown."""
        self.tree.show_statuses(statuses)
        self._select(self.tree.selected)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc clears the search first; Down and Enter go from the search field to the list."""
        in_field = self.search.hasFocus()
        if in_field and event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif in_field and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.tree.setFocus()
        else:
            super().keyPressEvent(event)

    def _set_up(self) -> None:
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search the examples"))
        self.search.setToolTip(self.tr("Search titles, topics, frameworks and descriptions for every word (Ctrl+F)"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(self._magnifier, QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._filter)
        self.tree.exampleSelected.connect(self._select)
        self.tree.exampleActivated.connect(self.openWanted)
        self.open_button.setToolTip(self.tr("Open a copy in a new tab (Enter)"))
        self.run_button.setToolTip(self.tr("Open a copy in a new tab and run it (Ctrl+Enter)"))
        self.run_button.setProperty("role", "primary")
        for button, act in ((self.open_button, self._open), (self.run_button, self._run)):
            button.setAutoDefault(False)  # else Enter in the list would press it too
            button.clicked.connect(act)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, self._run)
        QShortcut(QKeySequence.StandardKey.Find, self, self._focus_search)
        self.nothing.setProperty("role", "muted")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setWordWrap(True)
        self.nothing.setText(self.tr("No example has all of these words. Clear the search to see all."))
        self.count.setProperty("role", "muted")

    def _lay_out(self) -> None:
        self._list.addWidget(self.tree)
        self._list.addWidget(self.nothing)
        frame = QFrame()
        frame.setProperty("role", "panel")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(2, 2, 2, 2)
        inside.addWidget(self._list)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(frame, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(self.preview)
        split.setStretchFactor(0, 11)
        split.setStretchFactor(1, 10)
        split.setSizes([560, 500])
        split.setHandleWidth(10)
        buttons = QHBoxLayout()
        buttons.addWidget(self.count, 1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.run_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 12, 12, 12)
        outer.setSpacing(10)
        outer.addWidget(split, 1)
        outer.addLayout(buttons)

    def _filter(self, text: str) -> None:
        shown = self.tree.filter(text)
        self._list.setCurrentWidget(self.tree if shown else self.nothing)
        self.count.setText(
            self.tr("{count} examples").format(count=self._count)
            if shown == self._count
            else self.tr("{shown} of {count} examples").format(shown=shown, count=self._count)
        )
        self._select(self.tree.selected)

    def _select(self, example: Example | None) -> None:
        status = ExampleStatus() if example is None else self.tree.status(example)
        self.preview.show_example(example, status)
        self.open_button.setEnabled(example is not None)
        # What needs a missing GPU can be read, and its run would only say so once more.
        self.run_button.setEnabled(example is not None and status.state is not ExampleState.NEEDS_GPU)

    def _open(self) -> None:
        if self.tree.selected is not None:
            self.openWanted.emit(self.tree.selected)

    def _run(self) -> None:
        if self.tree.selected is not None and self.run_button.isEnabled():
            self.runWanted.emit(self.tree.selected)

    def _focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _draw_icons(self) -> None:
        self._magnifier.setIcon(self._icons.icon("search"))
        self.open_button.setIcon(self._icons.icon("file-code-2"))
        self.run_button.setIcon(self._icons.icon("play", "on_accent"))
