"""Runs of the history in files that other programs read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gpuplayground.model.results import Run, RunRequest, RunState
from gpuplayground.model.serial import from_data
from gpuplayground.past_runs.store import HistoryError, HistoryStore
from gpuplayground.receipts.receipt import Receipt
from tests.past_runs.runs_to_keep import NOISY, STEADY, benchmark, plain, receipt, sweep, trace


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    with HistoryStore(tmp_path / "history.db") as store:
        yield store


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_json_holds_all_of_a_run_but_its_trace(store: HistoryStore, tmp_path: Path) -> None:
    first = plain(1, "ü\ud800.py", trace=trace(10))
    ids = [store.add(first), store.add(sweep(2))]
    store.set_note(ids[1], "“good”, as before")
    store.complete("run-2", (receipt(),), [(STEADY,), (NOISY,)])
    out = tmp_path / "runs.json"
    assert store.export(ids, out) == 2
    written = json.loads(out.read_text("utf-8"))
    assert written["version"] == 1
    one, two = written["runs"]
    assert from_data(Run, one["run"]) == first.run
    assert from_data(RunRequest, one["request"]) == first.request
    assert one["driver"]["driver_version"] == "580.95"
    assert from_data(Receipt, two["receipts"][0]) == receipt()
    assert two["entry"]["note"] == "“good”, as before"
    assert two["run"]["benchmarks"][1]["verdict"] == [{"kind": "noisy", "sentence": NOISY.sentence}]


def test_csv_has_a_row_for_each_run_and_each_value_of_a_sweep(store: HistoryStore, tmp_path: Path) -> None:
    ids = [store.add(kept) for kept in (plain(1), benchmark(2, "fused, biased", median_ns=500.0), sweep(3))]
    store.complete("run-1", (receipt(), receipt(joules=None), receipt(joules=0.5)))
    store.complete("run-3", (), [(STEADY,), (NOISY,)])
    out = tmp_path / "runs.CSV"
    assert store.export(ids, out) == 3
    table = rows(out)
    assert [row["label"] for row in table] == ["", "fused, biased", "add", "add", "add"]
    assert [row["value"] for row in table] == ["", "", "1024", "2048", "4096"]
    assert [row["verdict"] for row in table] == ["", "", "steady", "noisy", ""]
    assert 490 < float(table[1]["median_ns"]) < 510
    assert table[0]["median_ns"] == ""
    assert table[0]["started"] == "2026-03-14T15:09:27.000+00:00"
    assert float(table[2]["gb_per_s"]) == pytest.approx(12 * 1024 / 1025)
    assert [row["energy_j"] for row in table] == ["42.0", "", "", "", ""]
    assert [row["process_peak_bytes"] for row in table] == [str(3 * 2**30), "", "", "", ""]
    assert {row["device"] for row in table} == {"NVIDIA H200"}


def test_nothing_selected_writes_an_empty_list(store: HistoryStore, tmp_path: Path) -> None:
    assert store.export([], tmp_path / "a.json") == store.export([], tmp_path / "a.csv") == 0
    assert json.loads((tmp_path / "a.json").read_text())["runs"] == []
    assert rows(tmp_path / "a.csv") == []


def test_what_was_deleted_meanwhile_is_left_out(store: HistoryStore, tmp_path: Path) -> None:
    ids = [store.add(plain(number, state=RunState.FAILED)) for number in range(3)]
    store.delete(ids[:1])
    assert store.export(ids, tmp_path / "a.csv") == 2
    assert [row["state"] for row in rows(tmp_path / "a.csv")] == ["failed", "failed"]


def test_a_file_that_cannot_be_written_is_one_sentence_and_leaves_nothing_behind(
    store: HistoryStore, tmp_path: Path
) -> None:
    entry_id = store.add(plain(1))
    with pytest.raises(HistoryError, match=r"cannot be written \(.+\): choose another folder\."):
        store.export([entry_id], tmp_path / "missing" / "a.json")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(HistoryError, match="cannot be written"):
        store.export([entry_id], tmp_path / "folder.csv")
    assert list(tmp_path.glob("*.tmp")) == []


def test_an_export_that_fails_leaves_the_file_that_was_there(store: HistoryStore, tmp_path: Path) -> None:
    ids = [store.add(plain(1)), store.add(plain(2))]
    store._file.call(lambda connection: connection.execute("UPDATE details SET content = x'00' WHERE entry_id = 2"))
    out = tmp_path / "runs.json"
    out.write_text("mine")
    with pytest.raises(HistoryError, match="cannot be opened"):
        store.export(ids, out)
    assert out.read_text() == "mine"
    assert list(tmp_path.glob("*.tmp")) == []
