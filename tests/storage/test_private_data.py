"""All that is kept of a user's work is for that user alone, whatever the umask is and whatever was there before."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpuplayground.model.samples import DriverInfo, GpuInfo, GpuSample, Inventory
from gpuplayground.monitor.recording.writer import RecordingWriter
from gpuplayground.past_runs.store import HistoryStore
from gpuplayground.runs.folders import RunFolders
from gpuplayground.storage import paths
from gpuplayground.storage.drafts import Draft, DraftStore
from gpuplayground.storage.settings import Settings, SettingsStore
from tests.past_runs.runs_to_keep import plain
from tests.support.command_line import gpuplayground

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(root: Path) -> list[str]:
    """Return what others may do anything with in a folder, the folder included."""
    everything = (root, *root.rglob("*"))
    return [str(each) for each in everything if stat.S_IMODE(each.lstat().st_mode) & 0o077]


def test_what_the_window_keeps_is_for_the_user_alone() -> None:
    folders = paths.user_folders()
    SettingsStore(folders.config / "settings.json").save(Settings())
    drafts, runs = DraftStore(folders.data / "drafts"), RunFolders(folders.data / "runs")
    drafts.save(Draft("tab", "a.py", None, "text"))
    runs.new()
    with HistoryStore(folders.data / paths.HISTORY_FILE) as history:
        history.add(plain())
        kept = {each.name for each in folders.data.rglob("*") if each.is_file()}
        assert {"history.db", "history.db-wal", "history.db-shm", "tab.draft"} <= kept
        assert open_to_others(folders.data) == open_to_others(folders.config) == []
    drafts.close()
    runs.close()


def test_what_an_earlier_version_left_open_is_closed_when_the_window_starts() -> None:
    data, config = paths.data(), paths.config()
    for file in (data / "history.db", data / "drafts" / "1" / "a.draft", config / "settings.json"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o666)
    data.chmod(0o755)
    config.chmod(0o755)
    paths.user_folders()
    assert open_to_others(data) == open_to_others(config) == []


def test_a_history_that_others_could_read_is_closed_to_them_by_whoever_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "history.db"
    with HistoryStore(path) as history:
        history.add(plain(1))
        for file in path.parent.iterdir():
            file.chmod(0o666)
        with HistoryStore(path) as again:
            again.add(plain(2))
            assert open_to_others(path.parent) == []


def test_a_run_of_the_command_line_keeps_its_history_private(tmp_path: Path) -> None:
    snippet = tmp_path / "plain.py"
    snippet.write_text("x = 1\n")
    assert gpuplayground("run", snippet).returncode == 0
    assert (paths.data() / paths.HISTORY_FILE).exists()
    assert open_to_others(paths.data()) == []


def test_a_recording_is_private_and_its_folder_stays_what_the_user_made_it(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(0o755)
    with RecordingWriter(folder / "night.gpurec") as writer:
        writer.add_event(Inventory(0, DriverInfo(), (GpuInfo(0, "GPU-1", "GPU"),)))
        writer.add((GpuSample(1, "GPU-1"),))
        assert [file for file in folder.iterdir() if stat.S_IMODE(file.stat().st_mode) != 0o600] == []
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_table_the_user_asks_for_has_the_mode_of_the_users_other_files(tmp_path: Path) -> None:
    with HistoryStore(tmp_path / "data" / "history.db") as history:
        entry = history.add(plain())
        history.export([entry], tmp_path / "runs.json")
    assert stat.S_IMODE((tmp_path / "runs.json").stat().st_mode) == 0o666
