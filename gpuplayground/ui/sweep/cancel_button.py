"""Cancel, which becomes Kill where it does not help, as Stop in the toolbar does."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.window.playground import KILL_AFTER_MS


class CancelButton(QPushButton):
    """``cancelRequested`` is emitted by the first click, ``killRequested`` by those that follow once it is Kill."""

    cancelRequested = Signal()
    killRequested = Signal()
    stateChanged = Signal()  # whether it can be clicked, or whether it kills

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._is_running = self._kills = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(KILL_AFTER_MS)
        self._timer.timeout.connect(self._offer_kill)
        self.setAutoDefault(False)
        self.clicked.connect(self._ask)
        self._show_state(enabled=False)

    @property
    def kills(self) -> bool:
        """Whether a click kills."""
        return self._kills

    def set_running(self, is_running: bool) -> None:
        """Say whether there is something to cancel; what was asked for before is forgotten when that changes."""
        if is_running != self._is_running:
            self._is_running, self._kills = is_running, False
            self._timer.stop()
            self._show_state(enabled=is_running)

    def draw_icon(self) -> None:
        """Draw the icon anew, after the theme has changed."""
        self.setIcon(self._icons.icon("skull", "window") if self._kills else self._icons.icon("square"))

    def _ask(self) -> None:
        if self._kills:
            self.killRequested.emit()
            return
        self.setEnabled(False)
        self._timer.start()
        self.cancelRequested.emit()
        self.stateChanged.emit()

    def _offer_kill(self) -> None:
        self._kills = True
        self._show_state(enabled=True)

    def _show_state(self, *, enabled: bool) -> None:
        self.setText(self.tr("Kill") if self._kills else self.tr("Cancel"))
        self.setAccessibleName(self.text())
        self.setToolTip(
            self.tr("End what is measured at once; what is done is kept")
            if self._kills
            else self.tr("Stop measuring and keep what is done")
        )
        self.setProperty("role", "danger" if self._kills else "")
        # A style sheet looks at a property when it is applied, not when the property changes.
        self.style().unpolish(self)
        self.style().polish(self)
        self.draw_icon()
        self.setEnabled(enabled)
        self.stateChanged.emit()
