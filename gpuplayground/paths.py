"""Where the application's own files are, and where it keeps what belongs to the user."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs("gpuplayground", appauthor=False)


@cache
def resources() -> Path:
    """Return the folder of icons, fonts, examples and recordings: inside the package once installed, else beside it."""
    package = Path(__file__).resolve().parent
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"


def data() -> Path:
    """Return the user's data folder (drafts, copies of unsaved snippets), made if missing."""
    return _made(Path(_DIRS.user_data_dir))


def config() -> Path:
    """Return the folder of the settings, made if missing."""
    return _made(Path(_DIRS.user_config_dir))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
