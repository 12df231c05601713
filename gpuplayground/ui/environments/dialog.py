"""Lists the environments that the application made: what each holds, its size, building and removing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gpuplayground.environments.interpreters import Environment
from gpuplayground.ui.widgets.banner import Banner
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import Theme, align_right
from gpuplayground.units import DASH, data_size

_NAME, _PYTHON, _FRAMEWORKS, _SIZE = range(4)


class EnvironmentsDialog(QDialog):
    """Not modal. It shows what it is told and asks for builds and removals by name."""

    buildRequested = Signal(str)  # name of a default set
    removeRequested = Signal(str)  # name
    cancelRequested = Signal()
    doctorRequested = Signal()
    detailsRequested = Signal()

    def __init__(
        self, theme: Theme, icons: Icons, sets: Mapping[str, Sequence[str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._sizes: dict[str, int] = {}
        self._sets = sets
        self.setWindowTitle(self.tr("Environments"))
        self.resize(QSize(860, 420).boundedTo(self.screen().availableSize() - QSize(20, 50)))
        self.banner = Banner(theme, icons)
        self.table = QTableWidget(0, 4)
        self.empty = PlainLabel(
            self.tr("No environments yet. Build one here, or run an example and install what it lacks.")
        )
        self.total = PlainLabel()
        self.build_buttons = {name: QPushButton(self.tr("Build {0}").format(name)) for name in sets}
        self.remove_button = QPushButton(self.tr("Remove"))
        self.doctor_button = QPushButton(self.tr("Doctor…"))
        self._stack = QStackedWidget()
        self._set_up()
        self._lay_out()
        self.show_environments(())

    def show_environments(self, environments: Sequence[Environment]) -> None:
        """List environments."""
        chosen = self.chosen
        self._names = [each.managed for each in environments]
        self.table.setRowCount(len(environments))
        for row, each in enumerate(environments):
            contents = " · ".join(each.packages or sorted(each.versions))
            size = self._sizes.get(each.managed)
            texts = (each.managed, each.version, contents, DASH if size is None else data_size(size))
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(plainly(each.interpreter if column == _NAME else text))
                if column == _SIZE:
                    item.setTextAlignment(align_right())
                self.table.setItem(row, column, item)
        if chosen in self._names:
            self.table.selectRow(self._names.index(chosen))
        elif self._names:
            self.table.selectRow(0)
        self._stack.setCurrentWidget(self.table if environments else self.empty)
        for name, button in self.build_buttons.items():
            button.setText((self.tr("Rebuild {0}") if name in self._names else self.tr("Build {0}")).format(name))
        self._selection_changed()

    def show_sizes(self, sizes: Mapping[str, int]) -> None:
        """Show the disk use of each environment, in bytes by name."""
        self._sizes = dict(sizes)
        for row, name in enumerate(self._names):
            item = self.table.item(row, _SIZE)
            if item is not None and name in sizes:
                item.setText(data_size(sizes[name]))
        whole = data_size(sum(sizes.values()))
        self.total.setText(self.tr("{0} on the disk").format(whole) if sizes else "")

    def show_progress(self, text: str) -> None:
        """Show what a build is doing."""
        self.banner.say(text, icon="download", actions={"cancel": self.tr("Cancel")})

    def show_message(self, sentence: str, *, has_details: bool = False) -> None:
        """Show why a build or a removal failed."""
        actions = {"details": self.tr("Show uv's messages")} if has_details else None
        self.banner.say(sentence, icon="triangle-alert", role="warning", actions=actions)

    def show_details(self, text: str) -> None:
        """Show uv's own words."""
        box = QMessageBox(
            QMessageBox.Icon.Information,
            self.tr("uv's messages"),
            plainly(self.banner.text),
            QMessageBox.StandardButton.Close,
            self,
        )
        box.setDetailedText(text)
        box.open()

    @property
    def chosen(self) -> str:
        """The name of the selected environment, empty for none."""
        row = self.table.currentRow()
        return self._names[row] if 0 <= row < len(self._names) else ""

    def _set_up(self) -> None:
        self.table.setHorizontalHeaderLabels(
            [self.tr("Name"), self.tr("Python"), self.tr("Frameworks"), self.tr("Size")]
        )
        self.table.setAccessibleName(self.tr("Environments"))
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_FRAMEWORKS, QHeaderView.ResizeMode.Stretch)
        self.table.itemSelectionChanged.connect(self._selection_changed)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")
        self.total.setProperty("role", "muted")
        for name, button in self.build_buttons.items():
            button.setToolTip(plainly(", ".join(self._sets[name])))
            button.clicked.connect(lambda _checked=False, name=name: self.buildRequested.emit(name))
            button.setAutoDefault(False)
        for button in (self.remove_button, self.doctor_button):
            button.setAutoDefault(False)
        self.remove_button.clicked.connect(self._ask_to_remove)
        self.doctor_button.clicked.connect(self.doctorRequested)
        self.banner.actionRequested.connect(self._act)

    def _lay_out(self) -> None:
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        row = QHBoxLayout()
        for button in self.build_buttons.values():
            row.addWidget(button)
        row.addWidget(self.doctor_button)
        row.addStretch(1)
        row.addWidget(self.total)
        row.addWidget(self.remove_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.banner)
        layout.addWidget(self._stack, 1)
        layout.addLayout(row)

    def _selection_changed(self) -> None:
        self.remove_button.setEnabled(bool(self.chosen))

    def _act(self, action: str) -> None:
        if action == "cancel":
            self.cancelRequested.emit()
        elif action == "details":
            self.detailsRequested.emit()

    def _ask_to_remove(self) -> None:
        name = self.chosen
        if not name:
            return
        size = self._sizes.get(name)
        text = self.tr("Remove the environment {0}?").format(name)
        box = QMessageBox(QMessageBox.Icon.Question, self.tr("Remove environment"), plainly(text), parent=self)
        if size is not None:
            box.setInformativeText(plainly(self.tr("It takes {0} on the disk.").format(data_size(size))))
        remove = box.addButton(self.tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        if box.clickedButton() is remove:
            self.removeRequested.emit(name)
