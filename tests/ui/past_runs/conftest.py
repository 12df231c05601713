"""A panel of the history in a shown window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gpuplayground.ui.past_runs.panel import HistoryPanel
from gpuplayground.ui.results.pages import HISTORY, page_header
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme, load_fonts


@pytest.fixture
def theme(qapp: QApplication, resources: Path) -> Theme:
    """The dark theme with the fonts that ship."""
    load_fonts(resources / "fonts")
    return Theme("dark")


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, resources: Path) -> HistoryPanel:
    """A wide panel that is seen."""
    panel = HistoryPanel(theme, icons := Icons(resources / "icons", theme), page_header(HISTORY, theme, icons))
    qtbot.addWidget(panel)
    panel.resize(900, 500)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    return panel
