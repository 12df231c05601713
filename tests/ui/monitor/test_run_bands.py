"""Runs as bands: their names and order, and their maximum number."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from gpuplayground.model.events import RunFinished, StateChanged
from gpuplayground.model.results import Run, RunState
from gpuplayground.model.samples import RunSpan
from gpuplayground.monitor.timeseries.store import SeriesStore
from gpuplayground.storage import paths
from gpuplayground.ui.monitor.panel import MonitorPanel
from gpuplayground.ui.monitor.run_bands import MAX_RUNS, RunBands
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme


def run_one(bands: RunBands, run_id: str, *, begins: bool = True) -> None:
    """Report a run from its announcement to its end."""
    bands.announce(run_id, ("GPU-1",))
    if begins:
        bands.follow("tab", StateChanged(run_id, RunState.RUNNING, 10))
    bands.follow("tab", RunFinished(run_id, Run(run_id, "a.py", RunState.FINISHED, 11, 20)))


def test_runs_are_numbered_in_order_and_only_the_last_ones_are_remembered(qtbot: QtBot) -> None:
    theme = Theme("dark")
    panel = MonitorPanel(theme, Icons(paths.resources() / "icons", theme), SeriesStore())
    qtbot.addWidget(panel)
    bands = RunBands(panel)
    ended: list[RunSpan] = []
    bands.ended.connect(ended.append)
    bands.announce("first", ())
    bands.follow("tab", StateChanged("first", RunState.RUNNING, 5))
    run_one(bands, "never begun", begins=False)
    for number in range(MAX_RUNS + 20):
        run_one(bands, f"run-{number}")
    assert len(bands._own) == MAX_RUNS
    assert len(bands._labels) == 0
    assert ended[0] == RunSpan("run-0", "run 3", 11, 20, ("GPU-1",))
    assert ended[-1].label == f"run {MAX_RUNS + 22}"
    # A running one is never discarded, or its band would never end.
    bands.follow("tab", RunFinished("first", Run("first", "a.py", RunState.FINISHED, 5, 6)))
    assert ended[-1].label == "run 1"
