"""Benchmarks, history, comparison and sweep in the whole application, without a GPU."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from gpuplayground.app.application import Application
from gpuplayground.model.benchmarks import SweepPlan
from gpuplayground.model.events import StateChanged
from gpuplayground.model.results import RunRequest, RunState
from gpuplayground.past_runs.details import KeptRun
from gpuplayground.past_runs.entries import EntryKind
from gpuplayground.ui.past_runs.panel import HistoryPanel
from gpuplayground.ui.results.pages import BENCHMARK, TIMELINE, TIMINGS
from gpuplayground.ui.sweep.dialog import SweepDialog
from gpuplayground.ui.sweep.request import SweepRequest
from tests.support.application import StartApplication
from tests.support.fakes import fake_nvml_env
from tests.ui.trace_timeline.runs import samples_of, usual_run

#: Processes are started and waited for; a slow machine may take its time.
PATIENCE_MS = 60_000
SNIPPET = """n = 100
numbers = list(range(n))

# %% Sum
total = sum(numbers)

# %% Sort
ordered = sorted(numbers, reverse=True)
"""


def opened(application: Application, qtbot: QtBot, text: str = SNIPPET) -> str:
    tab_id = application.tabs.open_text("snippet.py", text)
    editor = application.tabs.current_editor()
    assert editor is not None
    editor.setFocus()
    return tab_id


def measure(qtbot: QtBot, application: Application, line: int) -> None:
    """Press Shift+F5 with the cursor in a line, and wait for the end."""
    editor = application.tabs.current_editor()
    assert editor is not None
    editor.set_line_and_column(line)
    application.window.actions_["benchmark"].trigger()
    qtbot.waitUntil(lambda: application.playground.current_run().active, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not application.playground.current_run().active, timeout=PATIENCE_MS)


def history(application: Application) -> HistoryPanel:
    (panel,) = application.playground.findChildren(HistoryPanel)
    return panel


def test_shift_f5_measures_the_cell_at_the_cursor_and_judges_it(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    tab_id = opened(application, qtbot)
    measure(qtbot, application, 5)
    panel = application.playground.pages(tab_id).page(BENCHMARK)
    assert panel.isVisible()
    qtbot.waitUntil(lambda: bool(panel.benchmark and panel.benchmark.verdict), timeout=PATIENCE_MS)
    assert panel.benchmark is not None
    assert (panel.benchmark.label, panel.benchmark.first_line) == ("Sum", 5)
    assert len(panel.benchmark.samples_ns) > 5


def test_a_benchmark_shows_where_it_stands_and_the_monitor_leaves_the_processes_alone_meanwhile(
    qtbot: QtBot, start: StartApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = start()
    told: list[bool] = []
    monkeypatch.setattr(application.monitor.feed, "pause_slow_tier", lambda: told.append(True))
    monkeypatch.setattr(application.monitor.feed, "resume_slow_tier", lambda: told.append(False))
    tab_id = opened(application, qtbot, "import random, time\n\n# %% Noise\ntime.sleep(random.random() / 50)\n")
    editor = application.tabs.current_editor()
    assert editor is not None
    editor.set_line_and_column(4)
    application.window.actions_["benchmark"].trigger()
    live = application.playground.pages(tab_id).page(BENCHMARK).live
    qtbot.waitUntil(lambda: "samples" in live.samples.text(), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: live.half_width.text().startswith("±"), timeout=PATIENCE_MS)
    assert live.figure.text().endswith("ms")
    assert told[-1], "while it is timed"
    application.playground.stop()
    qtbot.waitUntil(lambda: not application.playground.current_run().active, timeout=PATIENCE_MS)
    assert not told[-1]


def test_what_cannot_be_measured_is_said_in_a_sentence(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    opened(application, qtbot, "import os\n")
    application.window.actions_["benchmark"].trigger()
    qtbot.waitUntil(lambda: application.window.banner.isVisible(), timeout=PATIENCE_MS)
    assert not application.playground.current_run().active


def test_selected_lines_are_measured_instead_of_the_cell(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    tab_id = opened(application, qtbot)
    editor = application.tabs.current_editor()
    assert editor is not None
    editor.set_line_and_column(2)
    qtbot.keyClick(editor, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert editor.selected_lines() == (2, 2)
    application.window.actions_["benchmark"].trigger()
    qtbot.waitUntil(lambda: application.playground.current_run().active, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not application.playground.current_run().active, timeout=PATIENCE_MS)
    shown = application.playground.pages(tab_id).page(BENCHMARK).benchmark
    assert shown is not None
    assert shown.label == "line 2"


def test_every_run_is_in_the_history_and_can_be_opened_as_it_was(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    opened(application, qtbot)
    application.window.actions_["run"].trigger()
    qtbot.waitUntil(lambda: application.playground.current_run().active, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not application.playground.current_run().active, timeout=PATIENCE_MS)
    measure(qtbot, application, 5)
    application.window.actions_["history"].trigger()
    panel = history(application)
    qtbot.waitUntil(lambda: panel.model.rowCount() >= 2, timeout=PATIENCE_MS)
    entries = [panel.model.entry(row) for row in range(2)]
    assert [entry.kind for entry in entries] == [EntryKind.BENCHMARK, EntryKind.RUN]
    before = len(application.tabs.pages())
    panel.reopenRequested.emit(entries[1].id)
    qtbot.waitUntil(lambda: len(application.tabs.pages()) == before + 1, timeout=PATIENCE_MS)
    tab_id = application.tabs.current_id() or ""
    assert application.tabs.pages()[-1].editor.text() == SNIPPET
    assert application.playground.timings(tab_id).model.rowCount() == 4


def test_a_run_of_the_history_has_the_curves_of_its_time(qtbot: QtBot, start: StartApplication) -> None:
    application = start(fake_nvml_env(gpus=2))
    opened(application, qtbot, "import time\ntime.sleep(0.5)\n")
    qtbot.waitUntil(lambda: len(application.monitor_panel.devices.cards) == 2, timeout=PATIENCE_MS)
    application.window.actions_["run"].trigger()
    qtbot.waitUntil(lambda: application.playground.current_run().active, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not application.playground.current_run().active, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not application.services.observing.is_busy, timeout=PATIENCE_MS)
    application.window.actions_["history"].trigger()
    panel = history(application)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1, timeout=PATIENCE_MS)
    panel.reopenRequested.emit(panel.model.entry(0).id)
    qtbot.waitUntil(lambda: len(application.tabs.pages()) >= 2, timeout=PATIENCE_MS)
    application.playground.show_page(TIMELINE.page_id)
    curves = application.playground.pages(application.tabs.current_id() or "").page(TIMELINE).canvas.scene.curves
    assert curves is not None
    assert sorted(curves.gpus) == ["GPU 0", "GPU 1"]
    assert curves.text_at(0, 1, 0.2e9).endswith("GiB")


def test_runs_of_the_history_are_compared_alone_and_a_benchmark_is_added(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    tab_id = opened(application, qtbot)
    measure(qtbot, application, 5)
    measure(qtbot, application, 8)
    application.window.actions_["history"].trigger()
    panel = history(application)
    qtbot.waitUntil(lambda: panel.model.rowCount() >= 2, timeout=PATIENCE_MS)
    panel.compareRequested.emit([panel.model.entry(row).id for row in (0, 1)])
    qtbot.waitUntil(lambda: application.services.past._dialog is not None, timeout=PATIENCE_MS)
    dialog = application.services.past._dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: len(dialog.subjects) == 2, timeout=PATIENCE_MS)
    assert sorted(subject.label for subject in dialog.subjects) == ["Sort", "Sum"]
    sort = next(entry for entry in panel.model.entries() if entry.label == "Sort")
    panel.compareRequested.emit([sort.id, sort.id])
    qtbot.waitUntil(lambda: [subject.label for subject in dialog.subjects] == ["Sort"], timeout=PATIENCE_MS)
    measure(qtbot, application, 5)
    application.playground.pages(tab_id).page(BENCHMARK).compare_button.click()
    assert [subject.label for subject in dialog.subjects] == ["Sort", "Sum"], "a benchmark is added"
    dialog.close()


def test_an_export_that_fails_is_said_once_where_it_was_asked_for(
    qtbot: QtBot, start: StartApplication, tmp_path: Path
) -> None:
    application = start()
    nowhere = str(tmp_path / "missing" / "runs.json")
    qtbot.waitUntil(lambda: application.services.past._panel is not None, timeout=PATIENCE_MS)
    application.window.actions_["history"].trigger()
    panel = history(application)
    qtbot.waitUntil(panel.isVisible, timeout=PATIENCE_MS)
    panel.exportRequested.emit([], nowhere)
    qtbot.waitUntil(panel.notice.isVisible, timeout=PATIENCE_MS)
    assert "choose another folder" in panel.notice.label.text()
    banner = application.window.banner
    assert not banner.isVisible()
    panel.notice.close_button.click()
    application.playground.show_page(TIMINGS.page_id)
    panel.exportRequested.emit([], nowhere)
    qtbot.waitUntil(banner.isVisible, timeout=PATIENCE_MS)
    assert not panel.notice.label.isVisibleTo(panel)


def test_a_benchmark_is_saved_with_all_its_samples(
    qtbot: QtBot, start: StartApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    application = start()
    tab_id = opened(application, qtbot)
    measure(qtbot, application, 5)
    file = tmp_path / "out.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    panel = application.playground.pages(tab_id).page(BENCHMARK)
    qtbot.mouseClick(panel.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(file.exists, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: file.read_text().endswith("}\n"), timeout=PATIENCE_MS)
    assert panel.benchmark is not None
    assert json.loads(file.read_text())["samples_ns"] == list(panel.benchmark.samples_ns)
    qtbot.waitUntil(lambda: application.window.status.currentMessage() == f"Saved {file}.", timeout=PATIENCE_MS)


def test_the_trace_of_a_run_also_of_one_opened_again_is_saved_with_its_curves(
    qtbot: QtBot, start: StartApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    application = start()
    pages = application.playground.pages(application.tabs.current_id() or "")
    run, samples = usual_run(), tuple(samples_of(usual_run()))
    pages.show_past(KeptRun(RunRequest(run.run_id, ""), run, samples=samples))
    file = tmp_path / "out.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    application.playground.show_page(TIMELINE.page_id)
    qtbot.mouseClick(pages.page(TIMELINE).export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: application.window.status.currentMessage() == f"Saved {file}.", timeout=PATIENCE_MS)
    counters = [event for event in json.loads(file.read_text())["traceEvents"] if event["ph"] == "C"]
    assert len(counters) == 3 * len(samples), "utilization, memory and power"


def sweep_window(application: Application) -> SweepDialog:
    application.window.actions_["sweep"].trigger()
    dialog = application.services.sweeping._dialog
    assert dialog is not None
    return dialog


def test_a_sweep_measures_each_cell_over_all_values_and_judges_them(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    tab_id = opened(application, qtbot)
    dialog = sweep_window(application)
    request = SweepRequest(SweepPlan("n", (10, 1000)), (f"{tab_id} 1", f"{tab_id} 2"), 0.3)
    dialog.begin(request)
    dialog.startRequested.emit(request)
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=PATIENCE_MS)
    parameters = {name: [each.parameter for each in found] for name, found in dialog.results.items()}
    assert parameters == {identity: [("n", 10), ("n", 1000)] for identity in request.implementations}
    results = dialog.results
    qtbot.waitUntil(lambda: all(each.verdict for found in dialog.results.values() for each in found))
    judged = {name: [each.parameter for each in found] for name, found in dialog.results.items()}
    assert judged == parameters
    assert all(each.samples_ns for found in results.values() for each in found)
    dialog.close()


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ('done = 40\ntext = "%d%% done" % done\n\nprint(text)\n', 3, "There is no statement in line 3"),
        ('"""\n# %% in a docstring\n\n"""\n', 3, "There is no statement in line 3"),
        ("if True:\n    # %% indented\n\n    pass\n# %% last\n", 5, "There is no statement in the cell last"),
        ("", 1, "There is no statement in line 1"),
        ("x = (\n", 1, "Line 1 is not valid Python"),
        ("def f():\n    return 1\n\n", 2, "There are only imports and definitions in line 2"),
    ],
)
def test_where_there_is_nothing_to_measure_shift_f5_says_what_to_do_and_the_sweep_opens(
    qtbot: QtBot, start: StartApplication, text: str, line: int, sentence: str
) -> None:
    application = start()
    opened(application, qtbot, text)
    editor = application.tabs.current_editor()
    assert editor is not None
    editor.set_line_and_column(line)
    application.window.actions_["benchmark"].trigger()
    assert application.window.banner.text.startswith(sentence)
    assert not application.playground.current_run().active
    opened(application, qtbot)
    dialog = sweep_window(application)
    assert dialog.isVisible()
    items = dialog.form.implementations
    labels = [items.item(row).text() for row in range(items.count())]
    assert [label.partition("  ·  ")[0] for label in labels[:2]] == ["Sum", "Sort"], "the tab in front comes first"
    dialog.close()


def is_running(event: object) -> bool:
    return isinstance(event, StateChanged) and event.state is RunState.RUNNING


def test_a_sweep_that_does_not_listen_is_killed(
    qtbot: QtBot, start: StartApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpuplayground.ui.sweep.dialog.KILL_AFTER_MS", 100)
    application, going = start(), tmp_path / "going"
    stubborn = (
        "import pathlib, signal\nn = 1\n# %% Deaf\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"pathlib.Path({str(going)!r}).touch()\nwhile True: pass\n"
    )
    tab_id = opened(application, qtbot, stubborn)
    dialog = sweep_window(application)
    request = SweepRequest(SweepPlan("n", (1, 2)), (f"{tab_id} 1",), 0.3)
    events: list[object] = []
    application.runs.happened.connect(lambda _, event: events.append(event))
    dialog.begin(request)
    dialog.startRequested.emit(request)
    # Stop kills what is not known to have started.
    qtbot.waitUntil(lambda: any(is_running(event) for event in events), timeout=PATIENCE_MS)
    qtbot.waitUntil(going.exists, timeout=PATIENCE_MS)
    dialog.cancel_button.click()
    qtbot.waitUntil(lambda: dialog.cancel_button.text() == "Kill", timeout=PATIENCE_MS)
    assert dialog.is_running
    dialog.cancel_button.click()
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=PATIENCE_MS)
    assert "killed" in dialog.note.text()
    dialog.close()


def test_a_sweep_that_asks_for_input_fails_and_says_so(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    tab_id = opened(application, qtbot, "n = 1\nm = int(input('how many? '))\n# %% Sum\ntotal = n + m\n")
    dialog = sweep_window(application)
    request = SweepRequest(SweepPlan("n", (1, 2)), (f"{tab_id} 1",), 0.3)
    dialog.begin(request)
    dialog.startRequested.emit(request)
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=10_000)
    assert dialog.note.text() == "Sum: A sweep cannot answer input(): assign a value instead and start again."
    dialog.close()


def test_a_sweep_whose_window_is_closed_is_told_by_the_main_window_and_stopped_by_its_button(
    qtbot: QtBot, start: StartApplication
) -> None:
    application = start()
    tab_id = opened(application, qtbot, "import time\nn = 1\n# %% Wait\ntime.sleep(0.02)\n")
    dialog = sweep_window(application)
    request = SweepRequest(SweepPlan("n", tuple(range(1, 100))), (f"{tab_id} 1",), 30)
    dialog.begin(request)
    dialog.startRequested.emit(request)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    window = application.window
    qtbot.waitUntil(lambda: window.status.state_label.text().startswith("Sweep: Wait"), timeout=PATIENCE_MS)
    assert " of 99)" in window.status.state_label.text()
    assert sweep_window(application) is dialog
    assert dialog.isVisible()
    dialog.close()
    qtbot.mouseClick(window.header.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=PATIENCE_MS)
    assert window.status.state_label.text() == "Ready"
    assert not window.header.stop_button.isEnabled()


def test_stop_is_for_the_run_of_the_tab_in_front_before_it_is_for_a_sweep(
    qtbot: QtBot, start: StartApplication
) -> None:
    application = start()
    tab_id = opened(application, qtbot, "import time\nn = 1\n# %% Wait\ntime.sleep(1)\n")
    dialog = sweep_window(application)
    request = SweepRequest(SweepPlan("n", (1, 2)), (f"{tab_id} 1",), 30)
    dialog.begin(request)
    dialog.startRequested.emit(request)
    application.tabs.open_text("other.py", "import time\ntime.sleep(60)\n")
    application.window.actions_["run"].trigger()
    qtbot.waitUntil(lambda: "Running · Sweep: " in application.window.status.state_label.text(), timeout=PATIENCE_MS)
    qtbot.mouseClick(application.window.header.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not application.playground.current_run().active, timeout=PATIENCE_MS)
    assert dialog.is_running
    assert dialog.can_cancel
    dialog.close()


def test_the_cell_at_the_cursor_is_ticked_for_a_sweep_and_what_sets_the_variable_is_not_to_be_had(
    qtbot: QtBot, start: StartApplication
) -> None:
    application = start()
    opened(application, qtbot, "# %% Set-up\nn = 100\n# %% Sum\ns = sum(range(n))\n# %% Sort\nt = sorted(range(n))\n")
    editor = application.tabs.current_editor()
    assert editor is not None
    editor.set_line_and_column(6)
    form = sweep_window(application).form
    row = form.implementations.item
    assert [row(number).checkState() for number in range(3)] == [
        Qt.CheckState.Unchecked, Qt.CheckState.Unchecked, Qt.CheckState.Checked,
    ]  # fmt: skip
    assert not row(0).flags() & Qt.ItemFlag.ItemIsEnabled
    assert "n is also set in the lines to measure" in row(0).text()
    editor.set_line_and_column(1)
    form = sweep_window(application).form
    assert form.request() is not None, "the first that can be measured"


def test_the_sides_of_the_results_stay_when_another_tab_comes_to_the_front(
    qtbot: QtBot, start: StartApplication
) -> None:
    application = start()
    first = opened(application, qtbot)
    second = opened(application, qtbot)
    application.playground.show_page(TIMELINE.page_id)
    assert application.playground.pages(second).page(TIMELINE).isVisible()
    application.tabs.step_tab(-1)
    assert application.playground.pages(first).page(TIMELINE).isVisible()


def test_titles_without_room_become_a_list_that_does_the_same(qtbot: QtBot, start: StartApplication) -> None:
    application = start()
    tab_id = opened(application, qtbot)
    pages = application.playground.pages(tab_id)
    header = pages.timings.header
    application.playground.results.setSizes([200, 700])
    qtbot.waitUntil(lambda: header.tabs.isVisible() and not header.list.isVisible())
    application.window.resize(1024, 700)
    application.playground.results.setSizes([700, 200])
    qtbot.waitUntil(lambda: header.list.isVisible() and not header.tabs.isVisible())
    assert header.list.currentText() == TIMINGS.tab.title
    header.list.setFocus()
    qtbot.keyClick(header.list, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: pages.page(TIMELINE).isVisible())
    assert header.list.currentText() == TIMINGS.tab.title
    assert pages.page(TIMELINE).header.list.currentText() == TIMELINE.tab.title
