"""The result of a benchmark: figures, with the charts below them or, in a wide panel, beside them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from gpuplayground.benchmarks.figures import figures
from gpuplayground.benchmarks.statistics import summary
from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.ui.benchmarks.bars import BusyBars
from gpuplayground.ui.benchmarks.headline import Headline
from gpuplayground.ui.benchmarks.histogram import HistogramView
from gpuplayground.ui.benchmarks.strip import SampleStrip
from gpuplayground.ui.widgets.figure_labels import FactGrid
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme, ui_font

_TWO_COLUMNS_PX = 740


class ResultView(QScrollArea):
    """Shows headline, bars and figures; histogram and sample strip below or beside them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline, self.bars, self.facts = Headline(theme), BusyBars(theme), FactGrid()
        self.kernel = PlainLabel()
        self.histogram, self.strip = HistogramView(theme), SampleStrip(theme)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Result of the benchmark"))
        inside = QWidget()
        inside.setBackgroundRole(QPalette.ColorRole.Base)
        self._halves = QBoxLayout(QBoxLayout.Direction.TopToBottom, inside)
        self._halves.setContentsMargins(14, 10, 14, 10)
        self._halves.setSpacing(14)
        left, right = QVBoxLayout(), QVBoxLayout()
        left.setSpacing(10)
        right.setSpacing(12)
        self.kernel.setProperty("role", "muted")
        self.kernel.setFont(ui_font(11))
        self.kernel.setWordWrap(True)
        for widget in (self.headline, self.bars, self.facts, self.kernel):
            left.addWidget(widget)
        left.addStretch(1)
        right.addWidget(self.histogram, 3)
        right.addWidget(self.strip, 2)
        self._halves.addLayout(left)
        self._halves.addLayout(right, 1)
        self.setWidget(inside)

    def show_benchmark(self, benchmark: Benchmark, *, is_verdict_pending: bool = False) -> None:
        """Show a benchmark from the top. Without a verdict, ``is_verdict_pending`` tells whether one is to come."""
        times = summary(benchmark.samples_ns) if benchmark.samples_ns else None
        self.headline.show_benchmark(benchmark, times, is_verdict_pending=is_verdict_pending)
        for widget in (self.bars, self.facts, self.histogram, self.strip):
            widget.setVisible(times is not None)
        if times is not None:
            note = benchmark.gpu_note or ("" if benchmark.uses_gpu else self.tr("not used"))
            self.bars.show_times(times.median, benchmark.gpu_busy_ns, note)
            self.histogram.show_samples(benchmark.samples_ns, times)
            self.strip.show_samples(benchmark.samples_ns, times)
        self.facts.show_facts(figures(benchmark))
        self._name_kernel(benchmark)
        self.verticalScrollBar().setValue(0)

    def _name_kernel(self, benchmark: Benchmark) -> None:
        longest = benchmark.gpu.longest_kernel if benchmark.gpu is not None else None
        self.kernel.setVisible(longest is not None)
        if longest is not None:
            # Template names have no spaces: zero-width spaces let them wrap.
            name = longest.name.replace("<", "<\u200b").replace(",", ",\u200b").replace("::", "::\u200b")
            self.kernel.setText(self.tr("Longest kernel: {name}").format(name=name))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the charts beside the figures if there is room."""
        super().resizeEvent(event)
        wide = event.size().width() >= _TWO_COLUMNS_PX
        across = QBoxLayout.Direction.LeftToRight
        self._halves.setStretch(0, 1 if wide else 0)
        self._halves.setDirection(across if wide else QBoxLayout.Direction.TopToBottom)
