"""What mouse and keys do to the timeline."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gpuplayground.model.results import Run
from gpuplayground.model.trace import Trace
from gpuplayground.ui.trace_timeline.axis import LEAST_SPAN_NS
from gpuplayground.ui.trace_timeline.panel import TimelinePanel
from tests.ui.trace_timeline.conftest import MakePanel
from tests.ui.trace_timeline.places import at, click, drag, hover, row_y, wheel
from tests.ui.trace_timeline.runs import MS, NAMES, US, crowded_run, finished, kernel, operations, usual_run

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
UP, DOWN = QPoint(0, 120), QPoint(0, -120)


def many_streams() -> Run:
    rows = [kernel(number * US, US, stream=number) for number in range(40)]
    return finished((), Trace(operations(rows), NAMES), MS)


def test_a_click_on_a_statement_shows_its_line(qtbot: QtBot, panel: TimelinePanel) -> None:
    with qtbot.waitSignal(panel.lineActivated) as jump:
        click(panel.canvas, at(panel.canvas, "Statements", 1200 * MS))
    assert jump.args == [5, False]
    assert panel.canvas.selected == 3


def test_a_click_on_a_kernel_shows_the_line_that_launched_it(qtbot: QtBot, panel: TimelinePanel) -> None:
    with qtbot.waitSignal(panel.lineActivated) as jump:
        click(panel.canvas, at(panel.canvas, "GPU 0 · stream 7", 1600 * MS))
    assert jump.args == [9, False]
    with qtbot.waitSignal(panel.lineActivated) as jump:
        click(panel.canvas, at(panel.canvas, "GPU 0 · copies HtoD", 1007 * MS))
    assert jump.args == [3, False]


def test_a_click_where_nothing_is_goes_nowhere_and_selects_nothing(qtbot: QtBot, panel: TimelinePanel) -> None:
    canvas = panel.canvas
    canvas.select(3)
    with qtbot.assertNotEmitted(panel.lineActivated):
        click(canvas, at(canvas, "GPU 0 · stream 7", 300 * MS))
        click(canvas, QPoint(10, row_y(canvas, "Statements")))
    assert canvas.selected == -1


def test_a_kernel_that_no_statement_launched_goes_nowhere(qtbot: QtBot, make_panel: MakePanel) -> None:
    panel = make_panel(finished((), Trace(operations([kernel(0, 9 * MS)]), NAMES), 10 * MS))
    with qtbot.assertNotEmitted(panel.lineActivated):
        click(panel.canvas, at(panel.canvas, "GPU 0 · stream 7", 5 * MS))


def test_a_drag_pans_and_is_no_click(qtbot: QtBot, panel: TimelinePanel) -> None:
    canvas = panel.canvas
    canvas.zoom(0.1, 0.5)
    point = at(canvas, "Statements", canvas.view.start + canvas.view.span / 2)
    under = canvas.probe.moment_at(point.x())
    with qtbot.assertNotEmitted(panel.lineActivated):
        drag(canvas, point, QPoint(-80, 0))
    assert canvas.probe.moment_at(point.x() - 80) == pytest.approx(under, abs=canvas.view.span / 500)


@pytest.mark.parametrize("angle", [UP, DOWN])
def test_ctrl_and_the_wheel_zoom_at_the_pointer(panel: TimelinePanel, angle: QPoint) -> None:
    canvas = panel.canvas
    canvas.zoom(0.2, 0.5)
    before, point = canvas.view.span, QPoint(700, 60)
    under = canvas.probe.moment_at(700)
    for _ in range(3):
        wheel(canvas, point, angle, CONTROL)
    assert canvas.probe.moment_at(700) == pytest.approx(under, abs=1)
    assert (canvas.view.span < before) == (angle == UP)


def test_the_wheel_scrolls_rows_that_have_no_room(make_panel: MakePanel) -> None:
    canvas = make_panel(many_streams(), 480, 260).canvas
    assert canvas.bar.isVisible()
    span = canvas.view.span
    wheel(canvas, QPoint(300, 60), DOWN)
    assert canvas.bar.value() == 60
    assert canvas.view.span == span
    first = canvas.probe.geometry.slots(canvas.bar.value())[0]
    assert canvas.picture.rows[first.number].name == "GPU 0 · stream 2"
    wheel(canvas, QPoint(300, 60), DOWN * 100)
    assert canvas.bar.value() == canvas.probe.geometry.overflow


def test_rows_that_fit_have_no_scroll_bar(panel: TimelinePanel) -> None:
    assert not panel.canvas.bar.isVisible()


def test_shift_and_the_wheel_pan(panel: TimelinePanel) -> None:
    canvas = panel.canvas
    canvas.zoom(0.1, 0.5)
    start = canvas.view.start
    wheel(canvas, QPoint(500, 60), DOWN, SHIFT)
    assert canvas.view.start > start
    wheel(canvas, QPoint(500, 60), UP, SHIFT)
    assert canvas.view.start == pytest.approx(start)


def test_a_touchpad_pans_by_its_pixels(panel: TimelinePanel) -> None:
    canvas = panel.canvas
    canvas.zoom(0.1, 0.5)
    under = canvas.probe.moment_at(500)
    wheel(canvas, QPoint(500, 60), QPoint(-80, 0), pixels=QPoint(-30, 0))
    assert canvas.probe.moment_at(470) == pytest.approx(under, abs=1)


def test_a_double_click_zooms_to_what_lies_there(panel: TimelinePanel) -> None:
    canvas = panel.canvas
    jumps: list[tuple[int, bool]] = []
    panel.lineActivated.connect(lambda *jump: jumps.append(jump))
    point = at(canvas, "GPU 0 · copies HtoD", 1007 * MS)
    click(canvas, point)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=point)
    assert jumps == [(3, False)], "its first click shows the line, as any; no more than that"
    assert canvas.view.start < 1003 * MS < 1011 * MS < canvas.view.end
    assert canvas.view.span < 12 * MS


def test_keys_zoom_pan_and_show_the_whole_run(panel: TimelinePanel) -> None:
    canvas = panel.canvas
    whole = canvas.view.span
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.view.span < whole / 2
    start = canvas.view.start
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.view.start > start
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert canvas.view.start == pytest.approx(start)
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.view.is_whole
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    QTest.keyClick(canvas, Qt.Key.Key_0, CONTROL)
    assert canvas.view.is_whole
    for _ in range(80):
        QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.view.span == LEAST_SPAN_NS


def test_keys_scroll_the_rows(make_panel: MakePanel) -> None:
    canvas = make_panel(many_streams(), 480, 260).canvas
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.bar.value() == 20
    QTest.keyClick(canvas, Qt.Key.Key_PageDown)
    assert canvas.bar.value() == 20 + canvas.bar.pageStep()
    QTest.keyClick(canvas, Qt.Key.Key_PageUp)
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.bar.value() == 0


def test_keys_step_through_the_statements_bring_them_into_sight_and_go_to_their_line(
    qtbot: QtBot, panel: TimelinePanel
) -> None:
    canvas = panel.canvas
    canvas.view.show(0, 10 * MS)
    for _ in range(4):
        QTest.keyClick(canvas, Qt.Key.Key_Right, CONTROL)
    assert canvas.selected == 3
    assert canvas.view.start < 1012 * MS < canvas.view.end
    assert "e = cp.sqrt(d) * 2 + d" in canvas.accessibleDescription()
    with qtbot.waitSignal(panel.lineActivated) as jump:
        QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert jump.args == [5, True]
    QTest.keyClick(canvas, Qt.Key.Key_Left, CONTROL)
    assert canvas.selected == 2
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.selected == -1
    assert "GPU 0 · stream 7" in canvas.accessibleDescription()


def test_what_the_selected_statement_launched_stands_out(panel: TimelinePanel) -> None:
    canvas = panel.canvas
    plain = canvas.grab().toImage()
    canvas.select(5)
    marked = canvas.grab().toImage()
    own, other = at(canvas, "GPU 0 · stream 7", 1600 * MS), at(canvas, "GPU 0 · copies DtoH", 1635 * MS)
    assert marked.pixelColor(own) == plain.pixelColor(own)
    assert marked.pixelColor(other) != plain.pixelColor(other)


@pytest.mark.parametrize("share", [1.0, 0.1, 0.001])
def test_what_is_painted_is_bounded_by_the_columns_and_rows_in_sight(make_panel: MakePanel, share: float) -> None:
    canvas = make_panel(crowded_run(100_000)).canvas
    canvas.zoom(share, 0.3)
    canvas.grab()
    rows = len(canvas.probe.geometry.slots(0))
    assert 0 < canvas.scene.painted <= canvas.probe.geometry.plot * rows


def test_the_readout_goes_with_the_pointer(panel: TimelinePanel) -> None:
    canvas = panel.canvas
    assert hover(canvas, at(canvas, "Statements", 100 * MS))
    QTest.mouseMove(canvas, QPoint(10, 10))
    assert not canvas.readout.isVisible()
    assert hover(canvas, at(canvas, "Statements", 100 * MS))
    panel.hide()
    assert not canvas.readout.isVisible()


def test_the_canvas_is_reached_by_the_keyboard(panel: TimelinePanel) -> None:
    assert panel.canvas.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert panel.canvas.accessibleName()
    assert usual_run().timings[0].source not in panel.canvas.accessibleDescription()
