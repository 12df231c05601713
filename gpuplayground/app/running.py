"""Connects runs: starting and stopping them, their Python, and the warm process that starts them quickly."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog

from gpuplayground.app.observing import Observing
from gpuplayground.benchmarks.selections import SelectionError, plan_for
from gpuplayground.environments.interpreters import Environment
from gpuplayground.model.benchmarks import BenchmarkPlan
from gpuplayground.model.results import RunRequest
from gpuplayground.runs.session import Launcher
from gpuplayground.ui.editor.page import EditorPage
from gpuplayground.ui.monitor.run_bands import RunBands
from gpuplayground.ui.window.main_window import MainWindow
from gpuplayground.ui.window.playground import PlaygroundPanel
from gpuplayground.workers.interpreters import AUTOMATIC, Interpreters
from gpuplayground.workers.run_controller import RunController

#: Pause in typing, in milliseconds, after which a process is warmed up with the imports of the current tab.
WARM_AFTER_MS = 700


class Running(QObject):
    """Connects the playground panel with the runs. ``started`` carries the tab and the request of each run.

    Args:
        launcher: starts processes and keeps a warm one.
        runs: the runs of the window.
        interpreters: the Pythons that can run snippets.
        playground: asks for runs and shows them.
        window: shows messages.
        bands: marks runs on the graphs.
        device: returns the CUDA_VISIBLE_DEVICES of a run.
        observing: evaluates the runs.
        parent: the owner.
    """

    started = Signal(str, object)  # tab ID, RunRequest

    def __init__(
        self,
        launcher: Launcher,
        runs: RunController,
        interpreters: Interpreters,
        playground: PlaygroundPanel,
        window: MainWindow,
        bands: RunBands,
        device: Callable[[], str | None],
        observing: Observing,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._observing = observing
        self._launcher, self._runs, self._interpreters = launcher, runs, interpreters
        self._playground, self._tabs, self._window, self._bands = playground, playground.tabs, window, bands
        self._device = device
        #: Returns environment variables for a source text, such as those that simulate a GPU where there is none.
        self.variables_for: Callable[[str], tuple[tuple[str, str], ...]] = lambda _: ()
        #: The Python of tabs for which none was chosen.
        self.default_interpreter = interpreters.chosen
        self._warm_timer = QTimer(self)
        self._warm_timer.setSingleShot(True)
        self._warm_timer.setInterval(WARM_AFTER_MS)
        self._warm_timer.timeout.connect(self._warm)
        self._connect_runs()
        self._connect_window()

    def start(self) -> None:
        """Search for interpreters and warm up a process."""
        self._interpreters.discover()
        self._warm_timer.start()

    def _connect_runs(self) -> None:
        playground, runs = self._playground, self._runs
        playground.runRequested.connect(self._run)
        playground.benchmarkRequested.connect(self._benchmark)
        playground.stopRequested.connect(runs.stop)
        playground.killRequested.connect(runs.kill)
        playground.inputEntered.connect(runs.send_input)
        playground.inputClosed.connect(runs.close_input)
        runs.happened.connect(playground.apply)
        runs.happened.connect(self._bands.follow)
        runs.happened.connect(self._observing.follow)

    def _connect_window(self) -> None:
        self._tabs.currentChanged.connect(self._tab_changed)
        self._tabs.textEdited.connect(self._warm_soon)
        self._tabs.tabClosed.connect(self._tab_closed)
        self._interpreters.changed.connect(self._interpreters_changed)
        self._interpreters.failed.connect(self._window.say)
        header = self._window.header
        header.interpreterChosen.connect(self._interpreter_chosen)
        header.interpreterWanted.connect(self._ask_interpreter)
        header.environmentsWanted.connect(self._interpreters_changed)  # shows the selected one again
        header.deviceChosen.connect(self._warm_soon)

    def request(self, tab_id: str, run_id: str = "") -> RunRequest:
        """Return the request for a run of a tab."""
        page = self._tabs.page(tab_id)
        assert page is not None, "a run belongs to an open tab"
        return RunRequest(
            run_id=run_id,
            source=page.text(),
            name=page.document.name,
            path=str(page.document.path) if page.document.path is not None else None,
            interpreter=self._interpreter_of(page),
            cuda_visible_devices=self._device(),
            variables=self.variables_for(page.text()),
        )

    def choose(self, tab_id: str, interpreter: str) -> None:
        """Set the Python of a tab."""
        page = self._tabs.page(tab_id)
        if page is not None:
            page.python = interpreter
        if tab_id == self._tabs.current_id():
            self._interpreters.choose(interpreter)

    def _interpreter_chosen(self, interpreter: str) -> None:
        tab_id = self._tabs.current_id()
        if tab_id is not None:
            self.choose(tab_id, interpreter)
        # New tabs begin with the last choice.
        self.default_interpreter = interpreter

    def _tab_changed(self, tab_id: str) -> None:
        page = self._tabs.page(tab_id)
        if page is not None and (page.python or self.default_interpreter) != self._interpreters.chosen:
            self._interpreters.choose(page.python or self.default_interpreter)
        self._warm_soon()

    def _interpreter_of(self, page: EditorPage) -> str:
        path = page.document.path
        chosen = page.python or self.default_interpreter
        return self._interpreters.resolve(chosen, page.text(), path.parent if path is not None else None)

    def _run(self, tab_id: str, plan: BenchmarkPlan | None = None) -> None:
        if self._runs.is_running(tab_id):
            return
        self._tabs.check_disk(tab_id)
        page = self._tabs.page(tab_id)
        if page is not None:
            page.load()  # the run marks its lines
        request = replace(self.request(tab_id, uuid.uuid4().hex), benchmark=plan)
        self._playground.begin(tab_id, request.run_id, request.path or request.name, plan)
        self._observing.begin(request)
        self.started.emit(tab_id, request)
        device = request.cuda_visible_devices
        self._bands.announce(request.run_id, (device,) if device else ())
        self._runs.start(tab_id, request)

    def _benchmark(self, tab_id: str) -> None:
        self._tabs.check_disk(tab_id)
        editor = self._tabs.editor(tab_id)
        if editor is None:
            return
        try:
            plan = plan_for(editor.text(), lines=editor.selected_lines(), cursor=editor.line_and_column()[0])
        except SelectionError as error:
            self._window.say(str(error))
        else:
            self._run(tab_id, plan)

    def _warm_soon(self) -> None:
        self._warm_timer.start()

    def _warm(self) -> None:
        tab_id = self._tabs.current_id()
        if tab_id is not None and not self._runs.is_running(tab_id):
            request = self.request(tab_id)
            self._launcher.warm(request)
            self._show_automatic(request.interpreter or "")

    def _tab_closed(self, tab_id: str) -> None:
        self._runs.forget(tab_id)
        self._playground.forget(tab_id)

    def _interpreters_changed(self) -> None:
        automatic = (self.tr("Automatic"), AUTOMATIC, self.tr("The environment that fits the snippet"))
        found = [(self._shown(each), each.interpreter, self._hint(each)) for each in self._interpreters.environments]
        self._window.header.set_interpreters([automatic, *found], self._interpreters.chosen)
        self._warm_timer.start()

    def _show_automatic(self, interpreter: str) -> None:
        """Show which environment the automatic choice is."""
        found = self._interpreters.environment(interpreter)
        if found is None or self._interpreters.chosen != AUTOMATIC:
            return
        name = found.managed or found.label
        hint = self.tr("The environment that fits the snippet: {0}").format(self._hint(found))
        self._window.header.describe_interpreter(AUTOMATIC, self.tr("Automatic · {0}").format(name), hint)

    def _shown(self, environment: Environment) -> str:
        words = [environment.label, *environment.packages]
        return " · ".join([*words, *([self.tr("not started")] if environment.distrust else [])])

    def _hint(self, environment: Environment) -> str:
        lines = [environment.interpreter]
        if not environment.distrust:
            return "\n".join((*lines, *environment.packages))
        lines.append(self.tr("Not started yet because {0}: select it to start it.").format(environment.distrust))
        if environment.packages:
            lines.append(self.tr("Installed: {0}").format(", ".join(environment.packages)))
        return "\n".join(lines)

    def _ask_interpreter(self) -> None:
        self._interpreters_changed()  # show the selected one again if the dialog is cancelled
        file, _ = QFileDialog.getOpenFileName(self._window, self.tr("Choose a Python interpreter"), "/usr/bin")
        if file:
            self._interpreters.add(file)
