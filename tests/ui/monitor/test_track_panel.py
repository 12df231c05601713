"""The tracks: following, panning, gaps, runs, and exact values under the pointer."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainterPath, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gpuplayground.model.samples import GpuInfo, RunSpan
from gpuplayground.ui.monitor.panel import MonitorPanel
from gpuplayground.ui.monitor.track_panel import TrackPanel
from gpuplayground.ui.monitor.track_view import LEFT_PX
from gpuplayground.ui.widgets.theme import THEMES, Theme
from tests.ui.monitor.conftest import MakePanel
from tests.ui.monitor.gpus import NOW_NS, SECOND_NS, column_has, inventory, picture_of, sample, uuid


@pytest.fixture
def tracks(make_panel: MakePanel) -> TrackPanel:
    """The tracks of a GPU with a minute of samples."""
    tracks = make_panel(1).details.tracks
    assert tracks is not None
    return tracks


def path_of(tracks: TrackPanel, key: str, metric: str) -> QPainterPath:
    """What is drawn of a metric."""
    return tracks.view.tracks[key].curves[metric].path()


def pixel_of(tracks: TrackPanel, share: float) -> int:
    """The column of pixels at a share of the time axis."""
    return LEFT_PX + round(share * tracks.view.tracks["memory"].area.width())


def turn_wheel(tracks: TrackPanel, at: QPoint) -> None:
    """Zoom in by one notch of the wheel."""
    viewport = tracks.view.viewport()
    place = QPointF(at)
    wheel = QWheelEvent(
        place,
        QPointF(viewport.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, wheel)


def test_pyqtgraph_is_imported_only_with_the_tracks() -> None:
    code = (
        "import sys, gpuplayground.ui.monitor.panel; assert 'pyqtgraph' not in sys.modules;"
        "import gpuplayground.ui.monitor.track_panel; assert 'pyqtgraph' in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


def test_five_tracks_show_the_newest_figures(tracks: TrackPanel) -> None:
    assert tracks.values == {
        "utilization": ("50", "25"),
        "memory": ("89.6",),
        "power": ("612",),
        "temperature": ("64",),
        "clocks": ("1755", "3201"),
    }
    assert "Power: Board 612 / 700 W" in tracks.accessibleDescription()


def test_curves_reach_from_a_minute_ago_to_now(tracks: TrackPanel) -> None:
    bounds = path_of(tracks, "utilization", "gpu_util_percent").boundingRect()
    assert bounds.left() == pytest.approx(-60, abs=0.5)
    assert bounds.right() == pytest.approx(0, abs=0.5)
    assert bounds.top() == pytest.approx(50)
    assert tracks.ruler.labels == ("−50 s", "−40", "−30", "−20", "−10")


def test_a_gap_in_the_samples_is_a_gap_in_every_track(make_panel: MakePanel, theme: Theme) -> None:
    panel = make_panel(1)
    for age in (-30.0, -30.1, -30.2):
        panel.add_samples((sample(age_s=age),))
    panel.redraw()
    tracks = panel.details.tracks
    assert tracks is not None
    path = path_of(tracks, "power", "power_w")
    assert any(path.elementAt(at).isMoveTo() for at in range(1, path.elementCount())), "the line is interrupted"
    picture, area = picture_of(tracks.view), tracks.view.tracks["memory"].area
    color = theme.colors.memory
    assert column_has(picture, color, pixel_of(tracks, 0.25), area.top(), area.bottom())
    assert not column_has(picture, color, pixel_of(tracks, 0.75), area.top(), area.bottom())


def test_a_metric_that_stops_being_supported_is_a_gap_and_a_dash(make_panel: MakePanel) -> None:
    panel = make_panel(1)
    for tick in range(1, 100):
        panel.add_samples((sample(age_s=-tick / 10, temperature_c=None),))
    panel.redraw()
    tracks = panel.details.tracks
    assert tracks is not None
    assert tracks.values["temperature"] == ("—",)
    assert path_of(tracks, "temperature", "temperature_c").boundingRect().right() < -9
    assert path_of(tracks, "power", "power_w").boundingRect().right() > -1


def test_a_spike_of_one_sample_survives_in_the_day(make_panel: MakePanel) -> None:
    panel = make_panel(1)
    panel.add_samples((sample(age_s=-0.1, gpu_util_percent=100),))
    panel.add_samples((sample(age_s=-0.2),))
    panel.set_range(86400)
    panel.redraw()
    tracks = panel.details.tracks
    assert tracks is not None
    assert path_of(tracks, "utilization", "gpu_util_percent").boundingRect().bottom() == pytest.approx(100)


def test_the_wheel_zooms_all_tracks_and_live_returns(tracks: TrackPanel, qtbot: QtBot) -> None:
    area = tracks.view.tracks["power"].area
    assert not tracks.live_button.isVisible()
    with qtbot.waitSignal(tracks.followingChanged, check_params_cb=lambda following: not following):
        turn_wheel(tracks, area.center())
    start_ns, end_ns = tracks.span_ns
    assert end_ns - start_ns < 60 * SECOND_NS
    spans = [track.view.viewRange()[0] for track in tracks.view.tracks.values()]
    assert np.allclose(spans, spans[0]), "all tracks show the same time"
    assert all(track.view.viewRange()[1][0] == 0 for track in tracks.view.tracks.values()), "only time is zoomed"
    assert ":" in tracks.ruler.labels[0], "the past has clock time"
    assert tracks.live_button.isVisible()
    with qtbot.waitSignal(tracks.followingChanged, check_params_cb=lambda following: following):
        QTest.mouseClick(tracks.live_button, Qt.MouseButton.LeftButton)
    assert not tracks.live_button.isVisible()
    assert tracks.span_ns[1] - tracks.span_ns[0] == 60 * SECOND_NS


def test_looking_back_stays_where_it_is_as_time_passes(make_panel: MakePanel) -> None:
    panel = make_panel(1)
    tracks = panel.details.tracks
    assert tracks is not None
    turn_wheel(tracks, tracks.view.tracks["power"].area.center())
    span = tracks.span_ns
    panel.add_samples((sample(age_s=-5, power_w=333),))
    panel.redraw()
    assert tracks.span_ns == span
    assert tracks.values["power"] == ("333",), "the figures stay live"


def test_the_keys_zoom_move_and_return(tracks: TrackPanel) -> None:
    QTest.keyClick(tracks, Qt.Key.Key_Plus)
    start_ns, end_ns = tracks.span_ns
    assert end_ns - start_ns == 30 * SECOND_NS
    QTest.keyClick(tracks, Qt.Key.Key_Left)
    assert tracks.span_ns[0] == start_ns - 6 * SECOND_NS
    QTest.keyClick(tracks, Qt.Key.Key_Right)
    QTest.keyClick(tracks, Qt.Key.Key_Right)
    assert tracks.span_ns[1] <= end_ns + SECOND_NS, "there is nothing to see in the future"
    QTest.keyClick(tracks, Qt.Key.Key_Home)
    assert tracks.following


def test_the_pointer_shows_the_exact_figures_of_its_moment(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel(1)
    for tick in range(1, 301):
        panel.add_samples((sample(age_s=-tick / 10, gpu_util_percent=90, power_w=100 + tick),))
    panel.redraw()
    tracks = panel.details.tracks
    assert tracks is not None
    viewport, row = tracks.view.viewport(), tracks.view.tracks["memory"].area.center().y()
    QTest.mouseMove(viewport, QPoint(pixel_of(tracks, 0.25), row))
    qtbot.waitUntil(lambda: tracks.values["utilization"] == ("50", "25"))
    assert tracks.values["power"] == ("612",)
    assert tracks.ruler.cursor_label.count(":") == 2
    QTest.mouseMove(viewport, QPoint(pixel_of(tracks, 0.75), row))
    qtbot.waitUntil(lambda: tracks.values["utilization"][0] == "90")
    assert abs(float(tracks.values["power"][0]) - 250) < 10
    QTest.mouseMove(viewport, QPoint(2, row))
    qtbot.waitUntil(lambda: tracks.values["power"] == ("400",))
    assert tracks.ruler.cursor_label == ""


def test_the_figures_under_the_pointer_move_on_with_the_curves(make_panel: MakePanel, qtbot: QtBot) -> None:
    panel = make_panel(1)
    tracks = panel.details.tracks
    assert tracks is not None
    row = tracks.view.tracks["memory"].area.center().y()
    QTest.mouseMove(tracks.view.viewport(), QPoint(pixel_of(tracks, 0.5), row))
    qtbot.waitUntil(lambda: tracks.ruler.cursor_label != "")
    assert tracks.values["power"] == ("612",)
    before = tracks.ruler.cursor_label
    for tick in range(1, 451):
        panel.add_samples((sample(age_s=-tick / 10, power_w=200),))
    panel.redraw()
    assert tracks.values["power"] == ("200",)
    assert tracks.ruler.cursor_label != before
    turn_wheel(tracks, tracks.view.tracks["memory"].area.center())
    assert tracks.ruler.cursor_label != "", "the pointer is still there"


@pytest.mark.parametrize("total", [None, 0])
def test_without_a_limit_nothing_is_made_up_and_the_axis_follows_the_samples(
    empty_panel: MonitorPanel, total: int | None
) -> None:
    bare = GpuInfo(0, uuid(0), "NVIDIA Tegra", total, None, None)
    empty_panel.load_tracks()
    empty_panel.set_inventory(replace(inventory(1), gpus=(bare,)))
    unknown: dict[str, Any] = {
        "memory_total_bytes": total,
        "power_limit_w": None,
        "sm_clock_mhz": None,
        "memory_clock_mhz": None,
    }
    for tick in range(100, 0, -1):
        empty_panel.add_samples((sample(age_s=tick / 10, memory_used_bytes=None, power_w=37, **unknown),))
    empty_panel.redraw()
    tracks = empty_panel.details.tracks
    assert tracks is not None
    plots = tracks.view.tracks
    written = {key: (*track.strip.values, track.strip._suffix) for key, track in plots.items()}
    assert written["memory"] == ("—", "GiB")
    assert written["power"] == ("37", "W")
    assert written["clocks"] == ("—", "—", "MHz")
    assert (plots["memory"].mark, plots["clocks"].mark) == (None, None)
    assert (plots["power"].mark, plots["power"].top >= 37) == (50.0, True)
    empty_panel.add_samples((sample(memory_used_bytes=3 << 30, power_w=310, **unknown),))
    empty_panel.details.refresh(NOW_NS)
    tracks.set_gpu(bare)
    empty_panel.redraw()
    assert (plots["memory"].mark, plots["power"].mark) == (5.0, 500.0)
    assert tracks.values["memory"] == ("3.0",)
    assert plots["memory"].strip._suffix == "GiB"
    card = empty_panel.devices.cards[0]
    assert [figure.unit for figure in card.figures if figure.key == "memory"] == ["GiB"]
    assert not column_has(picture_of(card), empty_panel.devices._theme.colors.memory, card.width() - 20, 100, 140)


def test_a_sample_above_the_limit_is_still_on_the_axis(make_panel: MakePanel) -> None:
    panel = make_panel(1)
    panel.add_samples((sample(age_s=-0.1, power_w=1200.0, temperature_c=131),))
    panel.add_samples((sample(age_s=-2),))
    panel.redraw()
    tracks = panel.details.tracks
    assert tracks is not None
    assert tracks.view.tracks["power"].top >= 1200
    assert tracks.view.tracks["temperature"].top >= 131
    assert tracks.view.tracks["power"].mark == 700


def test_a_run_is_a_labelled_band_on_the_tracks(make_panel: MakePanel) -> None:
    panel = make_panel(2)
    panel.add_run(RunSpan("a", "run 3", NOW_NS - 20 * SECOND_NS, NOW_NS - 10 * SECOND_NS, (uuid(1),)))
    panel.redraw()
    tracks = panel.details.tracks
    assert tracks is not None
    assert not tracks.bands
    panel.select(uuid(1))
    panel.redraw()
    assert [(band.label, round(band.left, 1), round(band.right, 1)) for band in tracks.bands] == [("run 3", 0.7, 0.8)]


@pytest.mark.parametrize("name", list(THEMES))
def test_both_themes_draw_the_tracks_in_their_own_colours(tracks: TrackPanel, theme: Theme, name: str) -> None:
    theme.select(name)
    picture = picture_of(tracks.view)
    area = tracks.view.tracks["temperature"].area
    assert picture.pixelColor(2, area.center().y()).name() == theme.colors.panel
    assert column_has(picture, theme.colors.temperature, pixel_of(tracks, 0.5), area.top(), area.bottom())
