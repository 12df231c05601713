"""The comparison window: runs and benchmarks against a baseline, as a table and a chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gpuplayground.comparison.comparison import Row, Subject, SubjectKind, compare
from gpuplayground.comparison.text import markdown_table, text_table
from gpuplayground.ui.comparison.chart import ComparisonChart
from gpuplayground.ui.comparison.model import Column, ComparisonModel
from gpuplayground.ui.widgets.drop_down import DropDown
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.saving import ChooseFile, choose_by_dialog, save_picture
from gpuplayground.ui.widgets.theme import Theme

#: Longer names are elided in the middle, because their ends differ; other columns fit their text.
_WIDEST_NAME = 240
_ROW_HEIGHT = 28
_PICTURE_WIDTH = 900


class CompareDialog(QDialog):
    """Not modal: subjects can be added while it is open."""

    def __init__(
        self, theme: Theme, icons: Icons, parent: QWidget | None = None, choose: ChooseFile = choose_by_dialog
    ) -> None:
        super().__init__(parent)
        self._icons, self._choose = icons, choose
        self._subjects: list[Subject] = []
        self._baseline = 0
        self.setWindowTitle(self.tr("Compare"))
        self.resize(QSize(1060, 640).boundedTo(self.screen().availableSize() - QSize(20, 50)))
        self.model = ComparisonModel(theme, self)
        self.table = QTableView()
        self.chart = ComparisonChart(theme)
        self.baseline = DropDown()
        self.note = PlainLabel()
        self.empty = PlainLabel()
        self._stack = QStackedWidget()
        self._buttons: dict[str, QPushButton] = {}
        self._set_up_table()
        self._lay_out()
        theme.changed.connect(self._draw_icons)
        self._refresh()

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The subjects in the order they were added."""
        return tuple(self._subjects)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The comparison with the current baseline."""
        return compare(self._subjects, self._baseline)

    def add(self, subjects: Sequence[Subject]) -> None:
        """Append subjects; one that is already in the comparison is updated in place."""
        for subject in subjects:
            if subject in self._subjects:
                self._subjects[self._subjects.index(subject)] = subject
            else:
                self._subjects.append(subject)
        self._refresh()

    def show_only(self, subjects: Sequence[Subject]) -> None:
        """Compare only these, with the first one as the baseline."""
        self._baseline = 0
        self._subjects.clear()
        self.table.clearSelection()
        self.add(subjects)

    def clear(self) -> None:
        """Remove all subjects."""
        self._subjects.clear()
        self._refresh()

    def choose_baseline(self, index: int) -> None:
        """Make another subject the baseline."""
        if 0 <= index < len(self._subjects):
            self._baseline = index
            self._refresh()

    def remove_selected(self) -> None:
        """Remove the selected rows; if the baseline is among them, the first row becomes the baseline."""
        chosen = {index.row() for index in self.table.selectionModel().selectedRows()}
        baseline = self._subjects[self._baseline] if self._subjects and self._baseline not in chosen else None
        self._subjects = [subject for row, subject in enumerate(self._subjects) if row not in chosen]
        self._baseline = 0 if baseline is None else self._subjects.index(baseline)
        self._refresh()

    def _set_up_table(self) -> None:
        table, header = self.table, self.table.horizontalHeader()
        table.setModel(self.model)
        table.setAccessibleName(self.tr("Comparison"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(60)
        header.setStretchLastSection(True)
        table.selectionModel().selectionChanged.connect(self._enable)
        table.doubleClicked.connect(self._table_activated)
        self.chart.baselineChosen.connect(self.choose_baseline)
        keys = QShortcut(QKeySequence.StandardKey.Delete, table)
        keys.setContext(Qt.ShortcutContext.WidgetShortcut)
        keys.activated.connect(self.remove_selected)

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidget(self._inset(self.chart))
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(_panel(self.table))
        split.addWidget(_panel(scroll))
        split.setSizes([230, 330])
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setText(
            self.tr(
                "Nothing to compare yet. Choose “Add to comparison” on the Benchmark page, or select several runs in "
                "the history and choose “Compare”."
            )
        )
        self._stack.addWidget(_panel(self.empty))
        self._stack.addWidget(split)
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(10)
        column.addLayout(self._tools())
        column.addWidget(self._stack, 1)
        column.addWidget(self.note)

    def _inset(self, widget: QWidget) -> QWidget:
        inside = QWidget()
        inside.setBackgroundRole(QPalette.ColorRole.Base)
        box = QVBoxLayout(inside)
        box.setContentsMargins(14, 10, 14, 8)
        box.addWidget(widget)
        box.addStretch(1)
        return inside

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        label = PlainLabel(self.tr("Baseline"))
        label.setProperty("role", "muted")
        label.setBuddy(self.baseline)
        self.baseline.setAccessibleName(self.tr("Baseline"))
        self.baseline.setToolTip(self.tr("The subject that the others are compared with; you can also click a bar"))
        self.baseline.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.baseline.setMinimumWidth(160)
        self.baseline.activated.connect(self.choose_baseline)
        row.addWidget(label)
        row.addWidget(self.baseline, 1)
        row.addStretch(1)
        remove = self.tr("Remove the selected rows from the comparison (Del)")
        self.remove_button = self._button(row, "trash-2", self.tr("Remove"), remove, self.remove_selected)
        clear = self.tr("Remove everything from the comparison")
        self.clear_button = self._button(row, "x", self.tr("Clear"), clear, self.clear)
        text = self.tr("Copy the table as aligned text")
        self.copy_button = self._button(row, "copy", self.tr("Copy"), text, self._copy_text)
        markdown = self.tr("Copy the table as Markdown, for an issue or a README")
        self.markdown_button = self._button(row, "file-code-2", self.tr("Markdown"), markdown, self._copy_markdown)
        picture = self.tr("Save the chart as a PNG picture")
        self.picture_button = self._button(row, "save", self.tr("Save PNG…"), picture, self._save_picture)
        return row

    def _button(self, row: QHBoxLayout, icon: str, text: str, tip: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(self._icons.icon(icon), text)
        button.setToolTip(plainly(tip))
        button.setAccessibleName(text.rstrip("…"))
        # Enter must not click the first button.
        button.setAutoDefault(False)
        button.clicked.connect(act)
        self._buttons[icon] = button
        row.addWidget(button)
        return button

    def _refresh(self) -> None:
        """Compare again and show the result."""
        self._baseline = min(self._baseline, max(0, len(self._subjects) - 1))
        rows = self.rows
        self.model.show_rows(rows)
        self._fit_columns()
        self.chart.show_rows(rows)
        self.baseline.clear()
        self.baseline.addItems([row.name for row in rows])
        self.baseline.setCurrentIndex(self._baseline if self._subjects else -1)
        self._stack.setCurrentIndex(1 if rows else 0)
        self.note.setText(self._hint())
        self._enable()

    def _fit_columns(self) -> None:
        header = self.table.horizontalHeader()
        self.table.resizeColumnsToContents()
        header.resizeSection(Column.NAME, min(header.sectionSize(Column.NAME), _WIDEST_NAME))

    def _hint(self) -> str:
        count = len(self._subjects)
        if count == 0:
            return ""
        if count == 1:
            return self.tr("Add a second run or benchmark to compare it with this one.")
        text = self.tr(
            "“No difference” means that the 95 % intervals of the medians overlap. The interval of a speed-up spans "
            "all ratios that both intervals allow."
        )
        if any(subject.kind is SubjectKind.RUN for subject in self._subjects):
            text += " " + self.tr("A single run counts its statements without imports.")
        return text

    def _enable(self) -> None:
        filled = bool(self._subjects)
        for button in (self.clear_button, self.copy_button, self.markdown_button, self.picture_button):
            button.setEnabled(filled)
        self.baseline.setEnabled(len(self._subjects) > 1)
        self.remove_button.setEnabled(filled and self.table.selectionModel().hasSelection())

    def _table_activated(self) -> None:
        self.choose_baseline(self.table.currentIndex().row())

    def _copy_text(self) -> None:
        QGuiApplication.clipboard().setText(text_table(self.rows))
        self.note.setText(self.tr("Table copied."))

    def _copy_markdown(self) -> None:
        QGuiApplication.clipboard().setText(markdown_table(self.rows))
        self.note.setText(self.tr("Table copied as Markdown."))

    def _save_picture(self) -> None:
        path = self._choose(self, self.tr("Save the chart"), "comparison.png", self.tr("PNG picture (*.png)"))
        if path is not None:
            size = QSize(max(_PICTURE_WIDTH, self.chart.width()), self.chart.minimumHeight())
            self.note.setText(save_picture(path, self.chart.picture(size)))

    def _draw_icons(self) -> None:
        for icon, button in self._buttons.items():
            button.setIcon(self._icons.icon(icon))


def _panel(widget: QWidget) -> QFrame:
    frame = QFrame()
    frame.setProperty("role", "panel")
    box = QVBoxLayout(frame)
    box.setContentsMargins(2, 2, 2, 2)
    box.addWidget(widget)
    return frame
