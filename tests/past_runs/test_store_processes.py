"""The history and other processes: windows that write at once, and one that is killed while it writes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gpuplayground.past_runs.store import HistoryStore
from tests.past_runs.runs_to_keep import plain

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120
HOLDING = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM entries")
print("held", flush=True)
time.sleep(600)
"""


def writer(path: Path, first: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.past_runs.writer", str(path), str(first), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_windows_that_begin_the_file_and_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    writers = [writer(path, first, 60) for first in (0, 1000, 2000)]
    for each in writers:
        said, complaints = each.communicate(timeout=PATIENCE_S)
        assert each.returncode == 0, complaints
        assert len(said.split()) == 60
    with HistoryStore(path) as store:
        assert not store.notice
        kept = {entry.run_id for entry in store.entries(limit=1000)}
    assert kept == {f"run-{first + number}" for first in (0, 1000, 2000) for number in range(60)}


@pytest.mark.skipif(not hasattr(os, "kill"), reason="needs SIGKILL")
@pytest.mark.parametrize("after", [1, 7, 30])
def test_what_a_killed_window_has_kept_is_there_and_the_file_is_whole(tmp_path: Path, after: int) -> None:
    path = tmp_path / "history.db"
    process = writer(path, 0, 0)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(after)]
    process.kill()  # SIGKILL, in the middle of the next one
    said += process.stdout.read().splitlines()
    process.wait(PATIENCE_S)
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    with HistoryStore(path) as store:
        assert not store.notice
        kept = {entry.run_id for entry in store.entries(limit=100_000)}
        assert kept >= {f"run-{number.strip()}" for number in said}
        for entry in store.entries(limit=3):
            back = store.get(entry.id).run
            assert back.trace is not None
            assert len(back.trace.operations) == 2000
        store.add(plain(999_999))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_window_that_dies_with_the_lock_held_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    HistoryStore(path).close()
    process = subprocess.Popen([sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    with HistoryStore(path) as store:
        store.add(plain(1))
        assert store.count() == 1
