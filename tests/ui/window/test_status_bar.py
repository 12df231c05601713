"""The line at the bottom of the window."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.window.status_bar import StatusBar


def test_a_long_state_is_cut_and_does_not_keep_the_window_wide(qtbot: QtBot) -> None:
    bar = StatusBar(Theme("dark"))
    qtbot.addWidget(bar)
    bar.resize(400, 24)
    bar.show()
    wanted = bar.minimumSizeHint().width()
    bar.set_state("Sweep: " + "a long title of a cell " * 10, "accent")
    assert bar.minimumSizeHint().width() == wanted
    qtbot.waitUntil(lambda: bar.state_label.shown.endswith("…"))
