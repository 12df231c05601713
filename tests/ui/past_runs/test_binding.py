"""Panel and keeper together: what is kept appears, what is asked for is done, with a real file below."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gpuplayground.past_runs.store import HistoryFilter, HistoryStore
from gpuplayground.ui.past_runs.binding import PAGE, HistoryBinding
from gpuplayground.ui.past_runs.model import Column
from gpuplayground.ui.past_runs.panel import HistoryPanel
from gpuplayground.workers import past_runs_keeper
from gpuplayground.workers.past_runs_keeper import HistoryKeeper
from tests.past_runs.runs_to_keep import NOISY, benchmark, plain

PATIENCE_MS = 30_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def keeper(panel: HistoryPanel, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HistoryKeeper]:
    """A keeper that is joined with the panel and not yet begun."""
    monkeypatch.setattr(past_runs_keeper, "_CHECK_S", 0.1)
    keeper = HistoryKeeper(path)
    binding = HistoryBinding(panel, keeper, panel)
    assert binding.parent() is panel
    yield keeper
    keeper.end()
    assert keeper.wait(30)


def filled(path: Path, count: int) -> None:
    with HistoryStore(path) as store:
        for number in range(count):
            store.add(plain(number))


def run_ids(panel: HistoryPanel) -> list[str]:
    return [entry.run_id for entry in panel.model.entries()]


def wait_for(qtbot: QtBot, panel: HistoryPanel, *wanted: str) -> None:
    qtbot.waitUntil(lambda: run_ids(panel) == list(wanted), timeout=PATIENCE_MS)


def wait_for_rows(qtbot: QtBot, panel: HistoryPanel, count: int) -> None:
    qtbot.waitUntil(lambda: panel.model.rowCount() >= count, timeout=PATIENCE_MS)


def test_runs_and_verdicts_appear_as_they_are_kept(qtbot: QtBot, panel: HistoryPanel, keeper: HistoryKeeper) -> None:
    keeper.start()
    qtbot.waitUntil(lambda: panel.empty.headline.text() == "No runs yet", timeout=PATIENCE_MS)
    kept = benchmark(1)
    keeper.keep(kept.request, kept.run)
    wait_for(qtbot, panel, "run-1")
    keeper.complete("run-1", (), [(NOISY,)])
    verdict = panel.model.index(0, Column.VERDICT)
    qtbot.waitUntil(lambda: verdict.data() == "noisy", timeout=PATIENCE_MS)
    assert panel.count.text() == "1 run"


def test_pages_follow_as_the_list_is_scrolled(
    qtbot: QtBot, panel: HistoryPanel, keeper: HistoryKeeper, path: Path
) -> None:
    filled(path, 2 * PAGE + 50)
    keeper.start()
    wait_for_rows(qtbot, panel, PAGE)
    assert panel.count.text() == "450 runs"
    for rows in (2 * PAGE, 2 * PAGE + 50):
        panel.table.scrollToBottom()
        wait_for_rows(qtbot, panel, rows)
    assert run_ids(panel) == [f"run-{number}" for number in range(449, -1, -1)]


def test_a_search_shows_what_it_finds(qtbot: QtBot, panel: HistoryPanel, keeper: HistoryKeeper, path: Path) -> None:
    with HistoryStore(path) as store:
        for number, name in enumerate(("matmul.py", "fft.py", "scan.py")):
            store.add(plain(number, name))
    keeper.start()
    wait_for(qtbot, panel, "run-2", "run-1", "run-0")
    panel.filters.search.setText("fft")
    wait_for(qtbot, panel, "run-1")
    panel.filters.search.setText("nowhere")
    qtbot.waitUntil(panel.empty.isVisible, timeout=PATIENCE_MS)
    assert panel.empty.headline.text() == "No runs found for “nowhere”"
    panel.filters.clear()
    wait_for(qtbot, panel, "run-2", "run-1", "run-0")


def test_pins_notes_and_deletions_reach_the_file(
    qtbot: QtBot, panel: HistoryPanel, keeper: HistoryKeeper, path: Path
) -> None:
    filled(path, 3)
    keeper.start()
    wait_for(qtbot, panel, "run-2", "run-1", "run-0")
    panel.table.selectRow(2)
    panel.table.pin_selected()
    panel.model.setData(panel.model.index(1, Column.NOTE), "the fast one")
    panel.table.selectRow(2)
    panel.delete_selected()
    panel.notice.settle()
    with HistoryStore(path) as store:
        qtbot.waitUntil(lambda: store.count() == 2, timeout=PATIENCE_MS)
        assert [entry.run_id for entry in store.entries()] == ["run-0", "run-2"]
        assert store.entries(HistoryFilter("fast"))[0].note == "the fast one"
    assert run_ids(panel) == ["run-0", "run-2"]


def test_nothing_is_read_while_the_panel_is_hidden(qtbot: QtBot, panel: HistoryPanel, keeper: HistoryKeeper) -> None:
    panel.hide()
    answers: list[object] = []
    keeper.listed.connect(lambda *answer: answers.append(answer))
    keeper.start()
    for number in range(3):
        keeper.keep(plain(number).request, plain(number).run)
    with qtbot.waitSignal(keeper.loaded, timeout=PATIENCE_MS):
        keeper.load(3)
    before = len(answers)  # of the time before it was hidden
    qtbot.wait(400)
    assert len(answers) == before <= 1
    panel.show()
    wait_for(qtbot, panel, "run-2", "run-1", "run-0")


def test_what_another_window_does_is_shown(
    qtbot: QtBot, panel: HistoryPanel, keeper: HistoryKeeper, path: Path
) -> None:
    filled(path, 2)
    keeper.start()
    wait_for(qtbot, panel, "run-1", "run-0")
    with HistoryStore(path) as other:
        other.add(plain(7))
        other.delete([1])
    wait_for(qtbot, panel, "run-7", "run-1")


def test_an_export_takes_all_that_was_found_and_says_so(
    qtbot: QtBot, panel: HistoryPanel, keeper: HistoryKeeper, path: Path, tmp_path: Path
) -> None:
    filled(path, 3)
    keeper.start()
    wait_for(qtbot, panel, "run-2", "run-1", "run-0")
    panel.exportRequested.emit([], str(tmp_path / "all.json"))
    qtbot.waitUntil(panel.notice.isVisible, timeout=PATIENCE_MS)
    assert panel.notice.label.text().startswith("3 runs written to “")
    assert len(json.loads((tmp_path / "all.json").read_text())["runs"]) == 3
    panel.exportRequested.emit([1], str(tmp_path / "no" / "where.csv"))
    qtbot.waitUntil(lambda: "choose another folder" in panel.notice.label.text(), timeout=PATIENCE_MS)


def test_a_history_that_cannot_be_read_says_why_until_it_can(qtbot: QtBot, panel: HistoryPanel, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.write_text("in the way")
    keeper = HistoryKeeper(folder / "history.db")
    binding = HistoryBinding(panel, keeper, panel)
    keeper.start()
    qtbot.waitUntil(lambda: panel.empty.headline.text() == "The history cannot be shown", timeout=PATIENCE_MS)
    assert "cannot be used" in panel.empty.sentence.text()
    folder.unlink()
    keeper.keep(plain(1).request, plain(1).run)
    wait_for(qtbot, panel, "run-1")
    keeper.end()
    assert keeper.wait(30)
    assert binding.parent() is panel
