"""The window: header, monitor at the left, playground at the right, status at the bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
from gpuplayground.ui.window.menus import examples_menu, fill_examples, main_menu
from gpuplayground.ui.window.playground import PlaygroundPanel
from gpuplayground.ui.window.status_bar import StatusBar

if TYPE_CHECKING:
    from gpuplayground.environments.examples import Example

#: A window that has not been painted so long after it was shown gets its readings all the same.
PAINTED_AFTER_MS = 1000

_FIRST_SIZE = (1400, 900)
#: The monitor takes what its figures need, and no more than its share of a small window.
_MONITOR_WIDTH, _MONITOR_SHARE = 490, 0.4
#: Smaller than any screen; parts that need more are scrolled.
_LEAST_SIZE = (320, 240)
#: Sentences that come within this many milliseconds are shown together.
_MOMENT_MS = 1500
#: How long a confirmation stays in the status line.
_CONFIRMED_MS = 8000


class MainWindow(QMainWindow):
    """Lays the parts out and keeps them in step. ``may_close`` is asked before the window goes."""

    exampleChosen = Signal(object)  # Example
    filesDropped = Signal(list)
    watchedChanged = Signal(bool)  # whether anything of it can be seen
    painted = Signal()  # the first frame is on the screen, or will not be soon: what may take its time can begin

    def __init__(self, theme: Theme, icons: Icons, monitor: MonitorPanel, playground: PlaygroundPanel) -> None:
        super().__init__()
        self.may_close: Callable[[], bool] = lambda: True
        self.theme = theme
        self._has_proportions = self._is_painted = False
        self._said: list[str] = []
        self._sweep, self._can_stop_sweep, self._kills_sweep = "", False, False
        self.setWindowTitle("GPU Playground")
        self.setMinimumSize(*_LEAST_SIZE)
        self.setAcceptDrops(True)
        self._fill(icons, monitor, playground)

    def _fill(self, icons: Icons, monitor: MonitorPanel, playground: PlaygroundPanel) -> None:
        theme = self.theme
        self.monitor, self.playground = monitor, playground
        self.setWindowIcon(icons.icon("cpu", "accent"))
        self.actions_ = Actions(icons, self)
        self.recent_menu = QMenu(self.tr("Open recent"), self)
        self._examples_menu = examples_menu(self)
        menus = (self._examples_menu, main_menu(self, self.actions_, self.recent_menu))
        self.header = Header(theme, icons, self.actions_, menus, self)
        self.banner = Banner(theme, icons, self)
        self.body = QSplitter(Qt.Orientation.Horizontal)
        self.body.addWidget(monitor)
        self.body.addWidget(playground)
        self.body.setStretchFactor(1, 1)
        self.body.setChildrenCollapsible(False)
        self.body.setHandleWidth(10)
        self.body.setContentsMargins(10, 10, 10, 8)
        # On a screen smaller than the parts need, the window is as large as the screen, and they can be scrolled.
        scroller = QScrollArea()
        scroller.setFrameShape(QFrame.Shape.NoFrame)
        scroller.setWidgetResizable(True)
        scroller.setWidget(self._central())
        self.setCentralWidget(scroller)
        self.status = StatusBar(theme, self)
        self.setStatusBar(self.status)
        # Once the menu that something was chosen from has closed.
        self.header.chosen.connect(lambda: QTimer.singleShot(0, self, self._focus_editor))
        theme.changed.connect(self.actions_.refresh_icons)
        playground.stateChanged.connect(self.show_run_state)
        playground.tabs.cursorMoved.connect(self.status.set_cursor)
        playground.tabs.messageRaised.connect(self.say)
        playground.tabs.messageSettled.connect(self.settle)
        playground.tabs.noted.connect(self.confirm)
        self.show_run_state()

    def set_examples(self, examples: Sequence[Example]) -> None:
        """List the examples in their menu."""
        fill_examples(self._examples_menu, examples, self.exampleChosen.emit)

    def say(self, sentence: str) -> None:
        """Show one sentence that needs no answer, below those that were said within the same moment."""
        said = self._said if self.banner.isVisible() else []
        self._said = [*said, sentence] if sentence not in said else said
        self.banner.say("\n".join(self._said[-4:]), icon="info", role="accent")
        QTimer.singleShot(_MOMENT_MS, self, self._forget_said)

    def settle(self, sentence: str, instead: str) -> None:
        """Take back a sentence that holds no longer, and confirm what holds instead."""
        left = [each for each in self.banner.text.split("\n") if each != sentence]
        self._said = [each for each in self._said if each != sentence]
        if any(left):
            self.banner.say("\n".join(left), icon="info", role="accent")
        else:
            self.banner.clear()
        self.confirm(instead)

    def confirm(self, sentence: str) -> None:
        """Say in the status line for a while that something was done."""
        self.status.showMessage(sentence, _CONFIRMED_MS)

    def _forget_said(self) -> None:
        self._said = []

    def show_sweep(self, status: str, *, can_stop: bool, kills: bool) -> None:
        """Say where the sweep stands that runs, or by an empty text that none does.

        Stop is for it, if it ``can_stop``, while the tab in front has no run of its own.
        """
        self._sweep, self._can_stop_sweep, self._kills_sweep = status, can_stop, kills
        self.show_run_state()

    def show_run_state(self) -> None:
        """Let Run, Stop and the status line follow the tab in front."""
        run = self.playground.current_run()
        editor = self.playground.tabs.current_editor()
        if run.active and editor is not None and self.header.run_button.hasFocus():
            # Disabled, the button would hand the keyboard to the list of GPUs beside it.
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
        """Give the keyboard back to the text, unless what was chosen has taken it."""
        focus: QWidget | None = self.focusWidget()  # None where nothing has it, whatever the stubs say
        editor = self.playground.tabs.current_editor()
        if editor is not None and (focus is None or self.header.isAncestorOf(focus)):
            editor.setFocus()

    def place(self, settings: Settings, size: tuple[int, int] | None = None) -> None:
        """Give the window the place it had, or the size asked for; the first time one that fits the screen."""
        if size is not None:
            self.resize(*size)
        # A place on a screen of another size cannot be restored.
        elif not self.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode("ascii", "ignore"))):
            room = self.screen().availableSize()
            # Less than all of it: the frame around the window takes room too.
            self.resize(min(_FIRST_SIZE[0], room.width() - 20), min(_FIRST_SIZE[1], room.height() - 50))

    def arrange(self, settings: Settings, *, as_before: bool = True) -> None:
        """Give the parts the proportions they had; where they had none, each what it needs."""
        for name, splitter in self._splitters().items():
            sizes = settings.splitters.get(name, []) if as_before else []
            if len(sizes) == splitter.count() and all(size > 0 for size in sizes):
                splitter.setSizes(sizes)
                self._has_proportions = self._has_proportions or name == "body"
        if self.isVisible():
            self._share_width()

    def showEvent(self, event: QShowEvent) -> None:
        """Share the width once it is known."""
        super().showEvent(event)
        self.watchedChanged.emit(not self.isMinimized())
        # A window that is minimised or covered from the start is not painted at all.
        QTimer.singleShot(PAINTED_AFTER_MS, self, self._say_painted)
        self._share_width()

    def hideEvent(self, event: QHideEvent) -> None:
        """Say that nobody looks."""
        super().hideEvent(event)
        self.watchedChanged.emit(False)

    def changeEvent(self, event: QEvent) -> None:
        """Notice that the window was minimised, or is back."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.watchedChanged.emit(self.isVisible() and not self.isMinimized())

    def _share_width(self) -> None:
        if not self._has_proportions:
            self._has_proportions = True
            monitor = min(_MONITOR_WIDTH, round(self.width() * _MONITOR_SHARE))
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
