"""The monitor panel: no GPUs, many GPUs, time ranges, and drawing only what is visible."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWhatsThis, QWidget
from pytestqt.qtbot import QtBot

from gpuplayground.model.samples import Problem, ProblemCode
from gpuplayground.monitor.timeseries.store import SeriesStore
from gpuplayground.ui.monitor.card_status import CardState
from gpuplayground.ui.monitor.panel import MonitorPanel
from gpuplayground.ui.monitor.time_axis import clock_time
from gpuplayground.ui.widgets.theme import THEMES, Theme
from tests.ui.monitor.conftest import MakePanel
from tests.ui.monitor.gpus import NOW_NS, SECOND_NS, column_has, inventory, picture_of, play, process, sample, uuid

NO_LIBRARY = Problem(ProblemCode.NO_LIBRARY, "Install the NVIDIA driver to see this machine's GPUs.")


class Paints(QObject):
    """Counts how often any part of a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        for child in (widget, *widget.findChildren(QWidget)):
            child.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count, and let the event pass."""
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_before_the_first_inventory_the_panel_says_that_it_is_looking(empty_panel: MonitorPanel) -> None:
    empty = empty_panel.devices.empty
    assert empty.isVisible()
    assert empty.headline == "Looking for GPUs"
    assert not empty_panel.details.isVisible()


@pytest.mark.parametrize(
    ("code", "headline"),
    [
        (ProblemCode.NO_LIBRARY, "No NVIDIA driver"),
        (ProblemCode.DRIVER_NOT_LOADED, "The driver is not loaded"),
        (ProblemCode.NO_PERMISSION, "No access to the GPUs"),
        (ProblemCode.NO_GPU, "No GPU found"),
        (ProblemCode.NOT_RESPONDING, "The driver is not responding"),
    ],
)
def test_without_gpus_the_panel_says_why_in_one_sentence(
    empty_panel: MonitorPanel, code: ProblemCode, headline: str
) -> None:
    empty_panel.set_inventory(inventory(0, problem=Problem(code, "Do this.")))
    empty = empty_panel.devices.empty
    assert empty.isVisible()
    assert (empty.headline, empty.sentence) == (headline, "Do this.")
    assert (empty.accessibleName(), empty.accessibleDescription()) == (headline, "Do this.")


def test_a_machine_without_any_problem_or_gpu_says_so(empty_panel: MonitorPanel) -> None:
    empty_panel.set_inventory(inventory(0))
    assert empty_panel.devices.empty.headline == "No GPU found"


def test_a_recording_in_place_of_gpus_has_a_banner_that_can_be_closed(make_panel: MakePanel) -> None:
    panel = make_panel(1)
    panel.set_problem(NO_LIBRARY)
    play(panel)
    assert panel.banner.isVisible()
    assert panel.banner.text == NO_LIBRARY.sentence
    assert panel.devices.cards[0].state is CardState.LIVE, "the recording's values are as good as ever"
    QTest.mouseClick(panel.banner.close_button, Qt.MouseButton.LeftButton)
    assert not panel.banner.isVisible()
    panel.recorded.set_inventory(inventory(1))
    assert not panel.banner.isVisible(), "closed is closed"
    panel.set_problem(None)
    panel.set_problem(NO_LIBRARY)
    assert panel.banner.isVisible()


def test_a_banner_has_buttons_for_what_can_be_done(empty_panel: MonitorPanel, qtbot: QtBot) -> None:
    banner = empty_panel.banner
    banner.say("The recording is over.", actions={"again": "Play again"})
    with qtbot.waitSignal(banner.actionRequested, check_params_cb=lambda key: key == "again"):
        QTest.mouseClick(banner.buttons[0], Qt.MouseButton.LeftButton)
    assert banner.buttons[0].accessibleName() == "Play again"


def test_eight_gpus_fit_with_little_scrolling(make_panel: MakePanel) -> None:
    panel = make_panel(8)
    cards = panel.devices.cards
    assert all(card.compact for card in cards)
    scroll = panel.devices.findChild(QWidget, "qt_scrollarea_viewport")
    assert isinstance(scroll, QWidget)
    shown = [card for card in cards if card.geometry().bottom() <= scroll.height()]
    assert len(shown) >= 6
    assert panel.devices.summary == "8 visible"


def test_one_gpu_has_a_full_card_and_tracks(make_panel: MakePanel) -> None:
    panel = make_panel(1)
    assert not panel.devices.cards[0].compact
    assert panel.devices.cards[0].height() >= 150
    assert panel.details.tracks is not None
    assert panel.details.tracks.height() > 300


def test_gpus_come_and_go_without_a_restart(make_panel: MakePanel) -> None:
    panel = make_panel(3)
    kept = panel.devices.cards[0]
    panel.select(uuid(2))
    panel.set_inventory(inventory(2))
    assert [card.uuid for card in panel.devices.cards] == [uuid(0), uuid(1)]
    assert panel.devices.cards[0] is kept
    assert panel.selected_uuid == uuid(0), "the selection moves to a GPU that is there"
    panel.set_inventory(inventory(0))
    assert not panel.devices.cards
    assert not panel.selected_uuid
    panel.set_inventory(inventory(4))
    assert len(panel.devices.cards) == 4
    assert panel.selected_uuid == uuid(0)


def test_the_ranges_exclude_each_other_and_can_be_chosen_by_keyboard(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel(1)
    ranges = panel.devices.ranges
    assert ranges.seconds == 60
    ranges.button(60).setFocus()
    with qtbot.waitSignal(panel.rangeChanged, check_params_cb=lambda seconds: seconds == 600):
        QTest.keyClick(ranges.button(60), Qt.Key.Key_Right)
    assert ranges.seconds == 600
    assert not ranges.button(60).isChecked()
    panel.set_range(86400)
    assert ranges.seconds == 86400
    tracks = panel.details.tracks
    assert tracks is not None
    assert tracks.ruler.labels[0] == "−20 h"
    assert all(ranges.button(seconds).accessibleName() for seconds in (60, 600, 3600, 86400))


def test_a_hidden_or_minimised_panel_paints_nothing(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel(2)
    paints = Paints(panel)
    panel.add_samples((sample(0, -1, gpu_util_percent=99),))
    panel.redraw()
    qtbot.wait(20)
    assert paints.count > 0, "what changes on screen is painted"
    for away, back in ((panel.hide, panel.show), (panel.showMinimized, panel.showNormal)):
        away()
        qtbot.wait(20)
        paints.count = 0
        before = panel.devices.cards[0].figures
        panel.add_samples((sample(0, -2 if away is panel.hide else -3, gpu_util_percent=11),))
        panel.redraw()
        qtbot.wait(20)
        assert paints.count == 0
        assert panel.devices.cards[0].figures is before
        back()
        qtbot.waitUntil(lambda: panel.devices.cards[0].figures[0].value == "11")
        panel.add_samples((sample(0, -2.5, gpu_util_percent=99),))
        panel.redraw()


def test_without_news_nothing_is_painted(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel(1)
    panel.set_paused(True)
    qtbot.wait(400)
    paints = Paints(panel)
    qtbot.wait(700)
    assert paints.count == 0


def test_samples_are_drawn_without_anyone_asking(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel(1)
    panel.add_samples((sample(0, -1, temperature_c=71),))
    qtbot.waitUntil(lambda: panel.devices.cards[0].figures[2].value == "71")


def figures(panel: MonitorPanel) -> dict[str, str]:
    """What the first card says."""
    return {figure.key: figure.value for figure in panel.devices.cards[0].figures}


def test_a_recording_starts_from_nothing(make_panel: MakePanel) -> None:
    panel = make_panel(1)
    panel.set_recording("Recording: NVIDIA H200, 2026-11-23")
    assert not panel.devices.cards
    assert panel.devices.empty.headline == "Looking for GPUs"
    panel.recorded.set_inventory(inventory(1))
    assert panel.devices.cards[0].state is CardState.WAITING


def test_live_samples_continue_under_a_recording_and_are_complete_on_return(
    make_panel: MakePanel, store: SeriesStore
) -> None:
    panel = make_panel(2)
    panel.set_processes((process(7),))
    play(panel, power_w=123.0)
    panel.redraw()
    assert figures(panel)["power"] == "123"
    for tick in range(1, 301):
        panel.add_samples((sample(0, -tick / 10, power_w=456), sample(1, -tick / 10)))
    panel.set_processes((process(7), process(8)))
    panel.set_inventory(inventory(3))
    panel.redraw()
    assert figures(panel)["power"] == "123", "the recording is shown all the same"
    panel.set_recording(None)
    panel.redraw()
    assert figures(panel)["power"] == "456"
    assert [card.uuid for card in panel.devices.cards] == [uuid(0), uuid(1), uuid(2)]
    assert panel.details.tabs.tabText(1) == "Processes  2"
    series = store.series(uuid(0), "power_w", NOW_NS - 60 * SECOND_NS, NOW_NS + 30 * SECOND_NS, 2000)
    assert len(series) == 901
    assert not np.isnan(series.mean).any()
    assert panel.recorded.store.nbytes == 0, "nothing is kept of a recording that was left"


def test_while_paused_the_graphs_stand_still_and_samples_are_kept(make_panel: MakePanel, store: SeriesStore) -> None:
    panel = make_panel(2)
    panel.set_processes((process(7),))
    panel.set_paused(True)
    assert (panel.paused_ns or 0) == NOW_NS
    tracks = panel.details.tracks
    assert tracks is not None
    before = figures(panel), tracks.values, picture_of(panel.devices.cards[0])
    for tick in range(1, 601):
        panel.add_samples((sample(0, -tick / 10, power_w=456, gpu_util_percent=99), sample(1, -tick / 10)))
    panel.set_processes(())
    panel.set_inventory(inventory(1))
    panel.resize(panel.width() + 40, panel.height())  # everything is drawn anew
    panel.redraw()
    panel.resize(panel.width() - 40, panel.height())
    panel.redraw()
    assert (figures(panel), tracks.values) == before[:2]
    assert picture_of(panel.devices.cards[0]) == before[2]
    assert tracks.view.tracks["power"].curves["power_w"].path().boundingRect().right() <= 0.2
    assert [card.uuid for card in panel.devices.cards] == [uuid(0), uuid(1)]
    assert panel.details.tabs.tabText(1) == "Processes  1"
    panel.set_paused(False)
    panel.redraw()
    assert figures(panel)["power"] == "456"
    assert tracks.values["power"] == ("456",)
    assert [card.uuid for card in panel.devices.cards] == [uuid(0)]
    assert panel.details.tabs.tabText(1) == "Processes"
    series = store.series(uuid(0), "power_w", NOW_NS - 60 * SECOND_NS, NOW_NS + 60 * SECOND_NS, 2000)
    assert len(series) == 1201
    assert not np.isnan(series.mean).any(), "a pause leaves no hole"


def test_another_gpu_can_be_looked_at_while_paused(make_panel: MakePanel) -> None:
    panel = make_panel(2)
    panel.set_processes((process(7), process(8, index=1), process(9, index=1)))
    panel.set_paused(True)
    panel.set_processes(())
    panel.set_inventory(inventory(1))
    panel.select(uuid(1))
    panel.redraw()
    assert panel.details.tabs.tabText(1) == "Processes  2"
    tracks = panel.details.tracks
    assert tracks is not None
    assert tracks.values["power"] == ("612",)


def test_a_pause_says_since_when_and_ends_by_a_click_or_space(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel(1)
    tracks = panel.details.tracks
    assert tracks is not None
    button = tracks.live_button
    assert not button.isVisible()
    with qtbot.waitSignal(panel.pausedChanged, check_params_cb=lambda paused: paused):
        QTest.keyClick(tracks, Qt.Key.Key_Space)
    assert button.text() == "Resume"
    assert f"Paused at {clock_time(NOW_NS)}" in button.toolTip()
    assert button.isVisible()
    assert tracks.rect().contains(button.geometry())
    with qtbot.waitSignal(panel.pausedChanged, check_params_cb=lambda paused: not paused):
        QTest.keyClick(tracks, Qt.Key.Key_Space)
    assert not button.isVisible()
    panel.set_paused(True)
    QTest.keyClick(tracks, Qt.Key.Key_Left)
    assert button.text() == "Resume"
    panel.add_samples((sample(0, -9),))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.paused_ns is None
    assert tracks.following
    panel.redraw()
    assert tracks.span_ns[1] >= NOW_NS + 9 * SECOND_NS
    assert not button.isVisible()


def test_the_processes_of_the_selected_gpu_are_listed_largest_first(make_panel: MakePanel) -> None:
    panel = make_panel(2)
    table = panel.details.processes
    panel.details.tabs.setCurrentIndex(1)
    assert table.note.text() == "Processes have not been read yet."
    panel.set_processes((process(7, memory=None), process(8), process(9, index=1)))
    model = table.model
    assert model.rowCount() == 2
    row = [model.data(model.index(0, column)) for column in range(model.columnCount())]
    assert row == ["8", "python", "compute", "44.7 GiB", "92"]
    assert model.data(model.index(1, 3)) == "—"
    assert panel.details.tabs.tabText(1) == "Processes  2"
    panel.select(uuid(1))
    assert model.data(model.index(0, 0)) == "9"
    panel.set_processes(())
    assert table.note.isVisible()
    assert table.note.text() == "No process uses this GPU."


@pytest.mark.parametrize("name", list(THEMES))
def test_both_themes_draw_the_cards_in_their_own_colours(make_panel: MakePanel, theme: Theme, name: str) -> None:
    panel = make_panel(1)
    theme.select(name)
    panel.redraw()
    card = panel.devices.cards[0]
    picture = picture_of(card)
    assert picture.pixelColor(card.width() // 2, 8).name() == theme.colors.card
    assert column_has(picture, theme.colors.memory, card.width() // 2, 100, card.height() - 24)


def test_every_control_has_a_name(make_panel: MakePanel) -> None:
    panel = make_panel(2)
    nameless = [
        child
        for child in panel.findChildren(QWidget)
        if child.focusPolicy() & Qt.FocusPolicy.TabFocus and not child.accessibleName() and child.isVisible()
    ]
    assert nameless == []


def test_the_sign_for_what_utilization_means_says_it_when_it_is_pressed(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel(1)
    note = panel.details.note
    assert note.focusPolicy() & Qt.FocusPolicy.TabFocus
    qtbot.mouseClick(note, Qt.MouseButton.LeftButton)
    shown = [each for each in QApplication.topLevelWidgets() if each.inherits("QWhatsThat") and each.isVisible()]
    assert len(shown) == 1
    QWhatsThis.hideText()
