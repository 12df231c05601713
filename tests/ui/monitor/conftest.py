"""A monitor panel on screen with fake GPUs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.monitor.timeseries.store import SeriesStore
from gpuplayground.ui.monitor.panel import MonitorPanel
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme, load_fonts
from tests.ui.monitor.gpus import inventory, minute

MakePanel = Callable[[int], MonitorPanel]


@pytest.fixture(params=["dark"])
def theme(request: pytest.FixtureRequest, resources: Path, qtbot: QtBot) -> Theme:
    """A theme, applied to the application."""
    load_fonts(resources / "fonts")
    theme = Theme(request.param)
    theme.apply()
    return theme


@pytest.fixture
def icons(resources: Path, theme: Theme) -> Icons:
    """The application icons."""
    return Icons(resources / "icons", theme)


@pytest.fixture
def store() -> SeriesStore:
    """An empty store."""
    return SeriesStore()


@pytest.fixture
def empty_panel(theme: Theme, icons: Icons, store: SeriesStore, qtbot: QtBot) -> MonitorPanel:
    """A panel on screen without an inventory."""
    panel = MonitorPanel(theme, icons, store)
    qtbot.addWidget(panel)
    panel.resize(490, 810)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def make_panel(empty_panel: MonitorPanel, qtbot: QtBot) -> MakePanel:
    """Makes a panel on screen with a number of GPUs and a minute of samples."""

    def make(count: int) -> MonitorPanel:
        empty_panel.load_tracks()
        empty_panel.set_inventory(inventory(count))
        for samples in minute(count):
            empty_panel.add_samples(samples)
        empty_panel.redraw()
        qtbot.wait(1)
        return empty_panel

    return make
