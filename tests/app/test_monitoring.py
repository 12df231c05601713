"""What the window says about where its readings come from, and recording them from the menu."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from gpuplayground.app.application import Application
from gpuplayground.model.samples import GpuSample
from gpuplayground.monitor.recording.reader import Recording
from gpuplayground.ui.monitor.time_axis import clock_time
from gpuplayground.workers.monitor_controller import MonitorController
from tests.support.application import StartApplication
from tests.support.fakes import FakeNvml, fake_nvml_env, gpu_uuid

PATIENCE_MS = 30_000


def rate(application: Application) -> str:
    return application.window.header.rate_pill.text


def status(application: Application) -> str:
    return application.window.status._rate_text


def wait_for_gpu(qtbot: QtBot, application: Application) -> None:
    qtbot.waitUntil(lambda: application.monitor_panel.selected_uuid == gpu_uuid(0), timeout=PATIENCE_MS)


def choose(monkeypatch: pytest.MonkeyPatch, path: Path | str) -> None:
    """Let the dialog for a new file return a path, or nothing as after Cancel."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))


def test_nothing_is_said_about_gpus_before_they_were_looked_for(
    qtbot: QtBot, start: StartApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = MonitorController.start
    monkeypatch.setattr(MonitorController, "start", lambda _self: None)
    application = start(fake_nvml_env(gpus=1))
    header = application.window.header
    assert header.device_box.currentText() == "Looking for GPUs…"
    assert (rate(application), status(application)) == ("", "")
    begin(application.monitor)
    wait_for_gpu(qtbot, application)
    assert header.device_box.currentText() == "All GPUs"
    assert (rate(application), status(application)) == ("10 Hz", "Sampling 10 Hz")


def test_without_a_gpu_the_recording_is_called_one(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    qtbot.waitUntil(lambda: rate(application) == "Recording", timeout=PATIENCE_MS)
    assert status(application) == "Recording"
    assert application.window.header.device_box.currentText() == "CPU only"
    assert not application.window.actions_["record"].isEnabled()


def test_the_rate_is_the_measured_one_and_a_slow_driver_is_named(
    qtbot: QtBot, start: StartApplication, tmp_path: Path
) -> None:
    nvml = FakeNvml(tmp_path / "control", gpus=1, delay="all:30000")
    application = start(nvml.env)
    qtbot.waitUntil(lambda: "the driver takes" in status(application), timeout=PATIENCE_MS)
    pace = application.monitor.pace
    assert pace is not None
    assert pace.call_s is not None
    assert pace.call_s >= 0.03
    words = f"{pace.hz:.2g} Hz"
    assert (rate(application), application.window.header.rate_pill.role) == (words, "warning")
    assert status(application).startswith(f"Sampling {words}: the driver takes ")
    assert status(application).endswith(" ms per call")
    nvml.set(delay=None)
    qtbot.waitUntil(
        lambda: (rate(application), status(application)) == ("10 Hz", "Sampling 10 Hz"), timeout=PATIENCE_MS
    )


@pytest.mark.parametrize("count", [17, 64])
def test_the_first_and_the_last_of_many_gpus_have_graphs(qtbot: QtBot, start: StartApplication, count: int) -> None:
    application = start(fake_nvml_env(gpus=count))
    panel = application.monitor_panel
    wait_for_gpu(qtbot, application)
    assert len(panel.devices.cards) == count
    for uuid in (gpu_uuid(0), gpu_uuid(count - 1)):
        card = next(card for card in panel.devices.cards if card.uuid == uuid)
        panel.select(uuid)
        panel.devices._scroll.ensureWidgetVisible(card)
        image = card._chart._image
        qtbot.waitUntil(lambda image=image: bool(image._pixels.any()), timeout=PATIENCE_MS)  # type: ignore[misc]


def test_a_pause_is_said_until_it_is_over(qtbot: QtBot, start: StartApplication) -> None:
    application = start(fake_nvml_env(gpus=1))
    wait_for_gpu(qtbot, application)
    qtbot.waitUntil(lambda: application.monitor_panel.live.has_samples, timeout=PATIENCE_MS)
    application.window.actions_["pause"].trigger()
    paused_ns = application.monitor_panel.paused_ns
    assert paused_ns is not None
    words = f"Paused at {clock_time(paused_ns)}"
    assert (rate(application), status(application)) == (words, words)
    application.window.actions_["pause"].trigger()
    assert (rate(application), status(application)) == ("10 Hz", "Sampling 10 Hz")


def test_a_pause_and_a_recording_leave_no_hole_in_what_is_kept_of_the_live_gpus(
    qtbot: QtBot, start: StartApplication, resources: Path
) -> None:
    application = start(fake_nvml_env(gpus=1))
    wait_for_gpu(qtbot, application)
    panel, actions = application.monitor_panel, application.window.actions_

    def more_samples() -> None:
        """Wait for half a second of readings."""
        last_ns = panel.live.now_ns
        qtbot.waitUntil(lambda: panel.live.now_ns - last_ns > 500_000_000, timeout=PATIENCE_MS)

    qtbot.waitUntil(lambda: panel.live.has_samples, timeout=PATIENCE_MS)
    reported: list[GpuSample] = []
    application.monitor.sampled.connect(reported.extend)
    actions["pause"].trigger()
    more_samples()
    application.monitor.open_recording(resources / "recordings" / "h200.gpurec")
    qtbot.waitUntil(lambda: panel.recorded.has_samples, timeout=PATIENCE_MS)
    assert not actions["pause"].isChecked(), "what was paused is no longer shown"
    assert panel.selected_uuid != gpu_uuid(0)
    actions["pause"].trigger()
    more_samples()
    actions["live"].trigger()
    more_samples()
    assert panel.selected_uuid == gpu_uuid(0)
    assert panel.recorded.store.uuids == ()
    times = [each.time_ns for each in reported]
    kept = panel.live.store.series(gpu_uuid(0), "gpu_util_percent", times[0], times[-1], 5000)
    assert set(times) <= set(kept.times_ns.tolist())


def test_the_gpus_are_recorded_from_the_menu_with_the_runs(
    qtbot: QtBot, start: StartApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = start(fake_nvml_env(gpus=1))
    record = application.window.actions_["record"]
    wait_for_gpu(qtbot, application)
    choose(monkeypatch, tmp_path / "mine")
    record.trigger()
    qtbot.waitUntil(lambda: "recording to mine.gpurec" in status(application), timeout=PATIENCE_MS)
    assert (record.isChecked(), rate(application)) == (True, "● REC")
    application.tabs.open_text("snippet.py", "print('hello')\n")
    application.playground.run()
    qtbot.waitUntil(lambda: any(run.end_ns for run in application.monitor_panel.runs), timeout=PATIENCE_MS)
    record.trigger()
    assert (record.isChecked(), rate(application)) == (False, "10 Hz")
    window = application.window
    # On a busy machine samples may be missing: then the banner says so.
    qtbot.waitUntil(lambda: "mine.gpurec: " in window.status.currentMessage() + window.banner.text, timeout=PATIENCE_MS)
    assert application.shutdown()
    with Recording.open(tmp_path / "mine.gpurec") as recording:
        assert [gpu.uuid for gpu in recording.gpus] == [gpu_uuid(0)]
        assert [run.label for run in recording.runs] == ["run 1"]


def test_closing_the_window_closes_the_recording(
    qtbot: QtBot, start: StartApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = start(fake_nvml_env(gpus=1))
    wait_for_gpu(qtbot, application)
    choose(monkeypatch, tmp_path / "a.gpurec")
    application.window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: rate(application) == "● REC", timeout=PATIENCE_MS)
    with qtbot.waitSignal(application.monitor.sampled, timeout=PATIENCE_MS):
        pass
    assert application.shutdown()
    with Recording.open(tmp_path / "a.gpurec") as recording:
        assert list(recording.samples())


@pytest.mark.parametrize("name", ["", "missing/a.gpurec", "taken"])
def test_a_recording_that_cannot_be_made_leaves_the_menu_as_it_was(
    qtbot: QtBot, start: StartApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    application = start(fake_nvml_env(gpus=1))
    (tmp_path / "taken.gpurec").write_text("somebody's")
    wait_for_gpu(qtbot, application)
    choose(monkeypatch, tmp_path / name if name else "")
    application.window.actions_["record"].trigger()
    if name:
        qtbot.waitUntil(lambda: f"{name}" in application.window.banner.text, timeout=PATIENCE_MS)
    assert not application.window.actions_["record"].isChecked()
    assert rate(application) == "10 Hz"
    assert (tmp_path / "taken.gpurec").read_text() == "somebody's"


def test_a_recording_cannot_be_recorded(qtbot: QtBot, start: StartApplication, tmp_path: Path, resources: Path) -> None:
    nvml = FakeNvml(tmp_path / "control", gpus=1)
    application = start(nvml.env)
    record = application.window.actions_["record"]
    wait_for_gpu(qtbot, application)
    assert record.isEnabled()
    application.monitor.open_recording(resources / "recordings" / "h200.gpurec")
    qtbot.waitUntil(lambda: not record.isEnabled(), timeout=PATIENCE_MS)
    application.window.actions_["live"].trigger()
    qtbot.waitUntil(record.isEnabled, timeout=PATIENCE_MS)
