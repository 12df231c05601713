"""The main window: header, monitor on the left, playground on the right, status bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QHideEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QMenu, QScrollArea, QSplitter, QVBoxLayout, QWidget

from gpuplayground.storage.settings import Settings
from gpuplayground.ui.monitor.panel import MonitorPanel
from gpuplayground.ui.widgets.banner import Banner
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.window.actions import Actions
from gpuplayground.ui.window.header import Header
from gpuplayground.ui.window.menus import main_menu
from gpuplayground.ui.window.playground import PlaygroundPanel
from gpuplayground.ui.window.status_bar import StatusBar

#: Time after which a window that has not been painted counts as painted, in milliseconds.
PAINTED_AFTER_MS = 1000

_FIRST_SIZE = (1400, 900)
#: Default width of the monitor in pixels, and its maximum share of a small window.
_MONITOR_WIDTH, _MONITOR_SHARE = 490, 0.4
#: Smaller than any screen; larger contents are scrolled.
_MIN_SIZE = (320, 240)
#: Messages within this time are shown together, in milliseconds.
_GROUP_MS = 1500
#: How long a confirmation stays in the status bar, in milliseconds.
_CONFIRMED_MS = 8000


class MainWindow(QMainWindow):
    """Lays out the parts and keeps them in step. ``may_close`` is called before the window closes."""

    exampleChosen = Signal(object)  # Example
    filesDropped = Signal(list)
    watchedChanged = Signal(bool)  # whether the window is visible
    painted = Signal()  # the first frame is on the screen, or will not be soon; slow work may start

    def __init__(self, theme: Theme, icons: Icons, monitor: MonitorPanel, playground: PlaygroundPanel) -> None:
        super().__init__()
        self.may_close: Callable[[], bool] = lambda: True
        self.theme = theme
        self._has_proportions = self._is_painted = False
        self._said: list[str] = []
        self._sweep, self._can_stop_sweep, self._kills_sweep = "", False, False
        self.setWindowTitle("GPU Playground")
        self.setMinimumSize(*_MIN_SIZE)
        self.setAcceptDrops(True)
        self._fill(icons, monitor, playground)

    def _fill(self, icons: Icons, monitor: MonitorPanel, playground: PlaygroundPanel) -> None:
        theme = self.theme
        self.monitor, self.playground = monitor, playground
        self.setWindowIcon(icons.icon("cpu", "accent"))
        self.actions_ = Actions(icons, self)
        self.recent_menu = QMenu(self.tr("Open recent"), self)
        menu = main_menu(self, self.actions_, self.recent_menu)
        self.header = Header(theme, icons, self.actions_, menu, self)
        self.banner = Banner(theme, icons, self)
        self.body = QSplitter(Qt.Orientation.Horizontal)
        self.body.addWidget(monitor)
        self.body.addWidget(playground)
        self.body.setStretchFactor(1, 1)
        self.body.setChildrenCollapsible(False)
        self.body.setHandleWidth(10)
        self.body.setContentsMargins(10, 10, 10, 8)
        # On a small screen the parts can be scrolled.
        scroller = QScrollArea()
        scroller.setFrameShape(QFrame.Shape.NoFrame)
        scroller.setWidgetResizable(True)
        scroller.setWidget(self._central())
        self.setCentralWidget(scroller)
        self.status = StatusBar(theme, self)
        self.setStatusBar(self.status)
        # Deferred until the menu has closed.
        self.header.chosen.connect(lambda: QTimer.singleShot(0, self, self._focus_editor))
        theme.changed.connect(self.actions_.refresh_icons)
        playground.stateChanged.connect(self.show_run_state)
        playground.tabs.cursorMoved.connect(self.status.set_cursor)
        playground.tabs.messageRaised.connect(self.say)
        playground.tabs.messageSettled.connect(self.settle)
        playground.tabs.noted.connect(self.confirm)
        self.show_run_state()

    def say(self, sentence: str) -> None:
        """Show a message in the banner, below those shown shortly before."""
        said = self._said if self.banner.isVisible() else []
        self._said = [*said, sentence] if sentence not in said else said
        self.banner.say("\n".join(self._said[-4:]), icon="info", role="accent")
        QTimer.singleShot(_GROUP_MS, self, self._forget_said)

    def settle(self, sentence: str, instead: str) -> None:
        """Remove a message that no longer applies, and confirm another one in the status bar."""
        left = [each for each in self.banner.text.split("\n") if each != sentence]
        self._said = [each for each in self._said if each != sentence]
        if any(left):
            self.banner.say("\n".join(left), icon="info", role="accent")
        else:
            self.banner.clear()
        self.confirm(instead)

    def confirm(self, sentence: str) -> None:
        """Show a message in the status bar for a while."""
        self.status.showMessage(sentence, _CONFIRMED_MS)

    def _forget_said(self) -> None:
        self._said = []

    def show_sweep(self, status: str, *, can_stop: bool, kills: bool) -> None:
        """Show the status of the running sweep; empty without one.

        While the current tab has no run, Stop is for the sweep if it ``can_stop``.
        """
        self._sweep, self._can_stop_sweep, self._kills_sweep = status, can_stop, kills
        self.show_run_state()

    def show_run_state(self) -> None:
        """Update Run, Stop and the status bar for the current tab."""
        run = self.playground.current_run()
        editor = self.playground.tabs.current_editor()
        if run.active and editor is not None and self.header.run_button.hasFocus():
            # A disabled button would pass the focus to the list of GPUs beside it.
            editor.setFocus()
        for name in ("run", "benchmark"):
            self.actions_[name].setEnabled(not run.active)
        self.header.set_stop_state(
            can_stop=run.active or self._can_stop_sweep, kills=run.kills if run.active else self._kills_sweep
        )
        words = run.state.value.capitalize() if run.state is not None else self.tr("Ready")
        if self._sweep:
            words = f"{words} · {self._sweep}" if run.active else self._sweep
        others = self.playground.active_runs() - run.active
        if others:
            words += " · " + self.tr("{0} running in other tabs").format(others)
        self.status.set_state(words, "accent" if self._sweep else run.role)

    def _focus_editor(self) -> None:
        """Return the focus to the editor, unless the selected command has moved it."""
        focus: QWidget | None = self.focusWidget()  # may be None, unlike the stubs say
        editor = self.playground.tabs.current_editor()
        if editor is not None and (focus is None or self.header.isAncestorOf(focus)):
            editor.setFocus()

    def place(self, settings: Settings, size: tuple[int, int] | None = None) -> None:
        """Restore the geometry, or use the given size; by default one that fits the screen."""
        if size is not None:
            self.resize(*size)
        # Fails for a screen of another size.
        elif not self.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode("ascii", "ignore"))):
            room = self.screen().availableSize()
            # Leave room for the window frame.
            self.resize(min(_FIRST_SIZE[0], room.width() - 20), min(_FIRST_SIZE[1], room.height() - 50))

    def arrange(self, settings: Settings, *, as_before: bool = True) -> None:
        """Restore the sizes of the parts; without any, give each what it needs."""
        for name, splitter in self._splitters().items():
            sizes = settings.splitters.get(name, []) if as_before else []
            if len(sizes) == splitter.count() and all(size > 0 for size in sizes):
                splitter.setSizes(sizes)
                self._has_proportions = self._has_proportions or name == "body"
        if self.isVisible():
            self._divide_width()

    def showEvent(self, event: QShowEvent) -> None:
        """Divide the width once it is known."""
        super().showEvent(event)
        self.watchedChanged.emit(not self.isMinimized())
        # A window that is minimised or covered from the start is never painted.
        QTimer.singleShot(PAINTED_AFTER_MS, self, self._report_painted)
        self._divide_width()

    def hideEvent(self, event: QHideEvent) -> None:
        """Report that the window is hidden."""
        super().hideEvent(event)
        self.watchedChanged.emit(False)

    def changeEvent(self, event: QEvent) -> None:
        """Report whether the window is visible when it was minimised or restored."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.watchedChanged.emit(self.isVisible() and not self.isMinimized())

    def _divide_width(self) -> None:
        if not self._has_proportions:
            self._has_proportions = True
            monitor = min(_MONITOR_WIDTH, round(self.width() * _MONITOR_SHARE))
            self.body.setSizes([monitor, self.width() - monitor])

    def store(self, settings: Settings) -> None:
        """Store the geometry and the sizes of the parts in the settings."""
        settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        settings.splitters = {name: splitter.sizes() for name, splitter in self._splitters().items()}

    def paintEvent(self, event: QPaintEvent) -> None:
        """Report the first frame; the child widgets are painted within the same event."""
        super().paintEvent(event)
        if not self._is_painted:
            QTimer.singleShot(0, self, self._report_painted)

    def _report_painted(self) -> None:
        if not self._is_painted:
            self._is_painted = True
            self.painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask before unsaved work is lost."""
        if not self.may_close():
            event.ignore()
            return
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files from the desktop."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Report dropped files."""
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
