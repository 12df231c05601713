"""The panel of a benchmark, from before the first to a sweep of the past."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan, Flag, FlagKind, Phase, SweepPlan
from gpuplayground.model.events import BenchmarkMeasured, BenchmarkProgressed
from gpuplayground.model.results import Run, RunError, RunState
from gpuplayground.receipts.run_observer import ObservedRun
from gpuplayground.ui.benchmarks.live_view import convergence
from gpuplayground.ui.benchmarks.panel import BenchmarkPanel
from gpuplayground.ui.results.pages import BENCHMARK
from tests.support.hovering import hover, leave
from tests.support.result_panels import themed_header
from tests.ui.benchmarks.measurements import measurement, samples

RUN = "run-1"
PLAN = BenchmarkPlan(12, 14, "fused add", 10.0)
SWEEP = BenchmarkPlan(12, 14, "fused add", 10.0, sweep=SweepPlan("n", (1024, 2048)))


def shown(qtbot: QtBot, resources: Path, width: int = 480, height: int = 260) -> BenchmarkPanel:
    panel = BenchmarkPanel(*themed_header(resources, BENCHMARK))
    qtbot.addWidget(panel)
    panel.resize(width, height)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def over(state: RunState = RunState.FINISHED, *benchmarks: Benchmark, error: RunError | None = None) -> Run:
    return Run(RUN, "a.py", state, 0, 10, 0, error=error, summary="exit 0", benchmarks=benchmarks)


def sampling(step: int = 1, **more: object) -> BenchmarkProgressed:
    given = {"samples": 412, "median_ns": 7433.0, "half_width": 0.023, "elapsed_s": 2.1, "steps": 2}
    return BenchmarkProgressed(RUN, Phase.SAMPLING, step=step, **{**given, **more})  # type: ignore[arg-type]


def test_before_the_first_benchmark_the_panel_says_what_to_press(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    assert panel.empty.isVisible()
    assert "Shift+F5" in panel.empty.text()
    assert "# %%" in panel.empty.text()
    for button in (panel.copy_button, panel.save_button, panel.compare_button):
        assert not button.isEnabled()
    assert not panel.steps.isVisible()


def test_while_it_samples_it_shows_the_median_and_how_near_the_target_is(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear(RUN, PLAN)
    assert panel.live.isVisible()
    assert panel.live.phases.accessibleDescription() == "Set-up"
    panel.progress(BenchmarkProgressed(RUN, Phase.WARMING_UP))
    assert panel.live.phases.accessibleDescription() == "Warm-up"
    panel.progress(sampling())
    assert panel.live.phases.accessibleDescription() == "Sampling"
    assert panel.live.figure.text() == "7.43 µs"
    assert panel.live.half_width.text() == "± 2.3 %"
    assert panel.live.samples.text() == "412 samples"
    assert panel.live.precision.words == "± 2.3 %, target ± 1.0 %"
    assert 0 < panel.live.precision.share < 1
    assert panel.live.time.words == "2.1 s of at most 10 s"
    panel.progress(BenchmarkProgressed(RUN, Phase.TRACING))
    assert panel.live.phases.accessibleDescription() == "GPU time"


def test_events_of_another_run_change_nothing(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear(RUN, PLAN)
    panel.progress(BenchmarkProgressed("other", Phase.SAMPLING, 5, 1.0))
    panel.measured(BenchmarkMeasured("other", measurement()))
    assert panel.live.figure.text() == "—"
    assert panel.benchmark is None


def test_the_result_has_median_interval_and_verdict_beside_each_other(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_benchmark(measurement())
    headline = panel.result.headline
    assert panel.result.isVisible()
    assert headline.figure.text() == "7.47 µs"
    assert headline.width_label.text().startswith("± ")
    assert "with 95 % confidence" in headline.interval.text()
    assert [(pill.text, pill.role) for pill in headline.pills] == [("STEADY", "good")]
    assert headline.reasons.text() == "900 samples within 1 %."
    assert headline.subject.text() == "fused add  ·  lines 12–14"
    assert panel.result.bars.rows()[1][1].startswith("6.90 µs")


def test_lines_without_a_title_are_named_once(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_benchmark(measurement(label="lines 12–14"))
    assert panel.result.headline.subject.text() == "lines 12–14"
    panel.show_benchmark(measurement(label="lines 12–14", parameter=("n", 1024)))
    assert panel.result.headline.subject.text() == "lines 12–14 · n = 1,024"


def test_every_doubt_has_an_amber_pill_and_its_sentence(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    flags = (Flag(FlagKind.NOISY, "Spreads over 13 %."), Flag(FlagKind.LAUNCH_BOUND, "Busy during 8 %."))
    panel.show_benchmark(measurement(verdict=flags))
    headline = panel.result.headline
    assert [(pill.text, pill.role) for pill in headline.pills] == [("NOISY", "warning"), ("LAUNCH-BOUND", "warning")]
    assert "Spreads over 13 %." in headline.reasons.text()
    assert "Busy during 8 %." in headline.reasons.text()
    for pill in headline.pills:
        assert pill.isVisible()


def test_pills_go_on_in_the_next_line_where_the_panel_is_narrow(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources, 420, 240)
    panel.show_benchmark(measurement(verdict=tuple(Flag(kind, "x") for kind in FlagKind)))
    tops = {pill.y() for pill in panel.result.headline.pills}
    rights = [pill.geometry().right() for pill in panel.result.headline.pills]
    qtbot.waitUntil(lambda: len({pill.y() for pill in panel.result.headline.pills}) > 1)
    assert max(rights) <= panel.width(), tops


def test_a_benchmark_that_is_being_judged_says_so(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear(RUN, PLAN)
    panel.set_run(over(RunState.FINISHED, measurement(verdict=())))
    headline = panel.result.headline
    assert [(pill.text, pill.role) for pill in headline.pills] == [("JUDGING…", "muted")]
    assert "in a moment" in headline.reasons.text()
    panel.set_observed(ObservedRun(over(), benchmarks=(measurement(),)))
    assert [pill.text for pill in headline.pills] == ["STEADY"]


def test_a_benchmark_of_the_past_that_was_never_judged_promises_no_verdict(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_benchmark(measurement(verdict=()))
    assert [(pill.text, pill.role) for pill in panel.result.headline.pills] == [("NOT JUDGED", "muted")]
    assert "Measure again" in panel.result.headline.reasons.text()


def test_with_a_gpu_the_result_waits_for_its_gpu_time(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear(RUN, PLAN)
    panel.measured(BenchmarkMeasured(RUN, measurement(gpu=None, verdict=())))
    panel.progress(BenchmarkProgressed(RUN, Phase.TRACING))
    assert panel.live.isVisible()
    assert not panel.compare_button.isEnabled()
    panel.set_run(over(RunState.FINISHED, measurement(verdict=())))
    assert panel.result.bars.rows()[1][1].startswith("6.90 µs")


def test_without_a_gpu_the_result_is_shown_as_soon_as_it_is_measured(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear(RUN, PLAN)
    panel.measured(BenchmarkMeasured(RUN, measurement(gpu=None, uses_gpu=False)))
    assert panel.result.isVisible()


def test_without_gpu_time_the_bar_says_why(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_benchmark(measurement(gpu=None, gpu_note="cupti-python is not installed."))
    assert panel.result.bars.rows()[1][1] == "cupti-python is not installed."
    panel.show_benchmark(measurement(gpu=None, uses_gpu=False))
    assert panel.result.bars.rows()[1][1] == "not used"
    assert not panel.result.kernel.isVisible()


def test_the_histogram_says_how_many_outliers_it_gathered(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_benchmark(measurement())
    histogram = panel.result.histogram
    assert histogram.bins.above > 0
    assert f"{histogram.bins.above} above" in histogram.outliers()
    assert sum(histogram.bins.counts) + histogram.bins.below + histogram.bins.above == 300


def test_drift_is_said_beside_the_samples(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_benchmark(measurement(samples_ns=tuple(7400.0 + 5 * number for number in range(200))))
    assert "slower than the first" in panel.result.strip.drift()
    panel.show_benchmark(measurement(samples_ns=(7400.0,) * 200))
    assert panel.result.strip.drift() == "no drift"


@pytest.mark.parametrize("count", [1, 2, 5, 6, 30, 3000])
def test_any_number_of_samples_can_be_drawn_and_hovered(qtbot: QtBot, resources: Path, count: int) -> None:
    panel = shown(qtbot, resources, 1000, 500)
    panel.show_benchmark(measurement(samples_ns=samples(count=count)))
    qtbot.waitUntil(lambda: panel.result.histogram.height() > 60)
    for chart in (panel.result.histogram, panel.result.strip):
        plain = chart.grab().toImage()
        hover(chart, chart.width() / 2, chart.height() - 24)
        assert chart.grab().toImage() != plain
        leave(chart)
        assert chart.grab().toImage() == plain


def test_figures_and_pictures_stand_side_by_side_where_there_is_room(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources, 1000, 500)
    panel.show_benchmark(measurement())
    qtbot.waitUntil(lambda: panel.result.histogram.geometry().left() > panel.result.facts.geometry().right())
    panel.resize(480, 260)
    qtbot.waitUntil(lambda: panel.result.histogram.geometry().top() > panel.result.facts.geometry().bottom())
    assert panel.result.histogram.width() <= panel.width()


def test_nothing_of_a_result_is_cut_where_the_panel_is_as_narrow_as_its_buttons_let_it_be(
    qtbot: QtBot, resources: Path
) -> None:
    panel = shown(qtbot, resources)
    panel.show_benchmark(measurement())
    panel.resize(216, 260)
    inside = panel.result.widget()
    assert inside is not None
    qtbot.waitUntil(lambda: inside.width() <= panel.result.viewport().width() <= 216)
    least = panel.result.facts.layout()
    assert least is not None
    assert least.minimumSize().width() <= panel.result.facts.width()


def test_a_sweep_shows_the_value_that_is_measured_and_then_lets_one_choose(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear(RUN, SWEEP)
    first, second = (measurement(parameter=("n", value)) for value in (1024, 2048))
    panel.measured(BenchmarkMeasured(RUN, first, 1, 2))
    panel.progress(sampling(2))
    assert panel.live.isVisible()
    assert panel.live.subject.text() == "fused add  ·  n = 2048"
    assert panel.live.step.text() == "value 2 of 2"
    panel.measured(BenchmarkMeasured(RUN, second, 2, 2))
    panel.set_run(over(RunState.FINISHED, first, second))
    assert panel.steps.isVisible()
    assert [panel.steps.itemText(index) for index in range(2)] == ["n = 1024", "n = 2048"]
    assert panel.benchmark == second
    panel.steps.setFocus()
    QTest.keyClick(panel.steps, Qt.Key.Key_Up)
    assert panel.benchmark == first
    assert "n = 1,024" in panel.result.headline.subject.text()


def test_a_sweep_names_its_first_value_from_the_start_and_the_next_one_once_a_value_is_measured(
    qtbot: QtBot, resources: Path
) -> None:
    panel = shown(qtbot, resources)
    panel.clear(RUN, SWEEP)
    assert panel.live.subject.text() == "fused add  ·  n = 1024"
    assert panel.live.step.text() == "value 1 of 2"
    panel.progress(sampling(1))
    panel.measured(BenchmarkMeasured(RUN, measurement(parameter=("n", 1024), gpu=None, uses_gpu=False), 1, 2))
    assert panel.live.subject.text() == "fused add  ·  n = 2048"
    assert panel.live.phases.accessibleDescription() == "Set-up"
    assert panel.live.figure.text() == "—"


def test_a_judged_result_keeps_the_value_that_was_chosen(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    raw = [measurement(parameter=("n", value), verdict=()) for value in (1, 2)]
    panel.show_benchmarks(raw)
    panel.steps.setFocus()
    QTest.keyClick(panel.steps, Qt.Key.Key_Up)
    panel.show_benchmarks([measurement(parameter=("n", value)) for value in (1, 2)])
    assert panel.benchmark == measurement(parameter=("n", 1))


def test_a_stopped_sweep_shows_what_was_measured(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear(RUN, SWEEP)
    first = measurement(parameter=("n", 1024))
    panel.measured(BenchmarkMeasured(RUN, first, 1, 2))
    panel.set_run(over(RunState.STOPPED))
    assert panel.result.isVisible()
    assert panel.benchmark == first


def test_a_benchmark_that_failed_says_why(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear(RUN, PLAN)
    panel.set_run(over(RunState.FAILED, error=RunError("NameError: name 'a' is not defined", 12)))
    assert panel.empty.text() == "The benchmark failed: NameError: name 'a' is not defined (line 12)"
    assert not panel.copy_button.isEnabled()


def test_a_benchmark_stopped_in_its_set_up_says_so(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.clear(RUN, PLAN)
    panel.set_run(over(RunState.STOPPED))
    assert "Stopped" in panel.empty.text()


def test_an_incomplete_measurement_shows_its_samples_and_the_error(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    panel.show_benchmark(measurement(error="ValueError: no"))
    assert panel.result.headline.error.isVisible()
    assert panel.result.histogram.isVisible()
    panel.show_benchmark(measurement(error="out of memory", samples_ns=(), verdict=()))
    assert panel.result.headline.figure.text() == "—"
    assert not panel.result.histogram.isVisible()
    assert panel.result.headline.pills == []


def test_the_buttons_copy_save_and_add_what_is_shown(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    shown_now = measurement()
    panel.show_benchmark(shown_now)
    panel.copy_button.click()
    assert QGuiApplication.clipboard().text().startswith("fused add: 7.47 µs")
    with qtbot.waitSignal(panel.saveRequested) as saved:
        panel.save_button.click()
    with qtbot.waitSignal(panel.comparisonRequested) as added:
        panel.compare_button.click()
    assert saved.args == added.args == [shown_now]


def test_every_control_has_a_name_and_a_tooltip(qtbot: QtBot, resources: Path) -> None:
    panel = shown(qtbot, resources)
    controls: list[QWidget] = [panel.copy_button, panel.save_button, panel.compare_button, panel.steps]
    for control in controls:
        assert control.accessibleName()
        assert control.toolTip()


def test_the_interval_comes_nearer_to_its_target_as_it_shrinks() -> None:
    assert [convergence(width, 0.01) for width in (None, 0.6, 0.01, 0.001)] == [0, 0, 1, 1]
    assert 0 < convergence(0.2, 0.01) < convergence(0.05, 0.01) < 1
