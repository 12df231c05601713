"""The monitor's half of the window: cards of all GPUs above, the selected one's timeline and processes below."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gpuplayground.monitor.history import History
from gpuplayground.monitor.samples import (
    GpuInfo,
    GpuSample,
    Inventory,
    Problem,
    ProblemCode,
    ProcessSample,
    RunSpan,
)
from gpuplayground.ui.icons import Icons
from gpuplayground.ui.monitor.banner import Banner
from gpuplayground.ui.monitor.details import Details
from gpuplayground.ui.monitor.device_list import DeviceList
from gpuplayground.ui.theme import Theme

#: A redraw follows the first sample that arrives this long after the one before: at 10 Hz every third sample, so that
#: no figure on screen grows older than 0.3 s. A plain timer of 4 Hz would add its period to the sample's age.
REDRAW_AFTER_S = 0.25
#: Without samples the time axis still moves on, this often.
IDLE_REDRAW_MS = 300
#: A source that was silent this long has stalled: time goes on without it, and the gap shows.
SILENT_AFTER_S = 1.5
#: Runs kept for drawing: those of a day, and no more than this.
_MOST_RUNS = 500

_STALLS = (ProblemCode.NOT_RESPONDING, ProblemCode.AGENT_FAILED)


class MonitorPanel(QWidget):
    """Takes what a feed reports and shows it. It draws nothing while hidden or minimised, or when nothing changed."""

    gpuSelected = Signal(str)
    rangeChanged = Signal(int)

    def __init__(self, theme: Theme, icons: Icons, history: History, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history = history
        self._gpus: dict[str, GpuInfo] = {}
        self._gpu_problems: dict[str, Problem] = {}
        self._problem: Problem | None = None
        self._processes: tuple[ProcessSample, ...] | None = None
        self._runs: dict[str, RunSpan] = {}
        self._recording, self._paused, self._shared = "", False, True
        self._latest_ns, self._arrived_s, self._drawn_s = 0, 0.0, 0.0
        self._dirty = False
        self.banner = Banner(theme, icons, self)
        self.devices = DeviceList(theme, icons, history, self)
        self.details = Details(theme, icons, history, self)
        self._splitter = QSplitter(Qt.Orientation.Vertical, self)
        self._splitter.setHandleWidth(8)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.devices)
        self._splitter.addWidget(self.details)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.splitterMoved.connect(self._keep_split)
        self.details.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.banner)
        column.addWidget(self._splitter, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(IDLE_REDRAW_MS)
        self._timer.timeout.connect(self._tick)
        self.devices.selected.connect(self._select)
        self.devices.ranges.rangeChanged.connect(self._change_range)
        self.setAccessibleName(self.tr("GPU monitor"))

    @property
    def selected_uuid(self) -> str:
        """The selected GPU, empty while there is none."""
        return self.devices.selected_uuid

    @property
    def runs(self) -> tuple[RunSpan, ...]:
        """The runs that are shown as bands, oldest first."""
        return tuple(self._runs.values())

    def sizeHint(self) -> QSize:
        """Return the width at which five figures fit a card."""
        return QSize(490, 780)

    def load_timeline(self) -> None:
        """Import pyqtgraph and put the timeline in its place; to be called once the window has been painted."""
        self.details.load_timeline()
        self.details.set_range(self.devices.ranges.seconds)
        self.details.set_runs(tuple(self._runs.values()))
        self._select(self.selected_uuid)

    def set_inventory(self, inventory: Inventory) -> None:
        """Show the GPUs found at start or after a change, or why there are none."""
        self._gpus = {info.uuid: info for info in inventory.gpus}
        self._gpu_problems = {item.gpu_uuid: item for item in inventory.gpu_problems if item.gpu_uuid}
        if not self._gpus:
            self.devices.empty.show_problem(inventory.problem or self._problem)
        self.devices.set_gpus(inventory.gpus)
        self.details.setVisible(bool(self._gpus))
        self._share_height()
        self._show_problems()
        self._show_processes()
        self._select(self.selected_uuid)

    def clear(self) -> None:
        """Forget all readings, because those that follow come from another source."""
        self._history.clear()
        self._latest_ns, self._processes = 0, None
        self._gpus, self._gpu_problems = {}, {}
        self.devices.set_gpus(())
        self.devices.empty.show_waiting()
        self.details.setVisible(False)

    def add_samples(self, samples: Sequence[GpuSample]) -> None:
        """Keep one tick's samples, and draw them if it is time to."""
        if not samples:
            return
        self._history.add(samples)
        now_s = time.monotonic()
        self._latest_ns, self._arrived_s = max(sample.time_ns for sample in samples), now_s
        self._dirty = True
        if now_s - self._drawn_s >= REDRAW_AFTER_S:
            self.redraw()

    def set_processes(self, processes: Sequence[ProcessSample]) -> None:
        """Show one pass over the processes of all GPUs."""
        self._processes = tuple(processes)
        self._show_processes()

    def set_problem(self, problem: Problem | None) -> None:
        """Show what is wrong with the source of the readings, or that it is over (None).

        What is wrong with one GPU comes with the inventory; here too it holds until the next inventory.
        """
        if problem is not None and problem.gpu_uuid is not None:
            self._gpu_problems[problem.gpu_uuid] = problem
        else:
            self._problem = problem
        self._show_problems()

    def set_runs(self, runs: Sequence[RunSpan]) -> None:
        """Show these runs as bands on the graphs, and no others."""
        self._runs = {run.run_id: run for run in runs[-_MOST_RUNS:]}
        self._show_runs()

    def add_run(self, run: RunSpan) -> None:
        """Show one more run, or what has become of one that is shown already."""
        self._runs[run.run_id] = run
        while len(self._runs) > _MOST_RUNS:
            del self._runs[next(iter(self._runs))]
        self._show_runs()

    def set_recording(self, text: str | None) -> None:
        """Mark every figure as one of a recording: ``Recording: NVIDIA H200, 2026-11-23``; None for live ones."""
        self._recording = text or ""
        self.devices.set_recording(self._recording)
        self.details.set_recording(self._recording)
        self._show_problems()

    def set_paused(self, paused: bool) -> None:
        """Show that the readings stand still on request."""
        self._paused = paused
        self.devices.set_paused(paused)
        self._mark()

    def set_range(self, seconds: int) -> None:
        """Show the last 60, 600, 3600 or 86400 seconds."""
        self.devices.ranges.choose(seconds)

    def select(self, uuid: str) -> None:
        """Select a GPU."""
        self.devices.select(uuid)

    def redraw(self) -> None:
        """Draw what has come since the last time, unless nobody can see it."""
        if not self.isVisible() or self.window().isMinimized():
            return
        self._drawn_s, self._dirty = time.monotonic(), False
        now_ns = self._now_ns()
        self.devices.refresh(now_ns)
        self.details.refresh(now_ns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new height between cards and timeline."""
        super().resizeEvent(event)
        self._share_height()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up and keep drawing."""
        super().showEvent(event)
        self._timer.start()
        self._mark()

    def hideEvent(self, event: QHideEvent) -> None:
        """Draw nothing until shown again."""
        super().hideEvent(event)
        self._timer.stop()

    def _now_ns(self) -> int:
        """Return the right edge of the graphs: the newest sample's time, running on when the samples stay away."""
        silent_s = time.monotonic() - self._arrived_s
        if not self._latest_ns or self._paused or silent_s < SILENT_AFTER_S:
            return self._latest_ns
        return self._latest_ns + int(silent_s * 1e9)

    def _tick(self) -> None:
        now_s = time.monotonic()
        stalled = bool(self._latest_ns) and not self._paused and now_s - self._arrived_s >= SILENT_AFTER_S
        if (self._dirty or stalled) and now_s - self._drawn_s >= REDRAW_AFTER_S:
            self.redraw()

    def _mark(self) -> None:
        """Have something other than a sample drawn without waiting for one."""
        self._dirty = True
        self._drawn_s = 0.0
        QTimer.singleShot(0, self, self._tick)

    def _show_problems(self) -> None:
        problem = self._problem
        if problem is not None and not self._gpus:
            self.devices.empty.show_problem(problem)
        problems = dict(self._gpu_problems)
        if problem is not None and problem.code in _STALLS and not self._recording:
            problems |= {uuid: problem for uuid in self._gpus if uuid not in problems}
        self.devices.set_problems(problems)
        self._show_banner()
        self._mark()

    def _show_banner(self) -> None:
        """Say above the cards what the cards cannot say: why these are not this machine's own GPUs."""
        problem = self._problem
        if problem is None or not self._gpus or (problem.code in _STALLS and not self._recording):
            self.banner.clear()
        elif problem.sentence != self.banner.text:
            self.banner.say(problem.sentence, icon="triangle-alert", role="warning", detail=problem.detail)

    def _show_processes(self) -> None:
        rows = self._processes
        self.devices.set_processes(None if rows is None else Counter(row.gpu_uuid for row in rows))
        uuid = self.selected_uuid
        self.details.set_processes(None if rows is None else tuple(row for row in rows if row.gpu_uuid == uuid))
        self._mark()

    def _show_runs(self) -> None:
        runs = tuple(self._runs.values())
        self.devices.set_runs(runs)
        self.details.set_runs(runs)
        # With the next redraw, not now: this is the moment in which a run's first output is to be painted.
        self._dirty = True

    def _select(self, uuid: str) -> None:
        self.details.set_gpu(self._gpus.get(uuid))
        self._show_processes()
        self.gpuSelected.emit(uuid)

    def _change_range(self, seconds: int) -> None:
        self.details.set_range(seconds)
        self._mark()
        self.rangeChanged.emit(seconds)

    def _keep_split(self) -> None:
        self._shared = False

    def _share_height(self) -> None:
        """Give the cards what they need and the timeline the rest, until the user has moved the handle."""
        if not self._shared or not self._gpus:
            return
        height = max(self._splitter.height(), 400)
        cards = self.devices.height_for(round(height * 0.58))
        self._splitter.setSizes([cards, height - cards])
