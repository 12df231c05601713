"""The timeline page: what ran when, on the CPU and on the GPU."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gpuplayground.model.benchmarks import BenchmarkPlan
from gpuplayground.model.results import Run
from gpuplayground.model.samples import GpuSample
from gpuplayground.past_runs.details import MAX_OPERATIONS
from gpuplayground.receipts.run_observer import ObservedRun
from gpuplayground.ui.trace_timeline.canvas import TimelineCanvas
from gpuplayground.ui.trace_timeline.curves import Curves
from gpuplayground.ui.trace_timeline.layout import Layout
from gpuplayground.ui.trace_timeline.rows import Picture
from gpuplayground.ui.widgets.panel_header import PanelHeader
from gpuplayground.ui.widgets.plain_text import PlainLabel
from gpuplayground.ui.widgets.theme import Theme, ui_font

_ZOOM = 2.0


class TimelinePanel(QWidget):
    """Shows one run. It is laid out when the panel is visible, in a thread if the run is long."""

    lineActivated = Signal(int, bool)  # line, whether the editor gets the focus
    exportRequested = Signal()

    def __init__(self, theme: Theme, header: PanelHeader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run_id: str | None = None
        self._run: Run | None = None
        self._samples: tuple[Sequence[GpuSample], Mapping[str, str], Collection[str]] | None = None
        self._is_pending = False
        self._layout = Layout(self)
        self.header = header
        self.canvas = TimelineCanvas(theme)
        self.empty = PlainLabel()
        self.note = PlainLabel()
        self._stack = QStackedWidget()
        self._add_buttons()
        self._lay_out()
        self.canvas.lineActivated.connect(self.lineActivated)
        self.canvas.viewChanged.connect(self._update_buttons)
        self._layout.done.connect(self._show)
        self._layout.failed.connect(self._say_failed)
        self._layout.tookLong.connect(self._say_layout)
        self._say_empty(self.tr("Press Run (F5) to see here what ran when on the CPU and the GPU."))

    def _add_buttons(self) -> None:
        add = self.header.add_button
        canvas, tr = self.canvas, self.tr
        self.zoom_in_button = add(
            "zoom-in", tr("Zoom in"), tr("Zoom in (+ or Ctrl+wheel)"), lambda _: canvas.zoom(1 / _ZOOM, 0.5)
        )
        self.zoom_out_button = add(
            "zoom-out", tr("Zoom out"), tr("Zoom out (- or Ctrl+wheel)"), lambda _: canvas.zoom(_ZOOM, 0.5)
        )
        self.fit_button = add(
            "maximize", tr("Show the whole run"), tr("Show the whole run (Home)"), lambda _: canvas.fit()
        )
        tip = tr("Export as a Chrome trace, for Perfetto")
        self.export_button = add("download", tr("Export Chrome trace"), tip, lambda _: self.exportRequested.emit())

    def _lay_out(self) -> None:
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setMargin(16)
        self.note.setProperty("role", "muted")
        self.note.setFont(ui_font(11))
        self.note.setWordWrap(True)
        self.note.setContentsMargins(10, 5, 10, 5)
        filled = QWidget()
        inner, outer = QVBoxLayout(filled), QVBoxLayout(self)
        for layout in (inner, outer):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        inner.addWidget(self.note)
        inner.addWidget(self.canvas, 1)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(filled)
        outer.addWidget(self.header)
        outer.addWidget(self._stack, 1)
        outer.setContentsMargins(0, 0, 0, 4)

    @property
    def run(self) -> Run | None:
        """The run that is shown."""
        return self._run

    def clear(self, run_id: str, _plan: BenchmarkPlan | None = None) -> None:
        """Empty the timeline for a run that is about to start."""
        self._run_id, self._run, self._samples = run_id, None, None
        self._is_pending = False
        self._layout.cancel()
        self.canvas.show_picture(Picture())
        self._say_empty(self.tr("The timeline appears here when the run is over."))

    def set_run(self, run: Run) -> None:
        """Show a finished run."""
        if run.run_id != self._run_id:
            return
        self._run = run
        self._is_pending = True
        if self.isVisible():
            self._prepare()

    def set_observed(self, observed: ObservedRun) -> None:
        """Draw the NVML curves of the GPUs that the run used."""
        if observed.run.run_id == self._run_id:
            names = {gpu.uuid: gpu.label for gpu in observed.gpus}
            self.set_samples(observed.samples, names, [receipt.gpu_uuid for receipt in observed.receipts])

    def set_samples(
        self, samples: Sequence[GpuSample], names: Mapping[str, str] | None = None, used: Collection[str] = ()
    ) -> None:
        """Draw the NVML curves of a run.

        Args:
            samples: taken during the run, and shortly before and after so that the curves reach its ends.
            names: GPU names such as ``GPU 0`` by UUID.
            used: UUIDs of the GPUs whose curves are drawn; if empty, all are.
        """
        self._samples = (samples, names or {}, used)
        if self._has_picture():
            self._show_curves()

    def showEvent(self, event: QShowEvent) -> None:
        """Lay out a run that arrived while the panel was hidden."""
        super().showEvent(event)
        if self._is_pending:
            self._prepare()

    def _prepare(self) -> None:
        self._is_pending = False
        if self._run is not None:
            self._layout.start(self._run, self.canvas.scene.inks)

    def _show(self, picture: Picture) -> None:
        if self._run is None or picture.is_empty:
            self._say_empty(self.tr("No statement was executed in this run."))
            return
        self.canvas.show_picture(picture)
        self._say_note(self._run)
        self._stack.setCurrentIndex(1)
        self._update_buttons()
        if self._samples is not None:
            self._show_curves()

    def _has_picture(self) -> bool:
        return self._stack.currentIndex() == 1

    def _show_curves(self) -> None:
        samples, names, used = self._samples or ((), {}, ())
        self.canvas.show_curves(Curves(samples, names, self.canvas.picture.origin_ns, used))

    def _say_note(self, run: Run) -> None:
        """Show why GPU operations are missing."""
        parts = [run.trace_note] if run.trace_note else []
        if run.trace is None and any(timing.gpu is not None for timing in run.timings):
            kept = self.tr("The history has no trace of this run, because it has more than {count} operations.")
            parts.append(kept.format(count=f"{MAX_OPERATIONS:,}"))
        elif run.trace is None and not parts:
            parts.append(self.tr("This run was not traced; only its statements are shown."))
        elif run.trace is not None and run.trace.dropped and not parts:
            lost = self.tr("CUPTI dropped {count} records, so some operations are missing.")
            parts.append(lost.format(count=f"{run.trace.dropped:,}"))
        self.note.setText(" ".join(parts))
        self.note.setVisible(bool(parts))

    def _say_layout(self) -> None:
        self._say_empty(self.tr("Laying out the timeline…"))

    def _say_failed(self, reason: str) -> None:
        text = self.tr("The timeline of this run cannot be shown ({reason}). Run it again.")
        self._say_empty(text.format(reason=reason))

    def _say_empty(self, text: str) -> None:
        self.empty.setText(text)
        self._stack.setCurrentIndex(0)
        self._update_buttons()

    def _update_buttons(self) -> None:
        has_picture = self._has_picture()
        for button in (self.zoom_in_button, self.export_button):
            button.setEnabled(has_picture)
        for button in (self.fit_button, self.zoom_out_button):
            button.setEnabled(has_picture and not self.canvas.view.is_whole)
