"""Marks runs as bands on the monitor's graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QObject, Signal

from gpuplayground.model.events import RunFinished, SessionEvent, StateChanged
from gpuplayground.model.results import RunState
from gpuplayground.model.samples import RunSpan
from gpuplayground.ui.monitor.panel import MonitorPanel

#: The maximum number of runs kept.
MAX_RUNS = 500


class RunBands(QObject):
    """Turns session events into run spans. Runs are numbered from 1 in the order of their requests."""

    ended = Signal(object)  # RunSpan of a finished run

    def __init__(self, panel: MonitorPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self._own: dict[str, RunSpan] = {}
        self._recorded: tuple[RunSpan, ...] = ()
        self._labels: dict[str, tuple[str, tuple[str, ...]]] = {}  # of runs that have not started yet
        self._count = 0
        self._over_recording = False

    def announce(self, run_id: str, gpu_uuids: tuple[str, ...]) -> None:
        """Name a run before it starts. Without GPUs it may use all of them."""
        self._count += 1
        label = QCoreApplication.translate("RunBands", "run {0}").format(self._count)
        self._labels[run_id] = (label, gpu_uuids)

    def follow(self, tab_id: str, event: SessionEvent) -> None:
        """Start a band with a run's first statement, and end it with the run."""
        if isinstance(event, StateChanged) and event.state == RunState.RUNNING and event.run_id in self._labels:
            label, gpu_uuids = self._labels.pop(event.run_id)
            self._show(RunSpan(event.run_id, label, event.time_ns, None, gpu_uuids))
        elif isinstance(event, RunFinished):
            self._labels.pop(event.run_id, None)  # of a run that never started
            if event.run_id in self._own:
                run = event.run
                span = replace(self._own[event.run_id], start_ns=run.start_ns, end_ns=run.end_ns)
                self._show(span)
                self.ended.emit(span)

    def set_recorded(self, runs: Sequence[RunSpan]) -> None:
        """Set the runs of the recording on screen; none for live graphs."""
        self._recorded = tuple(runs)
        self._show_all()

    def set_over_recording(self, over_recording: bool) -> None:
        """Set whether the graphs replay a recording: current runs are then labelled as not recorded."""
        self._over_recording = over_recording
        self._show_all()

    def _show(self, span: RunSpan) -> None:
        self._own[span.run_id] = span
        ended = [run_id for run_id, own in self._own.items() if own.end_ns is not None]
        for run_id in ended[: max(0, len(self._own) - MAX_RUNS)]:
            del self._own[run_id]
        self._panel.add_run(self._labelled(span))

    def _show_all(self) -> None:
        self._panel.set_runs((*self._recorded, *map(self._labelled, self._own.values())))

    def _labelled(self, span: RunSpan) -> RunSpan:
        if not self._over_recording:
            return span
        label = QCoreApplication.translate("RunBands", "{0}, not recorded").format(span.label)
        return replace(span, label=label, gpu_uuids=())
