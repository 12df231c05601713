"""The running application: connects the window's requests to the workers, and the workers' facts to the window."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog

from gpuplayground import paths
from gpuplayground.drafts import DraftStore
from gpuplayground.monitor.feed import Feed
from gpuplayground.monitor.history import History
from gpuplayground.monitor.samples import Inventory
from gpuplayground.options import WindowOptions
from gpuplayground.playground.examples import Example, load_examples
from gpuplayground.playground.results import RunRequest
from gpuplayground.playground.session import Launcher
from gpuplayground.settings import Settings
from gpuplayground.ui.icons import Icons
from gpuplayground.ui.main_window import MainWindow
from gpuplayground.ui.monitor.panel import MonitorPanel
from gpuplayground.ui.monitor.run_bands import RunBands
from gpuplayground.ui.playground.panel import PlaygroundPanel
from gpuplayground.ui.playground.tabs import EditorTabs
from gpuplayground.ui.theme import Theme
from gpuplayground.workers.interpreters import Interpreters
from gpuplayground.workers.monitor_controller import MonitorController
from gpuplayground.workers.run_controller import RunController

#: The spare is warmed for what a tab imports once the typing has paused for so long.
WARM_AFTER_MS = 700


class Application(QObject):
    """Owns the window, the monitor and the runs for as long as the window lives."""

    def __init__(self, theme: Theme, settings: Settings, options: WindowOptions) -> None:
        super().__init__()
        self._theme, self._settings, self._options = theme, settings, options
        icons = Icons(paths.resources() / "icons", theme)
        self._drafts = DraftStore(paths.data() / "drafts")
        self._launcher = Launcher()
        self.runs = RunController(self._launcher, self)
        recording = paths.resources() / "recordings" / "h200.gpurec"
        self.monitor = MonitorController(Feed(hz=settings.sampling_hz), recording, self)
        self.interpreters = Interpreters(sys.executable, settings.interpreter, settings.interpreters, self)
        self.monitor_panel = MonitorPanel(theme, icons, History())
        self.tabs = EditorTabs(theme, icons, self._drafts)
        self.playground = PlaygroundPanel(theme, icons, self.tabs)
        examples = load_examples(paths.resources() / "examples")
        self.window = MainWindow(theme, icons, self.monitor_panel, self.playground, examples)
        self._bands = RunBands(self.monitor_panel)
        self._device: str | None = None
        self._range_s = settings.range_s
        self._warm_timer = QTimer(self)
        self._warm_timer.setSingleShot(True)
        self._warm_timer.setInterval(WARM_AFTER_MS)
        self._connect_monitor()
        self._connect_playground()
        self._connect_actions()
        self._open_first(examples)

    def show(self) -> None:
        """Show the window; what may take its time starts once the first frame is on the screen."""
        self.window.restore(self._settings)
        if self._options.size:
            self.window.resize(*self._options.size)
        self.window.painted.connect(self._start)
        self.window.show()
        if self._options.replay:
            self.monitor.open_recording(Path(self._options.replay))
        if self._options.run:
            self.playground.run()

    def _start(self) -> None:
        self.monitor.start()
        self.interpreters.discover()
        self.monitor_panel.load_timeline()
        self._warm_timer.start()

    def beat(self) -> None:
        """Let Python run its signal handlers; called by a timer."""

    def shutdown(self) -> None:
        """End every thread and process, whatever they are doing."""
        self.window.store(self._settings)
        self.runs.shutdown()
        self.monitor.shutdown()
        self.interpreters.shutdown()
        self._settings.interpreter, self._settings.interpreters = self.interpreters.chosen, self.interpreters.added
        self._settings.theme = self._theme.name
        self._settings.range_s = self._range_s
        self._settings.editor_font_px = self.tabs.font_pixels()
        self.tabs.shut_down()
        self._drafts.close()

    # -- the monitor

    def _connect_monitor(self) -> None:
        monitor, panel = self.monitor, self.monitor_panel
        monitor.inventoried.connect(panel.set_inventory)
        monitor.sampled.connect(panel.add_samples)
        monitor.processesSampled.connect(panel.set_processes)
        monitor.problemChanged.connect(panel.set_problem)
        monitor.recordingChanged.connect(self._recording_changed)
        monitor.recordedRunsChanged.connect(self._bands.set_recorded)
        monitor.sourceChanged.connect(panel.clear)
        monitor.liveInventoried.connect(self._live_inventoried)
        monitor.failed.connect(self.window.say)
        panel.set_range(self._settings.range_s)
        panel.rangeChanged.connect(self._range_changed)
        self.window.status.set_rate(self.tr("Sampling {0:g} Hz").format(self._settings.sampling_hz))

    def _live_inventoried(self, inventory: Inventory) -> None:
        self.window.header.set_driver(inventory.driver)
        devices = [(f"GPU {gpu.index} · {gpu.name.removeprefix('NVIDIA ')}", gpu.uuid) for gpu in inventory.gpus]
        if self._device not in [uuid for _, uuid in devices]:
            self._device = None
        self.window.header.set_devices(devices, self._device)
        self._show_source()

    def _recording_changed(self, title: str | None) -> None:
        self.monitor_panel.set_recording(self.tr("Recording: {0}").format(title) if title else None)
        self._bands.set_over_recording(title is not None)
        self.window.actions_["live"].setEnabled(self.monitor.recording_was_chosen)
        self._show_source()

    def _show_source(self) -> None:
        self.window.header.set_source(recording=self.monitor.shows_recording, hz=self._settings.sampling_hz)

    def _range_changed(self, seconds: int) -> None:
        self._range_s = seconds

    def _pause(self, paused: bool) -> None:
        self.monitor.set_paused(paused)
        self.monitor_panel.set_paused(paused)

    def _open_recording(self) -> None:
        title = self.tr("Open a recording")
        file, _ = QFileDialog.getOpenFileName(self.window, title, "", self.tr("Recordings (*.gpurec);;All files (*)"))
        if file:
            self.monitor.open_recording(Path(file))

    # -- the playground

    def _connect_playground(self) -> None:
        playground, runs = self.playground, self.runs
        playground.runRequested.connect(self._run)
        playground.stopRequested.connect(runs.stop)
        playground.killRequested.connect(runs.kill)
        playground.inputEntered.connect(runs.send_input)
        playground.inputClosed.connect(runs.close_input)
        runs.happened.connect(playground.apply)
        runs.happened.connect(self._bands.follow)
        self.tabs.currentChanged.connect(self._warm_soon)
        self.tabs.textEdited.connect(self._warm_soon)
        self.tabs.tabClosed.connect(self._tab_closed)
        self.tabs.pathsDropped.connect(self._open_files)
        self.tabs.fileOpened.connect(self._file_opened)
        self.tabs.set_font_pixels(self._settings.editor_font_px)
        self.tabs.set_show_times(self._settings.show_line_timings)
        self._warm_timer.timeout.connect(self._warm)
        self.interpreters.changed.connect(self._interpreters_changed)
        self.interpreters.failed.connect(self.window.say)

    def _request(self, tab_id: str, run_id: str = "") -> RunRequest:
        page = self.tabs.page(tab_id)
        assert page is not None, "a run belongs to an open tab"
        return RunRequest(
            run_id=run_id,
            source=page.editor.text(),
            name=page.document.name,
            path=str(page.document.path) if page.document.path is not None else None,
            interpreter=self.interpreters.chosen,
            cuda_visible_devices=self._device,
        )

    def _run(self, tab_id: str) -> None:
        if self.runs.is_running(tab_id):
            return
        request = self._request(tab_id, uuid.uuid4().hex)
        self.playground.begin(tab_id, request.run_id, request.path or request.name)
        self._bands.announce(request.run_id, (self._device,) if self._device else ())
        self.runs.start(tab_id, request)

    def _warm_soon(self, _tab_id: str) -> None:
        self._warm_timer.start()

    def _warm(self) -> None:
        tab_id = self.tabs.current_id()
        if tab_id is not None and not self.runs.is_running(tab_id):
            self._launcher.warm(self._request(tab_id))

    def _tab_closed(self, tab_id: str) -> None:
        self.runs.forget(tab_id)
        self.playground.forget(tab_id)

    def _interpreters_changed(self) -> None:
        found = [(each.label, each.interpreter) for each in self.interpreters.environments]
        self.window.header.set_interpreters(found, self.interpreters.chosen)
        self._warm_timer.start()

    def _ask_interpreter(self) -> None:
        self._interpreters_changed()  # back to the chosen one, should nothing come of it
        file, _ = QFileDialog.getOpenFileName(self.window, self.tr("Choose a Python interpreter"), "/usr/bin")
        if file:
            self.interpreters.add(file)

    def _choose_device(self, device: str | None) -> None:
        self._device = device
        self._warm_timer.start()

    # -- the window

    def _connect_actions(self) -> None:
        actions, window, tabs = self.window.actions_, self.window, self.tabs
        commands = {
            "run": self.playground.run, "stop": self.playground.stop,
            "new": tabs.new_tab, "open": tabs.open_dialog, "save": tabs.save, "save_as": tabs.save_as,
            "close_tab": tabs.close_tab, "reopen_tab": tabs.reopen_tab, "quit": window.close,
            "find": tabs.open_find, "replace": lambda: tabs.open_find(replace=True),
            "go_to_line": tabs.open_go_to_line, "toggle_comment": tabs.toggle_comment,
            "zoom_in": lambda: tabs.zoom(1), "zoom_out": lambda: tabs.zoom(-1), "zoom_reset": lambda: tabs.zoom(0),
            "about": self._show_about,
            "open_recording": self._open_recording, "live": self.monitor.go_live,
            "screenshot": self._save_picture,
        }  # fmt: skip
        for name, command in commands.items():
            actions[name].triggered.connect(lambda _checked=False, command=command: command())
        actions["pause"].toggled.connect(self._pause)
        actions["theme"].setChecked(self._theme.name == "light")
        actions["theme"].toggled.connect(lambda light: self._theme.select("light" if light else "dark"))
        actions["line_timings"].setChecked(self._settings.show_line_timings)
        actions["line_timings"].toggled.connect(self._show_line_timings)
        actions["live"].setEnabled(False)
        window.header.deviceChosen.connect(self._choose_device)
        window.header.interpreterChosen.connect(self.interpreters.choose)
        window.header.interpreterWanted.connect(self._ask_interpreter)
        window.exampleChosen.connect(self._open_example)
        window.filesDropped.connect(self._open_files)
        window.may_close = self._may_close
        self._show_recent()

    def _may_close(self) -> bool:
        return bool(self._options.screenshot) or self.tabs.close_all()

    def _open_first(self, examples: tuple[Example, ...]) -> None:
        restored = 0 if self._options.screenshot else self.tabs.restore_drafts()
        self._open_files(self._options.files)
        if not restored and not self._options.files:
            for example in examples[:1]:
                self._open_example(example)

    def _open_example(self, example: Example) -> None:
        self.tabs.open_text(example.path.name, example.source)

    def _open_files(self, files: Sequence[str]) -> None:
        for file in files:
            if file.endswith(".gpurec"):
                self.monitor.open_recording(Path(file))
            else:
                self.tabs.open_path(Path(file))

    def _file_opened(self, file: str) -> None:
        self._settings.remember_file(str(Path(file).absolute()))
        self._show_recent()

    def _show_recent(self) -> None:
        self.window.set_recent(self._settings.recent_files, lambda file: self._open_files([file]))

    def _show_line_timings(self, shown: bool) -> None:
        self._settings.show_line_timings = shown
        self.tabs.set_show_times(shown)

    def _show_about(self) -> None:
        from gpuplayground.ui.dialogs.about import show_about  # reads metadata of packages: not at every start

        show_about(self.window)

    def _save_picture(self) -> None:
        picture = self.window.grab()  # before the dialog covers it
        file, _ = QFileDialog.getSaveFileName(
            self.window, self.tr("Save a picture of the window"), "gpuplayground.png", self.tr("Pictures (*.png)")
        )
        if file and not picture.save(file, "PNG"):
            self.window.say(self.tr("The picture could not be written to {0}: choose another folder.").format(file))
