"""Folders of the application's own files and of the user's data and settings."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from platformdirs import PlatformDirs

from gpuplayground.storage import private_files

#: The history's file in the data folder.
HISTORY_FILE = "history.db"
#: The folder of the environments that the application makes, in the data folder.
ENVIRONMENTS_FOLDER = "environments"
_DIRS = PlatformDirs("gpuplayground", appauthor=False)


@dataclass(frozen=True, slots=True)
class UserFolders:
    """The folders a window writes to.

    Attributes:
        data: The history, drafts and copies of unsaved snippets.
        config: The settings.
        problem: Why these are temporary folders, in a few words; empty if they are the user's own.
    """

    data: Path
    config: Path
    problem: str = ""

    def discard(self) -> None:
        """Remove temporary folders."""
        if self.problem:
            shutil.rmtree(self.data, ignore_errors=True)


@cache
def resources() -> Path:
    """Return the folder of icons, fonts, examples and recordings, in the installed package or the source tree."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"


def data() -> Path:
    """Return the user's data folder (history, drafts, copies of unsaved snippets), created if missing.

    Files that earlier versions left readable for others become private.

    Raises:
        OSError: it cannot be created.
        RuntimeError: the account has no home folder.
    """
    return _created(_data)


def config() -> Path:
    """Return the folder of the settings, created if missing; raises like :func:`data`."""
    return _created(_config)


def user_folders() -> UserFolders:
    """Return writable folders: the user's own, otherwise a temporary one with the reason. Never raises."""
    problem = ""
    for own in (data, config):
        try:
            _try_writing(own())
        except (OSError, RuntimeError) as error:  # RuntimeError: an account without a home
            problem = problem or reason_of(error)
    if not problem:
        return UserFolders(data(), config())
    data_folder = _temporary()
    try:
        # Settings that can be read but not written still apply.
        config_folder = _config()
    except (OSError, RuntimeError):
        config_folder = data_folder
    return UserFolders(data_folder, config_folder, problem)


def _data() -> Path:
    return _absolute(_DIRS.user_data_dir)


def _config() -> Path:
    return _absolute(_DIRS.user_config_dir)


def _absolute(folder: str) -> Path:
    path = Path(folder)
    if not path.is_absolute():  # "~" is not expanded for an account without a home
        raise RuntimeError("there is no home folder")
    return path


def _created(find: Callable[[], Path]) -> Path:
    folder = find()
    private_files.make_folder(folder)
    private_files.tighten(folder)
    return folder


def _try_writing(folder: Path) -> None:
    # Write some bytes: an empty file can be created even on a full disk.
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))


def _temporary() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="gpuplayground-"))
    except OSError:
        # No temporary folder can be created. The name is random, so that nobody else can have put settings there.
        return Path(tempfile.tempdir or "/tmp") / f"gpuplayground-{os.urandom(16).hex()}"  # noqa: S108


def reason_of(error: OSError | RuntimeError) -> str:
    """Return in a few words why one of the user's folders cannot be used."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error) or "there is no home folder"
