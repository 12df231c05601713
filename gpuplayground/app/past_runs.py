"""Connects the history: showing it, reopening and comparing runs, and exporting their results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.model.results import Run
from gpuplayground.model.samples import GpuSample
from gpuplayground.model.serial import to_data
from gpuplayground.past_runs.details import KeptRun
from gpuplayground.ui.results.pages import HISTORY, page_header
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.window.main_window import MainWindow
from gpuplayground.ui.window.playground import PlaygroundPanel
from gpuplayground.workers.past_runs_keeper import HistoryKeeper
from gpuplayground.workers.task import Tasks

if TYPE_CHECKING:
    from gpuplayground.ui.comparison.dialog import CompareDialog
    from gpuplayground.ui.past_runs.panel import HistoryPanel


class PastRuns(QObject):
    """Connects the history and the comparison. The panel and the dialog are created when needed."""

    failed = Signal(str)

    def __init__(
        self,
        theme: Theme,
        icons: Icons,
        keeper: HistoryKeeper,
        playground: PlaygroundPanel,
        window: MainWindow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._theme, self._icons = theme, icons
        self._keeper, self._playground, self._window = keeper, playground, window
        self._dialog: CompareDialog | None = None
        self._panel: HistoryPanel | None = None
        self._tasks = Tasks(self)
        keeper.loaded.connect(self._reopen)
        keeper.severalLoaded.connect(self._compare_kept)
        keeper.failed.connect(self._report_failure)
        self.failed.connect(window.say)
        playground.comparisonRequested.connect(self._compare_benchmark)
        playground.saveRequested.connect(self._save_benchmark)
        playground.exportRequested.connect(self._export_trace)

    def start(self) -> None:
        """Create the panel and load the history, once the window shows."""
        from gpuplayground.ui.past_runs.binding import HistoryBinding
        from gpuplayground.ui.past_runs.panel import HistoryPanel

        self._keeper.start()
        panel = self._panel = HistoryPanel(self._theme, self._icons, page_header(HISTORY, self._theme, self._icons))
        panel.header.chosen.connect(self._playground.show_page)
        panel.reopenRequested.connect(self._keeper.load)
        panel.compareRequested.connect(self._keeper.load_several)
        HistoryBinding(panel, self._keeper, self)
        self._playground.add_page(HISTORY, panel)

    def show_history(self) -> None:
        """Show the history with the focus in its search field."""
        if self._panel is not None:
            self._playground.show_page(HISTORY.page_id)
            self._panel.focus_search()

    def show_comparison(self) -> None:
        """Show the comparison window."""
        self._comparison()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long and return whether every file has been written."""
        return self._tasks.wait(seconds)

    def _report_failure(self, sentence: str) -> None:
        """Show a failure in the banner if the history panel, which shows it too, is hidden."""
        if self._panel is None or not self._panel.isVisible():
            self._window.say(sentence)

    def _reopen(self, kept: KeptRun) -> None:
        tab_id = self._playground.tabs.open_text(kept.request.name, kept.request.source)
        self._playground.show_past(tab_id, kept)

    def _compare_kept(self, kept: Sequence[KeptRun]) -> None:
        from gpuplayground.comparison.comparison import Subject

        notes = [each.entry.note if each.entry is not None else "" for each in kept]
        subjects = [Subject.of_run(each.run, note=note) for each, note in zip(kept, notes, strict=True)]
        self._comparison().show_only(list(chain.from_iterable(subjects)))

    def _compare_benchmark(self, benchmark: Benchmark) -> None:
        from gpuplayground.comparison.comparison import Subject

        self._comparison().add([Subject.of_benchmark(benchmark)])

    def _comparison(self) -> CompareDialog:
        """Return the comparison window after bringing it to the front."""
        if self._dialog is None:
            from gpuplayground.ui.comparison.dialog import CompareDialog

            self._dialog = CompareDialog(self._theme, self._icons, self._window)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()
        return self._dialog

    def _save_benchmark(self, benchmark: Benchmark) -> None:
        path = self._ask(self.tr("Save the benchmark"), "benchmark.json", self.tr("JSON (*.json)"))
        if path is not None:
            self._tasks.start(partial(_write_benchmark, benchmark, path), self._saved, self.failed)

    def _export_trace(self, run: Run, samples: Sequence[GpuSample]) -> None:
        name = f"{Path(run.name).stem}.trace.json"
        path = self._ask(self.tr("Export a trace for Perfetto"), name, self.tr("Chrome traces (*.json)"))
        if path is not None:
            self._tasks.start(partial(_write_trace, run, samples, path), self._saved, self.failed)

    def _saved(self, path: Path) -> None:
        self._window.confirm(self.tr("Saved {path}.").format(path=path))

    def _ask(self, title: str, name: str, kinds: str) -> Path | None:
        file, _ = QFileDialog.getSaveFileName(self._window, title, name, kinds)
        return Path(file) if file else None


def _write_benchmark(benchmark: Benchmark, path: Path) -> Path:
    try:
        path.write_text(json.dumps(to_data(benchmark), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise OSError(f"{path} could not be written ({error.strerror}): choose another folder.") from error
    return path


def _write_trace(run: Run, samples: Sequence[GpuSample], path: Path) -> Path:
    from gpuplayground.tracing.chrome_trace import write_chrome_trace

    write_chrome_trace(run, path, samples)
    return path
