"""The monitor's thread: a feed's events as signals, in the receiver's thread."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from gpuplayground.model.samples import GpuSample, Inventory, Problem, ProblemCode, ProcessSample
from gpuplayground.monitor.recording.reader import Recording, RecordingWriter
from gpuplayground.monitor.recording.replay import ReplayFeed
from gpuplayground.storage import paths
from gpuplayground.workers.monitor_worker import MonitorWorker
from tests.monitor.watch import quick_feed
from tests.support.fakes import FakeNvml

PATIENCE_MS = 30_000


class Receiver(QObject):
    """What a window gets."""

    def __init__(self, worker: MonitorWorker) -> None:
        super().__init__()
        self.inventories: list[Inventory] = []
        self.ticks: list[tuple[GpuSample, ...]] = []
        self.passes: list[tuple[ProcessSample, ...]] = []
        self.problems: list[Problem | None] = []
        self.threads: set[QThread] = set()
        worker.inventoried.connect(self.take_inventory)
        worker.sampled.connect(self.take_tick)
        worker.processesSampled.connect(self.passes.append)
        worker.problemChanged.connect(self.take_problem)

    @Slot(object)
    def take_inventory(self, inventory: Inventory) -> None:
        self.inventories.append(inventory)

    @Slot(object)
    def take_tick(self, samples: tuple[GpuSample, ...]) -> None:
        self.ticks.append(samples)
        self.threads.add(QThread.currentThread())

    @Slot(object)
    def take_problem(self, problem: Problem | None) -> None:
        self.problems.append(problem)


@pytest.fixture
def nvml(tmp_path: Path) -> FakeNvml:
    """A fake driver with two GPUs."""
    return FakeNvml(tmp_path / "nvml", gpus=2)


def test_everything_a_feed_reports_arrives_in_the_receivers_thread(qtbot: QtBot, nvml: FakeNvml) -> None:
    worker = MonitorWorker(quick_feed(nvml.env))
    receiver = Receiver(worker)
    worker.start()
    try:
        qtbot.waitUntil(lambda: len(receiver.ticks) >= 3 and bool(receiver.passes), timeout=PATIENCE_MS)
    finally:
        assert worker.stop()
    assert len(receiver.inventories[0].gpus) == 2
    assert len(receiver.ticks[0]) == 2
    assert isinstance(receiver.passes[0][0], ProcessSample)
    assert receiver.threads == {QThread.currentThread()}
    assert receiver.problems == []


def test_a_problem_comes_when_it_begins_and_none_when_it_is_over(qtbot: QtBot, nvml: FakeNvml) -> None:
    nvml.set(init=9)
    worker = MonitorWorker(quick_feed(nvml.env))
    receiver = Receiver(worker)
    worker.start()
    try:
        qtbot.waitUntil(lambda: len(receiver.problems) == 1, timeout=PATIENCE_MS)
        nvml.set(init=None)
        qtbot.waitUntil(lambda: len(receiver.problems) == 2, timeout=PATIENCE_MS)
    finally:
        assert worker.stop()
    first, second = receiver.problems
    assert first is not None
    assert first.code is ProblemCode.DRIVER_NOT_LOADED
    assert second is None


def test_a_hang_is_a_problem_until_the_driver_answers_again(qtbot: QtBot, nvml: FakeNvml) -> None:
    worker = MonitorWorker(quick_feed(nvml.env, stall_s=1.2))
    receiver = Receiver(worker)
    worker.start()
    try:
        qtbot.waitUntil(lambda: bool(receiver.ticks), timeout=PATIENCE_MS)
        nvml.set(hang="nvmlDeviceGetUtilizationRates")
        qtbot.waitUntil(lambda: len(receiver.problems) == 1, timeout=PATIENCE_MS)
        assert receiver.problems[0] is not None
        assert receiver.problems[0].code is ProblemCode.NOT_RESPONDING
        nvml.set(hang=None)
        qtbot.waitUntil(lambda: receiver.problems[1:] == [None], timeout=PATIENCE_MS)
    finally:
        assert worker.stop()


def test_a_worker_stops_while_the_driver_hangs(qtbot: QtBot, nvml: FakeNvml) -> None:
    worker = MonitorWorker(quick_feed(nvml.env))
    receiver = Receiver(worker)
    worker.start()
    qtbot.waitUntil(lambda: bool(receiver.ticks), timeout=PATIENCE_MS)
    nvml.set(hang="all")
    ticks = -1
    while len(receiver.ticks) != ticks:  # until the agent has run into it
        ticks = len(receiver.ticks)
        qtbot.wait(200)
    assert worker.stop()
    assert worker.isFinished()


def test_a_worker_that_was_never_started_can_be_stopped(nvml: FakeNvml) -> None:
    assert MonitorWorker(quick_feed(nvml.env)).stop()


def test_a_replay_and_a_live_feed_are_the_same_to_a_worker(qtbot: QtBot) -> None:
    feed = ReplayFeed(paths.resources() / "recordings" / "h200.gpurec")
    worker = MonitorWorker(feed)
    receiver = Receiver(worker)
    worker.start()
    try:
        qtbot.waitUntil(lambda: len(receiver.ticks) > 590, timeout=PATIENCE_MS)
        feed.set_rate(1)
        feed.set_process_period(0.5)
        feed.set_process_period(None)
    finally:
        assert worker.stop()
    assert receiver.inventories[0].gpus[0].name == "NVIDIA H200"


def test_what_is_shown_can_be_recorded_at_the_same_time(qtbot: QtBot, nvml: FakeNvml, tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    worker = MonitorWorker(quick_feed(nvml.env), RecordingWriter(path))
    receiver = Receiver(worker)
    worker.start()
    try:
        qtbot.waitUntil(lambda: len(receiver.ticks) >= 3 and bool(receiver.passes), timeout=PATIENCE_MS)
    finally:
        assert worker.stop()
    with Recording.open(path) as recording:
        recorded = list(recording.samples())
        assert len(recording.gpus) == 2
    assert recorded[:6] == [sample for tick in receiver.ticks[:3] for sample in tick]


def test_a_recording_that_fails_is_told_of_and_the_window_goes_on(qtbot: QtBot, nvml: FakeNvml, tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "a.gpurec")
    writer._connection.execute("PRAGMA query_only = 1")
    worker = MonitorWorker(quick_feed(nvml.env), writer)
    receiver = Receiver(worker)
    with qtbot.waitSignal(worker.recordingFailed, timeout=PATIENCE_MS) as failed:
        worker.start()
    try:
        assert "can no longer be written" in str(failed.args)
        shown = len(receiver.ticks)
        qtbot.waitUntil(lambda: len(receiver.ticks) > shown + 2, timeout=PATIENCE_MS)
    finally:
        assert worker.stop()
