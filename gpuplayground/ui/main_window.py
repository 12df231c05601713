"""The window: header, monitor at the left, playground at the right, status at the bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QSplitter, QVBoxLayout, QWidget

from gpuplayground.playground.examples import Example
from gpuplayground.playground.results import RunState
from gpuplayground.settings import Settings
from gpuplayground.ui.actions import Actions
from gpuplayground.ui.header import Header
from gpuplayground.ui.icons import Icons
from gpuplayground.ui.menus import examples_menu, main_menu
from gpuplayground.ui.monitor.banner import Banner
from gpuplayground.ui.monitor.panel import MonitorPanel
from gpuplayground.ui.playground.panel import PlaygroundPanel
from gpuplayground.ui.status_bar import StatusBar
from gpuplayground.ui.theme import Theme

#: A window that has not been painted so long after it was shown gets its readings all the same.
PAINTED_AFTER_MS = 1000

_STATE_ROLES = {
    RunState.FINISHED: "good",
    RunState.FAILED: "error",
    RunState.NOT_STARTED: "error",
    RunState.STOPPED: "warning",
}


class MainWindow(QMainWindow):
    """Lays the parts out and keeps them in step. ``may_close`` is asked before the window goes."""

    exampleChosen = Signal(object)  # Example
    filesDropped = Signal(list)
    painted = Signal()  # the first frame is on the screen, or will not be soon: what may take its time can begin

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        monitor: MonitorPanel,
        playground: PlaygroundPanel,
        examples: Sequence[Example],
    ) -> None:
        super().__init__()
        self.may_close: Callable[[], bool] = lambda: True
        self._has_proportions = self._is_painted = False
        self.monitor, self.playground = monitor, playground
        self.setWindowTitle("GPU Playground")
        self.setWindowIcon(icons.icon("cpu", "accent"))
        self.setAcceptDrops(True)
        self.actions_ = Actions(icons, self)
        self.recent_menu = QMenu(self.tr("Open recent"), self)
        menus = (
            examples_menu(self, examples, self.exampleChosen.emit),
            main_menu(self, self.actions_, self.recent_menu),
        )
        self.header = Header(theme, icons, self.actions_, menus, self)
        self.banner = Banner(theme, icons, self)
        self.body = QSplitter(Qt.Orientation.Horizontal)
        self.body.addWidget(monitor)
        self.body.addWidget(playground)
        self.body.setStretchFactor(1, 1)
        self.body.setChildrenCollapsible(False)
        self.body.setHandleWidth(10)
        self.body.setContentsMargins(10, 10, 10, 8)
        self.setCentralWidget(self._central())
        self.status = StatusBar(theme, self)
        self.setStatusBar(self.status)
        theme.changed.connect(self.actions_.refresh_icons)
        playground.stateChanged.connect(self.show_run_state)
        playground.tabs.cursorMoved.connect(self.status.set_cursor)
        playground.tabs.messageRaised.connect(self.say)
        self.show_run_state()

    def say(self, sentence: str) -> None:
        """Show one sentence that needs no answer."""
        self.banner.say(sentence, icon="info", role="accent")

    def show_run_state(self) -> None:
        """Let Run, Stop and the status line follow the tab in front."""
        run = self.playground.current_run()
        self.actions_["run"].setEnabled(not run.active)
        self.header.set_stop_state(can_stop=run.active, kills=run.kills)
        if run.state is None:
            self.status.set_state(self.tr("Ready"), "muted")
        else:
            self.status.set_state(run.state.value.capitalize(), _STATE_ROLES.get(run.state, "accent"))

    def restore(self, settings: Settings) -> None:
        """Give the window the size and the proportions it had."""
        self.resize(1400, 900)
        if settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode("ascii", "ignore")))
        for name, splitter in self._splitters().items():
            sizes = settings.splitters.get(name, [])
            if len(sizes) == splitter.count() and all(size > 0 for size in sizes):
                splitter.setSizes(sizes)
                self._has_proportions = self._has_proportions or name == "body"

    def showEvent(self, event: QShowEvent) -> None:
        """Share the width: the monitor takes what its figures need, and never much more than its share."""
        super().showEvent(event)
        # A window that is minimised or covered from the start is not painted at all.
        QTimer.singleShot(PAINTED_AFTER_MS, self, self._say_painted)
        if not self._has_proportions:
            self._has_proportions = True
            monitor = min(490, round(self.width() * 0.4))
            self.body.setSizes([monitor, self.width() - monitor])

    def store(self, settings: Settings) -> None:
        """Write size and proportions into the settings."""
        settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        settings.splitters = {name: splitter.sizes() for name, splitter in self._splitters().items()}

    def paintEvent(self, event: QPaintEvent) -> None:
        """Say when the first frame has been painted; the widgets inside follow within the same event."""
        super().paintEvent(event)
        if not self._is_painted:
            QTimer.singleShot(0, self, self._say_painted)

    def _say_painted(self) -> None:
        if not self._is_painted:
            self._is_painted = True
            self.painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask first: unsaved work is not lost by a click."""
        if not self.may_close():
            event.ignore()
            return
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files from the desktop."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand dropped files to whoever opens them."""
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.filesDropped.emit(paths)

    def set_recent(self, files: Sequence[str], open_file: Callable[[str], None]) -> None:
        """List the recently opened files."""
        self.recent_menu.clear()
        self.recent_menu.setEnabled(bool(files))
        for path in files:
            action = self.recent_menu.addAction(f"{Path(path).name}    {Path(path).parent}")
            action.triggered.connect(lambda _checked=False, path=path: open_file(path))

    def _central(self) -> QWidget:
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.banner)
        layout.addWidget(self.body, 1)
        return central

    def _splitters(self) -> dict[str, QSplitter]:
        return {"body": self.body, "playground": self.playground, "results": self.playground.results}
