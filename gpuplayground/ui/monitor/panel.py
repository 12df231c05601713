"""The monitor's half of the window: the cards of all GPUs, and the graphs and processes of the selected one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gpuplayground.model.samples import (
    GpuInfo,
    GpuSample,
    Inventory,
    Problem,
    ProblemCode,
    ProcessPass,
    ProcessSample,
    RunSpan,
    UnlistedProcesses,
)
from gpuplayground.monitor.timeseries.store import SeriesStore
from gpuplayground.ui.monitor.details import Details
from gpuplayground.ui.monitor.device_list import DeviceList
from gpuplayground.ui.monitor.sample_source import SampleSource, SampleView
from gpuplayground.ui.widgets.banner import Banner
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme

#: The first sample that arrives this long after the last redraw triggers the next: at 10 Hz every third sample, so
#: that no figure on screen is older than 0.3 s. A plain 4 Hz timer would add its period to a sample's age.
REDRAW_AFTER_S = 0.25
#: The time axis also moves on without samples, at this interval.
IDLE_REDRAW_MS = 300
#: The maximum number of runs drawn.
_MOST_RUNS = 500

_STALLS = (ProblemCode.NOT_RESPONDING, ProblemCode.AGENT_FAILED)


class Split(QSplitter):
    """Gives the cards the height they need and the details the rest, until the user moves the handle."""

    def __init__(self, devices: DeviceList, details: Details, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._devices = devices
        self._is_automatic = True
        self.setHandleWidth(8)
        self.setChildrenCollapsible(False)
        for number, widget in enumerate((devices, details)):
            self.addWidget(widget)
            self.setStretchFactor(number, 1)
        self.splitterMoved.connect(self._keep)

    def share(self) -> None:
        """Divide the height again, if there are cards."""
        if self._is_automatic and self._devices.cards:
            height = max(self.height(), 400)
            cards = self._devices.height_for(round(height * 0.58))
            self.setSizes([cards, height - cards])

    def _keep(self) -> None:
        self._is_automatic = False


class MonitorPanel(QWidget):
    """Shows what feeds report. It draws nothing while hidden or minimised, or when nothing has changed.

    Samples of this machine are always kept, also while a recording is shown or the monitor is paused.
    """

    gpuSelected = Signal(str)
    rangeChanged = Signal(int)
    pausedChanged = Signal(bool)

    def __init__(self, theme: Theme, icons: Icons, store: SeriesStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.live, self.recorded = SampleSource(store, self), SampleSource(SeriesStore(), self)
        self._shown = self.live
        self._samples = SampleView(store)
        #: As displayed: they do not change while paused.
        self._gpus: dict[str, GpuInfo] = {}
        self._processes: ProcessPass | None = None
        self._problem: Problem | None = None
        self._runs: dict[str, RunSpan] = {}
        self._recording = ""
        self._paused_ns: int | None = None
        self._drawn_s, self._dirty = 0.0, False
        self.banner = Banner(theme, icons, self)
        self.devices = DeviceList(theme, icons, self._samples, self)
        self.details = Details(theme, icons, self._samples, self)
        self._split = Split(self.devices, self.details, self)
        self.details.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.banner)
        column.addWidget(self._split, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(IDLE_REDRAW_MS)
        self._timer.timeout.connect(self._tick)
        self.devices.selected.connect(self._select)
        self.devices.ranges.rangeChanged.connect(self._change_range)
        self.details.pauseToggled.connect(self._toggle_pause)
        self._follow(self.live)
        self.setAccessibleName(self.tr("GPU monitor"))

    @property
    def selected_uuid(self) -> str:
        """The UUID of the selected GPU, empty without one."""
        return self.devices.selected_uuid

    @property
    def runs(self) -> tuple[RunSpan, ...]:
        """The runs shown as bands, oldest first."""
        return tuple(self._runs.values())

    def sizeHint(self) -> QSize:
        """Return the width at which all figures fit a card."""
        return QSize(490, 780)

    def load_tracks(self) -> None:
        """Import pyqtgraph and create the graphs. Call it once the window has been painted."""
        self.details.load_tracks()
        self.details.set_range(self.devices.ranges.seconds)
        self.details.set_runs(tuple(self._runs.values()))
        self.details.set_paused(self._paused_ns)
        self._select(self.selected_uuid)

    @property
    def paused_ns(self) -> int | None:
        """The time of the pause, None while following the newest samples."""
        return self._paused_ns

    def set_inventory(self, inventory: Inventory) -> None:
        """Set the GPUs of this machine, found at the start or after a change, or the reason for none."""
        self.live.set_inventory(inventory)

    def add_samples(self, samples: Sequence[GpuSample]) -> None:
        """Add samples of this machine's GPUs."""
        self.live.add_samples(samples)

    def set_processes(self, found: ProcessPass) -> None:
        """Set the processes found on this machine's GPUs."""
        self.live.set_processes(found)

    def set_problem(self, problem: Problem | None) -> None:
        """Show a problem of the feed; None: it is solved.

        Problems of one GPU usually come with the inventory. One set here lasts until the next inventory.
        """
        if problem is not None and problem.gpu_uuid is not None:
            self.live.problems[problem.gpu_uuid] = problem
        else:
            self._problem = problem
        self._show_problems()

    def set_runs(self, runs: Sequence[RunSpan]) -> None:
        """Replace the runs shown as bands on the graphs."""
        self._runs = {run.run_id: run for run in runs[-_MOST_RUNS:]}
        self._show_runs()

    def add_run(self, run: RunSpan) -> None:
        """Add a run, or update one that is already shown."""
        self._runs[run.run_id] = run
        while len(self._runs) > _MOST_RUNS:
            del self._runs[next(iter(self._runs))]
        self._show_runs()

    def set_recording(self, text: str | None) -> None:
        """Show a recording from its beginning, tagged with ``text``; None shows this machine.

        The samples of the previous recording are discarded, and a pause ends. A tag reads
        ``Recording: NVIDIA H200, 2026-11-23``.
        """
        self._recording = text or ""
        self.recorded.clear()
        self._follow(self.recorded if text else self.live)
        self.devices.set_recording(self._recording)
        self.details.set_recording(self._recording)
        self.details.set_range(self.devices.ranges.seconds)
        if self._paused_ns is None:
            self._show_source()
        else:
            self.set_paused(False)

    def set_paused(self, paused: bool) -> None:
        """Pause at the current samples, or resume."""
        if paused == (self._paused_ns is not None):
            return
        if paused:
            self.redraw()
            self._paused_ns = self._shown.now_ns
            self._samples.pause_at(self._paused_ns)
        else:
            self._paused_ns = None
            self._samples.resume()
        self.devices.set_paused(paused)
        self.details.set_paused(self._paused_ns)
        if not paused:
            self._show_source()
        self._mark()
        self.pausedChanged.emit(paused)

    def set_range(self, seconds: int) -> None:
        """Show the last 60, 600, 3600 or 86400 seconds."""
        self.devices.ranges.choose(seconds)

    def select(self, uuid: str) -> None:
        """Select a GPU."""
        self.devices.select(uuid)

    def redraw(self) -> None:
        """Draw new samples, unless the panel is not visible."""
        if not self.isVisible() or self.window().isMinimized():
            return
        self._drawn_s, self._dirty = time.monotonic(), False
        now_ns = self._shown.now_ns if self._paused_ns is None else self._paused_ns
        self.devices.refresh(now_ns)
        self.details.refresh(now_ns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the new height between cards and details."""
        super().resizeEvent(event)
        self._split.share()

    def showEvent(self, event: QShowEvent) -> None:
        """Redraw and start the timer."""
        super().showEvent(event)
        self._timer.start()
        self._mark()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop drawing until shown again."""
        super().hideEvent(event)
        self._timer.stop()

    def _tick(self) -> None:
        has_stalled = self._shown.is_silent and self._paused_ns is None
        if (self._dirty or has_stalled) and time.monotonic() - self._drawn_s >= REDRAW_AFTER_S:
            self.redraw()

    def _follow(self, source: SampleSource) -> None:
        """Show one source and disconnect from the other."""
        self._shown.disconnect(self)
        self._shown = source
        self._samples.show(source.store)
        source.gpusChanged.connect(self._gpus_changed)
        source.sampled.connect(self._sampled)
        source.processesChanged.connect(self._processes_changed)

    def _gpus_changed(self) -> None:
        if self._paused_ns is None:
            self._show_source()

    def _sampled(self) -> None:
        if self._paused_ns is None:
            self._dirty = True
            if time.monotonic() - self._drawn_s >= REDRAW_AFTER_S:
                self.redraw()

    def _processes_changed(self) -> None:
        if self._paused_ns is None:
            self._processes = self._shown.processes
            self._show_processes()

    def _toggle_pause(self) -> None:
        self.set_paused(self._paused_ns is None)

    def _show_source(self) -> None:
        """Show the GPUs of the current source, or why there are none."""
        shown = self._shown
        self._gpus, self._processes = shown.gpus, shown.processes
        if shown.inventory is None:
            self.devices.empty.show_waiting()
        elif not self._gpus:
            self.devices.empty.show_problem(shown.inventory.problem or self._problem)
        self.devices.set_gpus(tuple(self._gpus.values()))
        self.details.setVisible(bool(self._gpus))
        self._split.share()
        self._show_problems()
        self._show_processes()
        self._select(self.selected_uuid)

    def _mark(self) -> None:
        """Redraw without waiting for a sample."""
        self._dirty = True
        self._drawn_s = 0.0
        QTimer.singleShot(0, self, self._tick)

    def _show_problems(self) -> None:
        if self._paused_ns is not None:
            return
        problem = self._problem
        if problem is not None and not self._gpus:
            self.devices.empty.show_problem(problem)
        problems = dict(self._shown.problems)
        if problem is not None and problem.code in _STALLS and not self._recording:
            problems |= {uuid: problem for uuid in self._gpus if uuid not in problems}
        self.devices.set_problems(problems)
        self._show_banner()
        self._mark()

    def _show_banner(self) -> None:
        """Show a problem above the cards that the cards do not show themselves."""
        problem = self._problem
        if problem is None or not self._gpus or (problem.code in _STALLS and not self._recording):
            self.banner.clear()
        elif problem.sentence != self.banner.text:
            self.banner.say(problem.sentence, icon="triangle-alert", role="warning", detail=problem.detail)

    def _show_processes(self) -> None:
        found = self._processes or ()
        rows = [row for row in found if isinstance(row, ProcessSample)]
        unlisted = {row.gpu_uuid: row.reason for row in found if isinstance(row, UnlistedProcesses)}
        is_read, uuid = self._processes is not None, self.selected_uuid
        self.devices.set_processes(Counter(row.gpu_uuid for row in rows) if is_read else None, unlisted)
        own = tuple(row for row in rows if row.gpu_uuid == uuid)
        self.details.set_processes(own if is_read else None, unlisted.get(uuid, ""))
        self._mark()

    def _show_runs(self) -> None:
        runs = tuple(self._runs.values())
        self.devices.set_runs(runs)
        self.details.set_runs(runs)
        # With the next redraw, not now: a run's first output is being painted at this moment.
        self._dirty = True

    def _select(self, uuid: str) -> None:
        self.details.set_gpu(self._gpus.get(uuid))
        self._show_processes()
        self.gpuSelected.emit(uuid)

    def _change_range(self, seconds: int) -> None:
        self.details.set_range(seconds)
        self._mark()
        self.rangeChanged.emit(seconds)
