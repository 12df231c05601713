"""What a tab's run cost, seen from several sides that share one place: each is made when it is first looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed, StatementsTimed
from gpuplayground.model.results import Run
from gpuplayground.model.samples import GpuSample
from gpuplayground.receipts.receipt import Receipt
from gpuplayground.ui.results.timings_panel import TimingsPanel
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.panel_header import BENCHMARK, HISTORY, RECEIPT, TIMELINE, TIMINGS, page_title
from gpuplayground.ui.widgets.theme import Theme

if TYPE_CHECKING:
    # Imported when they are first shown: a window that only runs snippets starts without them and without numpy.
    from gpuplayground.past_runs.details import KeptRun
    from gpuplayground.ui.benchmarks.panel import BenchmarkPanel
    from gpuplayground.ui.results.receipt_panel import ReceiptPanel
    from gpuplayground.ui.trace_timeline.panel import TimelinePanel


def titles() -> tuple[str, ...]:
    """Return what the tabs of the place say, from left to right."""
    return tuple(page_title(page) for page in (TIMINGS, TIMELINE, BENCHMARK, RECEIPT, HISTORY))


class ResultPages(QStackedWidget):
    """The panels of one tab. ``chosen`` asks for a title, which may be one that is not in here."""

    chosen = Signal(str)
    lineActivated = Signal(int, bool)  # line, whether the keyboard goes there too
    exportRequested = Signal(object, object)  # Run, samples of its time
    saveRequested = Signal(object)  # Benchmark
    comparisonRequested = Signal(object)  # Benchmark

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icons = theme, icons
        self._run_id = ""
        self._run: Run | None = None
        self._plan: BenchmarkPlan | None = None
        self._samples: tuple[Sequence[GpuSample], Mapping[str, str]] | None = None
        self._receipts: Sequence[Receipt] | None = None
        self._has_gpus = True
        self._timeline: TimelinePanel | None = None
        self._benchmark: BenchmarkPanel | None = None
        self._receipt: ReceiptPanel | None = None
        self.timings = TimingsPanel(theme, icons, titles())
        self.timings.header.chosen.connect(self.chosen)
        self.timings.lineActivated.connect(self.lineActivated)
        self.addWidget(self.timings)

    @property
    def timeline(self) -> TimelinePanel:
        """The timeline of the run."""
        if self._timeline is None:
            from gpuplayground.ui.trace_timeline.panel import TimelinePanel

            panel = self._timeline = TimelinePanel(self._theme, self._icons, titles())
            panel.header.chosen.connect(self.chosen)
            panel.lineActivated.connect(self.lineActivated)
            panel.exportRequested.connect(self._export)
            self.addWidget(panel)
            self._fill_timeline(panel)
        return self._timeline

    @property
    def benchmark(self) -> BenchmarkPanel:
        """The last benchmark."""
        if self._benchmark is None:
            from gpuplayground.ui.benchmarks.panel import BenchmarkPanel

            panel = self._benchmark = BenchmarkPanel(self._theme, self._icons, titles())
            panel.header.chosen.connect(self.chosen)
            panel.saveRequested.connect(self.saveRequested)
            panel.comparisonRequested.connect(self.comparisonRequested)
            self.addWidget(panel)
        return self._benchmark

    @property
    def receipt(self) -> ReceiptPanel:
        """What the run took of the GPUs."""
        if self._receipt is None:
            from gpuplayground.ui.results.receipt_panel import ReceiptPanel

            panel = self._receipt = ReceiptPanel(self._theme, self._icons, titles())
            panel.header.chosen.connect(self.chosen)
            panel.set_has_gpus(self._has_gpus)
            self.addWidget(panel)
            self._fill_receipt(panel)
        return self._receipt

    def show_title(self, title: str) -> None:
        """Bring the panel of a title to the front; one that is not in here leaves everything as it is."""
        place = titles().index(title) if title in titles() else -1
        if place == 0:
            self.setCurrentWidget(self.timings)
        elif place == 1:
            self.setCurrentWidget(self.timeline)
        elif place == 2:
            self.setCurrentWidget(self.benchmark)
        elif place == 3:
            self.setCurrentWidget(self.receipt)

    def set_has_gpus(self, has_gpus: bool) -> None:
        """Say whether there is a GPU to watch."""
        self._has_gpus = has_gpus
        if self._receipt is not None:
            self._receipt.set_has_gpus(has_gpus)

    def begin(self, run_id: str, plan: BenchmarkPlan | None) -> None:
        """Empty the panels for a run that is about to start; the last benchmark stays over a plain run."""
        self._run_id, self._run, self._plan = run_id, None, plan
        self._samples = self._receipts = None
        self.timings.begin(run_id)
        if self._timeline is not None:
            self._timeline.begin(run_id)
        if self._receipt is not None:
            self._receipt.begin(run_id)
        if plan is not None:
            self.benchmark.begin(run_id, plan)

    def add(self, event: StatementsTimed | BenchmarkProgressed | BenchmarkMeasured) -> None:
        """Show what a run reports."""
        if isinstance(event, StatementsTimed):
            self.timings.add(event)
        elif isinstance(event, BenchmarkProgressed):
            self.benchmark.progress(event)
        else:
            self.benchmark.measured(event)

    def finish(self, run: Run) -> None:
        """Show a run that is over."""
        self._run = run
        self.timings.finish(run)
        if self._timeline is not None:
            self._timeline.finish(run)
        if self._receipt is not None:
            self._receipt.wait(run.run_id)
        if self._plan is not None:
            self.benchmark.finish(run)

    def complete(
        self,
        run_id: str,
        samples: Sequence[GpuSample],
        gpu_names: Mapping[str, str],
        receipts: Sequence[Receipt],
        benchmarks: Sequence[Benchmark],
    ) -> None:
        """Add what the monitor saw of a run, a moment after its end."""
        if benchmarks:
            # Ahead of the question whose run it is: a benchmark stays in sight over a later plain run.
            self.benchmark.judged(run_id, benchmarks)
        if run_id != self._run_id:
            return
        self._samples, self._receipts = (samples, gpu_names), receipts
        if self._timeline is not None:
            self._timeline.set_samples(samples, gpu_names, _used(receipts))
        if self._receipt is not None:
            self._receipt.show_receipts(run_id, receipts, self._run)

    def show_past(self, kept: KeptRun) -> None:
        """Show a run of the past as it was."""
        run, names = kept.run, {gpu.uuid: gpu.label for gpu in kept.gpus}
        self.begin(run.run_id, kept.request.benchmark)
        self.finish(run)
        self.complete(run.run_id, kept.samples, names, kept.receipts, run.benchmarks)

    def _fill_timeline(self, panel: TimelinePanel) -> None:
        if self._run_id:
            panel.begin(self._run_id)
        if self._run is not None:
            panel.finish(self._run)
        if self._samples is not None:
            panel.set_samples(*self._samples, _used(self._receipts or ()))

    def _fill_receipt(self, panel: ReceiptPanel) -> None:
        if self._run_id:
            panel.begin(self._run_id)
        if self._receipts is not None:
            panel.show_receipts(self._run_id, self._receipts, self._run)
        elif self._run is not None:
            panel.wait(self._run_id)

    def _export(self) -> None:
        if self._run is not None:
            self.exportRequested.emit(self._run, self._samples[0] if self._samples is not None else ())


def _used(receipts: Sequence[Receipt]) -> tuple[str, ...]:
    return tuple(receipt.gpu_uuid for receipt in receipts)
