"""Labelled figures, in rows with remarks or in a grid."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gpuplayground.ui.widgets.plain_text import PlainLabel, plainly
from gpuplayground.ui.widgets.theme import ui_font

_TOP = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
#: Width in pixels below which remarks are placed below their figures.
_REMARKS_BESIDE_PX = 560
_FACT_PX = 118
Fact = tuple[str, str, str]


class FactRows(QWidget):
    """A row for each fact: label, figure, and a remark beside or below it."""

    def __init__(self, facts: Sequence[Fact], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(3)
        self._rows = [(_muted(label), _figure(value), _remark(remark)) for label, value, remark in facts]
        self._wide: bool | None = None
        self._arrange(wide=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the remarks beside or below the figures."""
        super().resizeEvent(event)
        self._arrange(wide=event.size().width() >= _REMARKS_BESIDE_PX)

    def _arrange(self, *, wide: bool) -> None:
        if wide == self._wide:
            return
        self._wide = wide
        for number, (label, figure, remark) in enumerate(self._rows):
            # Align the baselines of small labels and larger figures.
            label.setContentsMargins(0, 2, 0, 0)
            remark.setContentsMargins(0, 2 if wide else 0, 0, 0)
            self._grid.addWidget(label, 2 * number, 0, _TOP)
            self._grid.addWidget(figure, 2 * number, 1, _TOP)
            place = (2 * number, 2) if wide else (2 * number + 1, 1)
            self._grid.addWidget(remark, *place)
            remark.setVisible(bool(remark.text()))
        self._grid.setColumnStretch(1, 0 if wide else 1)
        self._grid.setColumnStretch(2, 1 if wide else 0)


class FactGrid(QWidget):
    """Short facts, each a label above its figure, in as many columns as fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(8)
        # The current columns must not prevent it from shrinking.
        self.setMinimumWidth(_FACT_PX)
        self._cells: list[QWidget] = []
        self._columns = 0

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Replace the facts; remarks become tooltips."""
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.deleteLater()
        self._cells = [_cell(*fact) for fact in facts]
        self._columns = 0
        self._arrange(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Adjust the number of columns."""
        super().resizeEvent(event)
        self._arrange(event.size().width())

    def _arrange(self, width: int) -> None:
        columns = max(1, width // _FACT_PX)
        if columns == self._columns:
            return
        self._columns = columns
        for number, cell in enumerate(self._cells):
            self._grid.addWidget(cell, number // columns, number % columns, _TOP)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)


def _cell(label: str, value: str, remark: str) -> QWidget:
    cell = QWidget()
    column = QVBoxLayout(cell)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(_muted(label))
    column.addWidget(_figure(value))
    cell.setToolTip(plainly(remark))
    return cell


def _muted(text: str) -> QLabel:
    label = PlainLabel(text)
    label.setProperty("role", "muted")
    label.setFont(ui_font(11))
    return label


def _figure(text: str) -> QLabel:
    label = PlainLabel(text)
    label.setFont(ui_font(13, QFont.Weight.DemiBold))
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _remark(text: str) -> QLabel:
    label = _muted(text)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return label
