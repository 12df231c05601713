"""Private copies of snippets: where they go, whose they are, and what happens where nothing can be written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gpuplayground.model.results import RunRequest, RunState
from gpuplayground.runs.folders import RunFolders
from gpuplayground.runs.scripts import Script, ScriptFolders
from gpuplayground.runs.session import Launcher
from gpuplayground.storage import paths
from tests.support.snippets import INTERPRETER, Playground


def a_folder_of_another_process(root: Path) -> subprocess.Popen[str]:
    """Start a process that has a run folder below ``root`` and waits for a line."""
    source = (
        "import sys; from pathlib import Path; from gpuplayground.runs.folders import RunFolders\n"
        "folders = RunFolders(Path(sys.argv[1])); print(folders.new(), flush=True); sys.stdin.readline()"
    )
    command = [sys.executable, "-c", source, str(root)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_copies_of_a_living_application_stay_and_those_of_a_killed_one_go(tmp_path: Path) -> None:
    with a_folder_of_another_process(tmp_path) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        RunFolders(tmp_path).remove_stale()
        assert folder.is_dir()
        other.kill()
    RunFolders(tmp_path).remove_stale()
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made_when_first_needed_and_removed_when_closed(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    folders = RunFolders(root)
    assert not root.exists()
    first, second = folders.new(), folders.new()
    assert first.is_dir()
    assert second.is_dir()
    folders.remove_stale()
    assert first.is_dir()
    folders.close()
    assert list(root.iterdir()) == []
    with pytest.raises(OSError, match="closing"):
        folders.new()


def test_a_lock_that_another_application_has_just_deleted_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted: list[Path] = []

    def lock_late(file: object) -> bool:
        if not deleted:
            deleted.extend(tmp_path.glob("*.lock"))
            deleted[0].unlink()
        return True

    monkeypatch.setattr("gpuplayground.runs.folders.try_lock", lock_late)
    folders = RunFolders(tmp_path)
    own = folders.new().parent
    assert own.with_name(own.name + ".lock").exists()
    assert own.with_name(own.name + ".lock") not in deleted
    folders.close()


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "no"), RuntimeError("no home")])
def test_without_a_data_folder_copies_are_temporary(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail() -> Path:
        raise error

    monkeypatch.setattr(paths, "data", fail)
    launcher = Launcher(INTERPRETER)
    try:
        run = launcher.session().run(RunRequest(run_id="1", source="print(1)"), lambda _: None)
        assert run.state is RunState.FINISHED
        folder = launcher.run_folders.new()
        assert folder.parent.parent == Path(tempfile.gettempdir())
        launcher.run_folders.remove_stale()
        assert folder.is_dir()
    finally:
        launcher.close()
    assert not folder.parent.exists()


def test_a_file_that_is_saved_runs_without_a_home(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("print('ran')")
    home = tmp_path / "home"
    home.write_text("a file: nothing can be made in it")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")} | {"HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "gpuplayground", "run", str(tmp_path / "x.py")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr


def test_a_full_disk_leaves_nothing_behind_and_is_said_in_a_sentence(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, data: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    played = playground.play("print(1)")
    assert played.result.state is RunState.NOT_STARTED
    assert "(No space left on device)" in played.result.summary
    assert list(playground.runs_folder.rglob("snippet.py")) == []
    assert [p for p in playground.runs_folder.rglob("*") if p.is_dir() and p.parent != playground.runs_folder] == []


def test_an_account_without_a_home_works_in_the_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nowhere/at/all")
    temporary = tempfile.gettempdir()
    assert ScriptFolders.of(RunRequest("1", "")) == ScriptFolders(temporary, temporary)


def test_a_copy_that_cannot_be_written_raises(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(OSError, match=r"exists|directory"):
        Script(RunRequest(run_id="1", source="x"), RunFolders(tmp_path / "runs"))
