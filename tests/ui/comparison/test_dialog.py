"""The window that sets runs and benchmarks beside one another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gpuplayground.comparison.comparison import Subject, SubjectKind
from gpuplayground.model.benchmarks import Flag, FlagKind
from gpuplayground.model.result_value import ResultValue
from gpuplayground.ui.comparison.chart import ROW_PX
from gpuplayground.ui.comparison.dialog import CompareDialog
from gpuplayground.ui.comparison.model import Column
from tests.support.hovering import hover, leave
from tests.support.result_panels import themed
from tests.ui.benchmarks.measurements import samples

RESULT = ResultValue("float32", (2,), "a", (1.0, 2.0))
NUMPY = Subject("numpy add", SubjectKind.BENCHMARK, samples(61_000), result=RESULT)
CUPY = Subject(
    "cupy add", SubjectKind.BENCHMARK, samples(14_200), gpu_busy_ns=6900.0, result=RESULT,
    verdict=(Flag(FlagKind.LAUNCH_BOUND, "The GPU was busy during 48 % of the time."),),
)  # fmt: skip
FUSED = Subject("cupy fused", SubjectKind.BENCHMARK, samples(14_200, seed=5), gpu_busy_ns=6800.0)
PLAIN = Subject("pycuda_add.py", SubjectKind.RUN, single_ns=43_000.0)
STOPPED = Subject("killed.py", SubjectKind.RUN, single_ns=43.0, error="killed at line 1 · 43 ns")
FAILED = Subject("tensorflow", SubjectKind.BENCHMARK, error="CUDA out of memory")
ALL = (NUMPY, CUPY, FUSED, PLAIN, FAILED)


def shown(qtbot: QtBot, resources: Path, *subjects: Subject, saved: Path | None = None) -> CompareDialog:
    def choose(parent: QWidget, title: str, name: str, kinds: str) -> Path | None:
        return saved

    dialog = CompareDialog(*themed(resources), choose=choose)
    qtbot.addWidget(dialog)
    dialog.add(subjects)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def column(dialog: CompareDialog, wanted: Column) -> list[str]:
    return [dialog.model.index(row, wanted).data() for row in range(dialog.model.rowCount())]


def test_it_says_how_to_add_something_while_it_is_empty(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources)
    assert dialog.empty.isVisible()
    assert "Add to comparison" in dialog.empty.text()
    buttons = (dialog.copy_button, dialog.markdown_button, dialog.picture_button, dialog.remove_button)
    for button in (*buttons, dialog.clear_button):
        assert not button.isEnabled()
    assert not dialog.isModal()


def test_it_opens_no_larger_than_the_screen(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources)
    assert dialog.screen().availableGeometry().width() < 1060, "or this shows nothing"
    assert dialog.frameGeometry().width() <= dialog.screen().availableGeometry().width()


def test_one_alone_is_shown_and_asks_for_a_second(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    assert column(dialog, Column.NAME) == ["numpy add"]
    assert "second" in dialog.note.text()
    assert not dialog.baseline.isEnabled()


def test_rows_have_speed_ups_against_the_first(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    speed_ups = column(dialog, Column.SPEED_UP)
    assert speed_ups[0] == "baseline"
    assert speed_ups[1].startswith("4.")
    assert speed_ups[4] == "—"
    assert column(dialog, Column.RESULT) == ["baseline", "equal", "—", "—", "—"]
    remarks = column(dialog, Column.REMARK)
    assert remarks[1] == "launch-bound"
    assert remarks[3] == "single run, no interval"
    assert remarks[4] == "CUDA out of memory"


def test_a_run_that_did_not_finish_has_its_end_in_place_of_a_speed_up(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, PLAIN, STOPPED)
    assert column(dialog, Column.SPEED_UP) == ["baseline", "—"]
    assert column(dialog, Column.REMARK)[1] == STOPPED.error
    remark = dialog.model.index(1, Column.REMARK)
    color = remark.data(Qt.ItemDataRole.ForegroundRole)
    assert color == dialog.chart.theme.color("error")
    assert "43 ns, killed at line 1" in dialog.chart.accessibleDescription()


def test_a_result_that_was_compared_by_a_sample_says_so(qtbot: QtBot, resources: Path) -> None:
    found = [ResultValue("float32", (1 << 20,), digest, (1.0,) * 4096, 1.0, 1.0) for digest in "ab"]
    dialog = shown(qtbot, resources, replace(NUMPY, result=found[0]), replace(CUPY, result=found[1]))
    assert column(dialog, Column.RESULT)[1] == "sample equal within tolerance"
    tip = dialog.model.index(1, Column.RESULT).data(Qt.ItemDataRole.ToolTipRole)
    assert "4096 elements of each" in tip


def test_the_combobox_chooses_the_baseline(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    dialog.baseline.setFocus()
    QTest.keyClick(dialog.baseline, Qt.Key.Key_Down)
    assert dialog.rows[1].is_baseline
    assert column(dialog, Column.SPEED_UP)[2].startswith("no difference")
    assert dialog.baseline.currentText() == "cupy add"


def test_a_click_on_a_bar_chooses_the_baseline(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    QTest.mouseClick(dialog.chart, Qt.MouseButton.LeftButton, pos=QPoint(200, int(26 + 2.5 * ROW_PX)))
    assert dialog.rows[2].is_baseline
    QTest.mouseClick(dialog.chart, Qt.MouseButton.LeftButton, pos=QPoint(200, 4))
    assert dialog.rows[2].is_baseline


def test_a_double_click_on_a_row_chooses_the_baseline(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    place = dialog.table.visualRect(dialog.model.index(1, Column.NAME)).center()
    QTest.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert dialog.rows[1].is_baseline


def test_removing_rows_keeps_the_baseline_where_it_is(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    dialog.choose_baseline(2)
    dialog.table.selectRow(0)
    dialog.remove_button.click()
    assert list(dialog.subjects) == list(ALL[1:])
    assert dialog.rows[1].is_baseline
    dialog.table.selectRow(1)
    dialog.table.setFocus()
    QTest.keyClick(dialog.table, Qt.Key.Key_Delete)
    assert list(dialog.subjects) == [CUPY, PLAIN, FAILED]
    assert dialog.rows[0].is_baseline
    dialog.clear()
    assert dialog.empty.isVisible()


def test_what_is_there_is_not_added_again(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    dialog.add([NUMPY, CUPY])
    assert dialog.subjects == (NUMPY, CUPY)


def test_what_is_there_is_taken_as_it_is_now_when_it_is_added_again(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, replace(CUPY, verdict=()), NUMPY)
    assert column(dialog, Column.REMARK) == ["", ""]
    dialog.add([CUPY])
    assert column(dialog, Column.NAME) == ["cupy add", "numpy add"]
    assert column(dialog, Column.REMARK) == ["launch-bound", ""]


def test_other_runs_take_the_place_of_what_was_compared(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    dialog.choose_baseline(3)
    dialog.table.selectRow(1)
    dialog.show_only([FUSED, NUMPY])
    assert dialog.subjects == (FUSED, NUMPY)
    assert dialog.rows[0].is_baseline
    assert not dialog.remove_button.isEnabled()


def test_clear_takes_everything_out(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    dialog.clear_button.click()
    assert dialog.empty.isVisible()
    assert not dialog.clear_button.isEnabled()


def test_subjects_of_the_same_name_are_told_apart_everywhere(qtbot: QtBot, resources: Path) -> None:
    again = replace(NUMPY, start_ns=2, note="the second")
    dialog = shown(qtbot, resources, replace(NUMPY, start_ns=1, note="the first"), again)
    names = ["numpy add · the first", "numpy add · the second"]
    assert column(dialog, Column.NAME) == names
    assert [dialog.baseline.itemText(index) for index in range(2)] == names
    assert all(name in dialog.chart.accessibleDescription() for name in names)


def test_columns_are_as_wide_as_their_text_and_a_long_name_is_cut(qtbot: QtBot, resources: Path) -> None:
    slow = Subject("a very long name " * 8, SubjectKind.BENCHMARK, samples(3_200_000, spread=0.2))
    dialog = shown(qtbot, resources, NUMPY, slow, STOPPED)
    assert " to " in column(dialog, Column.SPEED_UP)[1]
    for each in (Column.MEDIAN, Column.INTERVAL, Column.SPEED_UP, Column.BUSY, Column.RESULT):
        assert dialog.table.columnWidth(each) >= dialog.table.sizeHintForColumn(each)
    assert dialog.table.columnWidth(Column.NAME) < dialog.table.sizeHintForColumn(Column.NAME)


def test_the_note_says_what_a_single_run_counts(qtbot: QtBot, resources: Path) -> None:
    assert "without imports" in shown(qtbot, resources, NUMPY, PLAIN).note.text()
    assert "without imports" not in shown(qtbot, resources, NUMPY, CUPY).note.text()


def test_the_table_is_copied_as_text_and_as_markdown(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text().splitlines()[0].startswith("name")
    dialog.markdown_button.click()
    assert QGuiApplication.clipboard().text().startswith("| name | median |")
    assert "copied" in dialog.note.text()


def test_the_chart_is_saved_as_a_picture(qtbot: QtBot, resources: Path, tmp_path: Path) -> None:
    target = tmp_path / "chart.png"
    dialog = shown(qtbot, resources, *ALL, saved=target)
    dialog.picture_button.click()
    assert QImage(str(target)).width() >= 1800
    assert dialog.note.text() == "Saved chart.png."


def test_a_folder_that_is_not_there_is_said_in_a_sentence(qtbot: QtBot, resources: Path, tmp_path: Path) -> None:
    dialog = shown(qtbot, resources, *ALL, saved=tmp_path / "missing" / "chart.png")
    dialog.picture_button.click()
    assert dialog.note.text().startswith("Could not save chart.png")


def test_nothing_is_saved_without_a_file(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    before = dialog.note.text()
    dialog.picture_button.click()
    assert dialog.note.text() == before


def test_hovering_a_bar_shows_its_figures(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    plain = dialog.chart.grab().toImage()
    for row in range(len(ALL)):
        hover(dialog.chart, 240, 26 + (row + 0.5) * ROW_PX)
        assert dialog.chart.grab().toImage() != plain
    leave(dialog.chart)
    assert dialog.chart.grab().toImage() == plain


@pytest.mark.parametrize("subjects", [(FAILED,), (PLAIN,), (FAILED, PLAIN), (STOPPED, PLAIN)])
def test_what_has_no_interval_can_be_drawn(qtbot: QtBot, resources: Path, subjects: tuple[Subject, ...]) -> None:
    dialog = shown(qtbot, resources, *subjects)
    assert not dialog.chart.grab().isNull()


def test_both_themes_draw_and_the_buttons_follow(qtbot: QtBot, resources: Path) -> None:
    theme, icons = themed(resources)
    dialog = CompareDialog(theme, icons)
    qtbot.addWidget(dialog)
    dialog.add(ALL)
    dark = dialog.chart.picture()
    theme.select("light")
    try:
        assert dialog.chart.picture() != dark
    finally:
        theme.select("dark")


def test_every_button_says_what_it_does(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, *ALL)
    buttons = (dialog.copy_button, dialog.markdown_button, dialog.picture_button, dialog.remove_button)
    for button in (*buttons, dialog.clear_button):
        assert button.accessibleName()
        assert button.toolTip()
    assert dialog.baseline.toolTip()
    assert dialog.chart.accessibleDescription()
