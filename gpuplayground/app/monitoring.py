"""Connects the monitor: its source, pausing, recording, and the GPU that snippets use."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from gpuplayground.app.files import SUFFIX
from gpuplayground.model.samples import Inventory, Pace
from gpuplayground.monitor.recording.report import RecordingReport
from gpuplayground.runtime.clock import now_ns
from gpuplayground.storage.settings import Settings
from gpuplayground.ui.monitor.panel import MonitorPanel
from gpuplayground.ui.monitor.run_bands import RunBands
from gpuplayground.ui.monitor.time_axis import clock_time
from gpuplayground.ui.window.main_window import MainWindow
from gpuplayground.units import rate
from gpuplayground.workers.monitor_controller import MonitorController


class Monitoring(QObject):
    """Connects the monitor controller with the panel, the header and the status bar."""

    def __init__(
        self,
        settings: Settings,
        monitor: MonitorController,
        panel: MonitorPanel,
        window: MainWindow,
        bands: RunBands,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._settings, self._monitor, self._panel, self._window, self._bands = settings, monitor, panel, window, bands
        self._recording_to: Path | None = None
        self.device: str | None = None  # CUDA_VISIBLE_DEVICES of runs; None leaves it unset
        self._connect_controller()
        self._connect_controls()
        self._show_source()

    def _connect_controller(self) -> None:
        monitor, panel = self._monitor, self._panel
        monitor.inventoried.connect(panel.set_inventory)
        monitor.sampled.connect(panel.add_samples)
        monitor.processesSampled.connect(panel.set_processes)
        monitor.replayInventoried.connect(panel.recorded.set_inventory)
        monitor.replaySampled.connect(panel.recorded.add_samples)
        monitor.replayProcessesSampled.connect(panel.recorded.set_processes)
        monitor.problemChanged.connect(panel.set_problem)
        monitor.paceChanged.connect(self._show_source)
        monitor.recordingChanged.connect(self._recording_changed)
        monitor.recordedRunsChanged.connect(self._bands.set_recorded)
        monitor.inventoried.connect(self._live_inventoried)
        monitor.failed.connect(self._window.say)
        monitor.recorder.changed.connect(self._recorder_changed)
        monitor.recorder.failed.connect(self._window.say)
        monitor.recorder.finished.connect(self._recording_finished)
        self._bands.ended.connect(monitor.recorder.add_run)

    def _connect_controls(self) -> None:
        self._panel.set_range(self._settings.range_s)
        self._panel.rangeChanged.connect(self._range_changed)
        self._panel.pausedChanged.connect(self._paused_changed)
        self._window.actions_["live"].setEnabled(False)
        self._monitor.set_watched(True)
        self._window.watchedChanged.connect(self._monitor.set_watched)
        self._window.header.deviceChosen.connect(self._choose_device)

    def _live_inventoried(self, inventory: Inventory) -> None:
        self._window.header.set_driver(inventory.driver)
        devices = [(f"{gpu.label} · {gpu.name.removeprefix('NVIDIA ')}", gpu.uuid) for gpu in inventory.gpus]
        if self.device not in [uuid for _, uuid in devices]:
            self.device = None
        self._window.header.set_devices(devices, self.device)
        self._show_source()

    def _recording_changed(self, title: str | None) -> None:
        self._panel.set_recording(self.tr("Recording: {0}").format(title) if title else None)
        self._bands.set_over_recording(title is not None)
        self._window.actions_["live"].setEnabled(self._monitor.recording_was_chosen)
        self._show_source()

    def _recorder_changed(self, path: Path | None) -> None:
        self._recording_to = path
        self._show_source()

    def _recording_finished(self, path: Path, report: RecordingReport) -> None:
        """Report the content of a finished recording, and what it lacks."""
        # The write error has been reported already.
        sentences = " ".join(each for each in report.sentences(path.name) if each != report.problem)
        if report.is_whole:
            self._window.confirm(sentences)
        else:
            self._window.say(sentences)

    def _show_source(self) -> None:
        """Show the source of the readings in the header and the status bar, and update the recording action."""
        monitor, header = self._monitor, self._window.header
        pace = monitor.pace or Pace(self._settings.sampling_hz)
        reason = "" if pace.call_s is None else self.tr("the driver takes {0} per call").format(_call_time(pace.call_s))
        is_live = bool(monitor.has_live_gpus) and not monitor.shows_recording
        paused_ns = self._panel.paused_ns
        if paused_ns is not None:
            words = self.tr("Paused at {0}").format(clock_time(paused_ns or now_ns()))
            header.rate_pill.set(words, "warning")
        elif monitor.shows_recording:
            words = self.tr("Recording")
            header.set_source(recording=True, hz=pace.hz)
        elif is_live:
            words = self.tr("Sampling {0}").format(rate(pace.hz))
            words = f"{words}: {reason}" if reason else words
            header.set_source(recording=False, hz=pace.hz, reason=reason)
        else:
            words = "" if monitor.has_live_gpus is None else self.tr("No GPU")
            header.rate_pill.set(words, "muted")
        if self._recording_to is not None:
            words = " · ".join((words, self.tr("recording to {0}").format(self._recording_to.name)))
            if is_live and paused_ns is None:
                header.rate_pill.set(self.tr("● REC"), "error")
        self._window.status.set_rate(words)
        record = self._window.actions_["record"]
        record.setChecked(monitor.recorder.path is not None)
        record.setEnabled(is_live or monitor.recorder.path is not None)

    def _range_changed(self, seconds: int) -> None:
        self._settings.range_s = seconds

    def _paused_changed(self, paused: bool) -> None:
        self._window.actions_["pause"].setChecked(paused)
        self._show_source()

    def _choose_device(self, device: str | None) -> None:
        self.device = device

    def open_recording(self) -> None:
        """Ask for a recording and show it."""
        title = self.tr("Open a recording")
        file, _ = QFileDialog.getOpenFileName(self._window, title, "", self.tr("Recordings (*.gpurec);;All files (*)"))
        if file:
            self._monitor.open_recording(Path(file))

    def record(self, wanted: bool) -> None:
        """Ask for a file and record into it, or end the recording."""
        if wanted:
            self._ask_where_to_record()
        else:
            self._monitor.recorder.stop()
        self._show_source()

    def _ask_where_to_record(self) -> None:
        title, kinds = self.tr("Record the GPUs to a file"), self.tr("Recordings (*.gpurec)")
        file, _ = QFileDialog.getSaveFileName(self._window, title, f"gpus{SUFFIX}", kinds)
        if not file:
            return
        path = Path(file)
        if not path.suffix:
            path = path.with_name(path.name + SUFFIX)
            if path.exists():  # the dialog has not asked about this name
                self._window.say(self.tr("“{0}” already exists: choose another name.").format(path))
                return
        self._monitor.recorder.start(path)


def _call_time(seconds: float) -> str:
    """Return the time of a driver call: ``20 ms``, ``1.2 s``."""
    return f"{1000 * seconds:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"
