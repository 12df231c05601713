"""The status bar: state of the run, cursor position, sampling rate, and the application's own CPU use."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QStatusBar, QWidget

from gpuplayground.ui.widgets.elided_label import ElidedLabel
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme, ui_font

_CPU_PERIOD_MS = 2000


class Dot(QWidget):
    """A small filled circle in the colour of a role."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._role = theme, "muted"
        self.setFixedSize(18, 12)
        theme.changed.connect(self.update)

    def set_role(self, role: str) -> None:
        """Set the colour role."""
        if role != self._role:
            self._role = role
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the circle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color(self._role))
        painter.drawEllipse(8, 2, 8, 8)


class StatusBar(QStatusBar):
    """The state on the left; cursor, sampling rate and the window's CPU use on the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._dot = Dot(theme)
        self.state_label, self.cursor_label, self.cost_label = ElidedLabel(), PlainLabel(), PlainLabel()
        self.addWidget(self._dot)
        self.addWidget(self.state_label, 1)
        for label in (self.cursor_label, self.cost_label):
            label.setContentsMargins(12, 0, 6, 0)
            self.addPermanentWidget(label)
        for label in (self.state_label, self.cursor_label, self.cost_label):
            label.setProperty("role", "muted")
            label.setFont(ui_font(12))
        self.cost_label.setToolTip(self.tr("CPU use of this window, in percent of one core"))
        self._rate_text = self._share_text = ""
        self._last = (time.monotonic(), time.process_time())
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._measure)
        self._timer.setInterval(_CPU_PERIOD_MS)
        self.set_state(self.tr("Ready"), "muted")

    def set_state(self, text: str, role: str) -> None:
        """Show the state of the current tab or of a sweep."""
        self.state_label.setText(text)
        self._dot.set_role(role)

    def set_cursor(self, line: int, column: int) -> None:
        """Show the cursor position, counted from 1."""
        self.cursor_label.setText(self.tr("Ln {0}, Col {1}").format(line, column))

    def set_rate(self, text: str) -> None:
        """Show the source and rate of the samples."""
        self._rate_text = text
        self._measure()

    def showEvent(self, event: QShowEvent) -> None:
        """Measure while somebody can see it."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop measuring."""
        super().hideEvent(event)
        self._timer.stop()

    def _measure(self) -> None:
        now, used = time.monotonic(), time.process_time()
        elapsed = now - self._last[0]
        if elapsed >= 1:
            share = 100 * (used - self._last[1]) / elapsed
            self._last = (now, used)
            self._share_text = self.tr("UI {0} % CPU").format(f"{share:.1f}")
        if self.window().isVisible():
            self.cost_label.setText(" · ".join(part for part in (self._rate_text, self._share_text) if part))
