"""Statement timings in their table: contents, order, jumping and copying."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from gpuplayground.model.events import StatementsTimed
from gpuplayground.model.gpu_timing import GpuTiming, KernelTotals, RegionTiming
from gpuplayground.model.results import Run, RunState, StatementTiming
from gpuplayground.model.trace import OPERATIONS, Trace
from gpuplayground.past_runs.details import MAX_OPERATIONS, without_trace
from gpuplayground.runs.timing_table import format_timings
from gpuplayground.ui.results.pages import TIMINGS
from gpuplayground.ui.results.timings_model import Column
from gpuplayground.ui.results.timings_panel import TimingsPanel
from tests.support.result_panels import RUN, finished, shown_timings, themed, themed_header

IMPORT = StatementTiming(0, 2, 2, "import torch", 12_000, None, True, 4_100_000_000)
LAUNCH = StatementTiming(1, 4, 4, "y = x @ x", 1_000_000, 545_000_000)
PRINT = StatementTiming(2, 5, 5, "print(y)", 2_000_000)
FAILED = StatementTiming(3, 9, 9, "raise ValueError(y)", 900, failed=True)


def add(panel: TimingsPanel, *timings: StatementTiming, current: int | None = None) -> None:
    panel.add(StatementsTimed(RUN, timings, current))


def column(panel: TimingsPanel, wanted: Column) -> list[str]:
    model = panel.model
    return [model.index(row, wanted).data() for row in range(model.rowCount())]


def click_header(qtbot: QtBot, panel: TimingsPanel, wanted: Column) -> None:
    header = panel.table.horizontalHeader()
    point = QPoint(header.sectionViewportPosition(wanted) + 10, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=point)


def middle(panel: TimingsPanel, row: int) -> QPoint:
    return panel.table.visualRect(panel.model.index(row, Column.STATEMENT)).center()


def test_before_the_first_run_the_panel_says_what_to_do(qtbot: QtBot, resources: Path) -> None:
    panel = TimingsPanel(*themed_header(resources, TIMINGS))
    qtbot.addWidget(panel)
    panel.show()
    assert panel.empty.isVisible()
    assert "F5" in panel.empty.text()
    assert not panel.copy_button.isEnabled()


def test_statements_appear_as_they_finish(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    assert panel.empty.isVisible()
    add(panel, IMPORT, current=4)
    assert panel.current.text() == "running line 4"
    add(panel, LAUNCH, PRINT)
    assert column(panel, Column.LINE) == ["2", "4", "5"]
    assert column(panel, Column.STATEMENT) == ["import torch", "y = x @ x", "print(y)"]
    assert column(panel, Column.WALL) == ["4.10 s", "1.00 ms", "2.00 ms"]
    assert column(panel, Column.GPU_DONE) == ["—", "545 ms", "—"]
    assert column(panel, Column.SHARE) == ["88.2 %", "11.7 %", "< 0.1 %"]


def test_a_preloaded_module_shows_its_import_time_and_says_so(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    add(panel, IMPORT)
    index = panel.model.index(0, Column.WALL)
    assert index.data() == "4.10 s"
    assert "imported in 4.10 s before the run" in index.data(Qt.ItemDataRole.ToolTipRole)
    statement = panel.model.index(0, Column.STATEMENT).data(Qt.ItemDataRole.AccessibleTextRole)
    assert statement == "import torch, import, preloaded: 4.10 s"


def test_the_idle_column_shows_only_where_cuda_is_in_use(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    add(panel, PRINT)
    assert panel.table.isColumnHidden(Column.GPU_DONE)
    add(panel, LAUNCH)
    assert not panel.table.isColumnHidden(Column.GPU_DONE)
    panel.clear("run-2")
    panel.add(StatementsTimed("run-2", (PRINT,)))
    assert panel.table.isColumnHidden(Column.GPU_DONE)


def test_totals_stand_below_with_the_imports_apart(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    add(panel, IMPORT, LAUNCH, PRINT)
    assert panel.footer.isVisible()
    assert panel.footer.text().splitlines() == [
        "Imports · 1 statement 4.10 s 4.10 s 88.2 %",
        "Total · 3 statements 4.10 s 4.65 s",
        "Includes imports preloaded before the run",
    ]
    assert panel.footer.accessibleDescription() == panel.footer.text()


def test_totals_name_no_preloaded_imports_where_none_were_made(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    add(panel, replace(IMPORT, prewarmed_ns=0), LAUNCH)
    high = panel.footer.height()
    assert "preloaded" not in panel.footer.text()
    add(panel, IMPORT)
    assert panel.footer.height() > high


def test_a_click_on_a_row_shows_its_line_and_enter_goes_there(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    add(panel, IMPORT, LAUNCH, PRINT)
    with qtbot.waitSignal(panel.lineActivated) as jump:
        QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=middle(panel, 1))
    assert jump.args == [4, False]
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    with qtbot.waitSignal(panel.lineActivated) as jump:
        QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert jump.args == [5, True]


def test_a_column_sorts_one_way_the_other_way_and_not_at_all(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    add(panel, PRINT, LAUNCH, IMPORT)
    orders = []
    for _ in range(3):
        click_header(qtbot, panel, Column.SHARE)
        orders.append(column(panel, Column.LINE))
    assert orders == [["2", "4", "5"], ["5", "4", "2"], ["2", "4", "5"]]
    assert not panel.table.horizontalHeader().isSortIndicatorShown()
    click_header(qtbot, panel, Column.STATEMENT)
    assert column(panel, Column.STATEMENT) == ["import torch", "print(y)", "y = x @ x"]


def test_rows_that_arrive_later_are_sorted_in_and_selected_ones_stay_selected(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    add(panel, PRINT, LAUNCH)
    click_header(qtbot, panel, Column.WALL)
    assert column(panel, Column.LINE) == ["5", "4"]
    panel.table.selectRow(1)
    add(panel, IMPORT)
    assert column(panel, Column.LINE) == ["2", "5", "4"]
    assert [index.row() for index in panel.table.selectionModel().selectedRows()] == [2]


def test_copy_takes_the_selected_rows_or_all_as_a_text_table(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    add(panel, IMPORT, LAUNCH, PRINT)
    clipboard = QGuiApplication.clipboard()
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == format_timings((IMPORT, LAUNCH, PRINT))
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in (2, 1):
        panel.table.selectionModel().select(panel.model.index(row, 0), flags)
    QTest.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == format_timings((IMPORT, LAUNCH, PRINT), (LAUNCH, PRINT))
    QTest.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    assert clipboard.text() == panel.text() == format_timings((IMPORT, LAUNCH, PRINT))


def test_the_statement_that_failed_is_red_and_in_view(qtbot: QtBot, resources: Path) -> None:
    theme, _ = themed(resources)
    panel = shown_timings(qtbot, resources)
    many = tuple(StatementTiming(n, n + 1, n + 1, "pass", 1000) for n in range(100))
    failed = StatementTiming(100, 101, 101, "raise ValueError", 900, failed=True)
    add(panel, *many)
    panel.table.scrollToTop()
    panel.set_run(finished(final=RunState.FAILED, timings=(*many, failed)).run)
    port = panel.table.viewport()

    def place() -> QRect:
        return panel.table.visualRect(panel.model.index(100, Column.STATEMENT))

    qtbot.waitUntil(lambda: port.rect().contains(place()))
    image = port.grab(place()).toImage()
    colors = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert theme.colors.error in colors


def test_the_end_of_the_run_brings_what_was_not_reported_before(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    add(panel, IMPORT, current=4)
    panel.set_run(finished(timings=(IMPORT, LAUNCH, FAILED)).run)
    assert column(panel, Column.LINE) == ["2", "4", "9"]
    assert panel.current.text() == ""


def test_a_run_without_statements_says_so(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    panel.set_run(finished().run)
    assert panel.empty.isVisible()
    assert "No statement" in panel.empty.text()


def test_events_of_an_earlier_run_are_passed_over(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    panel.add(StatementsTimed("run-0", (PRINT,)))
    assert panel.model.rowCount() == 0


def test_ten_thousand_statements_arrive_in_batches(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    click_header(qtbot, panel, Column.SHARE)
    for start in range(0, 10_000, 500):
        add(panel, *(StatementTiming(n, n + 1, n + 1, f"x{n} = {n}", 1000 + n) for n in range(start, start + 500)))
    assert panel.model.rowCount() == 10_000
    click_header(qtbot, panel, Column.SHARE)
    click_header(qtbot, panel, Column.SHARE)
    assert column(panel, Column.LINE)[::2500] == ["1", "2501", "5001", "7501"]
    assert "10,000 statements" in panel.footer.text()


def test_every_control_has_a_name_and_a_tip(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    assert panel.table.accessibleName()
    for button in filter(QToolButton.isVisible, panel.findChildren(QToolButton)):
        assert button.accessibleName()
        assert button.toolTip()


def traced(index: int, busy_ns: int, **fields: object) -> StatementTiming:
    """A statement that was on the GPU for a while."""
    gpu = GpuTiming(busy_ns=busy_ns, kernels=1, top_kernels=(KernelTotals("add", 1, busy_ns, busy_ns),), **fields)  # type: ignore[arg-type]
    return StatementTiming(index, index + 1, index + 1, f"y{index} = x @ x", 1_000_000, 2_000_000, gpu=gpu)


def test_gpu_times_have_a_column_of_their_own_and_regions_a_row(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    region = RegionTiming("inner", 1, 5, 700_000, 300_000, 1)
    timings = (traced(0, 500_000, regions=(region,)), traced(1, 250_000))
    panel.set_run(Run(RUN, "a.py", RunState.FINISHED, 0, 10, timings=timings))
    assert not panel.table.isColumnHidden(Column.GPU)
    assert column(panel, Column.GPU) == ["500 µs", "300 µs", "250 µs"]
    assert column(panel, Column.STATEMENT) == ["y0 = x @ x", "  ▸ inner", "y1 = x @ x"]
    assert panel.model.totals.statements == 2
    click_header(qtbot, panel, Column.GPU)
    assert column(panel, Column.GPU) == ["500 µs", "300 µs", "250 µs"]
    assert "1 kernel add" in panel.text()


def test_a_run_on_the_gpu_without_gpu_times_says_why(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    timings = (StatementTiming(0, 1, 1, "y = x @ x", 1_000_000, 2_000_000),)
    note = "GPU times need cupti-python in this environment: python -m pip install cupti-python."
    panel.set_run(Run(RUN, "a.py", RunState.FINISHED, 0, 10, timings=timings, trace_note=note))
    assert panel.table.isColumnHidden(Column.GPU)
    assert (panel.current.text(), panel.current.toolTip()) == ("no GPU times", note)


def test_gpu_times_are_called_incomplete_where_something_is_missing_in_them(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    run = Run(RUN, "a.py", RunState.FINISHED, 0, 10, timings=(traced(0, 500_000),))
    note = "CUPTI lost 7 records, so GPU times are too small: run fewer launches at a time."
    panel.set_run(replace(run, trace_note=note))
    assert (panel.current.text(), panel.current.toolTip()) == ("GPU times incomplete", note)


def test_gpu_times_of_the_history_are_whole_although_it_keeps_no_long_trace(qtbot: QtBot, resources: Path) -> None:
    panel = shown_timings(qtbot, resources)
    long = Trace(np.zeros(MAX_OPERATIONS + 1, OPERATIONS), ("add",))
    run = Run(RUN, "a.py", RunState.FINISHED, 0, 10, timings=(traced(0, 500_000),), trace=long)
    panel.set_run(without_trace(run))
    assert panel.current.text() == ""
