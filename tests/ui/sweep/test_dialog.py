"""The window of a sweep: asking for one, watching it, reading it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from gpuplayground.benchmarks import sweep_curves
from gpuplayground.benchmarks.statistics import Summary, summary
from gpuplayground.benchmarks.sweep_curves import curve_of
from gpuplayground.model.benchmarks import Benchmark, Phase, SweepPlan
from gpuplayground.model.events import BenchmarkProgressed
from gpuplayground.ui.sweep import dialog as sweep_dialog
from gpuplayground.ui.sweep.chart_frame import Quantity
from gpuplayground.ui.sweep.dialog import SweepDialog
from gpuplayground.ui.sweep.request import Implementation, SweepRequest
from tests.support.hovering import hover, leave
from tests.support.result_panels import themed
from tests.ui.benchmarks.measurements import samples

NUMPY, CUPY = Implementation("a", "add_numpy.py"), Implementation("b", "add_cupy.py", "cell 2")
VALUES = tuple(2**power for power in range(14, 21))


def shown(qtbot: QtBot, resources: Path, *implementations: Implementation, saved: Path | None = None) -> SweepDialog:
    def choose(parent: QWidget, title: str, name: str, kinds: str) -> Path | None:
        return saved

    dialog = SweepDialog(*themed(resources), choose=choose)
    qtbot.addWidget(dialog)
    dialog.set_implementations(implementations)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def measured(time_ns: float, value: float, **more: object) -> Benchmark:
    given = {"samples_ns": samples(time_ns, count=40), "converged": True, **more}
    return Benchmark("add", 8, 8, "c = a + b", parameter=("n", value), **given)  # type: ignore[arg-type]


def under_way(qtbot: QtBot, resources: Path, saved: Path | None = None) -> SweepDialog:
    """A sweep of two implementations over seven values that was just started."""
    dialog = shown(qtbot, resources, NUMPY, CUPY, saved=saved)
    dialog.form.values.setText("2**14 .. 2**20")
    tick(dialog, 1)
    dialog.start_button.click()
    return dialog


def done(qtbot: QtBot, resources: Path, saved: Path | None = None, **more: object) -> SweepDialog:
    dialog = under_way(qtbot, resources, saved)
    for value in VALUES:
        dialog.add_results("a", [measured(value / 10, value, **more)])
        dialog.add_results("b", [measured(13_107.0, value, **more)])
    dialog.finish()
    return dialog


def tick(dialog: SweepDialog, row: int) -> None:
    """Tick or untick an implementation with a click on its box."""
    view = dialog.form.implementations
    area = view.visualItemRect(view.item(row))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(area.left() + 11, area.center().y()))


def test_it_opens_no_larger_than_the_screen(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    assert dialog.screen().availableGeometry().width() < 1060, "or this shows nothing"
    assert dialog.frameGeometry().width() <= dialog.screen().availableGeometry().width()


def test_it_starts_empty_with_a_range_and_the_first_implementation(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY, CUPY)
    assert not dialog.isModal()
    assert dialog.form.chosen() == ("a",)
    assert dialog.form.preview.text().startswith("17 values: 1,024, 2,048, 4,096, … 67")
    assert dialog.start_button.isEnabled()
    assert not dialog.cancel_button.isEnabled()
    assert not dialog.csv_button.isEnabled()
    assert not dialog.meter.isVisible()


def test_values_that_cannot_be_read_say_why_and_keep_it_from_starting(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    dialog.form.values.selectAll()
    QTest.keyClicks(dialog.form.values, "2**20 .. 2**10")
    assert "below its start" in dialog.form.preview.text()
    assert dialog.form.preview.property("role") == "error"
    assert not dialog.start_button.isEnabled()
    dialog.form.values.setText("1, 2, 4")
    assert dialog.form.preview.text() == "3 values: 1, 2, 4"
    assert dialog.form.preview.property("role") == "muted"
    assert dialog.start_button.isEnabled()


def test_a_list_without_values_keeps_it_from_starting(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    dialog.form.values.setText(",")
    assert "is not a sweep" in dialog.form.preview.text()
    assert not dialog.start_button.isEnabled()
    assert dialog.form.request() is None


def test_a_name_that_is_none_keeps_it_from_starting(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    dialog.form.variable.setEditText("2n")
    assert "is not a variable name" in dialog.form.preview.text()
    assert not dialog.start_button.isEnabled()


def test_nothing_to_measure_is_said(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources)
    assert "open a snippet" in dialog.form.estimate.text()
    assert not dialog.start_button.isEnabled()
    dialog.set_implementations([NUMPY])
    tick(dialog, 0)
    assert dialog.form.chosen() == ()
    assert "Tick" in dialog.form.estimate.text()
    assert dialog.form.estimate.property("role") == "error"
    assert not dialog.start_button.isEnabled()


def test_ticks_stay_when_the_list_changes(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY, CUPY)
    tick(dialog, 1)
    tick(dialog, 0)
    dialog.set_implementations([Implementation("c", "other"), CUPY])
    assert dialog.form.chosen() == ("b",)


def test_the_space_key_ticks(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY, CUPY)
    dialog.form.implementations.setFocus()
    dialog.form.implementations.setCurrentRow(1)
    QTest.keyClick(dialog.form.implementations, Qt.Key.Key_Space)
    assert dialog.form.chosen() == ("a", "b")


def test_variables_are_offered_and_the_nearest_is_taken(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    dialog.suggest_variables(["rows", "size"])
    assert dialog.form.variable.currentText() == "size"
    assert dialog.form.plan is not None
    assert dialog.form.plan.variable == "size"
    dialog.form.variable.setEditText("rows")
    dialog.suggest_variables(["rows", "size"])
    assert dialog.form.variable.currentText() == "rows"
    dialog.suggest_variables([])
    assert dialog.form.variable.currentText() == "rows"


def test_a_variable_that_was_typed_stays_when_others_are_offered(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    dialog.suggest_variables(["rows", "k"])
    variable = dialog.form.variable
    variable.setFocus()
    variable.lineEdit().selectAll()  # type: ignore[union-attr]
    qtbot.keyClicks(variable, "batch")
    dialog.suggest_variables(["rows", "k"])
    assert variable.currentText() == "batch"
    assert dialog.form.plan is not None
    assert dialog.form.plan.variable == "batch"


@pytest.mark.parametrize("field", ["variable", "values"])
def test_enter_in_a_field_starts_where_start_does(qtbot: QtBot, resources: Path, field: str) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    written = getattr(dialog.form, field)
    dialog.form.values.setText("no number")
    with qtbot.assertNotEmitted(dialog.startRequested):
        QTest.keyClick(written, Qt.Key.Key_Return)
    dialog.form.values.setText("1, 2")
    with qtbot.waitSignal(dialog.startRequested):
        QTest.keyClick(written, Qt.Key.Key_Return)


def test_start_asks_for_what_was_chosen(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY, CUPY)
    dialog.form.values.setText("1 .. 3 step 1")
    tick(dialog, 1)
    QTest.mouseClick(dialog.form.cold_l2, Qt.MouseButton.LeftButton, pos=QPoint(40, 10))
    dialog.form.seconds.setCurrentIndex(dialog.form.seconds.findData(5))
    assert "At most 30.0 s" in dialog.form.estimate.text()
    with qtbot.waitSignal(dialog.startRequested) as asked:
        dialog.start_button.click()
    assert asked.args == [SweepRequest(SweepPlan("n", (1, 2, 3)), ("a", "b"), 5.0, cold_l2=True)]
    assert dialog.is_running
    assert not dialog.start_button.isEnabled()
    assert not dialog.form.isEnabled()
    assert dialog.cancel_button.isEnabled()


def test_progress_counts_values_and_implementations(qtbot: QtBot, resources: Path) -> None:
    dialog = under_way(qtbot, resources)
    dialog.progress("a", BenchmarkProgressed("r", Phase.SAMPLING, 10, step=1, steps=7))
    first = dialog.meter.share
    dialog.progress("b", BenchmarkProgressed("r", Phase.SAMPLING, 10, elapsed_s=1.0, step=3, steps=7))
    assert dialog.meter.words == "add_cupy.py (2 of 2)  ·  n = 65,536 (3 of 7)"
    assert first < dialog.meter.share < 1
    dialog.progress("unknown", BenchmarkProgressed("r", Phase.SAMPLING, step=7))
    assert dialog.meter.share < 1


def test_cancel_keeps_what_is_done(qtbot: QtBot, resources: Path) -> None:
    dialog = under_way(qtbot, resources)
    dialog.add_results("a", [measured(1000, VALUES[0])])
    with qtbot.waitSignal(dialog.cancelRequested):
        dialog.cancel_button.click()
    assert not dialog.cancel_button.isEnabled()
    assert "kept" in dialog.meter.words
    dialog.finish()
    assert not dialog.is_running
    assert dialog.meter.words == "ended: 1 of 14 values"
    assert len(dialog.results["a"]) == 1
    assert dialog.start_button.isEnabled()
    assert dialog.csv_button.isEnabled()


def test_cancel_becomes_kill_for_what_does_not_listen_and_is_cancel_again_for_the_next(
    qtbot: QtBot, resources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_dialog, "KILL_AFTER_MS", 50)
    dialog = under_way(qtbot, resources)
    button = dialog.cancel_button
    button.click()
    dialog.add_results("a", [measured(1000, VALUES[0])])
    assert not button.isEnabled()
    qtbot.waitUntil(lambda: button.text() == "Kill")
    assert button.accessibleName() == "Kill"
    assert "end" in button.toolTip().lower()
    with qtbot.waitSignal(dialog.killRequested), qtbot.assertNotEmitted(dialog.cancelRequested):
        button.click()
    dialog.finish()
    assert (button.text(), button.isEnabled()) == ("Cancel", False)
    dialog.start_button.click()
    assert (button.text(), button.isEnabled()) == ("Cancel", True)


def test_a_sweep_that_listens_is_never_offered_kill(
    qtbot: QtBot, resources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_dialog, "KILL_AFTER_MS", 100)
    dialog = under_way(qtbot, resources)
    dialog.cancel_button.click()
    dialog.finish()
    dialog.start_button.click()
    qtbot.wait(300)
    assert dialog.cancel_button.text() == "Cancel"


def test_the_crossing_is_marked_with_its_value(qtbot: QtBot, resources: Path) -> None:
    dialog = done(qtbot, resources)
    (mark,) = dialog.chart.marks
    assert mark.crossing.value == pytest.approx(2**17, rel=0.05)
    assert (mark.faster, mark.slower) == ("add_cupy.py", "add_numpy.py")
    assert dialog.note.text() == "add_cupy.py is faster than add_numpy.py from n ≈ 130,000"
    assert dialog.meter.words == "finished: 14 values measured"


def test_memory_that_runs_out_ends_a_curve_and_not_the_sweep(qtbot: QtBot, resources: Path) -> None:
    dialog = under_way(qtbot, resources)
    for value in VALUES:
        dialog.add_results("b", [measured(13_107, value)])
    dialog.add_results("a", [measured(1000, VALUES[0])])
    dialog.add_results("a", [measured(0, VALUES[1], samples_ns=(), error="out of memory", out_of_memory=True)])
    dialog.finish()
    assert dialog.meter.words == "finished: 8 values measured"
    assert "add_numpy.py: out of memory" in dialog.chart.figures_at(VALUES[1])
    assert "out of memory" not in dialog.note.text()


def test_a_failure_is_said_below_the_chart(qtbot: QtBot, resources: Path) -> None:
    dialog = under_way(qtbot, resources)
    dialog.fail("b", "ModuleNotFoundError: No module named 'cupy' (line 1)")
    dialog.add_results("a", [measured(0, VALUES[0], samples_ns=(), error="ValueError: no")])
    lines = dialog.note.text().splitlines()
    assert lines == [
        "add_cupy.py: ModuleNotFoundError: No module named 'cupy' (line 1)",
        "add_numpy.py, n = 16,384: ValueError: no; 6 more values were not tried",
    ]


def test_failures_are_in_the_colour_of_errors_and_the_chart_points_to_them(qtbot: QtBot, resources: Path) -> None:
    dialog = under_way(qtbot, resources)
    dialog.fail("a", "n is not assigned above the selection")
    dialog.finish()
    (label,) = [each for each in dialog.note.findChildren(QLabel) if each.isVisible()]
    assert (label.text(), label.property("role")) == ("add_numpy.py: n is not assigned above the selection", "error")
    assert "below" in dialog.chart.hint()


def test_equal_errors_share_a_line_and_many_lines_scroll(qtbot: QtBot, resources: Path) -> None:
    dialog = under_way(qtbot, resources)
    wanted = dialog.minimumSizeHint().height()
    dialog.add_results("a", [measured(0, value, samples_ns=(), error="ValueError: no") for value in VALUES])
    assert dialog.note.text() == "add_numpy.py, 7 values: ValueError: no"
    errors = [measured(0, value, samples_ns=(), error=f"ValueError: no {value}") for value in range(68)]
    dialog.add_results("b", errors)
    assert len(dialog.note.text().splitlines()) == 69
    qtbot.waitUntil(lambda: dialog.note.verticalScrollBar().isVisible())
    assert dialog.minimumSizeHint().height() < wanted + 120
    assert dialog.height() <= dialog.screen().availableGeometry().height()


def test_the_samples_of_a_value_are_summed_up_once_and_a_run_is_drawn_once(
    qtbot: QtBot, resources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = under_way(qtbot, resources)
    summed: list[int] = []

    def counted(times: Sequence[float]) -> Summary:
        summed.append(len(times))
        return summary(times)

    monkeypatch.setattr(sweep_curves, "summary", counted)
    benchmarks = [measured(value / 10, value) for value in VALUES]
    for benchmark in benchmarks:
        dialog.add_results("a", [benchmark])
    assert len(summed) == len(VALUES)
    drawn: list[str] = []
    monkeypatch.setattr(dialog.chart, "show_curves", lambda variable, *_, **__: drawn.append(variable))
    dialog.add_results("a", [replace(benchmark, bytes_moved=8) for benchmark in benchmarks])
    assert len(summed) == len(VALUES), "the same samples, judged since"
    assert drawn == ["n"]
    dialog.add_results("a", [measured(7.0, VALUES[0])])
    assert len(summed) == len(VALUES) + 1, "others"


def test_bytes_that_are_known_later_give_a_rate(qtbot: QtBot, resources: Path) -> None:
    dialog = under_way(qtbot, resources)
    benchmark = measured(1000, VALUES[0])
    dialog.add_results("a", [benchmark])
    dialog.add_results("a", [replace(benchmark, bytes_moved=10**6)])
    dialog.quantities[Quantity.RATE].click()
    assert "GB/s" in dialog.chart.figures_at(VALUES[0]) or "TB/s" in dialog.chart.figures_at(VALUES[0])


def test_its_status_is_told_while_it_runs_and_gone_afterwards(
    qtbot: QtBot, resources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_dialog, "KILL_AFTER_MS", 50)
    dialog = shown(qtbot, resources, NUMPY)
    told: list[tuple[str, bool, bool]] = []
    dialog.statusChanged.connect(lambda: told.append((dialog.status, dialog.can_cancel, dialog.kills)))
    dialog.form.values.setText("2**14 .. 2**20")
    dialog.start_button.click()
    assert told[-1] == ("Sweep: starting", True, False)
    dialog.progress("a", BenchmarkProgressed("r", Phase.SAMPLING, 10, step=3, steps=7))
    assert told[-1] == ("Sweep: add_numpy.py (1 of 1) · n = 65,536 (3 of 7)", True, False)
    with qtbot.waitSignal(dialog.cancelRequested):
        dialog.cancel()
    assert told[-1] == ("Sweep: stopping; results so far are kept", False, False)
    qtbot.waitUntil(lambda: told[-1][1:] == (True, True))
    dialog.finish()
    assert told[-1] == ("", False, False)


def test_rates_are_drawn_where_the_bytes_are_known(qtbot: QtBot, resources: Path) -> None:
    dialog = done(qtbot, resources, bytes_moved=12 * 2**20)
    times = dialog.chart.picture()
    dialog.quantities[Quantity.RATE].click()
    assert dialog.chart.quantity is Quantity.RATE
    assert dialog.chart.picture() != times
    assert "GB/s" in dialog.chart.figures_at(VALUES[0])
    dialog.quantities[Quantity.TIME].click()
    assert dialog.chart.picture() == times


def test_without_bytes_the_chart_says_how_to_name_them(qtbot: QtBot, resources: Path) -> None:
    dialog = done(qtbot, resources)
    dialog.quantities[Quantity.RATE].click()
    assert "bytes_moved" in dialog.chart.hint()
    assert not dialog.chart.grab().isNull()
    assert dialog.chart.figures_at(VALUES[0]) == "n = 16,384"


def test_hovering_shows_the_figures_of_every_curve(qtbot: QtBot, resources: Path) -> None:
    dialog = done(qtbot, resources)
    plain = dialog.chart.grab().toImage()
    hover(dialog.chart, dialog.chart.width() / 2, dialog.chart.height() / 2)
    assert dialog.chart.grab().toImage() != plain
    leave(dialog.chart)
    assert dialog.chart.grab().toImage() == plain
    lines = dialog.chart.figures_at(VALUES[0]).splitlines()
    assert lines[0] == "n = 16,384"
    assert lines[1].startswith("add_numpy.py: 1.65 µs ± ")
    assert lines[2].startswith("add_cupy.py: 13.2 µs ± ")


def test_a_point_without_an_interval_says_so_below_the_mouse(qtbot: QtBot, resources: Path) -> None:
    dialog = done(qtbot, resources)
    dialog.chart.show_curves("n", [curve_of("few", [measured(1000, VALUES[0], samples_ns=(1000.0,) * 5)])])
    assert dialog.chart.figures_at(VALUES[0]).splitlines()[1] == "few: 1.00 µs (no interval)"
    assert not dialog.chart.grab().isNull()


def test_a_value_that_was_judged_again_takes_the_place_of_the_first(qtbot: QtBot, resources: Path) -> None:
    dialog = under_way(qtbot, resources)
    dialog.add_results("a", [measured(1000, VALUES[1])])
    dialog.add_results("a", [measured(900, VALUES[0])])
    dialog.add_results("a", [measured(2000, VALUES[1])])
    assert [each.parameter for each in dialog.results["a"]] == [("n", VALUES[0]), ("n", VALUES[1])]


def test_implementations_of_one_name_have_curves_of_their_own(qtbot: QtBot, resources: Path, tmp_path: Path) -> None:
    target = tmp_path / "sweep.csv"
    dialog = shown(qtbot, resources, Implementation("a", "add.py"), Implementation("b", "add.py"), saved=target)
    tick(dialog, 1)
    dialog.start_button.click()
    dialog.add_results("a", [measured(1, 1024)])
    dialog.add_results("b", [measured(2, 1024)])
    dialog.csv_button.click()
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert [row["implementation"] for row in rows] == ["add.py", "add.py (2)"]


def test_the_sweep_is_saved_as_csv_and_as_a_picture(qtbot: QtBot, resources: Path, tmp_path: Path) -> None:
    target = tmp_path / "sweep.csv"
    dialog = done(qtbot, resources, saved=target)
    dialog.csv_button.click()
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 14
    assert dialog.note.text() == "Saved sweep.csv."
    picture = tmp_path / "sweep.png"
    dialog = done(qtbot, resources, saved=picture)
    dialog.picture_button.click()
    assert QImage(str(picture)).width() >= 1900


def test_values_from_zero_on_are_drawn_in_proportion(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    dialog.form.values.setText("0, 1, 2")
    dialog.start_button.click()
    for value in (0, 1, 2):
        dialog.add_results("a", [measured(1000.0 + value, value)])
    assert not dialog.chart.grab().isNull()
    assert dialog.chart.figures_at(0).startswith("n = 0\n")


def test_a_new_sweep_takes_the_old_curves_away(qtbot: QtBot, resources: Path) -> None:
    dialog = done(qtbot, resources)
    dialog.start_button.click()
    assert not any(dialog.results.values())
    assert not dialog.csv_button.isEnabled()
    assert dialog.chart.marks == ()


def test_every_control_has_a_name_and_a_tooltip(qtbot: QtBot, resources: Path) -> None:
    dialog = shown(qtbot, resources, NUMPY)
    form = dialog.form
    controls: list[QWidget] = [form.variable, form.values, form.implementations, form.seconds, form.cold_l2]
    controls += [dialog.start_button, dialog.cancel_button, dialog.csv_button, dialog.picture_button]
    controls += dialog.quantities.values()
    for control in controls:
        assert control.accessibleName(), control
        assert control.toolTip(), control
