"""Labels for narrow places, in which no figure is cut: a figure without its end is a wrong one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget

from gpuplayground.ui.widgets.elided_label import ElidedLabel
from gpuplayground.ui.widgets.plain_text import PlainLabel

#: A name is shortened to this many pixels before what follows it is left out.
_LEAST_NAME_PX = 40


class WholeLabel(PlainLabel):
    """One line of plain text that is left out where there is no room for all of it. It asks for no width."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setMinimumWidth(1)

    @property
    def is_whole(self) -> bool:
        """Whether there is room for the text."""
        return self.width() >= self.sizeHint().width()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw all of the text or nothing."""
        if self.is_whole:
            super().paintEvent(event)


class SubjectLabel(ElidedLabel):
    """A name and, behind it, the value of a sweep: where there is no room for both, the name is what is shortened."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = ""

    def show_subject(self, name: str, value: str) -> None:
        """Show another name and the value that goes with it, which may be empty."""
        self._value = f"  ·  {value}" if value else ""
        self.setText(name + self._value)

    @property
    def shown(self) -> str:
        """The text as far as there is room for it."""
        metrics, room = self.fontMetrics(), self.contentsRect().width()
        if metrics.horizontalAdvance(self.text()) <= room:
            return self.text()
        value = self._value
        if room - metrics.horizontalAdvance(value) < _LEAST_NAME_PX:
            value = ""
        name = self.text().removesuffix(self._value)
        beside = room - metrics.horizontalAdvance(value)
        return metrics.elidedText(name, Qt.TextElideMode.ElideRight, beside) + value
