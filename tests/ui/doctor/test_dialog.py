"""The doctor's window, and the worker that fills it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gpuplayground.environments.doctor.examination import Planned, Started
from gpuplayground.environments.doctor.finding import Answer, Finding, Fix, Level, Topic
from gpuplayground.ui.doctor.dialog import DoctorDialog
from gpuplayground.ui.doctor.row import FindingRow
from tests.support.result_panels import themed

ANSWERS = (
    Answer("Is my GPU supported?", "Yes: every current version of CUDA supports NVIDIA H200.", Level.OK),
    Answer("Which libraries do I need?", "Only the framework that your snippet imports.", Level.OK),
    Answer("How do I set CUDA up?", "It is set up.", Level.OK),
)
DRIVER = Finding("driver", Topic.DRIVER, Level.OK, "The NVIDIA driver 580 works.")
GPU = Finding("GPU-0", Topic.GPUS, Level.OK, "GPU 0 is an NVIDIA H200.", details="It has bf16.")
CUPY = Finding(
    "/env/cupy", "Python 3.12", Level.PROBLEM, "CuPy <b>14</b> lacks its headers.",
    "gpuplayground env create cuda cupy", "RuntimeError: cuda_fp16.h", Fix("cuda", ("cupy", "numba", "pycuda")),
)  # fmt: skip
TORCH = Finding("/env/torch", "Python 3.12", Level.OK, "PyTorch added two arrays.", details="Checked on Monday.")


@pytest.fixture
def dialog(qtbot: QtBot, resources: Path) -> DoctorDialog:
    dialog = DoctorDialog(*themed(resources))
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def row_of(dialog: DoctorDialog, sentence: str) -> FindingRow:
    (row,) = (row for row in dialog.rows if row.sentence.text() == sentence)
    return row


def filled(dialog: DoctorDialog) -> DoctorDialog:
    dialog.begin()
    dialog.show_answers(ANSWERS)
    for finding in (DRIVER, GPU, CUPY, TORCH):
        dialog.add(finding)
    dialog.end()
    return dialog


def test_the_answers_are_on_top_and_findings_below_their_topics(dialog: DoctorDialog) -> None:
    filled(dialog)
    assert [card.answer for card in dialog.cards.cards] == list(ANSWERS)
    assert not dialog.cards.isHidden()
    assert dialog.topics == (Topic.DRIVER, Topic.GPUS, "Python 3.12")
    assert [row.finding for row in dialog.rows] == [DRIVER, GPU, CUPY, TORCH]
    assert dialog.status.text() == "1 problem"


def test_a_kernel_waits_runs_and_becomes_a_finding_in_the_same_row(dialog: DoctorDialog) -> None:
    dialog.begin()
    assert dialog.status.text() == "Looking at this machine…"
    dialog.plan(Planned(TORCH.id, TORCH.topic, "PyTorch"))
    dialog.plan(Planned(CUPY.id, CUPY.topic, "CuPy"))
    assert [row.sentence.text() for row in dialog.rows] == ["PyTorch is waiting.", "CuPy is waiting."]
    assert dialog.status.text() == "Running kernels: 2 to go"
    dialog.start(Started(CUPY.id, CUPY.topic, "CuPy"))
    assert dialog.rows[1].sentence.text() == "CuPy is running a kernel…"
    dialog.add(CUPY)
    assert [row.finding for row in dialog.rows] == [None, CUPY]
    assert dialog.status.text() == "Running kernels: 1 to go"


def test_a_running_kernel_shows_its_seconds(dialog: DoctorDialog, qtbot: QtBot) -> None:
    dialog.begin()
    dialog.start(Started(TORCH.id, TORCH.topic, "PyTorch"))
    qtbot.waitUntil(lambda: dialog.rows[0].sentence.text().endswith(" s"))


def test_a_command_is_copied_by_its_button(dialog: DoctorDialog) -> None:
    filled(dialog)
    row = row_of(dialog, CUPY.sentence)
    QTest.mouseClick(row.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "gpuplayground env create cuda cupy"
    assert not row_of(dialog, DRIVER.sentence).command.isVisibleTo(dialog)


def test_what_can_be_fixed_has_a_button_that_asks_for_it(dialog: DoctorDialog, qtbot: QtBot) -> None:
    filled(dialog)
    row = row_of(dialog, CUPY.sentence)
    assert row.fix_button.toolTip() == "Build the environment cuda with cupy, numba, pycuda"
    with qtbot.waitSignal(dialog.fixWanted) as asked:
        QTest.mouseClick(row.fix_button, Qt.MouseButton.LeftButton)
    assert asked.args == [CUPY.fix]
    assert row_of(dialog, DRIVER.sentence).fix_button.isHidden()


def test_details_are_open_for_problems_and_gpus_and_closed_for_others(dialog: DoctorDialog) -> None:
    filled(dialog)
    assert not row_of(dialog, CUPY.sentence).details.isHidden()
    assert not row_of(dialog, GPU.sentence).details.isHidden()
    row = row_of(dialog, TORCH.sentence)
    assert row.details.isHidden()
    QTest.mouseClick(row.details_button, Qt.MouseButton.LeftButton)
    assert not row.details.isHidden()
    assert row_of(dialog, DRIVER.sentence).details_button.isHidden()


def test_a_finding_is_plain_text_on_one_line(dialog: DoctorDialog) -> None:
    filled(dialog)
    assert row_of(dialog, CUPY.sentence).sentence.textFormat() is Qt.TextFormat.PlainText
    dialog.add(replace(TORCH, sentence="line\nbreak \x1b[31m"))
    assert dialog.rows[-1].sentence.text() == "line\\nbreak \\x1b[31m"


def test_everything_is_copied_as_text_for_a_bug_report(dialog: DoctorDialog) -> None:
    assert not dialog.copy_button.isEnabled()
    filled(dialog)
    QTest.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    assert text.startswith("GPU Playground ")
    for part in (ANSWERS[0].text, DRIVER.sentence, CUPY.command, CUPY.details, TORCH.details):
        assert part in text


def test_while_it_runs_it_can_be_cancelled_and_afterwards_run_again(dialog: DoctorDialog, qtbot: QtBot) -> None:
    dialog.begin()
    assert not dialog.again_button.isEnabled()
    with qtbot.waitSignal(dialog.cancelRequested):
        QTest.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    dialog.end()
    assert not dialog.cancel_button.isEnabled()
    with qtbot.waitSignal(dialog.checkRequested):
        QTest.mouseClick(dialog.again_button, Qt.MouseButton.LeftButton)


def test_a_new_examination_forgets_the_last_one(dialog: DoctorDialog) -> None:
    filled(dialog)
    dialog.begin()
    assert (dialog.rows, dialog.topics, dialog.answers) == ((), (), ())
    assert dialog.cards.isHidden()
    dialog.add(DRIVER)
    dialog.end()
    assert dialog.status.text() == "No problems found."


def test_an_examination_that_failed_says_why(dialog: DoctorDialog) -> None:
    dialog.begin()
    dialog.fail("disk full")
    dialog.end()
    assert dialog.note.text() == "The examination failed (disk full): run it again."
    assert dialog.status.text() == "Nothing was checked yet."


def test_on_a_narrow_window_the_answers_are_below_each_other(dialog: DoctorDialog, qtbot: QtBot) -> None:
    filled(dialog)

    def tops() -> set[int]:
        return {card.y() for card in dialog.cards.cards}

    dialog.resize(1100, 600)
    qtbot.waitUntil(lambda: len(tops()) == 1)
    dialog.resize(560, 600)
    qtbot.waitUntil(lambda: len(tops()) == 3)
    assert dialog.minimumSizeHint().width() <= 560


def test_every_button_has_a_name_and_enter_presses_none(dialog: DoctorDialog) -> None:
    filled(dialog)
    row = row_of(dialog, CUPY.sentence)
    buttons = (dialog.again_button, dialog.cancel_button, dialog.copy_button, row.fix_button)
    assert all(button.accessibleName() and button.toolTip() and not button.autoDefault() for button in buttons)
    assert row.copy_button.accessibleName()
    assert row.details_button.accessibleName() == "Hide the details"


@pytest.mark.skipif(sys.platform == "win32", reason="the environment is laid out as on Linux")
def test_a_real_examination_fills_the_window(dialog: DoctorDialog, qtbot: QtBot) -> None:
    from gpuplayground.environments.interpreters import probe
    from gpuplayground.workers.doctor import Doctor
    from tests.support.machines import no_driver

    doctor = Doctor()
    doctor.answered.connect(dialog.show_answers)
    doctor.planned.connect(dialog.plan)
    doctor.started.connect(dialog.start)
    doctor.found.connect(dialog.add)
    doctor.failed.connect(dialog.fail)
    doctor.ended.connect(dialog.end)
    dialog.begin()
    with qtbot.waitSignal(doctor.ended):
        doctor.start(no_driver(), [probe(sys.executable)], is_fresh=True)
    assert [answer.question for answer in dialog.answers] == [answer.question for answer in ANSWERS]
    assert dialog.topics[0] == Topic.DRIVER
    assert any("NumPy" in finding.sentence and "on the CPU" in finding.sentence for finding in dialog.findings)
    assert all(row.finding is not None for row in dialog.rows)
    assert doctor.wait(30)
