"""The history in its file: what is kept, found, changed, removed, and what happens when the disk refuses."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gpuplayground.model.benchmarks import Benchmark
from gpuplayground.model.results import RunState
from gpuplayground.model.samples import GpuSample
from gpuplayground.past_runs import details, rows, schema
from gpuplayground.past_runs.entries import Figures, figures_of
from gpuplayground.past_runs.store import EntryKind, HistoryError, HistoryFilter, HistoryStore
from tests.past_runs.runs_to_keep import GPUS, NOISY, SECOND, START_NS, STEADY, benchmark, plain, receipt, sweep, trace


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "history.db"


@pytest.fixture
def store(path: Path) -> Iterator[HistoryStore]:
    with HistoryStore(path) as store:
        yield store


def names(store: HistoryStore, text: str = "", *kinds: EntryKind, pinned: bool = False) -> list[str]:
    wanted = HistoryFilter(text, kinds, pinned)
    found = [entry.run_id for entry in store.entries(wanted)]
    assert store.count(wanted) == len(found)
    assert len(store.ids(wanted)) == len(found)
    return found


def damage(path: Path) -> None:
    """Overwrite the middle of the file, as a failing disk does."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


@pytest.mark.parametrize("kept", [plain(), benchmark(), sweep(), plain(trace=trace(1000))], ids=str)
def test_a_run_comes_back_as_it_was_kept(path: Path, kept: details.KeptRun) -> None:
    with HistoryStore(path) as store:
        entry_id = store.add(kept)
    with HistoryStore(path) as again:
        back = again.get(entry_id)
    assert (back.request, back.run, back.driver, back.gpus) == (kept.request, kept.run, kept.driver, kept.gpus)
    assert back.entry is not None
    assert back.entry.run_id == kept.run.run_id


def test_a_trace_comes_back_whole(store: HistoryStore) -> None:
    kept = trace(5000)
    back = store.get(store.add(plain(trace=kept))).run.trace
    assert back is not None
    assert np.array_equal(back.operations, kept.operations)
    assert (back.names, back.regions, back.spans, back.dropped) == (kept.names, kept.regions, kept.spans, 3)


def test_an_empty_trace_is_not_no_trace(store: HistoryStore) -> None:
    back = store.get(store.add(plain(trace=trace(0)))).run.trace
    assert back is not None
    assert len(back.operations) == 0


def test_a_trace_that_is_too_long_is_left_out_while_what_gpu_times_lack_stays_as_it_was(store: HistoryStore) -> None:
    kept = plain(trace=trace(details.MAX_OPERATIONS + 1))
    note = "CUPTI lost 7 records."
    for expected, run in (("", kept.run), (note, replace(kept.run, run_id="2", trace_note=note))):
        back = store.get(store.add(replace(kept, run=run))).run
        assert (back.trace, back.trace_note) == (None, expected)


SAMPLES = tuple(
    GpuSample(
        START_NS + tick * SECOND // 10, gpu.uuid, gpu_util_percent=99.5 if tick else None,
        memory_used_bytes=tick * 2**30, memory_total_bytes=80 * 2**30, power_w=321.5, power_limit_w=700.0,
    )
    for gpu in GPUS
    for tick in range(40)
)  # fmt: skip


def test_the_curves_of_a_run_come_back_whether_they_came_with_it_or_later(store: HistoryStore) -> None:
    at_once = store.add(replace(plain(1), samples=SAMPLES))
    later = store.add(plain(2))
    assert store.get(later).samples == ()
    assert store.complete("run-2", [receipt()], samples=SAMPLES)
    assert store.get(at_once).samples == store.get(later).samples == SAMPLES


def test_curves_that_do_not_fit_together_are_left_out(path: Path, store: HistoryStore) -> None:
    entry_id = store.add(replace(plain(1), samples=SAMPLES))
    for wrong in (b"", zlib.compress(b"{}"), zlib.compress(b'{"gpus": [{"gpu_uuid": "GPU-aaaa"}]}'), _uneven()):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE curves SET content = ? WHERE entry_id = ?", (wrong, entry_id))
            connection.commit()
        back = store.get(entry_id)
        assert (back.samples, back.run) == ((), plain(1).run)


def _uneven() -> bytes:
    """Curves of which one has lost a value."""
    packed = details.pack_samples(SAMPLES)
    assert packed is not None
    data = json.loads(zlib.decompress(packed))
    data["gpus"][0]["power_w"].pop()
    return zlib.compress(json.dumps(data).encode())


def test_a_file_of_the_first_version_is_brought_up_to_date_with_what_is_in_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "VERSION", 1)
        patch.setattr(schema, "_MIGRATIONS", schema._MIGRATIONS[:1])
        path.parent.mkdir()
        with closing(schema.connect(path, 1.0)) as connection:
            connection.execute(rows.INSERT, rows.row_of(plain(1)))
            connection.execute("INSERT INTO details VALUES (1, ?)", (details.pack(plain(1)),))
    with HistoryStore(path) as store:
        assert store.get(1).run == plain(1).run
        assert store.complete("run-1", [], samples=SAMPLES)
        assert store.get(1).samples == SAMPLES


def test_an_entry_says_what_a_list_shows(store: HistoryStore) -> None:
    store.add(benchmark(5, "fused", median_ns=1000.0))
    (entry,) = store.entries()
    assert (entry.kind, entry.name, entry.label) == (EntryKind.BENCHMARK, "bias_gelu.py", "fused")
    assert (entry.start_ns, entry.duration_ns) == (START_NS + 5 * SECOND, 3_410_000_000)
    assert (entry.state, entry.summary, entry.device) == (RunState.FINISHED, "exit 0 · 3.41 s", GPUS[0].name)
    assert entry.median_ns is not None
    assert entry.low_ns is not None
    assert entry.high_ns is not None
    assert 990 < entry.low_ns <= entry.median_ns <= entry.high_ns < 1010
    assert (entry.verdict, entry.pinned, entry.note) == ("", False, "")


def test_an_entry_without_an_interval_has_a_median_alone() -> None:
    drifting = Benchmark("a", 1, 1, "x", samples_ns=tuple(float(number) for number in range(101)))
    assert figures_of(drifting) == Figures(50.0)
    assert figures_of(replace(drifting, samples_ns=(7.0,) * 9)) == Figures(7.0, 7.0, 7.0)


def test_a_sweep_has_no_median_but_a_number_of_values(store: HistoryStore) -> None:
    store.add(sweep())
    (entry,) = store.entries()
    assert (entry.kind, entry.label, entry.median_ns, entry.measured) == (EntryKind.SWEEP, "add · n", None, 3)


@pytest.mark.parametrize(
    ("device", "name"),
    [(None, "NVIDIA H200"), ("GPU-bbbb", "NVIDIA L40S"), ("1,0", "NVIDIA L40S"), ("", ""), ("7", "")],
)
def test_the_device_is_the_one_that_the_run_sees_first(store: HistoryStore, device: str | None, name: str) -> None:
    store.add(plain(device=device))
    assert store.entries()[0].device == name


def test_a_run_is_kept_once(store: HistoryStore) -> None:
    assert store.add(plain(1)) == store.add(plain(1))
    assert store.count() == 1


def test_pinned_ones_lead_then_the_newest(store: HistoryStore) -> None:
    ids = [store.add(plain(number)) for number in (1, 4, 2, 3)]
    store.set_pinned(ids[0], pinned=True)
    assert names(store) == ["run-1", "run-4", "run-3", "run-2"]
    assert names(store, pinned=True) == ["run-1"]
    store.set_pinned(ids[0], pinned=False)
    assert names(store) == ["run-4", "run-3", "run-2", "run-1"]


def test_pages_follow_each_other_whatever_is_added_or_removed_between(store: HistoryStore) -> None:
    ids = [store.add(plain(number)) for number in range(10)]
    store.set_pinned(ids[3], pinned=True)
    first = store.entries(limit=4)
    store.add(plain(99))
    store.delete([first[-1].id])
    second = store.entries(limit=4, after=first[-1])
    third = store.entries(limit=4, after=second[-1])
    pages = [[entry.run_id for entry in page] for page in (first, second, third)]
    assert pages == [["run-3", "run-9", "run-8", "run-7"], ["run-6", "run-5", "run-4", "run-2"], ["run-1", "run-0"]]


def test_runs_of_the_same_moment_are_told_apart_by_pages(store: HistoryStore) -> None:
    for number in range(5):
        kept = plain(number)
        store.add(replace(kept, run=replace(kept.run, start_ns=START_NS)))
    first = store.entries(limit=3)
    rest = store.entries(limit=3, after=first[-1])
    assert [entry.run_id for entry in (*first, *rest)] == ["run-4", "run-3", "run-2", "run-1", "run-0"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("saxpy", ["run-1"]),
        ("SAXPY", ["run-1"]),
        ("fused", ["run-2"]),
        ("torch", ["run-3", "run-2"]),
        ("h200", ["run-3", "run-2", "run-1"]),
        ("580.95", ["run-3", "run-2", "run-1"]),
        ("torch sweep", ["run-3"]),
        ("sweep  torch", ["run-3"]),
        ("/home/ada/saxpy.py", ["run-1"]),
        ("straße", ["run-3"]),
        ("STRASSE", ["run-3"]),
        ("100%", ["run-1"]),
        ("a_b", []),
        ("\\", []),
        ("'; DROP TABLE entries; --", []),
        ("\ud800", []),
        ("matmul", []),
    ],
)
def test_a_search_finds_every_word_anywhere(store: HistoryStore, text: str, found: list[str]) -> None:
    first = store.add(plain(1))
    store.add(benchmark(2, "fused"))
    third = store.add(sweep(3))
    store.set_note(third, "auf der Straße")
    store.set_note(first, "at 100% load, aXb")
    assert names(store, text) == found


def test_kinds_narrow_a_list(store: HistoryStore) -> None:
    for kept in (plain(1), benchmark(2), sweep(3)):
        store.add(kept)
    assert names(store, "", EntryKind.RUN) == ["run-1"]
    assert names(store, "exit", EntryKind.BENCHMARK, EntryKind.SWEEP) == ["run-3", "run-2"]


def test_a_note_stays_and_is_found_beside_the_verdict(path: Path) -> None:
    with HistoryStore(path) as store:
        entry_id = store.add(benchmark(1))
        store.set_note(entry_id, "before the driver’s update")
        store.complete("run-1", (), [(NOISY,)])
        store.add(benchmark(2))
    with HistoryStore(path) as again:
        assert again.get(entry_id).entry == again.entries(HistoryFilter("update noisy"))[0]
        assert names(again, "update") == names(again, "NOISY") == ["run-1"]
        again.set_note(entry_id, "")
        assert names(again, "update") == []
        assert names(again, "noisy") == ["run-1"]


def test_verdicts_arrive_later_and_belong_to_their_benchmarks(store: HistoryStore) -> None:
    entry_id = store.add(sweep(1))
    assert store.complete("run-1", (), [(STEADY,), (NOISY,)])
    kept = store.get(entry_id)
    assert [each.verdict for each in kept.run.benchmarks] == [(STEADY,), (NOISY,), ()]
    assert kept.entry is not None
    assert kept.entry.verdicts == ("noisy",)


def test_receipts_arrive_later_and_come_back_whole(store: HistoryStore) -> None:
    entry_id = store.add(plain(1))
    both = (receipt(), receipt(GPUS[1], joules=None))
    assert store.complete("run-1", both)
    assert store.get(entry_id).receipts == both
    assert store.get(entry_id).run == plain(1).run


def test_a_number_without_flags_is_steady(store: HistoryStore) -> None:
    store.add(benchmark(1))
    store.complete("run-1", (), [(STEADY,)])
    assert store.entries()[0].verdict == "steady"


def test_completing_a_run_that_was_deleted_is_nothing(store: HistoryStore) -> None:
    store.delete([store.add(plain(1))])
    assert not store.complete("run-1", ())


def test_what_is_deleted_is_gone_with_its_details(path: Path, store: HistoryStore) -> None:
    ids = [store.add(plain(number, trace=trace(10))) for number in range(3)]
    store.delete(ids[:2])
    assert names(store) == ["run-2"]
    with pytest.raises(HistoryError, match="no longer in the history"):
        store.get(ids[0])
    with closing(sqlite3.connect(path)) as connection:
        for table in ("entries", "details", "traces"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)
    # An id that a window still shows never means another run.
    assert store.add(plain(9)) > max(ids)


def test_thousands_are_deleted_at_once(store: HistoryStore) -> None:
    ids = [store.add(plain(number)) for number in range(1200)]
    store.delete(ids[:-1])
    assert store.count() == 1


def test_odd_texts_are_kept(store: HistoryStore) -> None:
    kept = plain(1, name="a\ud800\0b.py", source="x = '\ud800\0'", summary="one\ntwo\t" + "x" * 5000)
    entry_id = store.add(kept)
    back = store.get(entry_id)
    assert (back.request, back.run) == (kept.request, kept.run)
    assert back.entry is not None
    assert (back.entry.name, len(back.entry.summary)) == ("a? b.py", 200)


def test_a_file_is_renamed_when_it_is_not_a_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"This is not a history. " * 500)
    with HistoryStore(path) as store:
        store.add(plain(1))
        assert names(store) == ["run-1"]
        (damaged,) = path.parent.glob("history-damaged-*.db")
        assert str(damaged) in store.notice
    assert damaged.read_bytes().startswith(b"This is not")
    with HistoryStore(path) as again:
        assert not again.notice
        assert names(again) == ["run-1"]


def test_a_database_of_something_else_is_renamed_and_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE songs (title TEXT)")
        other.execute("INSERT INTO songs VALUES ('Yesterday')")
        other.commit()
    with HistoryStore(path) as store:
        assert store.notice
        assert store.count() == 0
    (kept,) = path.parent.glob("history-damaged-*.db")
    with closing(sqlite3.connect(kept)) as other:
        assert other.execute("SELECT * FROM songs").fetchall() == [("Yesterday",)]


def test_damage_that_shows_later_loses_no_new_run(path: Path) -> None:
    with HistoryStore(path) as store:
        for number in range(50):
            store.add(plain(number))
    damage(path)
    with HistoryStore(path) as store:
        store.add(plain(99))
        assert names(store) == ["run-99"]
        assert "damaged" in store.notice
        assert len(list(path.parent.glob("history-damaged-*.db"))) == 1


def test_two_windows_set_a_damaged_file_aside_once(path: Path) -> None:
    with HistoryStore(path) as store:
        for number in range(50):
            store.add(plain(number))
    damage(path)
    with HistoryStore(path) as first:
        first.add(plain(100))
        with HistoryStore(path) as second:
            second.add(plain(101))
        assert names(first) == ["run-101", "run-100"]
    assert len(list(path.parent.glob("history-damaged-*.db"))) == 1


def test_a_run_whose_details_are_damaged_leaves_the_others_alone(path: Path, store: HistoryStore) -> None:
    bad, short, odd, good = (store.add(plain(number)) for number in range(4))
    with closing(sqlite3.connect(path)) as connection:
        update = "UPDATE details SET content = ? WHERE entry_id = ?"
        connection.execute(update, (b"rubbish", bad))
        connection.execute(update, (zlib.compress(b'{"request": {}}'), short))
        connection.execute(update, (zlib.compress(b"[1, 2]"), odd))
        connection.commit()
    for entry_id in (bad, short, odd):
        with pytest.raises(HistoryError, match=r"“saxpy\.py” cannot be opened"):
            store.get(entry_id)
    assert store.get(good).run.run_id == "run-3"
    assert store.count() == 4


def test_a_trace_that_does_not_fit_together_is_left_out(path: Path, store: HistoryStore) -> None:
    entry_id = store.add(plain(1, trace=trace(10)))
    packed = details.pack_trace(trace(10))
    assert packed is not None
    operations, rest = packed
    beyond = trace(10)
    beyond.operations["name"] = 77
    lies = details.pack_trace(beyond)
    assert lies is not None
    bomb = zlib.compress(bytes(50_000_000), 9)
    for wrong in (
        (operations[:-9], rest),
        (zlib.compress(b"short"), rest),
        (bomb, rest),
        (b"", rest),
        (operations, b"{}"),
        (operations, zlib.compress(b'{"count": 10}')),
        lies,
    ):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE traces SET operations = ?, content = ? WHERE entry_id = ?", (*wrong, entry_id))
            connection.commit()
        back = store.get(entry_id).run
        assert back.trace is None
        assert back.timings == plain(1).run.timings


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    with HistoryStore(path) as store:
        store.add(plain(1))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(HistoryError, match="newer version"):
        HistoryStore(path)
    assert [file.name for file in path.parent.glob("*damaged*")] == []


def test_a_full_disk_is_one_sentence_and_leaves_what_was_kept(path: Path) -> None:
    with HistoryStore(path) as store:
        store.add(plain(1))
        pages = store._file.call(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0])
        store._file.call(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}"))
        noise = "".join(map(chr, np.random.default_rng(1).integers(33, 1000, 200_000)))
        with pytest.raises(HistoryError, match=r"disk is full.*free space"):
            store.add(plain(2, source=noise))
        assert names(store) == ["run-1"]
        store._file.call(lambda connection: connection.execute("PRAGMA max_page_count = 1000000"))
        store.add(plain(2, source=noise))
        assert names(store) == ["run-2", "run-1"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(HistoryError, match=r"cannot be used \(.+\): make “.+” readable and writable\."):
        HistoryStore(tmp_path / "file" / "history.db")


def test_a_folder_in_its_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "history.db").mkdir()
    with pytest.raises(HistoryError, match="cannot be used"):
        HistoryStore(tmp_path / "history.db")


def test_a_file_that_another_program_holds_is_one_sentence_and_works_afterwards(path: Path) -> None:
    with HistoryStore(path, busy_s=0.05) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match="locked by another program"):
            store.add(plain(1))
        assert store.entries() == []
        other.execute("ROLLBACK")
        store.add(plain(1))
        assert store.count() == 1


def test_a_change_of_another_window_is_noticed_once(path: Path) -> None:
    with HistoryStore(path) as here, HistoryStore(path) as there:
        here.add(plain(1))
        assert not here.changed_elsewhere()
        there.add(plain(2))
        assert here.changed_elsewhere()
        assert not here.changed_elsewhere()


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is open cannot be renamed there")
def test_a_window_goes_on_in_the_file_that_has_taken_the_place_of_its_own(path: Path) -> None:
    with HistoryStore(path) as first:
        first.add(plain(1))
        for file in list(path.parent.iterdir()):  # as another window does with a damaged one
            file.rename(file.with_name(f"old-{file.name}"))
        with HistoryStore(path) as second:
            second.add(plain(2))
            assert first.changed_elsewhere()
            first.add(plain(3))
            assert names(first) == names(second) == ["run-3", "run-2"]
            assert second.changed_elsewhere()
            assert not first.changed_elsewhere()
    with HistoryStore(path) as again, HistoryStore(path.with_name(f"old-{path.name}")) as old:
        assert names(again) == ["run-3", "run-2"]
        assert names(old) == ["run-1"]


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is open cannot be removed there")
def test_a_window_begins_a_new_file_where_its_own_was_removed(path: Path) -> None:
    with HistoryStore(path) as store:
        store.add(plain(1))
        for file in list(path.parent.iterdir()):
            file.unlink()
        store.add(plain(2))
        assert names(store) == ["run-2"]
    with HistoryStore(path) as again:
        assert names(again) == ["run-2"]


def test_a_copy_of_the_file_is_a_history(path: Path, tmp_path: Path) -> None:
    with HistoryStore(path) as store:
        store.add(plain(1))
    shutil.copy(path, tmp_path / "copy.db")
    with HistoryStore(tmp_path / "copy.db") as copy:
        assert names(copy) == ["run-1"]
