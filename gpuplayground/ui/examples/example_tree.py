"""The list of examples by topic, with their frameworks and what stands between them and a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QModelIndex, Qt, Signal
from PySide6.QtGui import QFont, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from gpuplayground.environments.example_status import ExampleState, ExampleStatus
from gpuplayground.environments.examples import Example
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import Theme, ui_font

TITLE, FRAMEWORK, MARK = range(3)
_EXAMPLE = Qt.ItemDataRole.UserRole
_MARK_ICONS = {
    ExampleState.RUNS_HERE: ("check", "good"),
    ExampleState.INSTALLABLE: ("download", "accent"),
    ExampleState.NEEDS_GPU: ("triangle-alert", "warning"),
}
_MOVE = QAbstractItemView.CursorAction
#: The first topic is the first line, so what is meant to go to the top goes down from there.
_DOWNWARDS = {_MOVE.MoveDown, _MOVE.MoveNext, _MOVE.MovePageDown, _MOVE.MoveEnd, _MOVE.MoveHome}
_FRAMEWORK_WIDTH, _MARK_WIDTH = 104, 140
#: A narrower list leaves out the frameworks, so that the titles can still be read.
_ROOM_FOR_FRAMEWORKS = 450


def mark_text(example: Example, status: ExampleStatus) -> str:
    """Return the few words that stand beside an example; empty if nothing is known and no GPU is needed."""
    match status.state:
        case ExampleState.RUNS_HERE:
            return _tr("Runs here")
        case ExampleState.INSTALLABLE:
            return _tr("Install {size}").format(size=status.size) if status.size else _tr("Install")
        case ExampleState.NEEDS_GPU if example.min_capability is not None:
            return _tr("Needs GPU {capability}+").format(capability=capability_text(example.min_capability))
        case ExampleState.NEEDS_GPU:
            return _tr("Needs a GPU")
        case _:
            return ""


def capability_text(capability: tuple[int, int]) -> str:
    """Return a compute capability as NVIDIA writes it, such as ``8.0``."""
    return f"{capability[0]}.{capability[1]}"


class ExampleTree(QTreeWidget):
    """Topics with their examples. Enter and a double click report the chosen one."""

    exampleSelected = Signal(object)  # Example, or None
    exampleActivated = Signal(object)  # Example

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._statuses: Mapping[Path, ExampleStatus] = {}
        self._topics: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self.setColumnCount(3)
        self.setHeaderLabels([self.tr("Example"), self.tr("Framework"), self.tr("On this machine")])
        self.setAccessibleName(self.tr("Examples"))
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(12)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Stretch)
        for column, width in ((FRAMEWORK, _FRAMEWORK_WIDTH), (MARK, _MARK_WIDTH)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        self.currentItemChanged.connect(self._report_selection)
        self.itemActivated.connect(self._report_activation)
        theme.changed.connect(self._draw_marks)

    @property
    def selected(self) -> Example | None:
        """The selected example, or None."""
        item = self.currentItem()
        return None if item is None or item.isHidden() else item.data(TITLE, _EXAMPLE)

    def show_examples(self, examples: Sequence[Example]) -> None:
        """List examples by topic, in their order."""
        self.clear()
        self._topics = []
        for topic in dict.fromkeys(example.topic for example in examples):
            heading = self._add_topic(topic)
            self._topics.append((heading, [_item(heading, each) for each in examples if each.topic == topic]))
        self.expandAll()
        self._draw_marks()
        self.select_first()

    def show_statuses(self, statuses: Mapping[Path, ExampleStatus]) -> None:
        """Mark examples by the paths of their files; what is not named becomes unknown."""
        self._statuses = dict(statuses)
        self._draw_marks()

    def status(self, example: Example) -> ExampleStatus:
        """Return the status of an example."""
        return self._statuses.get(example.path, ExampleStatus())

    def filter(self, text: str) -> int:
        """Show the examples in which every word of ``text`` occurs and return how many they are."""
        words, count = text.lower().split(), 0
        for item in self._items():
            example: Example = item.data(TITLE, _EXAMPLE)
            found = all(word in _searched(example) for word in words)
            item.setHidden(not found)
            count += found
        for heading, items in self._topics:
            heading.setHidden(all(item.isHidden() for item in items))
        if self.selected is None:
            self.select_first()
        return count

    def select_first(self) -> None:
        """Select the first example that is shown, or none."""
        shown = [item for item in self._items() if not item.isHidden()]
        if shown:
            self.setCurrentItem(shown[0])
        else:
            self.setCurrentIndex(QModelIndex())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the frameworks where there is no room for them."""
        super().resizeEvent(event)
        self.setColumnHidden(FRAMEWORK, event.size().width() < _ROOM_FOR_FRAMEWORKS)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Go from example to example, past the topics."""
        target = super().moveCursor(action, modifiers)
        if not target.isValid() or target.parent().isValid():
            return target
        if action is _MOVE.MoveLeft:
            return self.currentIndex()
        above, below = self.indexAbove(target), self.indexBelow(target)
        return below if action in _DOWNWARDS or not above.isValid() else above

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Leave the selection alone where a topic is pressed."""
        if self.indexAt(event.position().toPoint()).parent().isValid():
            super().mousePressEvent(event)

    def _add_topic(self, name: str) -> QTreeWidgetItem:
        topic = QTreeWidgetItem(self, [name])
        topic.setFlags(Qt.ItemFlag.ItemIsEnabled)  # not selectable: arrow keys go from example to example
        topic.setFirstColumnSpanned(True)
        topic.setFont(TITLE, ui_font(12, QFont.Weight.DemiBold))
        return topic

    def _items(self) -> list[QTreeWidgetItem]:
        """Return the items of the examples, hidden ones too."""
        return [item for _, items in self._topics for item in items]

    def _draw_marks(self) -> None:
        for item in self._items():
            example: Example = item.data(TITLE, _EXAMPLE)
            status = self.status(example)
            item.setText(MARK, mark_text(example, status))
            item.setData(MARK, Qt.ItemDataRole.ToolTipRole, plainly(status.sentence))
            name, role = _MARK_ICONS.get(status.state, ("", ""))
            item.setData(MARK, Qt.ItemDataRole.DecorationRole, self._icons.icon(name, role) if name else None)

    def _report_selection(self) -> None:
        self.exampleSelected.emit(self.selected)

    def _report_activation(self) -> None:
        if self.selected is not None:
            self.exampleActivated.emit(self.selected)


def _item(heading: QTreeWidgetItem, example: Example) -> QTreeWidgetItem:
    item = QTreeWidgetItem(heading, [example.title.removesuffix(f" ({example.framework})"), example.framework, ""])
    item.setData(TITLE, _EXAMPLE, example)
    item.setData(TITLE, Qt.ItemDataRole.ToolTipRole, plainly(example.title))
    return item


def _searched(example: Example) -> str:
    parts = (example.title, example.summary, example.topic, example.framework, example.note, *example.dependencies)
    return " ".join((*parts, example.path.stem)).lower()


def _tr(text: str) -> str:
    return QCoreApplication.translate("ExampleTree", text)
