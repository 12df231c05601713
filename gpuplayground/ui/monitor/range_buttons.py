"""The row of buttons that says how far the graphs reach back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton, QWidget

from gpuplayground.ui.monitor.time_axis import RANGES_S, range_name
from gpuplayground.ui.widgets.plain_text import plainly


class RangeButtons(QFrame):
    """One choice of 1 min, 10 min, 1 h and 24 h; Tab reaches the row, the arrow keys choose."""

    rangeChanged = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAccessibleName(self.tr("Range of the graphs"))
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 2, 3, 2)
        row.setSpacing(2)
        for seconds in RANGES_S:
            button = QToolButton(self)
            button.setText(range_name(seconds))
            button.setCheckable(True)
            button.setProperty("role", "segment")
            words = self.tr("Show the last {range}").format(range=_spoken(self, seconds))
            button.setAccessibleName(words)
            button.setToolTip(plainly(words))
            self._group.addButton(button, seconds)
            row.addWidget(button)
        self.button(RANGES_S[0]).setChecked(True)
        self._group.idToggled.connect(self._report)

    def button(self, seconds: int) -> QToolButton:
        """Return the button of a range."""
        button = self._group.button(seconds)
        assert isinstance(button, QToolButton), seconds
        return button

    @property
    def seconds(self) -> int:
        """The chosen range."""
        return self._group.checkedId()

    def choose(self, seconds: int) -> None:
        """Choose a range, as a click on its button does; one without a button is ignored."""
        if seconds in RANGES_S:
            self.button(seconds).setChecked(True)

    def _report(self, seconds: int, checked: bool) -> None:
        if checked:
            self.rangeChanged.emit(seconds)


def _spoken(widget: QWidget, seconds: int) -> str:
    return {
        60: widget.tr("minute"),
        600: widget.tr("10 minutes"),
        3600: widget.tr("hour"),
        86400: widget.tr("24 hours"),
    }[seconds]
