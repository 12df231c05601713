"""The history in its thread: real files, answers as signals, and an end that loses nothing."""

from __future__ import annotations

import gc
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from gpuplayground.model.samples import Inventory
from gpuplayground.past_runs.store import EntryKind, HistoryFilter, HistoryStore, KeptRun
from gpuplayground.workers import past_runs_keeper
from gpuplayground.workers.past_runs_keeper import HistoryKeeper
from tests.past_runs.runs_to_keep import DRIVER, GPUS, NOISY, START_NS, benchmark, plain, trace

PATIENCE_MS = 30_000
INVENTORY = Inventory(START_NS, DRIVER, GPUS)


class Heard(QObject):
    """Remembers what a keeper said, and in which thread."""

    def __init__(self, keeper: HistoryKeeper) -> None:
        super().__init__()
        self.pages: list[tuple[int, list[str], int]] = []
        self.runs: list[KeptRun] = []
        self.failures: list[str] = []
        self.problems: list[str] = []
        self.exports: list[tuple[int, Path]] = []
        self.changes = 0
        self.threads: set[QThread] = set()
        keeper.listed.connect(self.take_page)
        keeper.loaded.connect(self.runs.append)
        keeper.severalLoaded.connect(self.runs.extend)
        keeper.failed.connect(self.failures.append)
        keeper.unavailable.connect(self.problems.append)
        keeper.exported.connect(self.take_export)
        keeper.changed.connect(self.take_change)

    def take_page(self, token: int, entries: list[object], count: int) -> None:
        self.pages.append((token, [entry.run_id for entry in entries], count))  # type: ignore[attr-defined]
        self.threads.add(QThread.currentThread())

    def take_export(self, count: int, path: Path) -> None:
        self.exports.append((count, path))

    def take_change(self) -> None:
        self.changes += 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def keeper(qtbot: QtBot, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HistoryKeeper]:
    monkeypatch.setattr(past_runs_keeper, "_CHECK_S", 0.1)
    keeper = HistoryKeeper(path)
    yield keeper
    keeper.end()
    assert keeper.wait(30)


def keep(keeper: HistoryKeeper, *runs: KeptRun) -> None:
    for kept in runs:
        keeper.keep(kept.request, kept.run, INVENTORY)


def listing(qtbot: QtBot, keeper: HistoryKeeper, heard: Heard, text: str = "", limit: int = 100) -> list[str]:
    token = keeper.query(HistoryFilter(text), limit)
    qtbot.waitUntil(lambda: any(page[0] == token for page in heard.pages), timeout=PATIENCE_MS)
    return next(page[1] for page in heard.pages if page[0] == token)


def test_a_run_is_kept_listed_and_loaded_in_the_thread_of_the_window(qtbot: QtBot, keeper: HistoryKeeper) -> None:
    heard = Heard(keeper)
    keeper.start()
    kept = plain(1, trace=trace(100))
    keep(keeper, kept)
    assert listing(qtbot, keeper, heard) == ["run-1"]
    keeper.load(1)
    qtbot.waitUntil(lambda: len(heard.runs) == 1, timeout=PATIENCE_MS)
    assert heard.runs[0].run == kept.run
    assert heard.runs[0].run.trace is not None
    assert (heard.runs[0].gpus, heard.runs[0].driver) == (GPUS, DRIVER)
    assert heard.threads == {QThread.currentThread()}
    assert heard.changes == 1


def test_what_was_asked_for_before_the_start_is_done_after_it(qtbot: QtBot, keeper: HistoryKeeper) -> None:
    heard = Heard(keeper)
    keeper.keep(plain(1).request, plain(1).run)
    token = keeper.query(HistoryFilter(), 10)
    keeper.start()
    qtbot.waitUntil(lambda: heard.pages == [(token, ["run-1"], 1)], timeout=PATIENCE_MS)


def test_receipt_and_verdict_follow_a_run(qtbot: QtBot, keeper: HistoryKeeper) -> None:
    heard = Heard(keeper)
    keeper.start()
    keep(keeper, benchmark(1))
    keeper.complete("run-1", (), [(NOISY,)])
    assert listing(qtbot, keeper, heard, "noisy") == ["run-1"]


def test_of_several_searches_the_last_is_answered_and_pages_are_kept_apart(
    qtbot: QtBot, keeper: HistoryKeeper, path: Path
) -> None:
    with HistoryStore(path) as store:
        for number in range(5):
            store.add(plain(number))
        last = store.entries(limit=2)[-1]
    heard = Heard(keeper)
    tokens = [keeper.query(HistoryFilter(text), 2) for text in ("s", "sa", "sax")]
    page = keeper.query(HistoryFilter("sax"), 2, last)
    keeper.start()
    qtbot.waitUntil(lambda: len(heard.pages) == 2, timeout=PATIENCE_MS)
    assert heard.pages == [(tokens[-1], ["run-4", "run-3"], 5), (page, ["run-2", "run-1"], 5)]


def test_pins_notes_and_deletions_reach_the_file(qtbot: QtBot, keeper: HistoryKeeper, path: Path) -> None:
    heard = Heard(keeper)
    keeper.start()
    keep(keeper, plain(1), plain(2), plain(3))
    keeper.set_pinned(1, pinned=True)
    keeper.set_note(2, "slower")
    keeper.delete([3])
    assert listing(qtbot, keeper, heard) == ["run-1", "run-2"]
    assert listing(qtbot, keeper, heard, "slower") == ["run-2"]
    assert heard.changes == 6


def test_several_runs_come_together_in_their_order(qtbot: QtBot, keeper: HistoryKeeper) -> None:
    heard = Heard(keeper)
    keeper.start()
    keep(keeper, plain(1), plain(2), plain(3))
    keeper.load_several([3, 1])
    qtbot.waitUntil(lambda: bool(heard.runs), timeout=PATIENCE_MS)
    assert [kept.run.run_id for kept in heard.runs] == ["run-3", "run-1"]


def test_exports_take_what_was_selected_or_all_that_a_filter_passes(
    qtbot: QtBot, keeper: HistoryKeeper, tmp_path: Path
) -> None:
    heard = Heard(keeper)
    keeper.start()
    keep(keeper, plain(1), benchmark(2), plain(3))
    keeper.export([1, 2], tmp_path / "two.json")
    keeper.export([], tmp_path / "plain.json", HistoryFilter(kinds=(EntryKind.RUN,)))
    keeper.export([1], tmp_path / "no" / "where.csv")
    qtbot.waitUntil(lambda: len(heard.failures) == 1, timeout=PATIENCE_MS)
    assert heard.exports == [(2, tmp_path / "two.json"), (2, tmp_path / "plain.json")]
    assert "choose another folder" in heard.failures[0]
    written = json.loads((tmp_path / "plain.json").read_text())["runs"]
    assert [kept["run"]["run_id"] for kept in written] == ["run-3", "run-1"]


def test_a_run_of_another_window_is_noticed(qtbot: QtBot, keeper: HistoryKeeper, path: Path) -> None:
    heard = Heard(keeper)
    keeper.start()
    assert listing(qtbot, keeper, heard) == []
    with qtbot.waitSignal(keeper.changed, timeout=PATIENCE_MS), HistoryStore(path) as other:
        other.add(plain(1))
    assert listing(qtbot, keeper, heard) == ["run-1"]


def test_everything_is_written_before_the_end(qtbot: QtBot, path: Path) -> None:
    keeper = HistoryKeeper(path)
    keeper.start()
    keep(keeper, *(plain(number) for number in range(200)))
    keeper.end()
    keeper.keep(plain(999).request, plain(999).run)  # too late
    assert keeper.wait(30)
    with HistoryStore(path) as store:
        assert store.count() == 200


def test_a_keeper_that_never_began_ends(qtbot: QtBot, path: Path) -> None:
    keeper = HistoryKeeper(path)
    keeper.end()
    keeper.start()
    assert keeper.wait(0)
    assert not path.exists()


def test_a_file_that_cannot_be_opened_is_told_once_and_found_again(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.write_text("in the way")
    keeper = HistoryKeeper(folder / "history.db")
    heard = Heard(keeper)
    keeper.start()
    keep(keeper, plain(1), plain(2))
    keeper.query(HistoryFilter(), 10)
    keeper.query(HistoryFilter(), 10)
    qtbot.waitUntil(lambda: len(heard.problems) == 1, timeout=PATIENCE_MS)
    assert "cannot be used" in heard.problems[0]
    assert heard.failures == heard.problems
    folder.unlink()
    keep(keeper, plain(3))
    assert listing(qtbot, keeper, heard) == ["run-3"]
    assert heard.problems[1:] == [""]
    assert len(heard.failures) == 1
    keeper.end()
    assert keeper.wait(30)


def test_each_export_and_load_that_fails_is_told(qtbot: QtBot, keeper: HistoryKeeper, tmp_path: Path) -> None:
    heard = Heard(keeper)
    keeper.start()
    for _ in range(2):
        keeper.export([1], tmp_path / "no" / "where.csv")
        keeper.load(1)
        keeper.load_several([1])
    qtbot.waitUntil(lambda: len(heard.failures) == 6, timeout=PATIENCE_MS)
    assert heard.failures[:3] == heard.failures[3:]


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is open cannot be renamed there")
def test_runs_are_kept_in_the_new_file_once_the_old_one_was_moved_away(
    qtbot: QtBot, keeper: HistoryKeeper, path: Path
) -> None:
    heard = Heard(keeper)
    keeper.start()
    keep(keeper, plain(1))
    assert listing(qtbot, keeper, heard) == ["run-1"]
    path.rename(path.with_name("moved.db"))
    with qtbot.waitSignal(keeper.changed, timeout=PATIENCE_MS):
        pass
    assert listing(qtbot, keeper, heard) == []
    keep(keeper, plain(2))
    assert listing(qtbot, keeper, heard) == ["run-2"]
    assert heard.failures == []


def test_damage_is_told_and_the_run_is_kept(qtbot: QtBot, keeper: HistoryKeeper, path: Path) -> None:
    path.write_bytes(b"rubbish" * 1000)
    heard = Heard(keeper)
    keeper.start()
    keep(keeper, plain(1), plain(2))
    assert listing(qtbot, keeper, heard) == ["run-2", "run-1"]
    assert len(heard.failures) == 1
    assert "damaged" in heard.failures[0]


def test_a_window_does_not_wait_for_a_file_that_is_held(qtbot: QtBot, keeper: HistoryKeeper, path: Path) -> None:
    HistoryStore(path).close()
    heard = Heard(keeper)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        keeper.start()
        keep(keeper, plain(1))  # would wait for as long as this test holds the file
        qtbot.wait(200)
        assert heard.changes == 0
        other.execute("ROLLBACK")
    assert listing(qtbot, keeper, heard) == ["run-1"]
    assert heard.failures == []


def test_no_garbage_is_looked_for_while_the_history_works(qtbot: QtBot, keeper: HistoryKeeper) -> None:
    found: list[bool] = []
    keeper.start()
    keeper._worker.write(lambda _: found.append(gc.isenabled()))
    qtbot.waitUntil(lambda: found == [False], timeout=PATIENCE_MS)
    qtbot.waitUntil(gc.isenabled, timeout=PATIENCE_MS)
