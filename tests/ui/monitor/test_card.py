"""GPU cards in every state, as drawn and for screen readers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gpuplayground.model.samples import Problem, ProblemCode, RunSpan, UnlistedProcesses
from gpuplayground.ui.monitor.card_status import CardState
from gpuplayground.ui.monitor.time_axis import clock_time
from gpuplayground.ui.widgets.theme import Theme
from tests.ui.monitor.conftest import MakePanel
from tests.ui.monitor.gpus import NOW_NS, SECOND_NS, column_has, inventory, picture_of, play, process, sample, uuid

LOST = Problem(ProblemCode.GPU_LOST, "Restart the computer.", since_ns=NOW_NS, gpu_uuid=uuid(0))
HANGS = Problem(ProblemCode.NOT_RESPONDING, "The driver does not answer.", since_ns=NOW_NS)


def test_a_card_shows_the_newest_figures_with_units_and_limits(make_panel: MakePanel) -> None:
    card = make_panel(1).devices.cards[0]
    shown = {figure.key: f"{figure.value} {figure.unit}" for figure in card.figures}
    assert shown == {
        "utilization": "50 %",
        "memory": "89.6 / 131 GiB",
        "temperature": "64 °C",
        "power": "612 / 700 W",
        "clock": "1755 MHz",
    }
    assert card.state is CardState.LIVE
    assert card.accessibleName() == "GPU 0, NVIDIA H200"
    assert "Utilization 50 %, Memory 89.6 / 131 GiB, Temp 64 °C" in card.accessibleDescription()


def test_a_tooltip_says_what_utilization_means(make_panel: MakePanel) -> None:
    assert "at least one kernel was resident" in make_panel(1).devices.cards[0].toolTip()


def test_a_metric_that_is_not_supported_is_a_dash_and_never_zero(make_panel: MakePanel) -> None:
    panel = make_panel(1)
    panel.add_samples((sample(age_s=-0.1, power_w=None, gpu_util_percent=None),))
    panel.redraw()
    by_key = {figure.key: figure for figure in panel.devices.cards[0].figures}
    assert (by_key["power"].value, by_key["power"].unit, by_key["power"].fraction) == ("—", "", None)
    assert by_key["utilization"].value == "—"
    assert by_key["memory"].value == "89.6"


def test_the_number_of_processes_is_a_pill_once_it_is_known(make_panel: MakePanel) -> None:
    panel = make_panel(2)
    assert panel.devices.cards[0].tags == ()
    panel.set_processes((process(1), process(2)))
    assert [card.tags for card in panel.devices.cards] == [("2 processes",), ("idle",)]


def test_processes_that_cannot_be_listed_are_a_dash_with_the_reason_and_not_idle(make_panel: MakePanel) -> None:
    panel = make_panel(2)
    reason = "This account may not list the processes on this GPU."
    panel.set_processes((process(1), UnlistedProcesses(NOW_NS, uuid(1), reason)))
    known, unknown = panel.devices.cards
    assert (known.tags, unknown.tags) == (("1 process",), ("processes unknown",))
    assert reason in unknown.toolTip()
    assert reason.removesuffix(".") in unknown.accessibleDescription()
    assert reason not in known.toolTip()
    panel.select(uuid(1))
    assert panel.details.processes.note.text() == f"—\n{reason}"
    assert panel.details.tabs.tabText(1) == "Processes"
    panel.set_processes((process(1),))
    assert unknown.tags == ("idle",)
    assert reason not in unknown.toolTip()
    assert panel.details.processes.note.text() == "No process uses this GPU."


def test_a_lost_gpu_says_since_when_and_keeps_its_last_figures_dimmed(make_panel: MakePanel, theme: Theme) -> None:
    panel = make_panel(2)
    panel.set_inventory(inventory(2, gpu_problems=(LOST,)))
    panel.redraw()
    lost, other = panel.devices.cards
    assert (lost.state, other.state) == (CardState.LOST, CardState.LIVE)
    assert lost.message == f"GPU lost since {clock_time(NOW_NS)} — Restart the computer."
    assert lost.message in lost.accessibleDescription()
    assert "lost" in lost.tags
    assert lost.figures[0].value == "50"
    x, y = lost.width() // 2, lost.height()
    assert not column_has(picture_of(lost), theme.colors.memory, x, 100, y), "the curves of a lost GPU are grey"
    assert column_has(picture_of(other), theme.colors.memory, x, 100, y)


def test_a_driver_that_hangs_dims_every_card_until_it_answers_again(make_panel: MakePanel) -> None:
    panel = make_panel(2)
    panel.set_problem(HANGS)
    assert [card.message for card in panel.devices.cards] == [f"No samples since {clock_time(NOW_NS)}"] * 2
    assert all("not responding" in card.tags for card in panel.devices.cards)
    panel.set_problem(None)
    assert [card.state for card in panel.devices.cards] == [CardState.LIVE] * 2


def test_the_end_of_an_outage_does_not_hide_that_a_gpu_is_lost(make_panel: MakePanel) -> None:
    panel = make_panel(2)
    panel.set_problem(HANGS)
    panel.set_inventory(inventory(2, gpu_problems=(LOST,)))
    panel.set_problem(None)
    assert [card.state for card in panel.devices.cards] == [CardState.LOST, CardState.LIVE]


def test_a_pause_and_a_recording_are_marked_on_every_card(make_panel: MakePanel) -> None:
    panel = make_panel(1)
    play(panel)
    panel.set_paused(True)
    card = panel.devices.cards[0]
    assert card.state is CardState.PAUSED
    assert card.tags == ("paused", "Recording: NVIDIA H200, 2026-11-23")
    assert panel.details.recording.isVisible()
    assert "Recording" in panel.details.recording.text
    panel.set_recording(None)
    assert panel.paused_ns is None
    assert not panel.devices.cards[0].tags


def test_a_new_gpu_waits_for_its_first_reading(make_panel: MakePanel) -> None:
    panel = make_panel(1)
    panel.set_inventory(inventory(2))
    panel.redraw()
    assert panel.devices.cards[1].state is CardState.WAITING
    assert "Waiting for the first sample" in panel.devices.cards[1].accessibleDescription()


def test_a_run_is_a_band_on_the_cards_of_its_gpus_until_it_ends(make_panel: MakePanel) -> None:
    panel = make_panel(2)
    panel.add_run(RunSpan("a", "run 11", NOW_NS - 20 * SECOND_NS, None, (uuid(0),)))
    panel.redraw()
    first, second = panel.devices.cards
    assert [band.label for band in first.bands] == ["run 11"]
    assert (first.bands[0].starts, first.bands[0].ends) == (True, False)
    assert first.bands[0].left == pytest.approx(2 / 3, abs=0.01)
    assert second.bands == ()
    panel.add_run(RunSpan("a", "run 11", NOW_NS - 20 * SECOND_NS, NOW_NS - 5 * SECOND_NS, (uuid(0),)))
    panel.redraw()
    assert first.bands[0].ends
    assert first.bands[0].right == pytest.approx(55 / 60, abs=0.01)


def test_a_gap_in_the_samples_is_a_gap_in_the_chart(make_panel: MakePanel, theme: Theme) -> None:
    panel = make_panel(1)
    panel.add_samples((sample(age_s=-30),))
    panel.add_samples((sample(age_s=-30.1),))
    panel.redraw()
    card = panel.devices.cards[0]
    picture, top, bottom = picture_of(card), 100, card.height() - 24
    before, within = 60, round(46 + (card.width() - 60) * 0.75)
    assert column_has(picture, theme.colors.memory, before, top, bottom)
    assert not column_has(picture, theme.colors.memory, within, top, bottom)
    assert not column_has(picture, theme.colors.utilization, within, top, bottom)


def test_a_click_and_the_keys_select_a_card(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel(3)
    first, second, third = panel.devices.cards
    assert panel.selected_uuid == uuid(0)
    with qtbot.waitSignal(panel.gpuSelected, check_params_cb=lambda chosen: chosen == uuid(1)):
        QTest.mouseClick(second, Qt.MouseButton.LeftButton)
    assert (first.selected, second.selected) == (False, True)
    second.setFocus()
    QTest.keyClick(second, Qt.Key.Key_Down)
    assert third.hasFocus()
    assert panel.selected_uuid == uuid(1), "moving the focus alone selects nothing"
    with qtbot.waitSignal(panel.gpuSelected, check_params_cb=lambda chosen: chosen == uuid(2)):
        QTest.keyClick(third, Qt.Key.Key_Space)
    QTest.keyClick(third, Qt.Key.Key_Home)
    assert first.hasFocus()
    QTest.keyClick(first, Qt.Key.Key_Return)
    assert panel.selected_uuid == uuid(0)
    assert panel.details.caption.text() == "GPU 0 · H200"


def test_tab_reaches_the_selected_card_only(make_panel: MakePanel) -> None:
    panel = make_panel(3)
    panel.select(uuid(1))
    policies = [card.focusPolicy() for card in panel.devices.cards]
    click, strong = Qt.FocusPolicy.ClickFocus, Qt.FocusPolicy.StrongFocus
    assert policies == [click, strong, click]
