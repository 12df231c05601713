"""What a run cost, as it is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gpuplayground.model.results import Run, RunState, StatementTiming
from gpuplayground.receipts.energy import Energy, EnergyMethod
from gpuplayground.receipts.receipt import Receipt
from gpuplayground.ui.results import pages
from gpuplayground.ui.results.memory_bars import MemoryBars
from gpuplayground.ui.results.receipt_panel import ReceiptPanel
from tests.support.result_panels import themed, themed_header
from tests.ui.benchmarks.measurements import measurement

GIB = 1 << 30
RECEIPT = Receipt(
    gpu_uuid="GPU-1",
    gpu_name="NVIDIA H200",
    start_ns=0,
    end_ns=3_410_000_000,
    sample_count=34,
    energy=Energy(212.0, EnergyMethod.COUNTER, 31.0, 215.0, "212 J by the counter"),
    process_peak_bytes=5 * GIB,
    device_peak_bytes=6 * GIB,
    device_before_bytes=GIB,
    device_after_bytes=GIB,
    came_back=True,
    came_back_sentence="all of it was freed: 1.0 GiB before, 1.0 GiB after",
)


def shown(qtbot: QtBot, resources: Path, width: int = 480) -> ReceiptPanel:
    panel = ReceiptPanel(*themed_header(resources, pages.RECEIPT))
    qtbot.addWidget(panel)
    panel.resize(width, 300)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def words(panel: ReceiptPanel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


def test_before_the_first_run_it_says_what_it_is_for(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    assert "F5" in panel.empty.text()
    assert not panel.copy_button.isEnabled()


def test_without_a_gpu_it_says_that_there_is_none_to_watch(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.set_has_gpus(False)
    assert "no NVIDIA GPU" in panel.empty.text()
    panel.clear("1")
    panel.set_run(Run("1", "a.py", RunState.FINISHED, 0, 10))
    assert "no NVIDIA GPU" in panel.empty.text()
    panel.set_has_gpus(True)
    assert "no NVIDIA GPU" not in panel.empty.text()


def test_another_inventory_leaves_the_words_about_a_run(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear("1")
    panel.set_has_gpus(True)
    assert "when the run is over" in panel.empty.text()
    panel.set_has_gpus(False)
    panel.set_has_gpus(True)
    assert "when the run is over" in panel.empty.text()


def test_it_waits_for_the_last_samples_of_its_run_only(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear("1")
    panel.set_run(Run("another", "a.py", RunState.FINISHED, 0, 10))
    assert "when the run is over" in panel.empty.text()
    panel.set_run(Run("1", "a.py", RunState.FINISHED, 0, 10))
    assert "last samples" in panel.empty.text()


def test_each_gpu_has_its_rows_and_its_memory(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear("1")
    panel.show_receipts("1", [RECEIPT, replace(RECEIPT, gpu_uuid="GPU-2", gpu_name=None, sample_count=1)])
    shown_words = words(panel)
    assert "NVIDIA H200  ·  3.41 s, 34 samples" in shown_words
    assert "GPU-2  ·  3.41 s, 1 sample" in shown_words
    assert "5.0 GiB peak" in shown_words
    assert len(panel.findChildren(MemoryBars)) == 2
    assert panel.copy_button.isEnabled()


def test_the_memory_bars_tell_whether_it_came_back(qtbot: QtBot, resources: Path) -> None:
    theme, _ = themed(resources)
    found = []
    for came_back in (True, False, None):
        bars = MemoryBars(replace(RECEIPT, came_back=came_back), theme)
        qtbot.addWidget(bars)
        assert not bars.grab().isNull()
        found.append(bars.verdict())
    assert found == [("freed", "good"), ("not all freed", "warning"), ("", "muted")]


def test_unknown_memory_is_a_dash(qtbot: QtBot, resources: Path) -> None:
    theme, _ = themed(resources)
    unknown = replace(RECEIPT, device_before_bytes=None, device_peak_bytes=None, device_after_bytes=None)
    bars = MemoryBars(unknown, theme)
    qtbot.addWidget(bars)
    assert not bars.grab().isNull()
    assert bars.accessibleDescription() == "Before —; Peak —; After —"


def test_remarks_stand_beside_their_figures_where_there_is_room(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_receipts("1", [RECEIPT])

    def places() -> tuple[QLabel, QLabel]:
        labels = {label.text(): label for label in panel.findChildren(QLabel)}
        return labels["6.0 GiB peak"], labels["all of it was freed: 1.0 GiB before, 1.0 GiB after"]

    qtbot.waitUntil(lambda: places()[1].y() > places()[0].y() + 5)
    panel.resize(900, 300)
    qtbot.waitUntil(lambda: places()[1].x() > places()[0].geometry().right())


def test_a_run_that_no_sample_met_says_so(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_receipts("1", [RECEIPT])
    panel.show_receipts("2", [])
    assert "No GPU samples" in panel.empty.text()
    assert not panel.copy_button.isEnabled()


def test_a_run_that_was_watched_in_part_says_so(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_receipts("1", [replace(RECEIPT, unwatched_ns=2_600_000_000)])
    assert {"Monitored", "810 ms of 3.41 s", "means, clocks and GPU peaks cover only this time"} <= {*words(panel)}


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (Run("1", "a.py", RunState.FINISHED, 0, 10), "did not use CUDA"),
        (Run("1", "a.py", RunState.FAILED, 0, 10), "before any statement that used CUDA had finished"),
        (Run("1", "a.py", RunState.FINISHED, 0, 10, benchmarks=(measurement(),)), "No GPU samples"),
        (Run("1", "a.py", RunState.FINISHED, 0, 10, timings=(StatementTiming(0, 1, 1, "x", 5, 6),)), "No GPU samples"),
    ],
)
def test_a_run_without_a_receipt_says_why(qtbot: QtBot, resources: Path, run: Run, reason: str) -> None:
    panel = shown(qtbot, resources)
    panel.show_receipts("1", [], run)
    assert reason in panel.empty.text()


def test_a_new_run_takes_the_old_receipt_away(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_receipts("1", [RECEIPT])
    panel.clear("2")
    assert panel.empty.isVisible()
    assert panel.text() == ""


def test_the_text_on_the_clipboard_has_every_row(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_receipts("1", [RECEIPT])
    panel.copy_button.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "NVIDIA H200"
    assert any(line.startswith("Energy: 212 ± 31 J") for line in lines)
