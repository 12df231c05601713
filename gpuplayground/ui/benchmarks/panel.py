"""The benchmark page: a hint, then the progress, then the result of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gpuplayground.benchmarks.figures import report
from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan, Phase
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed
from gpuplayground.model.results import Run, RunState
from gpuplayground.receipts.run_observer import ObservedRun
from gpuplayground.ui.benchmarks.live_view import LiveView
from gpuplayground.ui.benchmarks.result_view import ResultView
from gpuplayground.ui.widgets.drop_down import DropDown
from gpuplayground.ui.widgets.panel_header import PanelHeader
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme

_EMPTY, _LIVE, _RESULT = range(3)
_LEAST_HEIGHT = 120


class BenchmarkPanel(QWidget):
    """Shows one benchmark; of a sweep, the one of the selected value."""

    saveRequested = Signal(object)  # Benchmark
    comparisonRequested = Signal(object)  # Benchmark

    def __init__(self, theme: Theme, header: PanelHeader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run_id: str | None = None
        self._benchmarks: list[Benchmark] = []
        self._are_judged = False
        self.header = header
        self.steps = DropDown()
        self.empty = PlainLabel()
        self.live, self.result = LiveView(theme), ResultView(theme)
        self._stack = QStackedWidget()
        self._lay_out()
        self._show_empty(
            self.tr("Select lines, or put the cursor in a # %% cell, and press Shift+F5 to benchmark them.")
        )

    def _lay_out(self) -> None:
        self.steps.setAccessibleName(self.tr("Value of the sweep"))
        self.steps.setToolTip(self.tr("The value of the sweep whose benchmark is shown"))
        self.steps.activated.connect(self._show_step)
        add = self.header.add_button
        tip = self.tr("Copy the benchmark as text")
        self.copy_button = add("copy", self.tr("Copy benchmark"), tip, lambda _: self.copy())
        tip = self.tr("Save the benchmark with all its samples as JSON")
        self.save_button = add("save", self.tr("Save benchmark"), tip, lambda _: self._save())
        tip = self.tr("Add the benchmark to the comparison")
        name = self.tr("Add to comparison")
        self.compare_button = add("plus", name, tip, lambda _: self._add_to_comparison())
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setMargin(16)
        for page in (self.empty, self.live, self.result):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        column.addWidget(self.header)
        # Below the header, where the tabs leave no room.
        row = QHBoxLayout()
        row.setContentsMargins(14, 6, 14, 0)
        row.addWidget(self.steps)
        row.addStretch(1)
        column.addLayout(row)
        # The tallest page must not keep the panel from shrinking.
        self._stack.setMinimumHeight(_LEAST_HEIGHT)
        column.addWidget(self._stack, 1)

    @property
    def benchmark(self) -> Benchmark | None:
        """The benchmark that is shown, if any."""
        index = self.steps.currentIndex()
        return self._benchmarks[index] if 0 <= index < len(self._benchmarks) else None

    def clear(self, run_id: str, plan: BenchmarkPlan | None) -> None:
        """Empty the panel for a benchmark that is about to start; a plain run leaves the last benchmark in place."""
        if plan is None:
            return
        self._run_id, self._are_judged = run_id, False
        self._replace(())
        self.live.begin(plan)
        self._stack.setCurrentIndex(_LIVE)
        self._enable()

    def progress(self, event: BenchmarkProgressed) -> None:
        """Show the progress of the benchmark."""
        if event.run_id == self._run_id:
            self.live.progress(event)

    def measured(self, event: BenchmarkMeasured) -> None:
        """Take a result. The last one is shown, but one of the GPU only when its GPU time is known too."""
        if event.run_id != self._run_id:
            return
        self._replace((*self._benchmarks, event.benchmark))
        if event.benchmark.uses_gpu and not event.benchmark.error:
            return  # the traced pass follows; set_run() brings the GPU time
        if event.step >= event.steps:
            self._show_step(len(self._benchmarks) - 1)
        elif not event.benchmark.error:
            following = BenchmarkProgressed(event.run_id, Phase.SET_UP, step=event.step + 1, steps=event.steps)
            self.live.progress(following)

    def set_run(self, run: Run) -> None:
        """Show what a benchmark run measured, or why it measured nothing."""
        if run.run_id != self._run_id:
            return
        if run.benchmarks:
            was_shown = self._stack.currentIndex() == _RESULT and len(run.benchmarks) == len(self._benchmarks)
            shown = self.steps.currentIndex() if was_shown else len(run.benchmarks) - 1
            self._replace(run.benchmarks)
            self._show_step(shown)
        elif not self._benchmarks:
            self._show_empty(self._reason(run))
        elif self._stack.currentIndex() == _LIVE:
            self._show_step(len(self._benchmarks) - 1)

    def set_observed(self, observed: ObservedRun) -> None:
        """Show the verdicts of a run's benchmarks, unless another benchmark has started since."""
        if observed.run.run_id == self._run_id:
            self.show_benchmarks(observed.benchmarks)

    def show_benchmark(self, benchmark: Benchmark) -> None:
        """Show one benchmark with its verdict."""
        self.show_benchmarks((benchmark,))

    def show_benchmarks(self, benchmarks: Sequence[Benchmark]) -> None:
        """Show the benchmarks of a run with their verdicts; the selected value stays selected."""
        if not benchmarks:
            return
        shown = self.steps.currentIndex() if len(benchmarks) == len(self._benchmarks) else len(benchmarks) - 1
        self._are_judged = True
        self._replace(benchmarks)
        self._show_step(max(shown, 0))

    def copy(self) -> None:
        """Copy the benchmark as text."""
        if self.benchmark is not None:
            QGuiApplication.clipboard().setText(report(self.benchmark))

    def _reason(self, run: Run) -> str:
        if run.state is RunState.STOPPED:
            return self.tr("Stopped before the first measurement.")
        if run.error is not None:
            where = self.tr(" (line {line})").format(line=run.error.line) if run.error.line else ""
            return self.tr("The benchmark failed: {error}{where}").format(error=run.error.summary, where=where)
        return self.tr("Nothing was measured: {summary}").format(summary=run.summary or run.state)

    def _replace(self, benchmarks: Sequence[Benchmark]) -> None:
        self._benchmarks = list(benchmarks)
        self.steps.clear()
        for benchmark in self._benchmarks:
            name, value = benchmark.parameter or (benchmark.label, None)
            self.steps.addItem(name if value is None else f"{name} = {value}")
        self._enable()

    def _show_step(self, index: int) -> None:
        self.steps.setCurrentIndex(index)
        benchmark = self.benchmark
        if benchmark is not None:
            self.result.show_benchmark(benchmark, is_verdict_pending=not self._are_judged)
            self._stack.setCurrentIndex(_RESULT)
        self._enable()

    def _show_empty(self, text: str) -> None:
        self.empty.setText(text)
        self._stack.setCurrentIndex(_EMPTY)
        self._enable()

    def _enable(self) -> None:
        shown = self.benchmark is not None and self._stack.currentIndex() == _RESULT
        self.steps.setVisible(shown and len(self._benchmarks) > 1)
        for button in (self.copy_button, self.save_button):
            button.setEnabled(shown)
        # A benchmark without samples cannot be compared.
        self.compare_button.setEnabled(shown and self.benchmark is not None and bool(self.benchmark.samples_ns))

    def _save(self) -> None:
        if self.benchmark is not None:
            self.saveRequested.emit(self.benchmark)

    def _add_to_comparison(self) -> None:
        if self.benchmark is not None:
            self.comparisonRequested.emit(self.benchmark)
