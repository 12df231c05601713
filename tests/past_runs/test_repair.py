"""A damaged history: whatever is readable in it comes back, what is not is counted, and the old file is kept."""

from __future__ import annotations

import errno
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gpuplayground.past_runs import repair
from gpuplayground.past_runs.sqlite_pages import PageFile
from gpuplayground.past_runs.store import HistoryError, HistoryFilter, HistoryStore, KeptRun
from tests.past_runs.runs_to_keep import benchmark, plain, sweep, trace

RUNS = 120
PAGE = 4096
#: Entries that are deleted again before the damage, which must not come back.
DELETED = range(30, 50)


def run_of(number: int) -> KeptRun:
    """A run whose source is big and cannot be compressed, so that its details take several pages."""
    source = f"x = '{random.Random(number).randbytes(6000).hex()}'\n" if number % 3 else "x = 1\n"
    kept = plain(number, source=source, trace=trace(200) if number % 10 == 0 else None)
    if number % 7 == 0:
        measured = benchmark(number) if number % 2 else sweep(number)
        kept = replace(measured, request=replace(measured.request, source=source))
    return kept


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with some hundred runs in a single file."""
    path = tmp_path_factory.mktemp("whole") / "history.db"
    with HistoryStore(path) as store:
        ids = [store.add(run_of(number)) for number in range(RUNS)]
        store.delete([ids[number] for number in DELETED])
        store.set_pinned(ids[5], True)
        store.set_note(ids[6], "keep this")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "data" / "history.db"
    copy.parent.mkdir()
    shutil.copy(whole, copy)
    return copy


LEFT = [number for number in range(RUNS) if number not in DELETED]


class Layout:
    """Which page of a whole history is what, as SQLite's own tree says."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            names = {root: name for name, root in connection.execute("SELECT name, rootpage FROM sqlite_master")}
        self.by_table: dict[str, list[int]] = {}
        self._content = path.read_bytes()
        with closing(PageFile(path, PAGE)) as pages:
            for root, name in names.items():
                seen, is_whole = pages.tree(root)
                assert is_whole
                self.by_table[name] = sorted(seen)
            self.rows = {
                page: [cell.rowid for cell in pages.table_cells(page)]
                for each in self.by_table.values()
                for page in each
            }
            self.free = pages.free_pages()
            trees = {page for each in self.by_table.values() for page in each}
            self.overflow = sorted(set(range(2, pages.count + 1)) - trees - (self.free or set()))

    def of_kind(self, kind: int, *tables: str) -> list[int]:
        return [page for table in tables for page in self.by_table[table] if self._content[(page - 1) * PAGE] == kind]

    def leaves(self, *tables: str) -> list[int]:
        return self.of_kind(13, *tables)

    def interiors(self, *tables: str) -> list[int]:
        return self.of_kind(5, *tables)


@pytest.fixture
def layout(whole: Path) -> Layout:
    return Layout(whole)


def overwrite(path: Path, *pages: int, fill: bytes = b"\xa5", start: int = 0, length: int = PAGE) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE + start)
            file.write(fill * length)


def read_back(path: Path, partial: frozenset[int] = frozenset()) -> tuple[list[int], str]:
    """Return the numbers of the runs that come back, each checked against what was kept, and what is said."""
    with HistoryStore(path) as store:
        entries = store.entries(limit=RUNS)
        for entry in entries:
            number = int(entry.run_id.removeprefix("run-"))
            expected = run_of(number)
            assert entry.id == number + 1
            if entry.id not in partial:
                back = store.get(entry.id)
                assert (back.request, replace(back.run, trace=None)) == (
                    expected.request,
                    replace(expected.run, trace=None),
                )
                assert (back.run.trace is None) == (expected.run.trace is None)
        # Of the new file SQLite itself says that it is sound.
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return sorted(int(entry.run_id.removeprefix("run-")) for entry in entries), store.notice


def test_the_runs_of_these_tests_fill_pages_of_every_kind(layout: Layout) -> None:
    assert layout.free
    assert len(layout.overflow) > 50
    for table in ("entries", "details"):
        assert layout.interiors(table)
        assert len(layout.leaves(table)) > 5
    assert layout.of_kind(10, "listed")


WITHOUT_LOSS: dict[str, Callable[[Path, Layout], None]] = {
    "the header": lambda path, _: overwrite(path, 1, length=100),
    "the magic alone": lambda path, _: overwrite(path, 1, length=16),
    "the header in zeros": lambda path, _: overwrite(path, 1, fill=b"\0", length=100),
    "the schema": lambda path, _: overwrite(path, 1, start=100, length=PAGE - 100),
    "the schema in zeros": lambda path, _: overwrite(path, 1, fill=b"\0", start=100, length=PAGE - 100),
    "the whole first page": lambda path, _: overwrite(path, 1),
    "an index": lambda path, layout: overwrite(path, *layout.by_table["listed"]),
    "one page of an index": lambda path, layout: overwrite(path, layout.by_table["listed"][-1]),
    "an index in zeros": lambda path, layout: overwrite(path, *layout.by_table["listed"], fill=b"\0"),
    "both indexes": lambda path, layout: overwrite(
        path, *layout.by_table["listed"], *layout.by_table["sqlite_autoindex_entries_1"]
    ),
    "interior pages of entries": lambda path, layout: overwrite(path, *layout.interiors("entries")),
    "interior pages of details": lambda path, layout: overwrite(path, *layout.interiors("details")),
}


@pytest.mark.parametrize("damage", WITHOUT_LOSS.values(), ids=WITHOUT_LOSS.keys())
def test_damage_that_touches_no_row_costs_none(
    path: Path, layout: Layout, damage: Callable[[Path, Layout], None]
) -> None:
    damage(path, layout)
    found, said = read_back(path)
    assert found == LEFT
    (kept,) = path.parent.glob("history-damaged-*.db")
    assert said == (
        f"The history was damaged: {len(LEFT)} runs could be read, they are in a new file, and the damaged file is "
        f"kept as “{kept}”."
    )
    with HistoryStore(path) as store:
        (first,) = store.entries(limit=1)
        assert (first.id, first.pinned) == (6, True)
        (noted,) = store.entries(HistoryFilter("keep this"))
        assert noted.note == "keep this"
        assert store.add(plain(RUNS)) > RUNS
        assert not store.notice


def test_where_nothing_tells_what_is_in_use_all_comes_back_but_what_was_deleted(path: Path, layout: Layout) -> None:
    overwrite(path, 1, *layout.interiors("entries", "details"))
    found, _ = read_back(path)
    assert found == LEFT


def test_entries_that_are_lost_are_made_anew_from_their_details_with_the_pin_that_an_index_tells(
    path: Path, layout: Layout
) -> None:
    page = next(page for page in layout.leaves("entries") if 6 in layout.rows[page])
    overwrite(path, page)
    found, said = read_back(path)
    assert found == LEFT
    assert f"{len(LEFT)} runs could be read, {len(layout.rows[page])} only in part, they are in a new file" in said
    with HistoryStore(path) as store:
        (first,) = store.entries(limit=1)
        assert (first.id, first.pinned) == (6, True)


@pytest.mark.parametrize("fill", [b"\xa5", b"\0", b"\x0d"], ids=["rubbish", "zeros", "what looks like rows"])
def test_a_leaf_of_details_costs_these_alone(path: Path, layout: Layout, fill: bytes) -> None:
    page = layout.leaves("details")[3]
    overwrite(path, page, fill=fill)
    partial = frozenset(layout.rows[page])
    # The list does not touch that page: the damage shows when one of these is opened.
    with HistoryStore(path) as store:
        assert store.count() == len(LEFT)
        with pytest.raises(HistoryError, match="its entry is damaged"):
            store.get(min(partial))
        assert f"{len(partial)} only in part" in store.notice
    assert read_back(path, partial)[0] == LEFT


def test_an_overflow_page_costs_one_run(path: Path, layout: Layout) -> None:
    # SQLite takes what it reads there for good: only what was compressed tells. Another page makes it look.
    overwrite(path, layout.overflow[20])
    overwrite(path, *layout.by_table["listed"])
    with HistoryStore(path) as store:
        entries = store.entries(limit=RUNS)
        unreadable = frozenset(entry.id for entry in entries if not is_readable(store, entry.id))
        assert len(unreadable) <= 1  # none if it was the page of a trace
        assert "1 only in part" in store.notice


def is_readable(store: HistoryStore, entry_id: int) -> bool:
    try:
        store.get(entry_id)
    except HistoryError:
        return False
    return True


def test_runs_of_which_nothing_is_left_are_counted_and_named_when_they_are_asked_for(
    path: Path, layout: Layout
) -> None:
    entries, details = layout.leaves("entries")[2], layout.leaves("details")
    gone = set(layout.rows[entries])
    overwrite(path, entries, *(page for page in details if gone & set(layout.rows[page])))
    expected = sorted(set(LEFT) - {entry_id - 1 for entry_id in gone})
    with HistoryStore(path) as store:
        store.entries()
        assert store.count() == len(expected)
        said = f"The history was damaged: {len(gone)} of {len(LEFT)} runs could not be read"
        assert store.notice.startswith(said)
        assert ", the others are in a new file, and the damaged file is kept as “" in store.notice
        with pytest.raises(HistoryError, match="it was in a damaged part of the history"):
            store.get(min(gone))
        with pytest.raises(HistoryError, match="another window has deleted it"):
            store.get(DELETED[0] + 1)
        assert store.add(plain(RUNS)) > RUNS


def test_a_file_that_was_cut_off_gives_back_what_is_in_the_rest(path: Path, layout: Layout) -> None:
    pages = path.stat().st_size // PAGE
    with path.open("r+b") as file:
        file.truncate(pages * 2 // 3 * PAGE + 100)
    rest = [page for page in layout.leaves("entries") if page <= pages * 2 // 3]
    readable = {rowid - 1 for page in rest for rowid in layout.rows[page]}
    with HistoryStore(path) as store:
        found = {int(entry.run_id.removeprefix("run-")) for entry in store.entries(limit=RUNS)}
        assert "could not be read" in store.notice
    assert readable <= found <= set(LEFT)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_overwritten_the_rest_comes_back_unharmed(path: Path, layout: Layout, seed: int) -> None:
    chance = random.Random(seed)
    pages = path.stat().st_size // PAGE
    hit = chance.sample(range(1, pages + 1), 6)
    for page in hit:
        overwrite(
            path, page, fill=chance.randbytes(1), start=chance.randrange(0, 3000), length=chance.randrange(200, 1000)
        )
    with HistoryStore(path) as store:
        is_noticed = True
        with closing(sqlite3.connect(path)) as connection, suppress(sqlite3.Error):
            is_noticed = connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok"
        if is_noticed:
            store._file._repair()
        entries = store.entries(limit=RUNS)
        for entry in entries:
            assert entry.run_id == f"run-{entry.id - 1}"
            if is_readable(store, entry.id):
                expected = run_of(entry.id - 1)
                assert store.get(entry.id).request == expected.request
    touched = {rowid for page in hit for rowid in layout.rows.get(page, [])}
    assert {number + 1 for number in LEFT} - touched <= {entry.id for entry in entries}


@pytest.fixture
def logged(tmp_path: Path) -> Path:
    """A history whose runs are in the log for the most part, as a killed window leaves it."""
    source, copy = tmp_path / "source" / "history.db", tmp_path / "data" / "history.db"
    copy.parent.mkdir()
    with HistoryStore(source) as store:
        for number in range(20):
            store.add(run_of(number))
        for tail in ("", "-wal"):
            shutil.copy(f"{source}{tail}", f"{copy}{tail}")
    return copy


@pytest.mark.parametrize("size", [0, 100, 5000])
def test_what_is_in_the_log_is_read_too(logged: Path, size: int) -> None:
    with logged.open("r+b") as file:
        file.write(b"\xa5" * size)
        file.truncate(size)
    found, _ = read_back(logged)
    assert found == list(range(20))
    # SQLite itself puts a first page that is in the log in the place of a damaged one, but empties the log where the
    # file has no page at all.
    for kept in logged.parent.glob("history-damaged-*.db"):
        assert kept.with_name(kept.name + "-wal").stat().st_size > 0


def test_a_log_counts_up_to_where_it_is_damaged(logged: Path) -> None:
    wal = logged.with_name("history.db-wal")
    with wal.open("r+b") as file:
        file.seek(wal.stat().st_size * 2 // 3)
        file.write(b"\xa5" * 100)
    overwrite(logged, 1)
    found, _ = read_back(logged)
    assert 5 < len(found) < 20
    assert found == list(range(len(found)))


def test_a_log_beside_a_history_that_was_removed_is_not_brought_back(logged: Path) -> None:
    logged.unlink()
    with HistoryStore(logged) as store:
        assert store.count() == 0
        assert not store.notice


def test_a_first_version_is_repaired_too(path: Path, layout: Layout) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("DROP TABLE curves; PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE);")
    overwrite(path, *layout.by_table["listed"])
    assert read_back(path)[0] == LEFT


def test_a_file_of_another_program_is_told_from_a_damaged_one(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.executescript("CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Yesterday');")
    with HistoryStore(path) as store:
        assert store.notice.startswith("The history's file belonged to another program: a new one was started")


#: A repair that is killed at one of its steps.
KILLED = """
import os, sys
from pathlib import Path
from gpuplayground.past_runs import repair
steps = 0
rename = Path.rename
def counted(self, target):
    global steps
    if steps == int(sys.argv[2]):
        os._exit(9)
    steps += 1
    return rename(self, target)
Path.rename = counted
print(repair.repair(Path(sys.argv[1]), 5.0))
"""


@pytest.mark.parametrize("step", range(5))
def test_a_repair_that_is_killed_is_finished_by_the_next_window(path: Path, layout: Layout, step: int) -> None:
    overwrite(path, *layout.by_table["listed"])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, path, str(step)], capture_output=True, text=True, check=False
    )
    assert killed.returncode == 9, killed.stderr
    found, _ = read_back(path)
    assert found == LEFT
    assert len(list(path.parent.glob("history-damaged-*.db"))) == 1
    assert list(path.parent.glob("history-recover*")) == []


#: Another window that has the history open and goes on writing.
WRITER = """
import sys, time
from pathlib import Path
from tests.past_runs.runs_to_keep import plain
from gpuplayground.past_runs.store import HistoryStore
store = HistoryStore(Path(sys.argv[1]))
for number in range(1000, 10000):
    try:
        store.add(plain(number))
    except Exception as error:
        print("failed:", error, flush=True)
        break
    print(number, flush=True)
    if Path(sys.argv[2]).exists():
        break
"""


def test_a_window_that_goes_on_writing_loses_nothing(path: Path, layout: Layout, tmp_path: Path) -> None:
    overwrite(path, layout.interiors("details")[0])
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, path, tmp_path / "enough"], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "1000\n"
    with HistoryStore(path, busy_s=60) as store:
        store.get(LEFT[0] + 1)
        (tmp_path / "enough").touch()
        written = [1000, *map(int, writer.communicate()[0].split())]
        found = {entry.run_id for entry in store.entries(limit=10_000)}
    assert found >= {f"run-{number}" for number in (*LEFT, *written)}


def test_who_finds_the_history_being_repaired_is_told_so(path: Path) -> None:
    with repair._alone(path, 1.0), pytest.raises(HistoryError, match="Another window is repairing the history"):
        HistoryStore(path, busy_s=0.05)


def test_a_history_that_is_held_by_a_writer_is_not_replaced(path: Path, layout: Layout) -> None:
    overwrite(path, *layout.by_table["listed"])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match="locked by another program"):
            HistoryStore(path, busy_s=0.1).entries()
        other.execute("ROLLBACK")
    assert list(path.parent.glob("history-damaged-*")) == []
    assert read_back(path)[0] == LEFT


#: More than a database of one page has room for.
FILL = "INSERT INTO details VALUES (1, zeroblob(10000000));"


def test_a_repair_that_finds_no_room_leaves_everything_as_it_was_and_is_made_later(
    path: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    overwrite(path, *layout.by_table["listed"])
    with monkeypatch.context() as patch:
        # A database of that size is what SQLite takes for a full disk.
        patch.setattr(repair, "salvage", lambda _, new: new.executescript("PRAGMA max_page_count = 1; " + FILL))
        with pytest.raises(HistoryError, match="The disk is full"):
            HistoryStore(path).entries()
    assert list(path.parent.glob("history-*")) == []
    assert read_back(path)[0] == LEFT


@pytest.mark.skipif(sys.platform == "win32", reason="flock is not Windows's")
def test_a_file_system_without_locks_has_a_history_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with HistoryStore(path, busy_s=0) as store:
        assert store.count() == len(LEFT)
