"""What a run empties, fills and completes of the sides of its results."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.model.benchmarks import Benchmark, BenchmarkPlan
from gpuplayground.model.events import BenchmarkMeasured
from gpuplayground.model.results import Run, RunState
from gpuplayground.receipts.run_observer import ObservedRun
from gpuplayground.ui.results.pages import BENCHMARK, RECEIPT, ResultPages
from tests.support.result_panels import themed
from tests.ui.benchmarks.measurements import measurement

PLAN = BenchmarkPlan(12, 14, "fused add")
UNJUDGED = measurement(verdict=())


@pytest.fixture
def pages(qtbot: QtBot, resources: Path) -> ResultPages:
    widget = ResultPages(*themed(resources))
    qtbot.addWidget(widget)
    return widget


def over(run_id: str, *benchmarks: Benchmark) -> Run:
    return Run(run_id, "a.py", RunState.FINISHED, 0, 10, 0, summary="exit 0", benchmarks=benchmarks)


def measure(pages: ResultPages, run_id: str) -> None:
    pages.clear(run_id, PLAN)
    pages.add(BenchmarkMeasured(run_id, UNJUDGED))
    pages.set_run(over(run_id, UNJUDGED))


def test_a_benchmark_is_judged_although_the_tab_was_run_again_meanwhile(pages: ResultPages) -> None:
    measure(pages, "bench")
    pages.clear("plain", None)
    pages.set_observed(ObservedRun(over("bench"), benchmarks=(measurement(),)))
    assert pages.page(BENCHMARK).benchmark == measurement()


def test_the_verdict_of_a_benchmark_does_not_replace_that_of_a_later_one(pages: ResultPages) -> None:
    measure(pages, "bench")
    measure(pages, "later")
    pages.set_observed(ObservedRun(over("bench"), benchmarks=(measurement(),)))
    assert pages.page(BENCHMARK).benchmark == UNJUDGED


def test_the_verdict_of_a_benchmark_leaves_one_under_way_in_sight(pages: ResultPages) -> None:
    measure(pages, "bench")
    pages.clear("later", PLAN)
    pages.set_observed(ObservedRun(over("bench"), benchmarks=(measurement(),)))
    assert pages.page(BENCHMARK).benchmark is None


def test_a_run_takes_no_receipt_of_an_earlier_one(pages: ResultPages) -> None:
    pages.clear("earlier", None)
    pages.set_run(over("earlier"))
    pages.clear("later", None)
    pages.set_observed(ObservedRun(over("earlier")))
    assert "when the run is over" in pages.page(RECEIPT).empty.text()


@pytest.mark.parametrize("is_shown_before", [True, False])
def test_a_run_on_the_cpu_has_no_receipt_as_it_did_not_use_cuda(pages: ResultPages, *, is_shown_before: bool) -> None:
    if is_shown_before:
        assert "F5" in pages.page(RECEIPT).empty.text()
    pages.clear("plain", None)
    pages.set_run(over("plain"))
    pages.set_observed(ObservedRun(over("plain")))
    assert "did not use CUDA" in pages.page(RECEIPT).empty.text()
