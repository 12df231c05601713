"""The main job, done with the mouse and the keyboard on the real window, results read off the widgets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QToolButton
from pytestqt.qtbot import QtBot

from gpuplayground.app.application import Application
from gpuplayground.app.options import WindowOptions
from gpuplayground.model.results import RunState
from gpuplayground.storage.settings import Settings
from gpuplayground.workers.interpreters import AUTOMATIC
from tests.support.application import StartApplication
from tests.support.fakes import FakeNvml, fake_nvml_env, gpu_uuid

LEFT = Qt.MouseButton.LeftButton
#: Processes are started and waited for; a slow machine may take its time.
PATIENCE_MS = 30_000


def type_snippet(application: Application, text: str) -> str:
    """Put a snippet into a new tab and return its id."""
    return application.tabs.open_text("snippet.py", text)


def press_run(qtbot: QtBot, application: Application) -> None:
    qtbot.mouseClick(application.window.header.run_button, LEFT)


def press_stop(qtbot: QtBot, application: Application) -> None:
    qtbot.mouseClick(application.window.header.stop_button, LEFT)


def wait_for(qtbot: QtBot, application: Application, *states: RunState) -> None:
    qtbot.waitUntil(lambda: application.playground.current_run().state in states, timeout=PATIENCE_MS)


def wait_for_end(qtbot: QtBot, application: Application) -> None:
    def ended() -> bool:
        state = application.playground.current_run().state
        return state is not None and state.is_final

    qtbot.waitUntil(ended, timeout=PATIENCE_MS)


def wait_for_status(qtbot: QtBot, application: Application, words: str) -> None:
    """Wait for the pill: a run reports how it ended a moment after its last state."""
    panel = application.playground.output(application.tabs.current_id() or "")
    qtbot.waitUntil(lambda: words in panel.status.text(), timeout=PATIENCE_MS)


def output(application: Application) -> str:
    return application.playground.output(application.tabs.current_id() or "").text()


def wait_for_output(qtbot: QtBot, application: Application, text: str) -> None:
    qtbot.waitUntil(lambda: text in output(application), timeout=PATIENCE_MS)


def menu_action(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if action.text() == text)


def example_menu(application: Application) -> QMenu:
    (menu,) = (
        button.menu()
        for button in application.window.header.findChildren(QToolButton)
        if button.menu() is not None and button.menu().objectName() == "examples"
    )
    return menu


def test_an_example_is_opened_run_and_its_results_are_read(qtbot: QtBot, start: StartApplication) -> None:
    application = start(fake_nvml_env(gpus=2))
    menu_action(example_menu(application), "Vector addition with NumPy").trigger()
    press_run(qtbot, application)
    wait_for_end(qtbot, application)
    wait_for_output(qtbot, application, "NumPy added 16,777,216 pairs of numbers")
    timings = application.playground.timings(application.tabs.current_id() or "")
    statements = [timing.source for timing in timings.model.timings()]
    assert "c = a + b" in statements
    assert all(timing.wall_ns > 0 for timing in timings.model.timings())
    wait_for_status(qtbot, application, "exit 0")


def test_a_run_is_a_labelled_band_on_the_graphs_of_every_gpu(qtbot: QtBot, start: StartApplication) -> None:
    application = start(fake_nvml_env(gpus=2))
    panel = application.monitor_panel
    qtbot.waitUntil(lambda: len(panel.devices.cards) == 2, timeout=PATIENCE_MS)
    type_snippet(application, "print('hello')\n")
    press_run(qtbot, application)
    wait_for_end(qtbot, application)
    (span,) = panel.runs
    assert (span.label, span.end_ns is not None) == ("run 1", True)
    assert span.start_ns <= (span.end_ns or 0)


def test_the_gpus_are_live_with_one_card_each(qtbot: QtBot, start: StartApplication) -> None:
    application = start(fake_nvml_env(gpus=3))
    panel = application.monitor_panel
    qtbot.waitUntil(lambda: len(panel.devices.cards) == 3, timeout=PATIENCE_MS)
    assert panel.selected_uuid == gpu_uuid(0)
    assert not application.monitor.shows_recording
    qtbot.waitUntil(lambda: "Driver" in application.window.header.driver_label.text(), timeout=PATIENCE_MS)
    assert application.window.header.device_box.count() == 4


def test_without_a_driver_the_shipped_recording_is_shown_and_says_so(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    panel = application.monitor_panel
    qtbot.waitUntil(lambda: len(panel.devices.cards) == 1, timeout=PATIENCE_MS)
    assert "driver" in panel.banner.text
    assert "Recording: NVIDIA H200" in panel.devices.cards[0].accessibleDescription()
    assert application.window.header.rate_pill.text == "Recording"


def test_a_gpu_that_appears_takes_the_place_of_the_recording(
    qtbot: QtBot, start: StartApplication, tmp_path: Path
) -> None:
    nvml = FakeNvml(tmp_path / "control", gpus=0)
    application = start(nvml.env)
    qtbot.waitUntil(lambda: application.monitor.shows_recording, timeout=PATIENCE_MS)
    nvml.set(gpus=1)
    qtbot.waitUntil(lambda: not application.monitor.shows_recording, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: application.monitor_panel.selected_uuid == gpu_uuid(0), timeout=PATIENCE_MS)


def test_stop_interrupts_a_snippet(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    type_snippet(application, "import time\nprint('going', flush=True)\ntime.sleep(600)\n")
    press_run(qtbot, application)
    wait_for_output(qtbot, application, "going")
    press_stop(qtbot, application)
    wait_for(qtbot, application, RunState.STOPPED)


def test_stop_becomes_kill_for_a_snippet_that_does_not_listen(
    qtbot: QtBot, start: StartApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpuplayground.ui.window.playground.KILL_AFTER_MS", 100)
    application = start()
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('deaf')\nwhile True: pass\n"
    type_snippet(application, stubborn)
    press_run(qtbot, application)
    wait_for_output(qtbot, application, "deaf")
    press_stop(qtbot, application)
    button = application.window.header.stop_button
    qtbot.waitUntil(lambda: button.text() == "Kill", timeout=PATIENCE_MS)
    press_stop(qtbot, application)
    wait_for(qtbot, application, RunState.STOPPED)
    assert button.text() == "Stop"
    assert not button.isEnabled()


@pytest.mark.parametrize("key", [(Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier),
                                 (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)])  # fmt: skip
def test_the_keyboard_runs_what_is_in_the_editor_saved_or_not(
    qtbot: QtBot, start: StartApplication, key: tuple[Qt.Key, Qt.KeyboardModifier]
) -> None:
    application = start()
    type_snippet(application, "")
    editor = application.tabs.current_editor()
    assert editor is not None
    application.window.activateWindow()
    qtbot.waitUntil(application.window.isActiveWindow, timeout=PATIENCE_MS)
    editor.setFocus()
    qtbot.keyClicks(editor, "print(6 * 7)")
    qtbot.keyClick(editor, key[0], key[1])
    wait_for_end(qtbot, application)
    wait_for_output(qtbot, application, "42")
    assert editor.text() == "print(6 * 7)"


def test_an_exception_marks_its_line_and_its_link_leads_there(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    type_snippet(application, "a = 1\nb = 0\n\na / b\n")
    press_run(qtbot, application)
    wait_for(qtbot, application, RunState.FAILED)
    wait_for_output(qtbot, application, "ZeroDivisionError")
    panel = application.playground.output(application.tabs.current_id() or "")
    wait_for_status(qtbot, application, "ZeroDivisionError")
    panel.lineActivated.emit("snippet.py", 4)
    editor = application.tabs.current_editor()
    assert editor is not None
    assert editor.line_and_column()[0] == 4


def test_input_is_asked_for_and_answered_in_the_panel(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    type_snippet(application, "name = input('Who? ')\nprint('Hello', name)\n")
    press_run(qtbot, application)
    panel = application.playground.output(application.tabs.current_id() or "")
    qtbot.waitUntil(panel.input_line.isVisible, timeout=PATIENCE_MS)
    qtbot.keyClicks(panel.input_line.edit, "Ada")
    qtbot.keyClick(panel.input_line.edit, Qt.Key.Key_Return)
    wait_for_end(qtbot, application)
    wait_for_output(qtbot, application, "Hello Ada")


def test_two_tabs_run_side_by_side_and_keep_their_results_apart(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    first = type_snippet(application, "import time\nprint('first')\ntime.sleep(600)\n")
    press_run(qtbot, application)
    wait_for_output(qtbot, application, "first")
    second = application.tabs.new_tab("print('second')\n", "other.py")
    press_run(qtbot, application)
    wait_for_end(qtbot, application)
    wait_for_output(qtbot, application, "second")
    assert application.runs.is_running(first)
    assert "second" not in application.playground.output(first).text()
    assert "first" not in application.playground.output(second).text()


def answer_dialog(qtbot: QtBot, label: str) -> list[str]:
    """Click a button of the dialog that comes next; return its title once it has come."""
    asked: list[str] = []

    def click() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(10, click)
            return
        asked.append(box.text())
        (button,) = (each for each in box.buttons() if each.text() == label)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    QTimer.singleShot(0, click)
    return asked


def test_closing_a_tab_asks_and_then_ends_its_run(qtbot: QtBot, start: StartApplication, tmp_path: Path) -> None:
    application = start()
    pid_file = tmp_path / "pid"
    type_snippet(
        application, f"import os, time\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    )
    press_run(qtbot, application)
    qtbot.waitUntil(lambda: pid_file.exists() and pid_file.read_text() != "", timeout=PATIENCE_MS)
    tab_id = application.tabs.current_id() or ""
    answer_dialog(qtbot, "Cancel")
    assert not application.tabs.close_tab()
    assert application.runs.is_running(tab_id)
    asked = answer_dialog(qtbot, "End and close")
    assert application.tabs.close_tab()
    assert len(asked) == 1
    assert application.tabs.current_id() != tab_id
    qtbot.waitUntil(lambda: is_gone(int(pid_file.read_text())), timeout=PATIENCE_MS)


def test_closing_the_window_in_the_middle_of_a_run_leaves_no_process(
    qtbot: QtBot, start: StartApplication, tmp_path: Path
) -> None:
    application = start()
    pid_file = tmp_path / "pid"
    type_snippet(
        application, f"import os, time\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    )
    press_run(qtbot, application)
    qtbot.waitUntil(lambda: pid_file.exists() and pid_file.read_text() != "", timeout=PATIENCE_MS)
    application.shutdown()
    assert is_gone(int(pid_file.read_text()))


def test_a_file_that_cannot_be_read_is_one_sentence_in_the_window(
    qtbot: QtBot, start: StartApplication, tmp_path: Path
) -> None:
    application = start()
    binary = tmp_path / "picture.py"
    binary.write_bytes(b"\x00\x01" * 100)
    assert not application.tabs.open_path(binary)
    assert "picture.py" in application.window.banner.text


def test_a_recording_is_opened_in_the_window_and_left_again(
    qtbot: QtBot, start: StartApplication, resources: Path, tmp_path: Path
) -> None:
    application = start(fake_nvml_env(gpus=1))
    qtbot.waitUntil(lambda: application.monitor_panel.selected_uuid == gpu_uuid(0), timeout=PATIENCE_MS)
    application.monitor.open_recording(resources / "recordings" / "h200.gpurec")
    qtbot.waitUntil(lambda: application.monitor_panel.selected_uuid != gpu_uuid(0), timeout=PATIENCE_MS)
    application.window.actions_["live"].trigger()
    qtbot.waitUntil(lambda: application.monitor_panel.selected_uuid == gpu_uuid(0), timeout=PATIENCE_MS)
    foreign = tmp_path / "notes.gpurec"
    foreign.write_text("no recording")
    application.monitor.open_recording(foreign)
    qtbot.waitUntil(lambda: "notes.gpurec" in application.window.banner.text, timeout=PATIENCE_MS)
    assert application.monitor_panel.selected_uuid == gpu_uuid(0)


def test_both_themes_paint_every_part_in_their_own_colours(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    dark = application.window.grab().toImage()
    application.window.actions_["theme"].trigger()
    light = application.window.grab().toImage()
    for place in (QPoint(5, 5), QPoint(700, 300), QPoint(60, 600), QPoint(1200, 800), QPoint(1390, 890)):
        assert dark.pixelColor(place).lightness() < 80, place
        assert light.pixelColor(place).lightness() > 180, place


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_file_named_on_the_command_line_is_open_and_run(
    qtbot: QtBot, start: StartApplication, tmp_path: Path
) -> None:
    file = tmp_path / "given.py"
    file.write_text("print('given')\n")
    application = start(options=WindowOptions(files=(str(file),), run=True))
    wait_for_end(qtbot, application)
    wait_for_output(qtbot, application, "given")


def test_the_first_run_in_a_small_window_moves_nothing(qtbot: QtBot, start: StartApplication) -> None:
    application = start(options=WindowOptions(size=(1024, 700)))
    type_snippet(application, "print('there')")
    splitters = (application.window.body, application.playground.results)
    before = [splitter.sizes() for splitter in splitters]
    press_run(qtbot, application)
    wait_for_end(qtbot, application)
    wait_for_output(qtbot, application, "there")
    assert [splitter.sizes() for splitter in splitters] == before


def test_a_remembered_python_that_is_gone_gives_way_to_the_automatic_choice_and_is_named(
    qtbot: QtBot, start: StartApplication, tmp_path: Path
) -> None:
    file, gone = tmp_path / "given.py", str(tmp_path / ".venv" / "bin" / "python")
    file.write_text("print('given')\n")
    application = start(settings=Settings(interpreter=gone), options=WindowOptions(files=(str(file),), run=True))
    wait_for_output(qtbot, application, "given")
    said = application.window.banner
    qtbot.waitUntil(lambda: f"{gone} can no longer run snippets" in said.text, timeout=PATIENCE_MS)
    assert application.interpreters.chosen == application.window.header.interpreter_box.currentData()


def test_a_remembered_python_is_chosen_again_wherever_the_program_is_started(
    qtbot: QtBot, start: StartApplication, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True, capture_output=True)
    remembered = str(tmp_path / "bin" / "python")
    application = start(settings=Settings(interpreter=remembered))
    box = application.window.header.interpreter_box
    qtbot.waitUntil(lambda: box.currentData() == remembered, timeout=PATIENCE_MS)
    assert application.interpreters.chosen == remembered


def test_drafts_that_cannot_be_written_are_said_in_the_window_until_they_can(
    qtbot: QtBot, start: StartApplication, own_folders: Path
) -> None:
    application = start()
    banner = application.window.banner
    root = own_folders / "xdg_data_home" / "gpuplayground" / "drafts"
    root.rename(root.with_name("aside"))
    root.touch()
    editor = application.tabs.current_editor()
    assert editor is not None
    qtbot.keyClicks(editor, "x")
    qtbot.waitUntil(lambda: "Unsaved work cannot be backed up" in banner.text, timeout=PATIENCE_MS)
    assert banner.isVisible()
    application.window.say("Something else.")
    root.unlink()
    status = application.window.status
    qtbot.waitUntil(lambda: status.currentMessage() == "Unsaved work is backed up again.", timeout=PATIENCE_MS)
    assert banner.text == "Something else."
    assert banner.isVisible()


@pytest.mark.skipif(sys.platform == "win32", reason="the planted interpreter is a shell script")
def test_an_interpreter_that_others_can_change_is_offered_and_not_started_until_it_is_chosen(
    qtbot: QtBot, start: StartApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As another user might plant it in a folder that everybody can write in.
    tmp_path.chmod(0o1777)
    planted, started = tmp_path / ".venv" / "bin" / "python3", tmp_path / "started"
    planted.parent.mkdir(parents=True)
    planted.write_text(f'#!/bin/sh\n: > {started}\nexec {sys.executable} "$@"\n')
    planted.chmod(0o755)
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    application = start()
    box = application.window.header.interpreter_box
    qtbot.waitUntil(lambda: box.findData(str(planted)) >= 0, timeout=PATIENCE_MS)
    index = box.findData(str(planted))
    assert box.itemText(index).endswith("· not started")
    assert "everybody can write to" in box.itemData(index, Qt.ItemDataRole.ToolTipRole)
    assert application.interpreters.chosen == AUTOMATIC
    assert not started.exists()
    box.setCurrentIndex(index)
    box.activated.emit(index)
    qtbot.waitUntil(started.exists, timeout=PATIENCE_MS)
