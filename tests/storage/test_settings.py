"""The settings file: what is read from it, what is written, and what survives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gpuplayground.storage.settings import MAX_RECENT, Settings, SettingsStore, settings_table


def test_settings_survive_a_restart(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    settings = Settings(theme="light", sampling_hz=5, splitters={"body": [1, 2]}, show_line_timings=False)
    settings.session = {"tabs": [{"path": "/a.py", "line": 3}], "current": "/a.py"}
    assert store.save(settings)
    assert SettingsStore(tmp_path / "settings.json").load() == settings


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "\x00\xff", '{"theme": 3, "splitters": {"a": ["b"]}, "new": 1, "session": [1]}']
)
def test_a_damaged_file_falls_back_to_the_defaults(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(text, encoding="latin-1")
    assert SettingsStore(file).load() == Settings()


def test_figures_out_of_range_are_brought_back_into_it(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"sampling_hz": 1e9, "editor_font_px": 1}')
    assert SettingsStore(file).load().sampling_hz == 50
    assert SettingsStore(file).load().editor_font_px == 8


def test_a_disk_that_refuses_is_reported_not_raised(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not SettingsStore(tmp_path / "file" / "settings.json").save(Settings())


def test_recent_files_are_newest_first_without_repeats(tmp_path: Path) -> None:
    settings = Settings()
    for number in [*range(20), 3]:
        settings.remember_file(f"{number}.py")
    assert settings.recent_files[:2] == ["3.py", "19.py"]
    assert len(settings.recent_files) == MAX_RECENT


def test_two_windows_keep_what_each_of_them_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    SettingsStore(file).save(Settings(recent_files=["old.py"]))
    first, second = SettingsStore(file), SettingsStore(file)
    ours, theirs = first.load(), second.load()
    theirs.theme = "light"
    theirs.remember_file("theirs.py")
    second.save(theirs)
    ours.range_s = 600
    ours.remember_file("ours.py")
    first.save(ours)
    saved = SettingsStore(file).load()
    assert (saved.theme, saved.range_s) == ("light", 600)
    assert saved.recent_files == ["ours.py", "old.py", "theirs.py"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("theme", "pink"), ("theme", None), ("sampling_hz", "10"), ("sampling_hz", True), ("sampling_hz", float("nan")),
        ("range_s", 60.5), ("editor_font_px", False), ("recent_files", [1]), ("recent_files", "a.py"),
        ("show_line_timings", 1), ("splitters", {"body": [1, "2"]}), ("splitters", []), ("session", []),
    ],
)  # fmt: skip
def test_an_invalid_value_falls_back_to_its_default_and_the_others_stay(
    tmp_path: Path, key: str, value: object
) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"geometry": "abc", key: value}))
    assert SettingsStore(file).load() == Settings(geometry="abc")


def test_keys_of_other_versions_survive(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"theme": "light", "from_the_future": {"a": [1]}}')
    store = SettingsStore(file)
    settings = store.load()
    settings.range_s = 300
    assert store.save(settings)
    saved = json.loads(file.read_text())
    assert (saved["theme"], saved["range_s"], saved["from_the_future"]) == ("light", 300, {"a": [1]})


def test_every_setting_has_a_label_and_a_valid_default() -> None:
    settings = Settings()
    for key, setting in settings_table().items():
        assert setting.label
        assert setting.checked(getattr(settings, key)) == getattr(settings, key)
