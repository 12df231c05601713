"""The playground's runs as bands on the monitor's graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QObject

from gpuplayground.monitor.samples import RunSpan
from gpuplayground.playground.events import RunFinished, SessionEvent, StateChanged
from gpuplayground.playground.results import RunState
from gpuplayground.ui.monitor.panel import MonitorPanel


class RunBands(QObject):
    """Turns what a session reports into spans. Runs are numbered from 1 in the order they were asked for."""

    def __init__(self, panel: MonitorPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self._own: dict[str, RunSpan] = {}
        self._recorded: tuple[RunSpan, ...] = ()
        self._labels: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._over_recording = False

    def announce(self, run_id: str, gpu_uuids: tuple[str, ...]) -> None:
        """Name a run before it starts. No GPUs means that it may use all of them."""
        label = QCoreApplication.translate("RunBands", "run {0}").format(len(self._labels) + 1)
        self._labels[run_id] = (label, gpu_uuids)

    def follow(self, tab_id: str, event: SessionEvent) -> None:
        """Open a band when a run's first statement starts, and close it at the run's end."""
        if isinstance(event, StateChanged) and event.state == RunState.RUNNING and event.run_id not in self._own:
            label, gpu_uuids = self._labels[event.run_id]
            self._show(RunSpan(event.run_id, label, event.time_ns, None, gpu_uuids))
        elif isinstance(event, RunFinished) and event.run_id in self._own:
            run = event.run
            self._show(replace(self._own[event.run_id], start_ns=run.start_ns, end_ns=run.end_ns))

    def set_recorded(self, runs: Sequence[RunSpan]) -> None:
        """Show the runs of a recording too; none when the graphs are live."""
        self._recorded = tuple(runs)
        self._show_all()

    def set_over_recording(self, over_recording: bool) -> None:
        """Say whether the graphs replay a recording: then a run of now did not cause what they show, and says so."""
        self._over_recording = over_recording
        self._show_all()

    def _show(self, span: RunSpan) -> None:
        self._own[span.run_id] = span
        self._panel.add_run(self._told_apart(span))

    def _show_all(self) -> None:
        self._panel.set_runs((*self._recorded, *map(self._told_apart, self._own.values())))

    def _told_apart(self, span: RunSpan) -> RunSpan:
        if not self._over_recording:
            return span
        label = QCoreApplication.translate("RunBands", "{0}, not recorded").format(span.label)
        return replace(span, label=label, gpu_uuids=())
