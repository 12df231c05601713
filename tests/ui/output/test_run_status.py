"""The pill that says where a run stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.model.results import Run, RunError, RunState, StatementTiming
from gpuplayground.ui.output.run_status import RunStatus, elapsed
from tests.support.result_panels import finished, themed


@pytest.fixture
def status(qtbot: QtBot, resources: Path) -> RunStatus:
    theme, _ = themed(resources)
    widget = RunStatus(theme)
    qtbot.addWidget(widget)
    return widget


@pytest.mark.parametrize(
    ("value", "detail", "text"),
    [
        (RunState.STARTING, "", "starting…"),
        (RunState.WAITING_FOR_INPUT, "", "waiting for input"),
        (RunState.FINISHING, "waiting for 1 thread", "finishing · waiting for 1 thread"),
        (RunState.STOPPING, "", "stopping…"),
        (RunState.FINISHED, "exit 0 · 3.41 s", "exit 0 · 3.41 s"),
        (RunState.FAILED, "ended by SIGSEGV", "ended by SIGSEGV"),
        (RunState.STOPPED, "", "stopped"),
        (RunState.NOT_STARTED, "", "not started"),
    ],
)
def test_every_state_is_said_in_words(status: RunStatus, value: RunState, detail: str, text: str) -> None:
    status.set_state(value, detail)
    assert status.text() == text
    assert text in status.accessibleName()
    assert status.toolTip() == text


@pytest.mark.parametrize(
    ("value", "detail", "cut"),
    [
        (RunState.FINISHED, "exit 0 · 38.1 ms", "exit 0"),
        (RunState.FAILED, "SIGSEGV · 3.41 s", "SIGSEGV"),
        (RunState.FAILED, "ZeroDivisionError · line 128", "ZeroDivisionError"),
        (RunState.FINISHING, "waiting for 1 thread", "finishing"),
    ],
)
def test_short_of_room_the_pill_leaves_out_whole_parts(
    status: RunStatus, value: RunState, detail: str, cut: str
) -> None:
    status.set_state(value, detail)
    status.adjustSize()
    assert status.shown == status.text()
    status.resize(status.width() - 4, status.height())
    assert status.shown == cut
    assert status.text().endswith(detail)


def test_a_running_time_is_kept_rather_than_the_word_running(status: RunStatus) -> None:
    status.set_state(RunState.RUNNING)
    status.resize(status.sizeHint().width() - 4, status.height())
    assert status.shown.endswith(" s")
    assert "running" not in status.shown


def test_words_alone_end_in_an_ellipsis_where_there_is_no_room(status: RunStatus) -> None:
    status.set_state(RunState.WAITING_FOR_INPUT)
    status.resize(status.sizeHint().width() - 12, status.height())
    assert status.shown.startswith("waiting for")
    assert status.shown.endswith("…")


def test_the_elapsed_time_moves_while_the_run_can_be_seen(qtbot: QtBot, status: RunStatus) -> None:
    status.begin()
    status.set_state(RunState.RUNNING)
    first = status.text()
    assert first.startswith("running · 0.")
    qtbot.waitUntil(lambda: status.text() != first)


def test_nothing_ticks_while_hidden_or_after_the_end(qtbot: QtBot, status: RunStatus) -> None:
    acts: list[Callable[[], object]] = [
        lambda: status.set_state(RunState.RUNNING),
        status.hide,
        status.show,
        lambda: status.finish(finished().run),
    ]
    ticking = []
    for act in acts:
        act()
        ticking.append(status.is_ticking)
    assert ticking == [True, False, True, False]


def test_the_time_goes_on_after_waiting_for_input(qtbot: QtBot, status: RunStatus) -> None:
    status.begin()
    status.set_state(RunState.RUNNING)
    qtbot.waitUntil(lambda: status.text() != "running · 0.0 s")
    before = status.text()
    status.set_state(RunState.WAITING_FOR_INPUT)
    status.set_state(RunState.RUNNING)
    assert status.text() >= before


def test_success_is_green_and_failure_red(status: RunStatus, resources: Path) -> None:
    theme, _ = themed(resources)
    for value, role in ((RunState.FINISHED, "good"), (RunState.FAILED, "error"), (RunState.STOPPING, "warning")):
        status.set_state(value, "mmmmmmmm")
        status.adjustSize()
        image = status.grab().toImage()
        colors = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
        assert getattr(theme.colors, role) in colors


def test_elapsed_time_reads_in_tenths_then_in_minutes() -> None:
    assert elapsed(3.44) == "3.4 s"
    assert elapsed(59.97) == "60.0 s" or elapsed(59.97) == "1 min 0 s"
    assert elapsed(125.2) == "2 min 5 s"


def test_the_tip_of_a_pill_says_what_its_time_is(status: RunStatus) -> None:
    cold = StatementTiming(0, 1, 1, "import numpy", 900, is_import=True)
    warm = replace(cold, prewarmed_ns=56_000_000)
    run = Run("1", "a.py", RunState.FINISHED, 0, 17_600_000, 0, summary="exit 0 · 17.6 ms", timings=(cold,))
    status.finish(run)
    meaning = "From the first statement to the end of the process"
    assert status.toolTip().splitlines() == ["exit 0 · 17.6 ms", meaning]
    status.finish(replace(run, timings=(warm,)))
    assert status.toolTip().splitlines() == ["exit 0 · 17.6 ms", f"{meaning}, without imports preloaded before the run"]
    status.finish(replace(run, state=RunState.FAILED, error=RunError("ValueError: x", 3, "ValueError"), summary="x"))
    assert status.toolTip() == "x"


def test_the_tip_of_a_pill_has_the_whole_message_of_an_exception(status: RunStatus) -> None:
    message = "ValueError: one.\nTwo."
    error = RunError("ValueError: one. …", 3, "ValueError", message=message)
    status.finish(replace(finished().run, state=RunState.FAILED, error=error, summary="ValueError: one. … (line 3)"))
    assert status.text() == "ValueError · line 3"
    assert status.toolTip() == f"ValueError: one. … (line 3)\n{message}"
