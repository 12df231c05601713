"""Where the application's own files are, and where it keeps what belongs to the user."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from platformdirs import PlatformDirs

from gpuplayground.storage import private_files

#: The history's file in the data folder.
HISTORY_FILE = "history.db"
_DIRS = PlatformDirs("gpuplayground", appauthor=False)


@dataclass(frozen=True, slots=True)
class UserFolders:
    """Where the window keeps drafts, copies of unsaved snippets and settings.

    Attributes:
        data: Folder of drafts and of copies of unsaved snippets.
        config: Folder of the settings.
        problem: Why what is kept there will not be found again, in a few words; empty if it will.
    """

    data: Path
    config: Path
    problem: str = ""

    def discard(self) -> None:
        """Remove what only stood in for the user's own folders."""
        if self.problem:
            shutil.rmtree(self.data, ignore_errors=True)


@cache
def resources() -> Path:
    """Return the folder of icons, fonts, examples and recordings: inside the package once installed, else beside it."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"


def data() -> Path:
    """Return the user's data folder (history, drafts, copies of unsaved snippets), made if missing.

    What earlier versions left in it for others to read is the user's alone from now on.

    Raises:
        OSError: it cannot be made.
        RuntimeError: the account has no home folder.
    """
    return _made(_data)


def config() -> Path:
    """Return the folder of the settings, made if missing. Raises as :func:`data` does."""
    return _made(_config)


def user_folders() -> UserFolders:
    """Return folders that can be written: the user's own, else a temporary one that says why. Raises nothing."""
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
        # What was set when the folder could be written still counts.
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
    if not path.is_absolute():  # "~" stays what it is for an account without a home
        raise RuntimeError("there is no home folder")
    return path


def _made(find: Callable[[], Path]) -> Path:
    folder = find()
    private_files.make_folder(folder)
    private_files.tighten(folder)
    return folder


def _try_writing(folder: Path) -> None:
    # Some bytes, and not only a name: on a full disk an empty file can still be made.
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))


def _temporary() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="gpuplayground-"))
    except OSError:
        # Not even that one can be written. Nobody else can have put settings where no name is known beforehand.
        return Path(tempfile.tempdir or "/tmp") / f"gpuplayground-{uuid.uuid4().hex}"  # noqa: S108


def reason_of(error: OSError | RuntimeError) -> str:
    """Return why a folder of the user's cannot be used, in a few words."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error) or "there is no home folder"
