"""Files and folders of the user's alone: their modes whatever the umask is, and writes that happen whole or not."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpuplayground.storage import private_files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=["open", "usual", "odd"])
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_what_is_made_is_for_the_user_alone_whatever_the_umask_is(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "app"
    private_files.make_folder(folder)
    private_files.write(folder / "written", b"text")
    private_files.write(folder / "deeper" / "written", b"text")
    private_files.create(folder / "created")
    with private_files.open_to_append(folder / "lock") as lock:
        lock.write(b".")
    assert {mode_of(each) for each in (folder, folder.parent, folder / "deeper")} == {0o700}
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert len(files) == 4
    assert {mode_of(each) for each in files} == {0o600}


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_files.make_folder(tmp_path / "own")
    private_files.write(tmp_path / "file", b"")
    assert mode_of(tmp_path) == 0o755


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError) as caught:
        private_files.make_folder(tmp_path / "file" / "folder")
    assert caught.value.filename == str(tmp_path / "file")


def test_an_existing_file_is_never_created_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(FileExistsError):
        private_files.create(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"


def test_writing_replaces_a_file_through_its_link(tmp_path: Path) -> None:
    target, link = tmp_path / "dotfiles" / "settings.json", tmp_path / "settings.json"
    target.parent.mkdir()
    target.write_text("before")
    link.symlink_to(target)
    private_files.write(link, b"after")
    assert link.is_symlink()
    assert target.read_text() == "after"
    assert list(target.parent.iterdir()) == [target]


def test_a_write_that_fails_leaves_what_was_there_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(b"before")
    # The limit on the size of a file stands in for a full disk: nobody has to be root for it.
    code = (
        "import resource, signal, sys, pathlib\n"
        "from gpuplayground.storage import private_files\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "try: private_files.write(pathlib.Path(sys.argv[1]), bytes(5000))\n"
        "except OSError as error: print(error.errno)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True)
    assert int(ended.stdout) == errno.EFBIG
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def test_everything_in_a_folder_is_taken_from_others_and_stays_what_it_is_to_the_user(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "deep" / "deeper").mkdir(parents=True)
    for path, mode in ((root / "a", 0o644), (root / "deep" / "tool", 0o775), (root / "deep" / "deeper" / "r", 0o444)):
        path.touch()
        path.chmod(mode)
    outside.touch()
    outside.chmod(0o644)
    (root / "link").symlink_to(outside)
    for folder in (root, root / "deep", root / "deep" / "deeper"):
        folder.chmod(0o755)
    private_files.tighten(root)
    assert {mode_of(each) for each in (root, root / "deep", root / "deep" / "deeper")} == {0o700}
    assert (mode_of(root / "a"), mode_of(root / "deep" / "tool")) == (0o600, 0o700)
    assert mode_of(root / "deep" / "deeper" / "r") == 0o400
    assert mode_of(outside) == 0o644
    private_files.tighten(tmp_path / "missing")
