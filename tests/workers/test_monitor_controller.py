"""What the monitor shows: live GPUs, or a recording and nothing of the one before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from gpuplayground.model.samples import GpuSample, Inventory, Problem, RunSpan
from gpuplayground.monitor.recording.reader import Recording, RecordingWriter
from gpuplayground.monitor.recording.replay import ReplayFeed
from gpuplayground.storage import paths
from gpuplayground.workers.monitor_controller import MAX_RECORDED_RUNS, RECORDED_RUNS_NS, MonitorController
from tests.monitor.recording import damaged
from tests.monitor.watch import quick_feed
from tests.support.fakes import FakeNvml, gpu_uuid

PATIENCE_MS = 30_000
SHIPPED = paths.resources() / "recordings" / "h200.gpurec"
DAY_NS = 24 * 3_600_000_000_000


class Window(QObject):
    """Takes what a controller reports."""

    def __init__(self, controller: MonitorController) -> None:
        super().__init__()
        self.uuids: list[str] = []
        self.inventories: list[Inventory] = []
        self.problems: list[Problem | None] = []
        self.sentences: list[str] = []
        self.runs: list[tuple[RunSpan, ...]] = []
        self.titles: list[str | None] = []
        self.replayed: list[str] = []
        controller.sampled.connect(self.take)
        controller.replaySampled.connect(self.take_replayed)
        controller.inventoried.connect(self.inventories.append)
        controller.failed.connect(self.sentences.append)
        controller.recordedRunsChanged.connect(self.runs.append)
        controller.recordingChanged.connect(self.titles.append)

    def take(self, samples: tuple[GpuSample, ...]) -> None:
        self.uuids += [sample.gpu_uuid for sample in samples]

    def take_replayed(self, samples: tuple[GpuSample, ...]) -> None:
        self.replayed += [sample.gpu_uuid for sample in samples]


@pytest.fixture
def nvml(tmp_path: Path) -> FakeNvml:
    """A fake driver with one GPU."""
    return FakeNvml(tmp_path / "nvml", gpus=1)


@pytest.fixture
def controller(nvml: FakeNvml, qtbot: QtBot) -> Iterator[MonitorController]:
    """A controller that has not been started."""
    controller = MonitorController(quick_feed(nvml.env), SHIPPED)
    yield controller
    controller.end()
    assert controller.wait(PATIENCE_MS / 1000)


def test_nothing_of_a_recording_that_was_left_is_shown(qtbot: QtBot, controller: MonitorController) -> None:
    window = Window(controller)
    controller.open_recording(SHIPPED)
    qtbot.waitUntil(lambda: controller.shows_recording, timeout=PATIENCE_MS)
    replay = controller._replay
    assert replay is not None
    on_its_way = threading.Event()
    replay.worker.sampled.connect(lambda _samples: on_its_way.set(), Qt.ConnectionType.DirectConnection)
    assert on_its_way.wait(PATIENCE_MS / 1000)
    shown = len(window.replayed)
    controller.go_live()
    with qtbot.waitSignal(replay.worker.destroyed, timeout=PATIENCE_MS):
        pass  # whatever it had sent has been delivered by then
    assert len(window.replayed) == shown
    assert window.titles[-1] is None


def test_live_gpus_are_reported_on_while_a_recording_is_shown_and_after(
    qtbot: QtBot, controller: MonitorController
) -> None:
    window = Window(controller)
    controller.start()
    qtbot.waitUntil(lambda: gpu_uuid(0) in window.uuids, timeout=PATIENCE_MS)
    controller.open_recording(SHIPPED)
    qtbot.waitUntil(lambda: bool(window.replayed), timeout=PATIENCE_MS)
    before = len(window.uuids)
    qtbot.waitUntil(lambda: len(window.uuids) > before + 2, timeout=PATIENCE_MS)
    assert set(window.uuids) == {gpu_uuid(0)}
    controller.go_live()
    assert window.titles[-1] is None
    before = len(window.uuids)
    qtbot.waitUntil(lambda: len(window.uuids) > before, timeout=PATIENCE_MS)


def test_a_recording_that_vanishes_while_it_is_opened_is_left_with_a_sentence(
    qtbot: QtBot, controller: MonitorController, tmp_path: Path
) -> None:
    window, path = Window(controller), tmp_path / "a.gpurec"
    path.write_bytes(SHIPPED.read_bytes())
    feed = ReplayFeed(path)
    path.unlink()
    controller._chosen_file = path
    controller._start_replay(feed)
    qtbot.waitUntil(lambda: bool(window.sentences), timeout=PATIENCE_MS)
    assert "There is no file" in window.sentences[0]
    assert not controller.shows_recording
    assert not controller.recording_was_chosen


def test_a_file_that_is_no_recording_is_one_sentence_and_what_was_shown_stays(
    qtbot: QtBot, controller: MonitorController, tmp_path: Path
) -> None:
    window = Window(controller)
    controller.start()
    qtbot.waitUntil(lambda: gpu_uuid(0) in window.uuids, timeout=PATIENCE_MS)
    (tmp_path / "notes.gpurec").write_text("no recording")
    controller.open_recording(tmp_path / "notes.gpurec")
    qtbot.waitUntil(lambda: bool(window.sentences), timeout=PATIENCE_MS)
    assert "“notes.gpurec” is not a recording" in window.sentences[0]
    assert not controller.shows_recording
    assert not controller.recording_was_chosen


def test_a_damaged_recording_is_one_sentence_and_what_was_shown_stays(
    qtbot: QtBot, controller: MonitorController, tmp_path: Path
) -> None:
    window = Window(controller)
    for number, name in enumerate(damaged.NAMES):
        path = tmp_path / f"{number}.gpurec"
        words = damaged.make(path, name)
        controller.open_recording(path)
        qtbot.waitUntil(lambda: len(window.sentences) > number, timeout=PATIENCE_MS)  # noqa: B023 - waited for here
        assert len(window.sentences) == number + 1
        assert [word for word in words if word not in window.sentences[-1]] == []
        assert not controller.shows_recording


def test_the_recording_asked_for_last_is_the_one_that_is_shown(
    qtbot: QtBot, controller: MonitorController, tmp_path: Path
) -> None:
    window = Window(controller)
    controller.open_recording(tmp_path / "missing.gpurec")
    controller.open_recording(SHIPPED)
    qtbot.waitUntil(lambda: controller.shows_recording and not len(controller._tasks), timeout=PATIENCE_MS)
    assert window.sentences == []


def test_the_runs_of_a_recording_repeated_for_a_day_are_those_of_the_last_hour(
    qtbot: QtBot, controller: MonitorController
) -> None:
    window = Window(controller)
    controller.open_recording(SHIPPED)
    qtbot.waitUntil(lambda: bool(window.replayed), timeout=PATIENCE_MS)
    assert controller._replay is not None
    feed = controller._replay.feed
    assert feed._base_ns is not None
    feed._base_ns -= DAY_NS
    controller._look_up_runs()
    shown = window.runs[-1]
    assert 1 <= len(shown) <= MAX_RECORDED_RUNS
    assert len(feed.runs()) > 10 * len(shown)
    assert all((run.end_ns or DAY_NS * 365_000) >= feed._base_ns + DAY_NS - RECORDED_RUNS_NS for run in shown)


def test_nothing_is_shown_any_more_after_the_end(qtbot: QtBot, nvml: FakeNvml) -> None:
    nvml.set(gpus=0)
    controller = MonitorController(quick_feed(nvml.env), SHIPPED)
    controller.start()
    arrived = threading.Event()
    controller._live.inventoried.connect(lambda _inventory: arrived.set(), Qt.ConnectionType.DirectConnection)
    assert arrived.wait(PATIENCE_MS / 1000)
    controller.end()
    assert controller.wait(PATIENCE_MS / 1000)
    qtbot.wait(50)  # the inventory is delivered only now
    assert not controller.shows_recording
    controller.start()
    assert controller.wait(0)


def test_live_gpus_are_recorded_while_they_are_shown(
    qtbot: QtBot, controller: MonitorController, tmp_path: Path
) -> None:
    path, window, recorder = tmp_path / "a.gpurec", Window(controller), controller.recorder
    path.write_text("an old one")
    controller.start()
    qtbot.waitUntil(lambda: bool(window.uuids), timeout=PATIENCE_MS)
    with qtbot.waitSignal(recorder.changed, timeout=PATIENCE_MS) as changed:
        recorder.start(path)
    assert changed.args == [path]
    before = len(window.uuids)
    qtbot.waitUntil(lambda: len(window.uuids) > before + 2, timeout=PATIENCE_MS)
    recorder.add_run(RunSpan("a", "run 1", 1, 2))
    with qtbot.waitSignal(recorder.changed, timeout=PATIENCE_MS) as changed:
        recorder.stop()
    assert changed.args == [None]
    assert recorder.wait(PATIENCE_MS / 1000)
    assert not path.with_name("a.gpurec-journal").exists()
    with Recording.open(path) as recording:
        assert [gpu.uuid for gpu in recording.gpus] == [gpu_uuid(0)]
        assert len(list(recording.samples())) >= 2
        assert [run.label for run in recording.runs] == ["run 1"]


def test_a_recording_that_cannot_be_made_is_one_sentence(
    qtbot: QtBot, controller: MonitorController, tmp_path: Path
) -> None:
    recorder = controller.recorder
    with qtbot.waitSignal(recorder.failed, timeout=PATIENCE_MS) as failed:
        recorder.start(tmp_path / "missing" / "a.gpurec")
    assert "cannot be written" in str(failed.args)
    assert recorder.path is None


def test_a_recording_whose_disk_is_full_ends_in_one_sentence(
    qtbot: QtBot, controller: MonitorController, tmp_path: Path
) -> None:
    recorder = controller.recorder
    controller.start()
    with qtbot.waitSignal(recorder.changed, timeout=PATIENCE_MS):
        recorder.start(tmp_path / "a.gpurec")
    writer = recorder._writer
    assert isinstance(writer, RecordingWriter)
    with qtbot.waitSignal(recorder.failed, timeout=PATIENCE_MS) as failed:
        writer._connection.execute("PRAGMA query_only = 1")
    assert "can no longer be written" in str(failed.args)
    assert recorder.path is None


def test_the_end_closes_the_recording_that_is_being_made(qtbot: QtBot, nvml: FakeNvml, tmp_path: Path) -> None:
    path = tmp_path / "a.gpurec"
    controller = MonitorController(quick_feed(nvml.env), SHIPPED)
    window = Window(controller)
    controller.start()
    with qtbot.waitSignal(controller.recorder.changed, timeout=PATIENCE_MS):
        controller.recorder.start(path)
    before = len(window.uuids)
    qtbot.waitUntil(lambda: len(window.uuids) > before + 1, timeout=PATIENCE_MS)
    controller.end()
    assert controller.wait(PATIENCE_MS / 1000)
    with Recording.open(path) as recording:
        assert list(recording.samples())
