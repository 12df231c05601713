"""The table of result pages, and the stack that shows them for one editor tab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast, runtime_checkable

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from gpuplayground.model.benchmarks import BenchmarkPlan
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed, StatementsTimed
from gpuplayground.model.results import Run
from gpuplayground.model.samples import GpuSample
from gpuplayground.ui.results.timings_panel import TimingsPanel
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.panel_header import PageTab, PanelHeader
from gpuplayground.ui.widgets.theme import Theme

if TYPE_CHECKING:
    # Imported when a page is first shown: a window that only runs snippets starts without them and without numpy.
    from gpuplayground.past_runs.details import KeptRun
    from gpuplayground.receipts.run_observer import ObservedRun
    from gpuplayground.ui.benchmarks.panel import BenchmarkPanel
    from gpuplayground.ui.results.receipt_panel import ReceiptPanel
    from gpuplayground.ui.trace_timeline.panel import TimelinePanel


class RunPage(Protocol):
    """A page that shows one side of a tab's run. The page is a widget with a header, whose tabs carry its title."""

    header: PanelHeader

    def clear(self, run_id: str, plan: BenchmarkPlan | None) -> None:
        """Empty the page for a run that is about to start; ``plan`` is that of a benchmark."""

    def set_run(self, run: Run) -> None:
        """Show a finished run."""


@runtime_checkable
class MeasuredPage(Protocol):
    """A page that also shows what the monitor measured."""

    def set_observed(self, observed: ObservedRun) -> None:
        """Show what the monitor measured; it arrives a moment after the run's end, perhaps after the next start."""


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A row of the table of pages.

    Attributes:
        page_id: stable, independent of the language.
        source_title: the untranslated title.
    """

    page_id: str
    source_title: str

    @property
    def tab(self) -> PageTab:
        """The tab of the page in the language in use."""
        return PageTab(self.page_id, QCoreApplication.translate("ResultPages", self.source_title))


Page = TypeVar("Page", bound=RunPage)


@dataclass(frozen=True, slots=True)
class RunPageSpec(PageSpec, Generic[Page]):
    """A page that each editor tab has its own of; ``make`` builds it when it is first needed."""

    make: Callable[[ResultPages, PanelHeader], Page]


class ResultPages(QStackedWidget):
    """The result pages of one editor tab. ``chosen`` may carry the id of a page that is not in this stack."""

    chosen = Signal(str)  # page id
    lineActivated = Signal(int, bool)  # line, whether it takes the keyboard focus
    exportRequested = Signal(object, object)  # Run, samples taken during it
    saveRequested = Signal(object)  # Benchmark
    comparisonRequested = Signal(object)  # Benchmark
    hasGpusChanged = Signal(bool)

    def __init__(self, theme: Theme, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._icons = icons
        self._pages: dict[str, RunPage] = {}
        self._run_id = ""
        self._plan: BenchmarkPlan | None = None
        self._run: Run | None = None
        self._observed: ObservedRun | None = None
        self.has_gpus = True
        self.timings = self.page(TIMINGS)

    def page(self, spec: RunPageSpec[Page]) -> Page:
        """Return a page, built and filled with the current run when it is first asked for."""
        if spec.page_id not in self._pages:
            page = spec.make(self, page_header(spec, self.theme, self._icons))
            page.header.chosen.connect(self.chosen)
            self._pages[spec.page_id] = page
            self.addWidget(cast(QWidget, page))
            self._fill(page)
        return cast(Page, self._pages[spec.page_id])

    def _fill(self, page: RunPage) -> None:
        if self._run_id:
            page.clear(self._run_id, self._plan)
        if self._run is not None:
            page.set_run(self._run)
        if self._observed is not None and isinstance(page, MeasuredPage):
            page.set_observed(self._observed)

    def show_page(self, page_id: str) -> None:
        """Bring a page to the front; an id that belongs to no page of a tab changes nothing."""
        spec = next((spec for spec in PAGES if spec.page_id == page_id), None)
        if isinstance(spec, RunPageSpec):
            self.setCurrentWidget(self.page(spec))

    def set_has_gpus(self, has_gpus: bool) -> None:
        """Tell the pages whether there is a GPU to monitor."""
        self.has_gpus = has_gpus
        self.hasGpusChanged.emit(has_gpus)

    def clear(self, run_id: str, plan: BenchmarkPlan | None) -> None:
        """Empty the pages for a run that is about to start; the last benchmark stays in place over a plain run."""
        self._run_id, self._plan = run_id, plan
        self._run = self._observed = None
        for page in self._pages.values():
            page.clear(run_id, plan)
        if plan is not None:
            self.page(BENCHMARK)

    def add(self, event: StatementsTimed | BenchmarkProgressed | BenchmarkMeasured) -> None:
        """Show what a run reports while it is running."""
        if isinstance(event, StatementsTimed):
            self.timings.add(event)
        elif isinstance(event, BenchmarkProgressed):
            self.page(BENCHMARK).progress(event)
        else:
            self.page(BENCHMARK).measured(event)

    def set_run(self, run: Run) -> None:
        """Show a finished run."""
        self._run = run
        for page in self._pages.values():
            page.set_run(run)

    def set_observed(self, observed: ObservedRun) -> None:
        """Show what the monitor measured of a run. Verdicts also reach a benchmark that ran before the current run."""
        if observed.run.run_id == self._run_id:
            self._observed = observed
        for page in self._pages.values():
            if isinstance(page, MeasuredPage):
                page.set_observed(observed)

    def show_past(self, kept: KeptRun) -> None:
        """Show a run from the history."""
        from gpuplayground.receipts.run_observer import ObservedRun

        run = kept.run
        self.clear(run.run_id, kept.request.benchmark)
        self.set_run(run)
        self.set_observed(ObservedRun(run, tuple(kept.receipts), run.benchmarks, tuple(kept.samples), tuple(kept.gpus)))

    def export(self) -> None:
        """Ask for the export of the current run."""
        if self._run is not None:
            samples: Sequence[GpuSample] = self._observed.samples if self._observed is not None else ()
            self.exportRequested.emit(self._run, samples)


def _make_timings(pages: ResultPages, header: PanelHeader) -> TimingsPanel:
    panel = TimingsPanel(pages.theme, header)
    panel.lineActivated.connect(pages.lineActivated)
    return panel


def _make_timeline(pages: ResultPages, header: PanelHeader) -> TimelinePanel:
    from gpuplayground.ui.trace_timeline.panel import TimelinePanel

    panel = TimelinePanel(pages.theme, header)
    panel.lineActivated.connect(pages.lineActivated)
    panel.exportRequested.connect(pages.export)
    return panel


def _make_benchmark(pages: ResultPages, header: PanelHeader) -> BenchmarkPanel:
    from gpuplayground.ui.benchmarks.panel import BenchmarkPanel

    panel = BenchmarkPanel(pages.theme, header)
    panel.saveRequested.connect(pages.saveRequested)
    panel.comparisonRequested.connect(pages.comparisonRequested)
    return panel


def _make_receipt(pages: ResultPages, header: PanelHeader) -> ReceiptPanel:
    from gpuplayground.ui.results.receipt_panel import ReceiptPanel

    panel = ReceiptPanel(pages.theme, header)
    panel.set_has_gpus(pages.has_gpus)
    pages.hasGpusChanged.connect(panel.set_has_gpus)
    return panel


TIMINGS = RunPageSpec("timings", "Timings", _make_timings)
TIMELINE = RunPageSpec("timeline", "Timeline", _make_timeline)
BENCHMARK = RunPageSpec("benchmark", "Benchmark", _make_benchmark)
RECEIPT = RunPageSpec("receipt", "Receipt", _make_receipt)
#: Belongs to the window, which adds its panel.
HISTORY = PageSpec("history", "History")

#: All pages, in the order of their tabs. To add one, write its panel and add a row here.
PAGES: tuple[PageSpec, ...] = (TIMINGS, TIMELINE, BENCHMARK, RECEIPT, HISTORY)


def page_header(own: PageSpec, theme: Theme, icons: Icons) -> PanelHeader:
    """Return the header of a page, with the tabs of all pages."""
    return PanelHeader(own.tab, theme, icons, [spec.tab for spec in PAGES])
