"""The running application: builds the window and the workers, and shuts them down in the right order."""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog

from gpuplayground.app.autosave import Autosave
from gpuplayground.app.files import Files
from gpuplayground.app.monitoring import Monitoring
from gpuplayground.app.observing import Observing
from gpuplayground.app.options import WindowOptions
from gpuplayground.app.past_runs import PastRuns
from gpuplayground.app.running import Running
from gpuplayground.app.sweeping import Sweeping
from gpuplayground.environments.examples import load_examples
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.monitor.timeseries.store import History
from gpuplayground.runs.session import Launcher
from gpuplayground.storage import paths
from gpuplayground.storage.drafts import DraftStore
from gpuplayground.storage.paths import UserFolders
from gpuplayground.storage.settings import Settings, SettingsStore
from gpuplayground.ui.editor.tab_keys import tab_commands
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.monitor.panel import MonitorPanel
from gpuplayground.ui.monitor.run_bands import RunBands
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.window.main_window import MainWindow
from gpuplayground.ui.window.playground import PlaygroundPanel
from gpuplayground.workers.interpreters import Interpreters
from gpuplayground.workers.monitor_controller import MonitorController
from gpuplayground.workers.past_runs_keeper import HistoryKeeper
from gpuplayground.workers.run_controller import RunController

#: Deadlines of the shutdown after the window has closed, in seconds since its start: interpreters being probed, the
#: monitor, snippets with their child processes, and pending writes, which may be slow because nobody waits for them.
INTERPRETERS_S, MONITOR_S, RUNS_S, WRITTEN_S = 0.3, 0.8, 1.2, 10.0


class Application(QObject):
    """Owns the window, the monitor and the runs while the window lives."""

    def __init__(
        self,
        theme: Theme,
        settings: Settings,
        options: WindowOptions,
        folders: UserFolders | None = None,
        window: MainWindow | None = None,
        store: SettingsStore | None = None,
    ) -> None:
        super().__init__()
        self._theme, self._settings, self._options = theme, settings, options
        self._folders = folders or paths.user_folders()
        self._problem = self._folders.problem
        self._drafts = self._open_drafts()
        self._is_kept = False
        icons = Icons(paths.resources() / "icons", theme)
        runs_folder = self._folders.data / "runs"
        launcher = Launcher(runs_folder=runs_folder, keep_warm=True)
        self.runs = RunController(launcher, self)
        shipped = paths.resources() / "recordings" / "h200.gpurec"
        self.monitor = MonitorController(Feed(hz=settings.sampling_hz), shipped, self)
        self.interpreters = Interpreters(sys.executable, settings.interpreter, settings.interpreters, self)
        self.monitor_panel = MonitorPanel(theme, icons, History())
        self.tabs = EditorTabs(theme, icons, self._drafts)
        self.playground = PlaygroundPanel(theme, icons, self.tabs, private_folder=str(runs_folder))
        examples = load_examples(paths.resources() / "examples")
        self.window = window = window or MainWindow(theme)
        window.fill(icons, self.monitor_panel, self.playground, examples)
        bands = RunBands(self.monitor_panel)
        self._monitoring = monitoring = Monitoring(settings, self.monitor, self.monitor_panel, window, bands, self)
        self.history = HistoryKeeper(self._folders.data / paths.HISTORY_FILE, self)
        self._past = PastRuns(theme, icons, self.history, self.playground, window, self)
        self._observing = observing = Observing(self.monitor, self.playground, self.history, self)
        observing.failed.connect(window.say)
        self._running = Running(
            launcher,
            self.runs,
            self.interpreters,
            self.playground,
            window,
            bands,
            lambda: monitoring.device,
            observing,
            self,
        )
        self._sweeping = Sweeping(theme, icons, self.runs, self.tabs, window, observing, self._running.request, self)
        self._files = Files(settings, self.tabs, self.monitor, window, self)
        self._autosave: Autosave | None = None
        if store is not None and not options.screenshot:
            self._autosave = Autosave(settings, store, self.tabs, self._collect, self)
            self._autosave.failed.connect(window.say)
            self._autosave.recovered.connect(window.settle)
        self._connect_actions()
        self._files.open_first(options.files, examples, restores=not options.screenshot)

    def show(self) -> None:
        """Show the window; slow work starts after the first frame."""
        self.window.place(self._settings, self._options.size)
        self.window.painted.connect(self._start)
        self.window.show()
        self._begin()

    def take_over(self) -> None:
        """Continue with a window that already shows its outline."""
        self._begin()
        QTimer.singleShot(0, self, self._start)

    def _begin(self) -> None:
        # A screenshot looks the same on every machine.
        self.window.arrange(self._settings, as_before=not self._options.screenshot)
        editor = self.tabs.current_editor()
        if editor is not None:
            editor.setFocus()
        if self._autosave is not None:
            self._autosave.start()
        if self._problem:
            self._say_nothing_is_kept()
        if self._options.replay:
            self.monitor.open_recording(Path(self._options.replay))
        if self._options.run and self._files.show_first(self._options.files):
            self.playground.run()

    def keep(self) -> None:
        """Hide the window, write unsaved work to disk and update the settings; later calls do nothing.

        It waits for the disk but for no thread.
        """
        if self._is_kept:
            return
        self._is_kept = True
        # After a signal the window is still open, and dialogs such as the comparison do not close with it.
        for widget in QApplication.topLevelWidgets():
            widget.hide()
        if self._autosave is not None:
            self._autosave.close()
        self._collect()
        self._files.store_session()
        self.tabs.shut_down()
        if self._drafts is not None:
            self._drafts.close()

    def _collect(self) -> None:
        """Copy the state of the window into the settings."""
        settings = self._settings
        self.window.store(settings)
        settings.interpreter, settings.interpreters = self.interpreters.chosen, list(self.interpreters.added)
        settings.theme = self._theme.name
        settings.editor_font_px = self.tabs.font_pixels()

    def shutdown(self) -> bool:
        """End every thread and process; return False if one hangs, which then ends with this process."""
        self.keep()
        begun = time.monotonic()
        for each in (self.runs, self.interpreters, self.monitor):
            each.end()
        if not self._observing.is_busy:
            self.history.end()
        have_ended = self.runs.wait(RUNS_S)
        self._keep_last_runs()
        parts = (
            (self.interpreters, INTERPRETERS_S),
            (self.monitor, MONITOR_S),
            (self.history, WRITTEN_S),
            (self._past, WRITTEN_S),
            (self._observing, WRITTEN_S),
        )
        for part, limit_s in parts:
            have_ended = part.wait(max(0.0, begun + limit_s - time.monotonic())) and have_ended
        self._folders.discard()
        return have_ended

    def _keep_last_runs(self) -> None:
        """Save the runs that were under way to the history, and end it: the event loop has stopped."""
        # Only these: pending events of others could open a tab or a dialog.
        for receiver in (self.monitor, self.runs):
            QCoreApplication.sendPostedEvents(receiver, QEvent.Type.MetaCall)
        self._observing.evaluate_now()
        self.history.end()

    def _start(self) -> None:
        if self._is_kept:
            return  # closed before the first frame
        gc.freeze()  # start-up objects stay alive: scanning them in each collection would stall the window
        self.monitor.start()
        self._running.start()
        self._past.start()
        self.monitor_panel.load_timeline()

    def _open_drafts(self) -> DraftStore | None:
        if self._options.screenshot:
            return None  # a screenshot keeps nothing
        try:
            return DraftStore(self._folders.data / "drafts")
        except OSError as error:
            self._problem = self._problem or str(error)
            return None

    def _say_nothing_is_kept(self) -> None:
        sentence = self.tr(
            "Unsaved work and settings will not be saved ({0}): set HOME or XDG_DATA_HOME to a writable folder and "
            "restart."
        )
        self.window.banner.say(sentence.format(self._problem), icon="triangle-alert", role="warning")

    def _connect_actions(self) -> None:
        actions, tabs, settings = self.window.actions_, self.tabs, self._settings
        actions.bind(
            {
                **tab_commands(tabs),
                "run": self.playground.run,
                "stop": self._stop,
                "benchmark": self.playground.benchmark,
                "sweep": self._sweeping.show,
                "history": self._past.show_history,
                "compare": self._past.show_comparison,
                "open_recording": self._monitoring.open_recording,
                "live": self.monitor.go_live,
                "screenshot": self._save_picture,
                "about": self._show_about,
                "quit": self.window.close,
            },
            {
                "theme": lambda is_light: self._theme.select("light" if is_light else "dark"),
                "line_timings": self._show_line_timings,
                "pause": self.monitor_panel.set_paused,
                "record": self._monitoring.record,
            },
        )
        actions["theme"].setChecked(self._theme.name == "light")
        actions["line_timings"].setChecked(settings.show_line_timings)
        tabs.set_font_pixels(settings.editor_font_px)
        tabs.set_show_times(settings.show_line_timings)
        self.window.may_close = self._may_close

    def _stop(self) -> None:
        """Stop the run of the tab in front; without one, the sweep."""
        if self.playground.current_run().active:
            self.playground.stop()
        else:
            self._sweeping.stop()

    def _may_close(self) -> bool:
        if self._options.screenshot:
            return True
        sweep = [self.tr("Sweep")] if self._sweeping.is_running else []
        return self.tabs.close_all([*self.playground.running_names(), *sweep])

    def _show_line_timings(self, shown: bool) -> None:
        self._settings.show_line_timings = shown
        self.tabs.set_show_times(shown)

    def _show_about(self) -> None:
        from gpuplayground.ui.window.about import show_about  # reads package metadata, which is slow

        show_about(self.window)

    def _save_picture(self) -> None:
        picture = self.window.grab()  # before the dialog covers the window
        file, _ = QFileDialog.getSaveFileName(
            self.window, self.tr("Save a picture of the window"), "gpuplayground.png", self.tr("Pictures (*.png)")
        )
        if file and not picture.save(file, "PNG"):
            self.window.say(self.tr("The picture could not be written to {0}: choose another folder.").format(file))
