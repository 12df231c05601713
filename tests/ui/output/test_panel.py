"""A run in the output panel, from its first byte to its last remark."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QToolButton
from pytestqt.qtbot import QtBot

from gpuplayground.model.events import ErrorRaised, OutputAppended, OutputChunk
from gpuplayground.model.results import RunError, RunState
from gpuplayground.terminal.buffer import LIMIT_BYTES
from gpuplayground.ui.output.panel import OutputPanel
from tests.support.result_panels import RUN, click, finished, settle, shown_output, state, themed, write


def test_before_the_first_run_the_panel_says_what_to_do(qtbot: QtBot, resources: Path) -> None:
    panel = OutputPanel(*themed(resources))
    qtbot.addWidget(panel)
    panel.show()
    assert panel.empty.isVisible()
    assert "F5" in panel.empty.text()
    assert not panel.status.isVisible()


def test_output_shows_at_once_and_the_end_of_the_run_below_it(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    panel.set_state(state(RunState.RUNNING))
    write(panel, "hello\n")
    assert panel.text() == "hello"
    panel.finish(finished(notes=("2 child processes were left running and have been ended.",)))
    assert panel.text().splitlines() == [
        "hello",
        "2 child processes were left running and have been ended.",
        "exit 0 · 3.41 s",
    ]
    assert panel.status.text() == "exit 0 · 3.41 s"


def test_output_of_an_earlier_run_is_passed_over(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    panel.append(OutputAppended("run-0", (OutputChunk("stdout", b"late\n"),)))
    assert panel.text() == ""


def test_a_new_run_starts_with_an_empty_panel(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "old\n")
    panel.finish(finished())
    panel.begin("run-2")
    assert panel.text() == ""
    assert panel.status.text() == "starting…"


def test_input_is_asked_for_in_the_panel_and_echoed(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "name? ")
    panel.set_state(state(RunState.WAITING_FOR_INPUT))
    panel.request_input()
    edit = panel.input_line.edit
    assert panel.input_line.isVisible()
    qtbot.waitUntil(edit.hasFocus)
    QTest.keyClicks(edit, "Ada")
    with qtbot.waitSignal(panel.inputEntered) as sent:
        QTest.keyClick(edit, Qt.Key.Key_Return)
    assert sent.args == ["Ada"]
    assert panel.text() == "name? Ada"
    assert not panel.input_line.isVisible()
    write(panel, "hello Ada\nage? ")
    panel.request_input()
    assert edit.text() == ""
    assert panel.input_line.isVisible()


def test_ctrl_d_on_an_empty_input_line_ends_the_input(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    panel.request_input()
    QTest.keyClicks(panel.input_line.edit, "ab")
    with qtbot.assertNotEmitted(panel.inputClosed):
        QTest.keyClick(panel.input_line.edit, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    panel.input_line.edit.clear()
    with qtbot.waitSignal(panel.inputClosed):
        QTest.keyClick(panel.input_line.edit, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert not panel.input_line.isVisible()


def test_the_input_line_goes_when_the_run_ends(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    panel.request_input()
    panel.finish(finished("stopped · 2.00 s", final=RunState.STOPPED))
    assert not panel.input_line.isVisible()


def test_hidden_frames_are_shown_by_a_click(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "Traceback\n  ... 4 frames hidden\nValueError: no\n", "stderr")
    panel.show_error(ErrorRaised(RUN, RunError("ValueError: no", 4, "ValueError", "Traceback\n  every frame\n")))
    panel.finish(finished("ValueError: no (line 4)", final=RunState.FAILED))
    lines = panel.text().splitlines()
    click(qtbot, panel.view, lines.index("Show all frames"), 3)
    assert panel.text().splitlines() == [*lines, "All frames:", "Traceback", "  every frame"]
    click(qtbot, panel.view, lines.index("Show all frames"), 3)
    assert panel.text().count("every frame") == 1


def test_without_hidden_frames_there_is_nothing_to_click(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    panel.finish(finished("ValueError (line 4)", final=RunState.FAILED, error=RunError("ValueError", 4)))
    assert panel.text() == "ValueError (line 4)"


def test_dropped_output_is_counted_above_and_noted_where_it_was(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "start\n")
    assert not panel.dropped.isVisible()
    write(panel, "end\n", dropped=12_300_000)
    assert panel.dropped.isVisible()
    assert panel.dropped.text() == "12.3 MB of earlier output dropped"
    assert panel.text().splitlines()[1].startswith("… 12.3 MB dropped here")


def test_what_comes_faster_than_it_can_be_shown_never_piles_up(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    piece = b"\x1b[31mred\x1b[0m\n" * 75_000
    for _ in range(20):
        write(panel, piece)
    panel.finish(finished())
    assert panel.pump.waiting_bytes <= LIMIT_BYTES
    settle(qtbot, panel)
    assert panel.text().endswith("red\nexit 0 · 3.41 s")
    assert "dropped here" in panel.text()


def test_clear_empties_the_panel_and_the_run_goes_on(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "old\n")
    QTest.mouseClick(panel.clear_button, Qt.MouseButton.LeftButton)
    assert panel.text() == ""
    write(panel, "new\n")
    assert panel.text() == "new"


def test_save_writes_what_is_kept(
    qtbot: QtBot, resources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "\x1b[31mµ\x1b[0m\nend\n")
    target = tmp_path / "output.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    _trigger(panel, "Save output…")
    assert target.read_text(encoding="utf-8") == "µ\nend\n"


def test_a_failed_save_says_what_to_do(
    qtbot: QtBot, resources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = shown_output(qtbot, resources)
    write(panel, "text\n")
    said: list[str] = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path), ""))
    monkeypatch.setattr(QMessageBox, "warning", lambda *words: said.append(words[2]))
    _trigger(panel, "Save output…")
    assert said
    assert "Choose another folder" in said[0]


def _trigger(panel: OutputPanel, text: str) -> None:
    menu = panel.view.menu(None)
    action: QAction = next(action for action in menu.actions() if action.text() == text)
    action.trigger()
    menu.deleteLater()


def test_a_million_lines_leave_a_bounded_buffer_and_the_window_alive(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    timer = QTimer(interval=0)
    timer.start()
    for start in range(0, 1_000_000, 40_000):
        write(panel, "".join(f"{number}\n" for number in range(start, start + 40_000)))
        with qtbot.waitSignal(timer.timeout):
            pass
    panel.finish(finished())
    settle(qtbot, panel)
    timer.stop()
    assert panel.buffer.size <= LIMIT_BYTES
    assert panel.text().endswith("999998\n999999\nexit 0 · 3.41 s")
    assert panel.dropped.isVisible()
    assert panel.view.verticalScrollBar().value() == panel.view.verticalScrollBar().maximum()


def test_every_control_has_a_name_and_a_tip(qtbot: QtBot, resources: Path) -> None:
    panel = shown_output(qtbot, resources)
    for button in filter(QToolButton.isVisible, panel.findChildren(QToolButton)):
        assert button.accessibleName()
        assert button.toolTip()
    assert panel.input_line.edit.accessibleName()
    assert panel.find_bar.edit.accessibleName()
