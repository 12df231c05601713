"""The receipt page: memory, utilization, energy and clocks of each GPU that a run used."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from gpuplayground.model.benchmarks import BenchmarkPlan
from gpuplayground.model.results import Run, RunState
from gpuplayground.receipts.receipt import Receipt
from gpuplayground.receipts.rows import rows, sentences
from gpuplayground.receipts.run_observer import ObservedRun
from gpuplayground.ui.results.memory_bars import MemoryBars
from gpuplayground.ui.widgets.figure_labels import FactRows
from gpuplayground.ui.widgets.panel_header import PanelHeader
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.units import duration


class ReceiptPanel(QWidget):
    """Shows the receipts of one run, or why there are none."""

    def __init__(self, theme: Theme, header: PanelHeader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._run_id: str | None = None
        self._receipts: tuple[Receipt, ...] = ()
        self._has_gpus = True
        self._reason_text = self.tr("Press Run (F5) to see the memory, energy and clocks of a run here.")
        self.header = header
        tip = self.tr("Copy the receipt as text")
        self.copy_button = self.header.add_button("copy", self.tr("Copy receipt"), tip, lambda _: self.copy())
        self.empty = PlainLabel()
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setMargin(16)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName(self.tr("Receipt of the run"))
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._scroll)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self._stack, 1)
        self._show_empty(self._reason_text)

    def set_has_gpus(self, has_gpus: bool) -> None:
        """Tell the panel whether there is a GPU to monitor."""
        if has_gpus == self._has_gpus:
            return
        self._has_gpus = has_gpus
        if not self._receipts:
            self._show_empty(self._reason_text)

    def clear(self, run_id: str, _plan: BenchmarkPlan | None = None) -> None:
        """Empty the panel for a run that is about to start."""
        self._run_id, self._receipts = run_id, ()
        self._show_empty(self.tr("The receipt appears here when the run is over."))

    def set_run(self, run: Run) -> None:
        """Say that the run is over and its last samples are still to come."""
        if run.run_id == self._run_id:
            self._show_empty(
                self.tr("Waiting for the last samples. The driver frees memory a moment after a run ends.")
            )

    def set_observed(self, observed: ObservedRun) -> None:
        """Show the receipts of a run, or why it has none."""
        if observed.run.run_id == self._run_id:
            self.show_receipts(observed.run.run_id, observed.receipts, observed.run)

    def show_receipts(self, run_id: str, receipts: Sequence[Receipt], run: Run | None = None) -> None:
        """Show the receipts of a run; where there are none, ``run`` tells why."""
        self._run_id, self._receipts = run_id, tuple(receipts)
        if not self._receipts:
            self._show_empty(self._reason(run))
            return
        inside = QWidget()
        inside.setBackgroundRole(QPalette.ColorRole.Base)
        column = QVBoxLayout(inside)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(6)
        for receipt in self._receipts:
            column.addWidget(self._title(receipt))
            column.addWidget(MemoryBars(receipt, self._theme))
            column.addWidget(FactRows(rows(receipt)))
            column.addSpacing(8)
        column.addStretch(1)
        self._scroll.setWidget(inside)
        self._stack.setCurrentIndex(1)
        self.copy_button.setEnabled(True)

    def text(self) -> str:
        """Return the receipts as plain text, a paragraph for each GPU."""
        return "\n\n".join(
            "\n".join([receipt.gpu_name or receipt.gpu_uuid, *sentences(receipt)]) for receipt in self._receipts
        )

    def copy(self) -> None:
        """Put the text on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())

    def _reason(self, run: Run | None) -> str:
        """Return why there is no receipt."""
        if run is None or run.used_cuda:
            return self.tr("No GPU samples were taken during this run, so it has no receipt.")
        if run.state is RunState.FINISHED:
            return self.tr("This run did not use CUDA, so it has no receipt.")
        # A statement is known to have used CUDA only after it has returned and the GPU was synchronized.
        return self.tr("This run ended before any statement that used CUDA had finished, so it has no receipt.")

    def _title(self, receipt: Receipt) -> QLabel:
        name = receipt.gpu_name or receipt.gpu_uuid
        samples = self.tr("1 sample") if receipt.sample_count == 1 else self.tr("{count} samples")
        words = self.tr("{gpu}  ·  {time}, {samples}").format(
            gpu=name,
            time=duration(receipt.end_ns - receipt.start_ns),
            samples=samples.format(count=receipt.sample_count),
        )
        label = PlainLabel(words)
        label.setProperty("role", "title")
        return label

    def _show_empty(self, text: str) -> None:
        self._reason_text = text
        no_gpu = self.tr("This machine has no NVIDIA GPU, so runs have no receipt.")
        self.empty.setText(text if self._has_gpus else no_gpu)
        self._stack.setCurrentIndex(0)
        self.copy_button.setEnabled(False)
