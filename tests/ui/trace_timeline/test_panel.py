"""The states of the timeline's panel, its buttons and its colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from benchmarks.window import PaintWatch
from gpuplayground.model.gpu_timing import GpuTiming
from gpuplayground.model.samples import GpuSample
from gpuplayground.model.trace import Trace
from gpuplayground.ui.trace_timeline.curves import Curves
from gpuplayground.ui.trace_timeline.panel import TimelinePanel
from gpuplayground.ui.widgets.theme import Theme
from tests.ui.trace_timeline.conftest import MakePanel
from tests.ui.trace_timeline.places import at
from tests.ui.trace_timeline.runs import MS, RUN, START_NS, finished, samples_of, statement, usual_run

WIDTHS = [(480, 260), (1300, 300), (240, 160)]


def buttons(panel: TimelinePanel) -> list[QToolButton]:
    return [panel.zoom_in_button, panel.zoom_out_button, panel.fit_button, panel.export_button]


def row_count(panel: TimelinePanel) -> int:
    return len(panel.canvas.picture.rows)


def test_before_the_first_run_the_panel_says_what_to_do(make_panel: MakePanel) -> None:
    panel = make_panel()
    assert panel.empty.isVisible()
    assert "F5" in panel.empty.text()
    assert not any(button.isEnabled() for button in buttons(panel))


def test_while_a_run_is_on_the_panel_says_when_there_will_be_something(panel: TimelinePanel) -> None:
    panel.clear("run-2")
    assert panel.empty.isVisible()
    assert "when the run is over" in panel.empty.text()
    assert panel.run is None
    assert not any(button.isEnabled() for button in buttons(panel))


def test_a_run_without_statements_says_so(make_panel: MakePanel) -> None:
    panel = make_panel(finished((), None, 0))
    assert panel.empty.text() == "No statement was executed in this run."
    assert not panel.export_button.isEnabled()


def test_a_run_that_was_not_traced_shows_its_statements_and_says_why_there_is_no_more(make_panel: MakePanel) -> None:
    why = "Install cupti-python to see the GPU's own times."
    panel = make_panel(finished(usual_run().timings, None, 1660 * MS, trace_note=why))
    assert panel.note.isVisible()
    assert panel.note.text() == why
    assert [row.name for row in panel.canvas.picture.rows] == ["Statements"]
    panel.set_samples(samples_of(usual_run()))
    assert len(panel.canvas.probe.geometry.strips) == 3


def test_a_run_whose_trace_was_not_kept_says_so(make_panel: MakePanel) -> None:
    panel = make_panel(finished(usual_run().timings, None, 1660 * MS))
    assert "was not traced" in panel.note.text()


def test_a_run_of_the_history_whose_trace_was_too_long_for_it_says_so(make_panel: MakePanel) -> None:
    timings = tuple(replace(timing, gpu=GpuTiming(1000)) for timing in usual_run().timings)
    panel = make_panel(finished(timings, None, 1660 * MS))
    assert "has more than 200,000 operations" in panel.note.text()
    assert "was not traced" not in panel.note.text()


def test_lost_records_are_counted(make_panel: MakePanel) -> None:
    run = usual_run()
    assert run.trace is not None
    panel = make_panel(replace(run, trace=replace(run.trace, dropped=12_345)))
    assert "12,345 records" in panel.note.text()


def test_a_whole_trace_needs_no_note(panel: TimelinePanel) -> None:
    assert not panel.note.isVisible()


def test_a_run_of_another_tab_or_of_before_is_passed_over(panel: TimelinePanel) -> None:
    panel.clear("run-2")
    panel.set_run(usual_run())
    assert panel.run is None
    assert panel.empty.isVisible()


def test_curves_come_later_and_take_no_room_where_there_are_none(panel: TimelinePanel) -> None:
    assert panel.canvas.probe.geometry.strips
    rows = panel.canvas.probe.geometry.rows_bottom
    panel.set_samples(samples_of(usual_run()))
    assert panel.canvas.probe.geometry.rows_bottom == rows
    panel.set_samples(())
    assert not panel.canvas.probe.geometry.strips


def test_a_run_that_ends_out_of_sight_is_laid_out_when_it_is_seen(make_panel: MakePanel) -> None:
    panel = make_panel()
    panel.hide()
    panel.clear(RUN)
    panel.set_run(usual_run())
    panel.set_samples(samples_of(usual_run()))
    assert row_count(panel) == 0
    panel.show()
    assert row_count(panel) == 8
    assert panel.canvas.scene.curves


def test_nothing_is_painted_while_hidden(panel: TimelinePanel, qtbot: QtBot) -> None:
    panel.hide()
    watch = PaintWatch(panel.canvas)
    panel.canvas.zoom(0.5)
    panel.clear(RUN)
    panel.set_run(usual_run())
    qtbot.wait(20)
    assert watch.count == 0


def test_buttons_zoom_show_the_whole_run_and_ask_for_an_export(panel: TimelinePanel, qtbot: QtBot) -> None:
    view, left = panel.canvas.view, Qt.MouseButton.LeftButton
    whole = view.span
    assert not panel.fit_button.isEnabled()
    QTest.mouseClick(panel.zoom_in_button, left)
    QTest.mouseClick(panel.zoom_in_button, left)
    assert view.span == pytest.approx(whole / 4)
    QTest.mouseClick(panel.zoom_out_button, left)
    assert view.span == pytest.approx(whole / 2)
    QTest.mouseClick(panel.fit_button, left)
    assert view.is_whole
    assert not panel.zoom_out_button.isEnabled()
    with qtbot.waitSignal(panel.exportRequested):
        QTest.mouseClick(panel.export_button, left)


def test_every_control_has_a_name_and_a_tip(panel: TimelinePanel) -> None:
    for button in buttons(panel):
        assert button.accessibleName()
        assert button.toolTip()
    assert panel.canvas.accessibleName()


def test_another_theme_colours_everything_anew(panel: TimelinePanel, theme: Theme) -> None:
    panel.set_samples(samples_of(usual_run()))
    canvas = panel.canvas
    gutter, statement_place = at(canvas, "Statements", -1), at(canvas, "Statements", 740 * MS)
    gutter.setX(2)
    statement_place.setY(statement_place.y() - 8)
    for name in ("light", "dark"):
        theme.select(name)
        image = canvas.grab().toImage()
        assert image.pixelColor(gutter).name() == theme.colors.panel
        assert image.pixelColor(statement_place).name() == theme.colors.accent


@pytest.mark.parametrize(("width", "height"), WIDTHS)
@pytest.mark.parametrize("shown", ["run", "statements", "kernels"])
def test_every_size_has_room_for_names_and_rows(make_panel: MakePanel, width: int, height: int, shown: str) -> None:
    run = usual_run()
    if shown == "statements":
        run = replace(run, trace=None)
    elif shown == "kernels":
        run = replace(run, timings=())
    panel = make_panel(run, width, height)
    panel.set_samples(samples_of(run))
    panel.grab()
    place = panel.canvas.probe.geometry
    assert place.gutter <= panel.canvas.width() / 3
    assert place.plot > 100
    assert place.rows_bottom > place.rows_top
    assert place.slots(0)


def test_a_gap_in_the_readings_is_a_gap_in_the_curve() -> None:
    readings = [GpuSample(second * 1000 * MS, "a", 50.0) for second in (0, 1, 2, 9, 10)]
    curves = Curves(readings, {}, 0)
    values = curves.values(0, 0, np.array([1.5e9, 5e9, 9.5e9, 12e9]))
    assert values[[0, 2]].tolist() == [50.0, 50.0]
    assert np.isnan(values[[1, 3]]).all()


def test_the_curves_are_those_of_the_gpus_used_the_busiest_first_and_filled() -> None:
    readings = [
        GpuSample(tick * MS, gpu, use, power_w=power)
        for tick in range(10)
        for gpu, use, power in (("a", 90.0, 100.0), ("b", 5.0, 90.0), ("c", 95.0, 300.0), ("d", 95.0, 600.0))
    ]
    names = {"b": "GPU 1", "c": "GPU 2", "d": "GPU 3"}
    assert Curves(readings, names, 0, ("b", "c")).gpus == ("GPU 2", "GPU 1")
    assert Curves(readings, names, 0).gpus == ("GPU 3", "GPU 2", "a", "GPU 1")
    used = Curves(readings, names, 0, ("b", "c"))
    assert used.values(0, 0, np.array([5.0 * MS])).tolist() == [95.0]
    assert used.tops[2] == pytest.approx(300.0 * 1.15), "of what is drawn"


def test_a_peak_between_two_columns_is_not_lost() -> None:
    readings = [GpuSample(number * MS, "a", 100.0 if number == 501 else 0.0) for number in range(1000)]
    values = Curves(readings, {}, 0).values(0, 0, np.linspace(0, 1e9, 11))
    assert np.nanmax(values) == 100.0


def test_what_the_driver_does_not_tell_is_drawn_as_a_gap(make_panel: MakePanel) -> None:
    run = finished((statement(0, 1, "x = 1", 0, 5 * MS),), Trace(), 5 * MS)
    panel = make_panel(run)
    panel.set_samples([GpuSample(START_NS + n * MS, "a") for n in range(-5, 12)])
    panel.grab()
    curves = panel.canvas.scene.curves
    assert curves is not None
    assert curves.text_at(0, 2, 2 * MS) == "—"
