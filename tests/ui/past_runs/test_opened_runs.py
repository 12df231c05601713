"""Runs of the past in the playground: how they ended is as plain as when they had just ended."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.model.results import Run, RunError, RunRequest, RunState
from gpuplayground.past_runs.details import KeptRun
from gpuplayground.ui.editor.tabs import EditorTabs
from gpuplayground.ui.widgets.icons import Icons
from gpuplayground.ui.widgets.theme import Theme
from gpuplayground.ui.window.playground import PlaygroundPanel
from tests.support.result_panels import settle
from tests.ui.editor.tab_helpers import front

SOURCE = "import math\n\nmath.sqrt(-1)\n"
ERROR = RunError("ValueError: math domain error", 3, "ValueError")
SUMMARY = "ValueError: math domain error (line 3)"


@pytest.fixture
def playground(qtbot: QtBot, theme: Theme, icons: Icons, tabs: EditorTabs) -> PlaygroundPanel:
    playground = PlaygroundPanel(theme, icons, tabs)
    qtbot.addWidget(playground)
    playground.show()
    return playground


def past(state: RunState = RunState.FAILED, error: RunError | None = ERROR, summary: str = SUMMARY) -> KeptRun:
    run = Run("past", "root.py", state, 0, 5_000_000, 1, error=error, summary=summary, notes=("A note.",))
    return KeptRun(RunRequest("past", SOURCE, "root.py"), run)


def test_a_failed_run_of_the_past_says_why_and_where_it_failed(
    qtbot: QtBot, playground: PlaygroundPanel, tabs: EditorTabs
) -> None:
    tab_id = tabs.open_text("root.py", SOURCE)
    playground.show_past(tab_id, past())
    output = playground.output(tab_id)
    settle(qtbot, output)
    assert output.status.text() == "ValueError · line 3"
    assert output.text().splitlines() == ["The history does not keep output.", "A note.", SUMMARY]
    assert front(tabs).marks.error == (3, ERROR.summary)
    assert playground.current_run().state is RunState.FAILED


def test_a_run_of_the_past_ticks_no_clock_and_leaves_room_for_the_next(
    qtbot: QtBot, playground: PlaygroundPanel, tabs: EditorTabs
) -> None:
    tab_id = tabs.open_text("root.py", SOURCE)
    playground.show_past(tab_id, past(RunState.STOPPED, None, "stopped in line 3 · 5.00 ms"))
    assert not playground.output(tab_id).status.is_ticking
    assert not playground.active_runs()
    assert front(tabs).marks.error is None
    playground.show_past(tab_id, past())
    playground.begin(tab_id, "next", "root.py")
    assert playground.output(tab_id).text() == ""
    assert front(tabs).marks.error is None


def test_a_tab_that_is_closed_while_its_snippet_runs_is_no_longer_counted_as_running(
    qtbot: QtBot, playground: PlaygroundPanel, tabs: EditorTabs
) -> None:
    tab_id = tabs.open_text("root.py", SOURCE)
    playground.begin(tab_id, "run", "root.py")
    counts: list[int] = []
    playground.stateChanged.connect(lambda: counts.append(playground.active_runs()))
    playground.forget(tab_id)
    assert counts == [0]
