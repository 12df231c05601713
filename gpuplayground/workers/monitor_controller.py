"""Selects what the monitor shows: the live GPUs, or a recording if there are none."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from gpuplayground.model.samples import Inventory, Pace, Problem, RunSpan
from gpuplayground.monitor.recording.reader import RecordingError
from gpuplayground.monitor.recording.replay import ReplayFeed
from gpuplayground.monitor.sampling.feed import Feed
from gpuplayground.runtime.clock import now_ns
from gpuplayground.workers.live_recorder import LiveRecorder
from gpuplayground.workers.monitor_worker import MonitorWorker
from gpuplayground.workers.task import Tasks
from gpuplayground.workers.threads import Threads

#: How often the runs of a recording are looked up, which delays their bands by as much.
RECORDED_RUNS_MS = 1000
#: Runs of a recording to show: those of the last hour, up to a limit, since a looped recording has endlessly many.
RECORDED_RUNS_NS = 3_600_000_000_000
MAX_RECORDED_RUNS = 300


class _Replay(QObject):
    """The recording that is shown. After :meth:`leave` it reports nothing, not even samples already queued."""

    def __init__(self, feed: ReplayFeed, controller: MonitorController) -> None:
        super().__init__(controller)
        self.feed = feed
        self.worker = MonitorWorker(feed)
        self._controller: MonitorController | None = controller
        self.worker.inventoried.connect(self._take_inventory)
        self.worker.sampled.connect(self._take_samples)
        self.worker.processesSampled.connect(self._take_processes)
        self.worker.problemChanged.connect(self._take_problem)

    def leave(self) -> None:
        """Stop the replay without waiting for its thread."""
        self._controller = None
        self.worker.end()

    def _take_inventory(self, inventory: Inventory) -> None:
        if self._controller is not None:
            self._controller.replayInventoried.emit(inventory)

    def _take_samples(self, samples: object) -> None:
        if self._controller is not None:
            self._controller.replaySampled.emit(samples)

    def _take_processes(self, processes: object) -> None:
        if self._controller is not None:
            self._controller.replayProcessesSampled.emit(processes)

    def _take_problem(self, problem: Problem | None) -> None:
        if self._controller is not None and problem is not None:
            self._controller.leave_broken_recording(problem.sentence)


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A recording the user opened: ready for replay, or the sentence that says why it cannot be read."""

    path: Path
    feed: ReplayFeed | None
    problem: str = ""


#: How often samples are reported, in seconds, while the window is visible (every third tick at 10 Hz) and while hidden.
WATCHED_BATCH_S, UNWATCHED_BATCH_S = 0.3, 1.0


class MonitorController(QObject):
    """Runs the live feed all the time, and beside it a replay while a recording is shown.

    A GPU that appears therefore replaces the bundled recording without a restart.

    Args:
        feed: samples this machine.
        shipped: the recording that is shown while there are no GPUs.
        parent: the owner.
    """

    # Of this machine, even while a recording is shown.
    inventoried = Signal(object)  # Inventory
    sampled = Signal(object)  # tuple[GpuSample, ...]
    processesSampled = Signal(object)  # tuple[ProcessSample, ...]
    problemChanged = Signal(object)  # Problem of the live feed, or None
    paceChanged = Signal(object)  # Pace of the live feed
    # Of the recording, while one is shown.
    recordingChanged = Signal(
        object
    )  # its title, such as "NVIDIA H200, 2026-11-23", before its samples; None when live
    replayInventoried = Signal(object)
    replaySampled = Signal(object)
    replayProcessesSampled = Signal(object)
    recordedRunsChanged = Signal(object)  # tuple[RunSpan, ...]; empty when live
    failed = Signal(str)  # a sentence

    def __init__(self, feed: Feed, shipped: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        #: Samples this machine.
        self.feed = feed
        self._shipped: Path | None = shipped
        self._live = MonitorWorker(feed)
        self.recorder = LiveRecorder(self._live, self)
        self._replay: _Replay | None = None
        self._recorded_runs: tuple[RunSpan, ...] = ()
        self._chosen_file: Path | None = None
        self._wanted_file: Path | None = None  # opened, but not read yet
        self._live_inventory: Inventory | None = None
        #: The actual sampling rate of this machine's GPUs; None until it is known.
        self.pace: Pace | None = None
        self._problem: Problem | None = None
        self._is_ended = False
        self._threads, self._tasks = Threads(self), Tasks(self)
        self._run_timer = QTimer(self)
        self._run_timer.setInterval(RECORDED_RUNS_MS)
        self._run_timer.timeout.connect(self._look_up_runs)
        self._live.inventoried.connect(self._live_inventoried)
        self._live.sampled.connect(self.sampled)
        self._live.processesSampled.connect(self.processesSampled)
        self._live.problemChanged.connect(self._live_problem)
        self._live.paceChanged.connect(self._live_pace)

    @property
    def shows_recording(self) -> bool:
        """Whether a recording is shown."""
        return self._replay is not None

    @property
    def recording_was_chosen(self) -> bool:
        """Whether the user opened the recording, as opposed to the bundled one."""
        return self._chosen_file is not None

    @property
    def has_live_gpus(self) -> bool | None:
        """Whether this machine has GPUs; None until that is known."""
        return bool(self._live_inventory.gpus) if self._live_inventory is not None else None

    def start(self) -> None:
        """Start sampling this machine."""
        if not self._is_ended:
            self._threads.start(self._live)

    def open_recording(self, file: Path) -> None:
        """Read a recording and show it instead of the live GPUs; ``failed`` carries the reason if it cannot be read."""
        self._wanted_file = file
        self._tasks.start(partial(_open, file), self._opened, self.failed)

    def go_live(self) -> None:
        """Leave an opened recording; without GPUs the bundled one is shown."""
        self._chosen_file = self._wanted_file = None
        self._stop_replay()
        self._show_live()

    def leave_broken_recording(self, sentence: str) -> None:
        """Leave the recording that is shown because it can no longer be read."""
        if self._chosen_file is None:
            self._shipped = None
        self.failed.emit(sentence)
        self.go_live()

    def set_watched(self, watched: bool) -> None:
        """Set how often samples are reported: as often as they are drawn, or once a second while hidden."""
        self.feed.set_batch(WATCHED_BATCH_S if watched else UNWATCHED_BATCH_S)

    def end(self) -> None:
        """Stop both feeds and a running recording. Returns at once; nothing can be started after this."""
        self._is_ended = True
        self._run_timer.stop()
        self.recorder.stop()
        if self._replay is not None:
            self._replay.leave()
        self._live.end()

    def wait(self, seconds: float) -> bool:
        """Wait at most that long, after :meth:`end`, and return whether every thread has ended."""
        deadline = time.monotonic() + seconds
        have_ended = True
        for wait in (self._threads.wait, self.recorder.wait, self._tasks.wait):
            have_ended = wait(max(0.0, deadline - time.monotonic())) and have_ended
        return have_ended

    def _opened(self, opened: _Opened) -> None:
        if self._is_ended or opened.path != self._wanted_file:
            return  # another one was opened since
        self._wanted_file = None
        if opened.feed is None:
            self.failed.emit(opened.problem)
            self._show_live()
            return
        self._chosen_file = opened.path
        self._start_replay(opened.feed)

    def _show_shipped(self) -> None:
        shipped, self._shipped = self._shipped, None
        if shipped is None:
            return
        try:
            self._start_replay(ReplayFeed(shipped))
        except RecordingError as error:
            self.failed.emit(str(error))
        else:
            self._shipped = shipped

    def _start_replay(self, feed: ReplayFeed) -> None:
        self._stop_replay()
        self._replay = _Replay(feed, self)
        self.recordingChanged.emit(feed.title)
        self._threads.start(self._replay.worker)
        self._run_timer.start()

    def _stop_replay(self) -> None:
        if self._replay is None:
            return
        replay, self._replay = self._replay, None
        self._run_timer.stop()
        replay.leave()
        replay.deleteLater()
        self._look_up_runs()
        self.recordingChanged.emit(None)

    def _look_up_runs(self) -> None:
        since_ns = now_ns() - RECORDED_RUNS_NS
        runs = self._replay.feed.runs(since_ns, MAX_RECORDED_RUNS) if self._replay is not None else ()
        if runs != self._recorded_runs:
            self._recorded_runs = runs
            self.recordedRunsChanged.emit(runs)

    def _live_inventoried(self, inventory: Inventory) -> None:
        self._live_inventory, self._problem = inventory, inventory.problem
        self.inventoried.emit(inventory)
        self._show_live()

    def _show_live(self) -> None:
        """Show this machine's GPUs, or without any the bundled recording, unless the user opened one."""
        inventory = self._live_inventory
        if self._is_ended or inventory is None or self._chosen_file is not None or self._wanted_file is not None:
            return
        self.problemChanged.emit(self._problem)
        if inventory.gpus:
            self._stop_replay()
        elif not self.shows_recording:
            self._show_shipped()

    def _live_pace(self, pace: Pace) -> None:
        self.pace = pace
        self.paceChanged.emit(pace)

    def _live_problem(self, problem: Problem | None) -> None:
        self._problem = problem
        if self._chosen_file is None:
            self.problemChanged.emit(problem)


def _open(file: Path) -> _Opened:
    try:
        return _Opened(file, ReplayFeed(file))
    except RecordingError as error:
        return _Opened(file, None, str(error))
