"""Runs sweeps from the window: each implementation in its own process, one after the other."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gpuplayground.app.observing import Observing
from gpuplayground.benchmarks.selections import SelectionError, plan_for
from gpuplayground.benchmarks.sweep_variables import Assignments, number_variables
from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.model.cells import cell_at, cells
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed, InputRequested, RunFinished, SessionEvent
from gpuplayground.model.results import Run, RunRequest
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.window.main_window import MainWindow
from gpuplayground.workers.run_controller import RunController

if TYPE_CHECKING:
    from gpuplayground.ui.sweep.dialog import SweepDialog
    from gpuplayground.ui.sweep.request import Implementation, SweepRequest


class Sweeping(QObject):
    """Offers the cells of the open tabs as implementations and runs the selected ones."""

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        runs: RunController,
        tabs: EditorTabs,
        window: MainWindow,
        observing: Observing,
        request_of: Callable[[str, str], RunRequest],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._theme, self._icons = theme, icons
        self._runs, self._tabs, self._window, self._observing = runs, tabs, window, observing
        self._request_of = request_of
        self._dialog: SweepDialog | None = None
        self._wanted: SweepRequest | None = None
        self._queue: list[str] = []
        self._current = ""
        #: The implementation of each run of the current sweep, by run ID.
        self._measured: dict[str, str] = {}
        runs.happened.connect(self._happened)
        observing.judged.connect(self._judged)

    def show(self) -> None:
        """Open the sweep window with the current cells."""
        if self._dialog is None:
            from gpuplayground.ui.sweep.dialog import SweepDialog

            self._dialog = SweepDialog(self._theme, self._icons, self._window)
            self._dialog.startRequested.connect(self._start)
            self._dialog.cancelRequested.connect(self._cancel)
            self._dialog.killRequested.connect(self._kill)
            self._dialog.statusChanged.connect(self._tell_window)
            self._dialog.activated.connect(self._offer)
        self._offer()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def stop(self) -> None:
        """Stop the sweep, if one is measuring; the second time, kill it."""
        if self._dialog is not None:
            self._dialog.cancel()

    @property
    def is_running(self) -> bool:
        """Whether a sweep is running."""
        return self._dialog is not None and self._dialog.is_running

    def _offer(self) -> None:
        """Offer the current cells, unless a sweep is running."""
        if self._dialog is None or self._dialog.is_running:
            return
        from gpuplayground.ui.sweep.request import Implementation

        current, preferred = self._tabs.current_id(), ""
        pages = sorted(self._tabs.pages(), key=lambda page: page.tab_id != current)
        offered: list[Implementation] = []
        for page in pages:
            self._tabs.check_disk(page.tab_id)
            source = page.text()
            found, assignments = cells(source), Assignments(source)
            for cell in found:
                refusal = partial(assignments.refusal, cell.first_line, cell.last_line)
                identity = f"{page.tab_id} {cell.number}"
                offered.append(Implementation(identity, cell.label, page.document.name, refusal, page.tab_id))
            if page.tab_id == current:
                at_cursor = cell_at(found, page.editor.line_and_column()[0])
                preferred = f"{current} {at_cursor.number}" if at_cursor is not None else ""
                last = found[-1].first_line if found else None
                above = number_variables(source, at_cursor.first_line) if at_cursor is not None else ()
                self._dialog.suggest_variables([v.name for v in above or number_variables(source, last)])
        self._dialog.set_implementations(offered, preferred)

    def _start(self, wanted: SweepRequest) -> None:
        self._wanted, self._queue = wanted, list(wanted.implementations)
        self._measured.clear()
        self._next()

    def _cancel(self) -> None:
        self._queue.clear()
        if self._current:
            self._runs.stop(_key(self._current))

    def _tell_window(self) -> None:
        if self._dialog is not None:
            dialog = self._dialog
            self._window.show_sweep(dialog.status, can_stop=dialog.can_cancel, kills=dialog.kills)

    def _kill(self) -> None:
        if self._current:
            self._runs.kill(_key(self._current))

    def _next(self) -> None:
        """Start the next implementation; report and skip one that cannot be measured."""
        assert self._dialog is not None
        assert self._wanted is not None
        while self._queue:
            self._current = self._queue.pop(0)
            try:
                request = self._request(self._current, self._wanted)
            except SelectionError as error:
                self._dialog.fail(self._current, str(error))
                continue
            self._measured[request.run_id] = self._current
            self._observing.begin(request)
            self._runs.start(_key(self._current), request)
            return
        self._current = ""
        self._dialog.finish()

    def _request(self, identity: str, wanted: SweepRequest) -> RunRequest:
        tab_id, _, cell = identity.partition(" ")
        if self._tabs.page(tab_id) is None:
            raise SelectionError(self.tr("Its tab was closed: reopen it."))
        request = self._request_of(tab_id, uuid.uuid4().hex)
        plan = plan_for(
            request.source, cell=cell, max_time_s=wanted.max_time_s, cold_l2=wanted.cold_l2, sweep=wanted.plan
        )
        return replace(request, benchmark=plan)

    def _happened(self, key: str, event: SessionEvent) -> None:
        if not self._current or key != _key(self._current) or self._dialog is None:
            return
        if isinstance(event, BenchmarkProgressed):
            self._dialog.progress(self._current, event)
        elif isinstance(event, BenchmarkMeasured):
            self._dialog.add_results(self._current, [event.benchmark])
        elif isinstance(event, InputRequested):
            # The user cannot see the prompt.
            self._runs.close_input(key)
            self._dialog.fail(
                self._current, self.tr("A sweep cannot answer input(): assign a value instead and start again.")
            )
        elif isinstance(event, RunFinished):
            self._finished(self._dialog, event.run)

    def _finished(self, dialog: SweepDialog, run: Run) -> None:
        dialog.add_results(self._current, run.benchmarks)  # with the GPU times, which are known only now
        if not run.benchmarks:
            dialog.fail(self._current, run.summary)
        self._next()

    def _judged(self, run_id: str, benchmarks: Sequence[Benchmark]) -> None:
        """Show the verdicts, which arrive shortly after the end of a run."""
        identity = self._measured.pop(run_id, None)
        if identity is not None and self._dialog is not None:
            self._dialog.add_results(identity, benchmarks)


def _key(identity: str) -> str:
    """Return the key of a run that belongs to no tab."""
    return f"sweep {identity}"
