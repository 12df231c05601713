"""A timeline on screen with the usual run in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.model.results import Run
from gpuplayground.ui.results.pages import TIMELINE, page_header
from gpuplayground.ui.trace_timeline.layout import AT_ONCE
from gpuplayground.ui.trace_timeline.panel import TimelinePanel
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme, load_fonts
from tests.ui.trace_timeline.runs import RUN, usual_run

MakePanel = Callable[..., TimelinePanel]


@pytest.fixture
def theme(resources: Path, qtbot: QtBot) -> Theme:
    """The dark theme, applied to the application."""
    load_fonts(resources / "fonts")
    theme = Theme("dark")
    theme.apply()
    return theme


@pytest.fixture
def make_panel(theme: Theme, resources: Path, qtbot: QtBot) -> MakePanel:
    """Makes a panel on screen, in which a run has ended if one is given."""

    def make(run: Run | None = None, width: int = 1000, height: int = 400) -> TimelinePanel:
        panel = TimelinePanel(theme, page_header(TIMELINE, theme, Icons(resources / "icons", theme)))
        qtbot.addWidget(panel)
        panel.resize(width, height)
        with qtbot.waitExposed(panel):
            panel.show()
        if run is not None:
            panel.clear(RUN)
            panel.set_run(run)
            if run.trace is not None and len(run.trace.operations) > AT_ONCE:
                qtbot.waitUntil(lambda: bool(panel.canvas.picture.rows))
        return panel

    return make


@pytest.fixture
def panel(make_panel: MakePanel) -> TimelinePanel:
    """A panel with the usual run."""
    return make_panel(usual_run())
