"""The real window in this process, for benchmarks that click and observe. The caller sets its environment."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from gpuplayground.app.application import Application
from gpuplayground.app.options import WindowOptions
from gpuplayground.model.events import RunFinished, SessionEvent
from gpuplayground.model.results import RunState
from gpuplayground.storage import paths
from gpuplayground.storage.settings import Settings
from gpuplayground.ui.widgets.theme import Theme, load_fonts


class PaintWatch(QObject):
    """Counts the paint events of a widget."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802 - Qt's own name
        """Count paint events; the widget still gets them."""
        if event.type() == QEvent.Type.Paint:
            self.count += 1
        return False


class Window(QObject):
    """The application with one snippet open.

    Attributes:
        last_run_was_warm: whether the last finished run had a warm spare.
    """

    def __init__(self, qt: QApplication, snippet: Path) -> None:
        super().__init__()
        self._qt = qt
        self.last_run_was_warm = False
        load_fonts(paths.resources() / "fonts")
        theme = Theme("dark")
        theme.apply()
        self.application = Application(theme, Settings(), WindowOptions(files=(str(snippet),), size=(1400, 900)))
        self.application.show()
        self.wait_until(lambda: self.application.monitor_panel.details.tracks is not None)
        self.tab_id = self.application.tabs.current_id() or ""
        self.output = self.application.playground.output(self.tab_id)
        self.application.runs.happened.connect(self._note)

    def wait_until(self, holds: Callable[[], bool], timeout_s: float = 60.0) -> float:
        """Run the event loop until a condition holds; return the time (``time.perf_counter()``).

        Raises:
            TimeoutError: the condition does not hold within ``timeout_s``.
        """
        deadline = time.perf_counter() + timeout_s
        while not holds():
            if time.perf_counter() > deadline:
                raise TimeoutError("The benchmark's condition was not met in time.")
            self._qt.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
            if not holds():
                # Sleeps until an event arrives; the monitor's timers wake it at the latest.
                self._qt.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        return time.perf_counter()

    def run_for(self, seconds: float) -> None:
        """Run the event loop for ``seconds``."""
        QTest.qWait(round(seconds * 1000))

    def click(self, button: QAbstractButton) -> None:
        """Click a button with the left mouse button."""
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def press_run(self) -> float:
        """Click Run and return when the click began."""
        clicked = time.perf_counter()
        self.click(self.application.window.header.run_button)
        return clicked

    def press_stop(self) -> float:
        """Click Stop, or Kill, and return when the click began."""
        clicked = time.perf_counter()
        self.click(self.application.window.header.stop_button)
        return clicked

    @property
    def state(self) -> RunState | None:
        """The state of the tab's run."""
        return self.application.playground.current_run().state

    @property
    def is_ready(self) -> bool:
        """Whether the next click on Run would start the snippet."""
        can_click = self.application.window.header.run_button.isEnabled()
        return can_click and not self.application.runs.is_running(self.tab_id)

    def close(self) -> None:
        """Hide the window and end every thread and process."""
        self.application.window.hide()
        self.application.shutdown()

    def _note(self, _tab_id: str, event: SessionEvent) -> None:
        if isinstance(event, RunFinished):
            self.last_run_was_warm = event.run.was_warm
