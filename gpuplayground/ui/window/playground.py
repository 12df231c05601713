"""The right half of the window: the editor's tabs, and for each tab its output and results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from gpuplayground.model.benchmarks import BenchmarkPlan
from gpuplayground.model.events import (
    BenchmarkMeasured,
    BenchmarkProgressed,
    ErrorRaised,
    InputRequested,
    OutputAppended,
    RunFinished,
    SessionEvent,
    StateChanged,
    StatementsTimed,
)
from gpuplayground.model.results import Run, RunState
from gpuplayground.ui.editor.line_marks import line_shares
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.output.panel import OutputPanel
from gpuplayground.ui.results.pages import BENCHMARK, HISTORY, TIMINGS, PageSpec, ResultPages
from gpuplayground.ui.results.timings_panel import TimingsPanel
from gpuplayground.ui.widgets.commands import KILL_AFTER_MS
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme

if TYPE_CHECKING:
    from gpuplayground.past_runs.details import KeptRun  # needs numpy, which a start does without

_RESULTS_WIDTH = 302
_STATE_ROLES = {
    RunState.FINISHED: "good",
    RunState.FAILED: "error",
    RunState.NOT_STARTED: "error",
    RunState.STOPPED: "warning",
}


@dataclass(slots=True)
class TabRun:
    """The current or last run of a tab; without ``state`` if it never ran.

    ``kills`` is whether Stop has become Kill.
    """

    run_id: str = ""
    state: RunState | None = None
    kills: bool = False

    @property
    def role(self) -> str:
        """The colour role of the state."""
        return _STATE_ROLES.get(self.state, "accent") if self.state is not None else "muted"

    @property
    def active(self) -> bool:
        """Whether the tab's process is alive."""
        return self.state is not None and not self.state.is_final


class PlaygroundPanel(QSplitter):
    """The editor above, output and results below. It requests runs and shows their events; it runs nothing itself."""

    runRequested = Signal(str)  # tab ID
    stopRequested = Signal(str)
    killRequested = Signal(str)
    inputEntered = Signal(str, str)  # tab ID, text
    inputClosed = Signal(str)
    stateChanged = Signal()
    benchmarkRequested = Signal(str)  # tab ID
    exportRequested = Signal(object, object)  # Run, samples of its time
    saveRequested = Signal(object)  # Benchmark
    comparisonRequested = Signal(object)  # Benchmark
    offerAccepted = Signal(str, str)  # tab ID, action of the offer above its output

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        tabs: EditorTabs,
        parent: QWidget | None = None,
        *,
        private_folder: str = "",
    ) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._theme, self._icons, self._private_folder = theme, icons, private_folder
        self.tabs = tabs
        self._runs: dict[str, TabRun] = {}
        self._outputs: dict[str, OutputPanel] = {}
        self._pages: dict[str, ResultPages] = {}
        self._window_pages: dict[str, QWidget] = {}  # pages that belong to no tab, by page id
        self._page_id = TIMINGS.page_id
        self._has_gpus = True
        self._output_stack, self._timing_stack = QStackedWidget(), QStackedWidget()
        self.results = QSplitter(Qt.Orientation.Horizontal)
        # The width that the history needs; it is added later and must not move anything.
        self._timing_stack.setMinimumWidth(_RESULTS_WIDTH)
        self.results.addWidget(_framed(self._output_stack))
        self.results.addWidget(_framed(self._timing_stack))
        self.results.setSizes([380, 480])
        self.addWidget(_framed(tabs))
        self.addWidget(self.results)
        self.setSizes([500, 290])
        for splitter in (self, self.results):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(10)
        tabs.is_running = self.is_running
        tabs.currentChanged.connect(self._show_current)
        self.stateChanged.connect(self._mark_running)
        self._show_current()

    def active_runs(self) -> int:
        """Return the number of tabs with a running snippet."""
        return sum(run.active for run in self._runs.values())

    def is_running(self, tab_id: str) -> bool:
        """Return whether the snippet of a tab is running."""
        return self._runs.get(tab_id, TabRun()).active

    def running_names(self) -> list[str]:
        """Return the names of the tabs with a running snippet."""
        return [page.document.name for page in self.tabs.pages() if self.is_running(page.tab_id)]

    def _mark_running(self) -> None:
        running = {index for index, page in enumerate(self.tabs.pages()) if self.is_running(page.tab_id)}
        self.tabs.header.set_running(running)

    def current_run(self) -> TabRun:
        """Return the current or last run of the current tab; one without a state if it never ran."""
        return self._runs.get(self._current_id() or "", TabRun())

    def output(self, tab_id: str) -> OutputPanel:
        """Return the output panel of a tab, created on first use."""
        if tab_id not in self._outputs:
            panel = OutputPanel(self._theme, self._icons, private_folder=self._private_folder)
            panel.lineActivated.connect(self._output_line_activated)
            panel.inputEntered.connect(lambda text: self.inputEntered.emit(tab_id, text))
            panel.inputClosed.connect(lambda: self.inputClosed.emit(tab_id))
            panel.offerAccepted.connect(lambda action: self.offerAccepted.emit(tab_id, action))
            self._outputs[tab_id] = panel
            self._output_stack.addWidget(panel)
        return self._outputs[tab_id]

    def pages(self, tab_id: str) -> ResultPages:
        """Return the result pages of a tab, created on first use."""
        if tab_id not in self._pages:
            pages = ResultPages(self._theme, self._icons)
            pages.set_has_gpus(self._has_gpus)
            pages.chosen.connect(self.show_page)
            pages.lineActivated.connect(self._timing_line_activated)
            pages.exportRequested.connect(self.exportRequested)
            pages.saveRequested.connect(self.saveRequested)
            pages.comparisonRequested.connect(self.comparisonRequested)
            self._pages[tab_id] = pages
            self._timing_stack.addWidget(pages)
        return self._pages[tab_id]

    def timings(self, tab_id: str) -> TimingsPanel:
        """Return the statement timings of a tab, created on first use."""
        return self.pages(tab_id).timings

    def add_page(self, spec: PageSpec, widget: QWidget) -> None:
        """Add a result page that belongs to no tab, such as the history."""
        self._window_pages[spec.page_id] = widget
        self._timing_stack.addWidget(widget)

    def show_page(self, page_id: str) -> None:
        """Show another result page; switching to another editor tab keeps it."""
        self._page_id = page_id
        self._show_results()

    def set_has_gpus(self, has_gpus: bool) -> None:
        """Tell the pages whether there is a GPU."""
        self._has_gpus = has_gpus
        for pages in self._pages.values():
            pages.set_has_gpus(has_gpus)

    def begin(self, tab_id: str, run_id: str, snippet_path: str, plan: BenchmarkPlan | None = None) -> None:
        """Clear a tab's results for a run that is about to start, and show the page it will fill."""
        if plan is not None:
            self._page_id = BENCHMARK.page_id
        elif self._page_id in (BENCHMARK.page_id, HISTORY.page_id):
            self._page_id = TIMINGS.page_id
        self._runs[tab_id] = TabRun(run_id, RunState.STARTING)
        self.output(tab_id).begin(run_id)
        self.output(tab_id).set_snippet_paths({snippet_path: tab_id})
        self.pages(tab_id).clear(run_id, plan)
        self._show_results()
        editor = self.tabs.editor(tab_id)
        if editor is not None:
            editor.clear_run()
        self.stateChanged.emit()

    def apply(self, tab_id: str, event: SessionEvent) -> None:
        """Show an event of a tab's run. Events of a run that its tab no longer shows are dropped."""
        run = self._runs.get(tab_id)
        if run is None or event.run_id != run.run_id:
            return  # the tab was closed, and may have been opened and run again since
        output, pages, editor = self.output(tab_id), self.pages(tab_id), self.tabs.editor(tab_id)
        match event:
            case OutputAppended():
                output.append(event)
            case StateChanged():
                run.state = event.state
                output.set_state(event)
                self.stateChanged.emit()
            case StatementsTimed():
                pages.add(event)
                if editor is not None:
                    editor.mark_running(event.current_line)
            case BenchmarkProgressed() | BenchmarkMeasured():
                pages.add(event)
            case InputRequested():
                output.request_input()
            case ErrorRaised(error=error):
                output.show_error(event)
                if editor is not None and error.line is not None:
                    editor.mark_error(error.line, error.text)
            case RunFinished(run=result):
                self._finish(tab_id, result)

    def stop(self) -> None:
        """Stop the run of the current tab; kill it if Stop has become Kill."""
        tab_id, run = self._current_id(), self.current_run()
        if tab_id is None or not run.active:
            return
        if run.kills:
            self.killRequested.emit(tab_id)
            return
        self.stopRequested.emit(tab_id)
        run_id = run.run_id
        QTimer.singleShot(KILL_AFTER_MS, self, lambda: self._offer_kill(tab_id, run_id))

    def run(self) -> None:
        """Request a run of the current tab, unless it is running."""
        tab_id = self._current_id()
        if tab_id is not None and not self.current_run().active:
            self.runRequested.emit(tab_id)

    def benchmark(self) -> None:
        """Request a benchmark of the selection in the current tab, unless it is running."""
        tab_id = self._current_id()
        if tab_id is not None and not self.current_run().active:
            self.benchmarkRequested.emit(tab_id)

    def show_past(self, tab_id: str, kept: KeptRun) -> None:
        """Show a run of the history, as it was at its end, in a tab with its source."""
        run, output = kept.run, self.output(tab_id)
        self._runs[tab_id] = TabRun(run.run_id, run.state)
        output.begin(run.run_id)
        output.set_snippet_paths({kept.request.path or kept.request.name: tab_id})
        notes = (self.tr("The history does not keep output."), *run.notes)
        output.finish(RunFinished(run.run_id, replace(run, notes=notes)))
        self.pages(tab_id).show_past(kept)
        editor = self.tabs.editor(tab_id)
        if editor is not None:
            editor.set_shares(line_shares(run.timings, self.timings(tab_id).model.totals.cost_ns))
            if run.error is not None and run.error.line is not None:
                editor.mark_error(run.error.line, run.error.text)
        self.show_page((BENCHMARK if run.benchmarks else TIMINGS).page_id)
        self.stateChanged.emit()

    def forget(self, tab_id: str) -> None:
        """Drop the results of a closed tab."""
        self._runs.pop(tab_id, None)
        for panel in (self._outputs.pop(tab_id, None), self._pages.pop(tab_id, None)):
            if panel is not None:
                panel.setParent(None)
                panel.deleteLater()
        # Updates the number of running tabs, which counted the closed one until now.
        self.stateChanged.emit()

    def _finish(self, tab_id: str, result: Run) -> None:
        run = self._runs[tab_id]
        run.state, run.kills = result.state, False
        self.output(tab_id).finish(RunFinished(result.run_id, result))
        self.pages(tab_id).set_run(result)
        editor = self.tabs.editor(tab_id)
        if editor is not None:
            editor.mark_running(None)
            editor.set_shares(line_shares(result.timings, self.timings(tab_id).model.totals.cost_ns))
        self.stateChanged.emit()

    def _offer_kill(self, tab_id: str, run_id: str) -> None:
        run = self._runs.get(tab_id)
        if run is not None and run.run_id == run_id and run.active:
            run.kills = True
            self.stateChanged.emit()

    def _show_current(self) -> None:
        tab_id = self._current_id()
        if tab_id is not None:
            self._output_stack.setCurrentWidget(self.output(tab_id))
            self._show_results()
        self.stateChanged.emit()

    def _show_results(self) -> None:
        tab_id = self._current_id()
        if self._page_id in self._window_pages:
            self._timing_stack.setCurrentWidget(self._window_pages[self._page_id])
        elif tab_id is not None:
            self.pages(tab_id).show_page(self._page_id)
            self._timing_stack.setCurrentWidget(self.pages(tab_id))

    def _current_id(self) -> str | None:
        return self.tabs.current_id()

    def _timing_line_activated(self, line: int, with_focus: bool = True) -> None:
        editor = self.tabs.current_editor()
        if editor is not None:
            editor.go_to_run_line(line, with_focus=with_focus)

    def _output_line_activated(self, path: str, line: int) -> None:
        self._timing_line_activated(line)


def _framed(widget: QWidget) -> QFrame:
    frame = QFrame()
    frame.setProperty("role", "panel")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(1, 1, 1, 1)
    layout.addWidget(widget)
    return frame
