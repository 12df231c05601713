"""The services behind the window: runs, monitor, interpreters, history, and their connections with the window."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer

from gpuplayground.app.autosave import Autosave
from gpuplayground.app.installing import Installing
from gpuplayground.app.monitoring import Monitoring
from gpuplayground.app.observing import Observing
from gpuplayground.app.past_runs import PastRuns
from gpuplayground.app.running import Running
from gpuplayground.app.sweeping import Sweeping
from gpuplayground.app.tools import Tools
from gpuplayground.environments.managed.store import ManagedEnvironments
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.runs.session import Launcher
from gpuplayground.storage import paths
from gpuplayground.storage.settings import Settings, SettingsStore
from gpuplayground.ui.monitor.run_bands import RunBands
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.window.main_window import MainWindow
from gpuplayground.workers.environment_builder import EnvironmentBuilder
from gpuplayground.workers.interpreters import Interpreters
from gpuplayground.workers.monitor_controller import MonitorController
from gpuplayground.workers.past_runs_keeper import HistoryKeeper
from gpuplayground.workers.run_controller import RunController

#: Deadlines of the shutdown after the window has closed, in seconds since its start: interpreters being probed, the
#: monitor, snippets with their child processes, builds of environments, and pending writes, which may be slow because
#: nobody waits for them.
INTERPRETERS_S, MONITOR_S, RUNS_S, BUILDS_S, WRITTEN_S = 0.3, 0.8, 1.2, 2.0, 10.0


class Services(QObject):
    """Owns the workers and shuts them down in the right order."""

    def __init__(
        self, theme: Theme, icons: Icons, settings: Settings, runs_folder: Path, window: MainWindow, parent: QObject
    ) -> None:
        super().__init__(parent)
        playground, tabs, panel = window.playground, window.playground.tabs, window.monitor
        self._settings, self._tabs, self._window, self._panel = settings, tabs, window, panel
        launcher = Launcher(runs_folder=runs_folder, keep_warm=True)
        self.runs = RunController(launcher, self)
        shipped = paths.resources() / "recordings" / "h200.gpurec"
        self.monitor = MonitorController(Feed(hz=settings.sampling_hz), shipped, self)
        environments = ManagedEnvironments(runs_folder.parent / paths.ENVIRONMENTS_FOLDER)
        self.interpreters = Interpreters(
            sys.executable, settings.interpreter, settings.interpreters, environments, self
        )
        bands = RunBands(panel)
        self.monitoring = monitoring = Monitoring(settings, self.monitor, panel, window, bands, self)
        self.history = HistoryKeeper(runs_folder.parent / paths.HISTORY_FILE, self)
        self.past = PastRuns(theme, icons, self.history, playground, window, self)
        self.observing = observing = Observing(self.monitor, playground, self.history, self)
        observing.failed.connect(window.say)
        self._running = Running(
            launcher,
            self.runs,
            self.interpreters,
            playground,
            window,
            bands,
            lambda: monitoring.device,
            observing,
            self,
        )
        self.builder = EnvironmentBuilder(environments, self)
        self.builder.release = launcher.spares.discard
        self.installing = Installing(
            self.builder,
            self.interpreters,
            playground,
            window,
            lambda: monitoring.device,
            self._running.choose,
            self,
        )
        self.tools = Tools(
            theme,
            icons,
            window,
            playground,
            self.interpreters,
            self.builder,
            self.installing,
            lambda: monitoring.device,
            self,
        )
        window.header.environmentsWanted.connect(self.tools.show_environments)
        self.monitor.inventoried.connect(self.installing.set_inventory)
        self.runs.happened.connect(self.installing.follow)
        self._running.started.connect(self.installing.begin)
        self._running.variables_for = self.installing.variables_for
        self.sweeping = Sweeping(theme, icons, self.runs, tabs, window, observing, self._running.request, self)
        self._autosave: Autosave | None = None

    def enable_autosave(self, store: SettingsStore, collect: Callable[[], None]) -> None:
        """Write settings and open tabs whenever they change."""
        self._autosave = Autosave(self._settings, store, self._tabs, collect, self)
        self._autosave.failed.connect(self._window.say)
        self._autosave.recovered.connect(self._window.settle)
        self._window.watchedChanged.connect(self._autosave.set_watched)

    @property
    def default_interpreter(self) -> str:
        """The Python of tabs for which none was chosen."""
        return self._running.default_interpreter

    def begin(self) -> None:
        """Start writing changes of the settings and the open tabs."""
        if self._autosave is not None:
            self._autosave.start()

    def start(self) -> None:
        """Start the workers, each in its own turn of the event loop, so that none stalls the window."""
        for step in (self.monitor.start, self._running.start, self.past.start, self._panel.load_tracks):
            QTimer.singleShot(0, self, partial(self._step, step))

    def _step(self, step: Callable[[], object]) -> None:
        if not self._is_ending:
            step()

    _is_ending = False

    def stop_autosave(self) -> None:
        """Finish pending writes of the settings."""
        self._is_ending = True
        if self._autosave is not None:
            self._autosave.close()

    def shutdown(self) -> bool:
        """End every thread and process; return False if one hangs."""
        begun = time.monotonic()
        for each in (self.runs, self.interpreters, self.monitor, self.builder, self.tools):
            each.end()
        if not self.observing.is_busy:
            self.history.end()
        have_ended = self.runs.wait(RUNS_S)
        self._keep_last_runs()
        parts = (
            (self.interpreters, INTERPRETERS_S),
            (self.monitor, MONITOR_S),
            (self.builder, BUILDS_S),
            (self.tools, BUILDS_S),
            (self.history, WRITTEN_S),
            (self.past, WRITTEN_S),
            (self.observing, WRITTEN_S),
        )
        for part, limit_s in parts:
            have_ended = part.wait(max(0.0, begun + limit_s - time.monotonic())) and have_ended
        return have_ended

    def _keep_last_runs(self) -> None:
        """Save the runs that were under way to the history, and end it: the event loop has stopped."""
        # Only these: pending events of others could open a tab or a dialog.
        for receiver in (self.monitor, self.runs):
            QCoreApplication.sendPostedEvents(receiver, QEvent.Type.MetaCall)
        self.observing.evaluate_now()
        self.history.end()
