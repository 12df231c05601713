"""What the application remembers between starts: one small JSON file, written whole."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from gpuplayground.storage import private_files

MAX_RECENT = 12


@dataclass(slots=True)
class Settings:
    """Preferences, the shape of the window and its open files.

    Rates are in hertz, ranges in seconds, fonts in pixels. ``session`` is what the editor's tabs make of it.
    """

    theme: str = "dark"
    sampling_hz: float = 10.0
    range_s: int = 60
    interpreter: str = ""
    interpreters: list[str] = field(default_factory=list)
    recent_files: list[str] = field(default_factory=list)
    editor_font_px: int = 13
    show_line_timings: bool = True
    geometry: str = ""
    splitters: dict[str, list[int]] = field(default_factory=dict)
    session: dict[str, Any] = field(default_factory=dict)

    def remember_file(self, path: str) -> None:
        """Put a file at the top of the recent ones."""
        self.recent_files = [path, *(other for other in self.recent_files if other != path)][:MAX_RECENT]


class SettingsStore:
    """Reads and writes the settings of one user, who may have several windows open."""

    def __init__(self, file: Path) -> None:
        self._file = file
        #: Why the last attempt to write failed and what to do, in a sentence; empty once it did not.
        self.problem = ""
        self._known: Settings | None = None  # as this window last read or wrote them

    def load(self) -> Settings:
        """Return the saved settings. What is missing, unknown or of the wrong type falls back to its default."""
        settings = self._read() or Settings()
        self._known = deepcopy(settings)
        return settings

    def save(self, settings: Settings) -> bool:
        """Write the settings in one step; return False where the disk refuses: :attr:`problem` says why.

        What another window has written since stays, but for what was changed in this one.
        """
        settings = self._joined(settings)
        try:
            private_files.write(self._file, json.dumps(asdict(settings), indent=1).encode())
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem = f"The settings could not be written ({reason}): see that “{self._file}” can be written."
            return False
        self.problem = ""
        self._known = deepcopy(settings)
        return True

    def _read(self) -> Settings | None:
        try:
            saved = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return _checked(saved) if isinstance(saved, dict) else None

    def _joined(self, own: Settings) -> Settings:
        others = self._read()
        if self._known is None or others is None or others == self._known:
            return own
        joined = deepcopy(others)
        for entry in fields(Settings):
            value = getattr(own, entry.name)
            if value != getattr(self._known, entry.name):
                setattr(joined, entry.name, value)
        joined.recent_files = list(dict.fromkeys((*own.recent_files, *others.recent_files)))[:MAX_RECENT]
        return joined


def _checked(saved: dict[str, Any]) -> Settings:
    settings = Settings()
    for entry in fields(Settings):
        default, value = getattr(settings, entry.name), saved.get(entry.name)
        if _like(value, default, any_items=entry.name == "session"):
            setattr(settings, entry.name, value)
    settings.sampling_hz = min(max(settings.sampling_hz, 1.0), 50.0)
    settings.editor_font_px = min(max(settings.editor_font_px, 8), 40)
    return settings


def _like(value: object, default: object, *, any_items: bool = False) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, (int, float))
    if isinstance(default, list):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if isinstance(default, dict):
        return isinstance(value, dict) and (any_items or all(map(_are_sizes, value.values())))
    return isinstance(value, type(default))


def _are_sizes(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(size, int) for size in value)
