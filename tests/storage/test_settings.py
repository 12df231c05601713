from __future__ import annotations

from pathlib import Path

import pytest

from gpuplayground.storage.settings import MAX_RECENT, Settings, SettingsStore


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
