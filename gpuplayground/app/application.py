"""The running application: the window at once, and the services behind it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QFileDialog

from gpuplayground.app.files import Files
from gpuplayground.app.options import WindowOptions
from gpuplayground.monitor.timeseries.store import SeriesStore
from gpuplayground.storage import paths
from gpuplayground.storage.drafts import DraftStore
from gpuplayground.storage.paths import UserFolders
from gpuplayground.storage.settings import Settings, SettingsStore
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.monitor.panel import MonitorPanel
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.window.main_window import MainWindow
from gpuplayground.ui.window.playground import PlaygroundPanel

if TYPE_CHECKING:
    from gpuplayground.app.services import Services
    from gpuplayground.workers.interpreters import Interpreters
    from gpuplayground.workers.monitor_controller import MonitorController
    from gpuplayground.workers.past_runs_keeper import HistoryKeeper
    from gpuplayground.workers.run_controller import RunController


class Application(QObject):
    """Owns the window, the monitor and the runs while the window lives."""

    runs: RunController
    monitor: MonitorController
    interpreters: Interpreters
    history: HistoryKeeper

    def __init__(
        self,
        theme: Theme,
        settings: Settings,
        options: WindowOptions,
        folders: UserFolders | None = None,
        store: SettingsStore | None = None,
        *,
        completes_later: bool = False,
    ) -> None:
        """Build the window; the services behind it follow at once, or after the first frame by :meth:`complete`."""
        super().__init__()
        self._theme, self._settings, self._options, self._store = theme, settings, options, store
        self._folders = folders or paths.user_folders()
        self._problem = self._folders.problem
        self._drafts = self._open_drafts()
        self._is_kept = False
        self._services: Services | None = None
        self._waiting: list[Callable[[], object]] = []
        self._icons = icons = Icons(paths.resources() / "icons", theme)
        self.monitor_panel = MonitorPanel(theme, icons, SeriesStore())
        self.tabs = EditorTabs(theme, icons, self._drafts, starts_empty=True)
        self.playground = PlaygroundPanel(theme, icons, self.tabs, private_folder=str(self._runs_folder))
        self.window = MainWindow(theme, icons, self.monitor_panel, self.playground)
        self._files = Files(settings, self.tabs, self.window, self._open_recording, self)
        self._connect_actions()
        # Listed here rather than by the module of the examples, which the first frame can do without.
        examples = sorted((paths.resources() / "examples").rglob("*.py"))
        self._files.open_first(options.files, examples[0] if examples else None, restores=not options.screenshot)
        if not completes_later:
            self.complete()

    @property
    def services(self) -> Services:
        """The services behind the window; only available once it is complete."""
        assert self._services is not None
        return self._services

    @property
    def _runs_folder(self) -> Path:
        return self._folders.data / "runs"

    def complete(self) -> None:
        """Build the services, whose imports take longer than showing the window."""
        if self._services is not None or self._is_kept:
            return
        from gpuplayground.app.services import Services

        self._services = services = Services(
            self._theme, self._icons, self._settings, self._runs_folder, self.window, self
        )
        self.runs, self.monitor, self.interpreters = services.runs, services.monitor, services.interpreters
        self.history = services.history
        if self._store is not None and not self._options.screenshot:
            services.enable_autosave(self._store, self._collect)
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def show(self) -> None:
        """Show the window; slow work starts after the first frame."""
        self.window.place(self._settings, self._options.size)
        # A screenshot looks the same on every machine.
        self.window.arrange(self._settings, as_before=not self._options.screenshot)
        editor = self.tabs.current_editor()
        if editor is not None:
            editor.setFocus()
        if self._problem:
            self._say_nothing_is_kept()
        self._when_complete(self._begin)
        if self._services is not None:
            self.window.painted.connect(self.start)
        self.window.show()

    def _begin(self) -> None:
        if self._services is not None:
            self._services.begin()
        if self._options.replay:
            self._open_recording(Path(self._options.replay))
        if self._options.run and self._files.show_first(self._options.files):
            self.playground.run()

    def _when_complete(self, call: Callable[[], object]) -> None:
        """Call now, or once the services exist, so that an early click on Run is not lost."""
        if self._services is not None:
            call()
        else:
            self._waiting.append(call)

    def _open_recording(self, file: Path) -> None:
        self._when_complete(lambda: self.monitor.open_recording(file))

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
        if self._services is not None:
            self._services.stop_autosave()
        self._collect()
        self._files.store_session()
        self.tabs.shut_down()
        if self._drafts is not None:
            self._drafts.close()

    def _collect(self) -> None:
        """Copy the state of the window into the settings."""
        settings = self._settings
        self.window.store(settings)
        if self._services is not None:
            settings.interpreter = self.services.default_interpreter
            settings.interpreters = list(self.interpreters.added)
        settings.theme = self._theme.name
        settings.editor_font_px = self.tabs.font_pixels()

    def shutdown(self) -> bool:
        """End every thread and process; return False if one hangs, which then ends with this process."""
        self.keep()
        have_ended = self._services is None or self._services.shutdown()
        self._folders.discard()
        return have_ended

    def start(self) -> None:
        """Start the services step by step after the first frame, so that typing is not delayed."""
        if self._is_kept or self._services is None:
            return  # closed before the first frame
        gc.freeze()  # start-up objects stay alive: scanning them in each collection would stall the window
        self._services.start()

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
                **tabs.commands(),
                "run": self._later(self.playground.run),
                "stop": self._later(self._stop),
                "benchmark": self._later(self.playground.benchmark),
                "sweep": self._later(lambda: self.services.sweeping.show()),
                "history": self._later(lambda: self.services.past.show_history()),
                "compare": self._later(lambda: self.services.past.show_comparison()),
                "open_recording": self._later(lambda: self.services.monitoring.open_recording()),
                "live": self._later(lambda: self.monitor.go_live()),
                "examples": self._later(lambda: self.services.tools.show_examples()),
                "environments": self._later(lambda: self.services.tools.show_environments()),
                "doctor": self._later(lambda: self.services.tools.show_doctor()),
                "screenshot": self._save_picture,
                "about": self._show_about,
                "quit": self.window.close,
            },
            {
                "theme": lambda is_light: self._theme.select("light" if is_light else "dark"),
                "line_timings": self._show_line_timings,
                "pause": self.monitor_panel.set_paused,
                "record": lambda wanted: self._when_complete(lambda: self.services.monitoring.record(wanted)),
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
            self.services.sweeping.stop()

    def _later(self, call: Callable[[], object]) -> Callable[[], None]:
        return lambda: self._when_complete(call)

    def _may_close(self) -> bool:
        if self._options.screenshot:
            return True
        is_sweeping = self._services is not None and self._services.sweeping.is_running
        sweep = [self.tr("Sweep")] if is_sweeping else []
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
