"""The table of settings, and the small JSON file that keeps them between starts."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from gpuplayground.storage import private_files

MAX_RECENT = 12


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting is called, and how a value read from a file is checked.

    Args:
        label: what a person would call it, with its unit.
        checked: returns a valid value for one that was read; raises ValueError or TypeError if there is none.
    """

    label: str
    checked: Callable[[Any], object]


def _row(label: str, checked: Callable[[Any], object]) -> dict[str, Setting]:
    return {"setting": Setting(label, checked)}


def _choice(*choices: str) -> Callable[[Any], object]:
    def checked(value: Any) -> str:
        if value not in choices:
            raise ValueError(value)
        return str(value)

    return checked


def _number(low: float, high: float, *, is_whole: bool = False) -> Callable[[Any], object]:
    """Return a check for a number; one out of range becomes the nearest one in it."""

    def checked(value: Any) -> object:
        is_number = isinstance(value, int if is_whole else (int, float)) and not isinstance(value, bool)
        if not is_number or math.isnan(value):
            raise ValueError(value)
        return min(max(value, low), high)

    return checked


def _instance(kind: type) -> Callable[[Any], object]:
    def checked(value: Any) -> object:
        if not isinstance(value, kind):
            raise TypeError(value)
        return value

    return checked


def _texts(value: Any) -> object:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(value)
    return value


def _sizes(value: Any) -> object:
    if not isinstance(value, dict) or not all(map(_are_sizes, value.values())):
        raise ValueError(value)
    return value


def _are_sizes(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(size, int) and not isinstance(size, bool) for size in value)


@dataclass(slots=True)
class Settings:
    """Preferences, the geometry of the window and its open files: one row per setting.

    To add a setting, add a row; whoever needs it reads and sets the attribute. Changes are written within a second.
    """

    theme: str = field(default="dark", metadata=_row("Theme", _choice("dark", "light")))
    sampling_hz: float = field(default=10.0, metadata=_row("Sampling rate of the GPUs in Hz", _number(1.0, 50.0)))
    range_s: int = field(
        default=60, metadata=_row("Time range of the graphs in seconds", _number(1, 86_400, is_whole=True))
    )
    interpreter: str = field(
        default="", metadata=_row("Python of new tabs; empty for the one that fits a snippet", _instance(str))
    )
    interpreters: list[str] = field(default_factory=list, metadata=_row("Pythons added by hand", _texts))
    recent_files: list[str] = field(default_factory=list, metadata=_row("Recent files, newest first", _texts))
    editor_font_px: int = field(
        default=13, metadata=_row("Text size of the editor in pixels", _number(8, 40, is_whole=True))
    )
    show_line_timings: bool = field(default=True, metadata=_row("Timings beside the lines", _instance(bool)))
    geometry: str = field(
        default="", metadata=_row("Position and size of the window, as base64 of Qt's saveGeometry()", _instance(str))
    )
    splitters: dict[str, list[int]] = field(
        default_factory=dict, metadata=_row("Sizes of the window's parts in pixels, by splitter", _sizes)
    )
    session: dict[str, Any] = field(
        default_factory=dict, metadata=_row("Open files, see gpuplayground.storage.open_tabs", _instance(dict))
    )

    def remember_file(self, path: str) -> None:
        """Put a file at the top of the recent ones."""
        self.recent_files = [path, *(other for other in self.recent_files if other != path)][:MAX_RECENT]


def settings_table() -> dict[str, Setting]:
    """Return every setting by its key."""
    return {entry.name: entry.metadata["setting"] for entry in fields(Settings)}


class SettingsStore:
    """Reads and writes the settings of one user, who may have several windows open."""

    def __init__(self, file: Path) -> None:
        self._file = file
        #: Why the last attempt to write failed and what to do, in a sentence; empty after a success.
        self.problem = ""
        self._known: Settings | None = None  # as this window last read or wrote them

    def load(self) -> Settings:
        """Return the saved settings. A missing or invalid value falls back to its default."""
        settings = _checked(self._read() or {})
        self._known = deepcopy(settings)
        return settings

    def save(self, settings: Settings) -> bool:
        """Write the settings in one step; return False if that fails, with the reason in :attr:`problem`.

        Changes that another window has written since are kept, and so are keys of other versions.
        """
        saved = self._read()
        merged = self._merged(settings, saved)
        unknown = {key: value for key, value in (saved or {}).items() if key not in settings_table()}
        try:
            private_files.write(self._file, json.dumps({**unknown, **asdict(merged)}, indent=1).encode())
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem = f"The settings could not be written ({reason}): see that “{self._file}” can be written."
            return False
        self.problem = ""
        self._known = deepcopy(merged)
        return True

    def _read(self) -> dict[str, Any] | None:
        try:
            saved = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return saved if isinstance(saved, dict) else None

    def _merged(self, own: Settings, saved: dict[str, Any] | None) -> Settings:
        """Return what another window saved, with what this window has changed since it last read or wrote."""
        others = None if saved is None else _checked(saved)
        if self._known is None or others is None or others == self._known:
            return own
        merged = deepcopy(others)
        for key in settings_table():
            value = getattr(own, key)
            if value != getattr(self._known, key):
                setattr(merged, key, value)
        merged.recent_files = list(dict.fromkeys((*own.recent_files, *others.recent_files)))[:MAX_RECENT]
        return merged


def _checked(saved: dict[str, Any]) -> Settings:
    settings = Settings()
    for key, setting in settings_table().items():
        if key in saved:
            try:
                setattr(settings, key, setting.checked(saved[key]))
            except (ValueError, TypeError):
                continue
    return settings
