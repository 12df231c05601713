"""A benchmark under way, also where there is little room."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gpuplayground.model.benchmarks import BenchmarkPlan, Phase, SweepPlan
from gpuplayground.model.events import BenchmarkProgressed
from gpuplayground.ui.benchmarks.live_view import LiveView, SubjectLabel
from gpuplayground.ui.widgets.plain_text import plainly
from gpuplayground.ui.widgets.theme import ui_font
from tests.support.result_panels import themed

PLAN = BenchmarkPlan(12, 14, "fused add", 10.0)
LONG = BenchmarkPlan(12, 14, "A title of <b>many</b> words " * 5, sweep=SweepPlan("n", (1024, 2048)))
SAMPLING = BenchmarkProgressed("", Phase.SAMPLING, 12_412, 173e6, 0.0004, 2.1, steps=2)


@pytest.fixture
def view(qtbot: QtBot, resources: Path) -> LiveView:
    widget = LiveView(themed(resources)[0])
    qtbot.addWidget(widget)
    widget.begin(PLAN)
    widget.resize(300, 180)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.mark.parametrize(
    ("phase", "elapsed_s", "words"),
    [
        (Phase.SET_UP, 0.0, "at most 10 s"),
        (Phase.WARMING_UP, 0.4, "0.4 s of at most 10 s"),
        (Phase.SAMPLING, 10.04, "10.0 s of at most 10 s"),
        (Phase.SAMPLING, 25.1, "25.1 s, limit 10 s"),
        (Phase.TRACING, 10.3, "10.3 s"),
    ],
)
def test_the_time_is_told_without_contradicting_its_limit(
    view: LiveView, phase: Phase, elapsed_s: float, words: str
) -> None:
    view.progress(BenchmarkProgressed("", phase, elapsed_s=elapsed_s))
    assert view.time.words == words


def test_without_an_interval_only_the_target_is_named(view: LiveView) -> None:
    view.progress(BenchmarkProgressed("", Phase.SAMPLING, 3, 7400.0))
    assert view.precision.words == "target ± 1.0 %"


def room(view: LiveView) -> QSize:
    QApplication.processEvents()  # a layout is told of other texts by events
    inside = view.widget()
    assert inside is not None
    return inside.minimumSizeHint()


def test_it_asks_for_the_same_room_in_every_phase_and_for_every_title(view: LiveView) -> None:
    before = room(view)
    view.progress(SAMPLING)
    during = room(view)
    view.begin(LONG)
    assert before == during
    assert room(view).height() == before.height()
    assert room(view).width() < 216, "what the buttons above leave at least"


def test_a_title_is_plain_text_and_keeps_the_value_of_the_sweep_where_it_is_cut(qtbot: QtBot, view: LiveView) -> None:
    view.begin(LONG)
    qtbot.waitUntil(lambda: view.subject.width() > 100)
    assert view.subject.shown.startswith("A title of <b>")
    assert view.subject.shown.endswith("…  ·  n = 1024")
    assert view.subject.toolTip() == plainly(view.subject.text())


def test_a_value_that_leaves_no_room_for_the_name_is_left_out_whole(qtbot: QtBot) -> None:
    label = SubjectLabel()
    qtbot.addWidget(label)
    label.show_subject("fused add", "batch_size_per_gpu = 2097152")
    label.resize(60, 20)
    assert label.shown.startswith("fused")
    assert "2" not in label.shown


@pytest.mark.parametrize(("width", "has_precision", "has_samples"), [(400, 1, 1), (230, 1, 0), (150, 0, 0)])
def test_what_has_no_room_is_left_out_whole_the_number_of_samples_first(
    qtbot: QtBot, view: LiveView, width: int, has_precision: int, has_samples: int
) -> None:
    view.resize(width, 180)
    view.progress(SAMPLING)
    expected = (bool(has_precision), bool(has_samples))
    qtbot.waitUntil(lambda: (view.half_width.is_whole, view.samples.is_whole) == expected)


def test_a_meter_without_room_for_its_words_says_the_first_part_of_them(view: LiveView) -> None:
    view.progress(SAMPLING)
    meter, metrics = view.precision, QFontMetricsF(ui_font(11))
    whole = metrics.horizontalAdvance(meter.words)
    for width, drawn in ((whole, "± < 0.1 %, target ± 1.0 %"), (whole - 1, "± < 0.1 %")):
        assert meter.words_within(width) == drawn
    meter.set(0.5, "n = 4,096, 3 of 17")
    assert meter.words_within(1) == "n = 4,096", "a number is not cut at its commas"
