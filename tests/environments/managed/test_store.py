"""Environments that are built, listed, replaced and removed."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from gpuplayground.environments.managed.records import BuildError, BuildProgress
from gpuplayground.environments.managed.store import ManagedEnvironments, disk_usage
from gpuplayground.storage.locks import hold_environment
from tests.support.managed import build, build_plan, folders, said_by, selection
from tests.support.package_index import PackageIndex

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks and folders are those of POSIX")


def folder_of(interpreter: str) -> Path:
    """Return the folder of an environment."""
    return Path(interpreter).parents[1]


def test_an_environment_is_built_with_what_was_planned_and_listed(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("snail", "1.2", requires=["shell"])
    index.add("shell", "2.5")
    steps: list[BuildProgress] = []
    built = build(environments, "slow", "snail>=1", progress=steps)
    assert built.packages == {"snail": "1.2", "shell": "2.5"}
    assert (built.name, built.requirements, built.notes) == ("slow", ("snail>=1",), ())
    assert built.python.startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")
    assert environments.environments() == (built,)
    assert environments.find("slow") == built
    assert said_by(built.interpreter, "import snail; print(snail.__version__)") == "1.2\n"
    assert [step.step for step in steps if step.step != "Downloading"] == [
        "Creating the environment",
        "Checking the imports",
    ]
    assert folders(environments) == [folder_of(built.interpreter).name, "slow.json"]


def test_a_download_is_reported_in_bytes_of_bytes(index: PackageIndex, environments: ManagedEnvironments) -> None:
    large, small = index.add("snail", extra_bytes=40 << 20), index.add("shell")
    steps: list[BuildProgress] = []
    build(environments, "slow", "snail", "shell", progress=steps)
    downloading = [step for step in steps if step.step == "Downloading"]
    assert {step.total_bytes for step in downloading} == {len(large.data) + len(small.data)}
    assert {step.package for step in downloading} <= {"", "snail", "shell"}
    received = [step.received_bytes for step in downloading]
    assert received == sorted(received)
    assert received[0] == 0
    assert received[-1] >= len(large.data)


def test_what_is_in_the_cache_is_installed_without_a_download(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    wheel = index.add("snail")
    build(environments, "slow", "snail")
    steps: list[BuildProgress] = []
    build(environments, "other", "snail", progress=steps)
    assert "Installing from the cache" in {step.step for step in steps}
    assert index.downloads(wheel) == 1
    assert [each.name for each in environments.environments()] == ["other", "slow"]


def test_a_new_build_replaces_the_old_one(index: PackageIndex, environments: ManagedEnvironments) -> None:
    index.add("snail", "1.0")
    index.add("shell", "1.0")
    old = build(environments, "slow", "snail")
    new = build(environments, "slow", "shell")
    assert environments.environments() == (new,)
    assert new.packages == {"shell": "1.0"}
    assert not folder_of(old.interpreter).exists()


def test_an_environment_in_use_is_replaced_but_stays_until_it_is_left(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("snail", "1.0")
    old = build(environments, "slow", "snail")
    index.add("snail", "2.0")
    held = hold_environment(old.interpreter)
    assert held is not None
    with held:
        new = build(environments, "slow", "snail")
        environments.sweep()
        assert said_by(old.interpreter, "import snail; print(snail.__version__)") == "1.0\n"
        assert environments.environments() == (new,)
        assert environments.name_of(old.interpreter) == "slow"
    environments.sweep()
    assert not folder_of(old.interpreter).exists()
    assert said_by(new.interpreter, "import snail; print(snail.__version__)") == "2.0\n"


def test_an_environment_is_removed_with_its_files(index: PackageIndex, environments: ManagedEnvironments) -> None:
    index.add("snail")
    build(environments, "slow", "snail")
    build(environments, "slow-too", "snail")
    environments.remove("slow")
    assert [each.name for each in environments.environments()] == ["slow-too"]
    assert [name for name in folders(environments) if not name.startswith("slow-too")] == []


def test_an_environment_in_use_is_not_removed(index: PackageIndex, environments: ManagedEnvironments) -> None:
    index.add("snail")
    built = build(environments, "slow", "snail")
    first, second = hold_environment(built.interpreter), hold_environment(built.interpreter)
    assert first is not None
    assert second is not None
    first.close()
    with second:
        assert environments.is_in_use(built)
        with pytest.raises(BuildError, match="slow is in use: stop what runs in it, then remove it"):
            environments.remove("slow")
    assert not environments.is_in_use(built)
    assert said_by(built.interpreter, "import snail") == ""
    environments.remove("slow")
    assert folders(environments) == []


def test_an_interpreter_from_elsewhere_needs_no_holding(environments: ManagedEnvironments) -> None:
    assert hold_environment(sys.executable) is None
    assert hold_environment("python") is None
    assert environments.name_of(sys.executable) is None


def test_what_is_not_there_cannot_be_removed(environments: ManagedEnvironments) -> None:
    with pytest.raises(BuildError, match="There is no environment slow: "):
        environments.remove("slow")
    assert environments.environments() == ()
    environments.sweep()
    assert not environments.folder.exists()


@pytest.mark.parametrize("name", ["", "Slow", "../up", "a/b", ".hidden", "-x", "a b", "a" * 42, "slow\n", "ü"])
def test_a_name_that_is_no_name_is_refused(environments: ManagedEnvironments, name: str) -> None:
    for act in (lambda: environments.plan(name, selection("snail")), lambda: environments.remove(name)):
        with pytest.raises(BuildError):
            act()
    with pytest.raises(BuildError, match="cannot be the name of an environment: use up to 41 lower-case letters"):
        environments.plan(name, selection("snail"))
    assert not environments.folder.exists()


def test_a_name_of_someone_elses_file_is_not_found(environments: ManagedEnvironments, tmp_path: Path) -> None:
    environments.folder.mkdir()
    (tmp_path / "other.json").write_text("{}")
    assert environments.find("../other") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"folder": 3}', '{"folder": "../slow-00000000"}', "\udcff"])
def test_a_damaged_record_is_not_an_environment_and_can_be_replaced(
    index: PackageIndex, environments: ManagedEnvironments, text: str
) -> None:
    index.add("snail")
    environments.folder.mkdir()
    (environments.folder / "slow.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert environments.environments() == ()
    assert build(environments, "slow", "snail").packages == {"snail": "1.0"}


def test_two_builds_of_one_name_at_once_are_refused(index: PackageIndex, environments: ManagedEnvironments) -> None:
    wheel = index.add("snail", extra_bytes=1 << 20)
    index.stalls.add(wheel.file)
    plan = environments.plan("slow", selection("snail"))
    cancelled = threading.Event()
    ends: list[BaseException] = []

    def first() -> None:
        try:
            build_plan(environments, plan, cancelled)
        except BuildError as error:
            ends.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert index.stalled.wait(120)
        with pytest.raises(BuildError, match="slow is being built or removed elsewhere: wait for that"):
            build_plan(environments, plan)
        environments.sweep()
        assert len(folders(environments)) == 1
    finally:
        cancelled.set()
        thread.join()
    assert len(ends) == 1


def test_a_folder_that_cannot_be_written_to_is_named(index: PackageIndex, tmp_path: Path) -> None:
    index.add("snail")
    (tmp_path / "file").write_text("")
    environments = ManagedEnvironments(tmp_path / "file" / "environments")
    with pytest.raises(BuildError, match=r"environments cannot be written to \(Not a directory\): check its owner"):
        build(environments, "slow", "snail")


def test_the_size_of_an_environment_is_what_its_files_take(
    index: PackageIndex, environments: ManagedEnvironments
) -> None:
    index.add("snail", extra_bytes=3 << 20)
    built = build(environments, "slow", "snail")
    assert 3 << 20 <= environments.size_bytes(built) == disk_usage(folder_of(built.interpreter)) < 30 << 20


def test_a_build_ignores_the_environment_that_this_program_runs_in(
    index: PackageIndex, environments: ManagedEnvironments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("snail")
    other = tmp_path / "path"
    other.mkdir()
    (other / "snail.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.setenv("PYTHONPATH", str(other))
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "venv"))
    monkeypatch.chdir(other)
    (other / "pyproject.toml").write_text("[project]\nname = 'a'\nversion = '0'\nrequires-python = '<3'\n")
    built = build(environments, "slow", "snail")
    assert built.packages == {"snail": "1.0"}
    assert {path.name for path in other.iterdir()} == {"snail.py", "pyproject.toml"}
    assert not (tmp_path / "venv").exists()
