"""Which interpreters are started unasked: none that anybody but the user and root can change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gpuplayground.environments import interpreters, trust
from gpuplayground.environments.interpreters import Environment, discover
from gpuplayground.environments.trust import distrust
from tests.environments.test_interpreters import make_venv, script

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists instead of modes")
#: An account that is neither this one nor root.
STRANGER = 54321
as_root = pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's own, as if it did not lie in one for everybody's temporary files."""
    home = tmp_path / "home"
    home.mkdir(0o755)
    monkeypatch.setattr(trust, "_TOP", home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(home / "bin"))
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def venv(home: Path) -> Path:
    """An environment in the user's own folder; its Python notes that it was started, and is this one."""
    folder = home / "project" / ".venv"
    (folder / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = {home / 'base' / 'bin'}\nversion = 3.12.4\n")
    (home / "base" / "bin").mkdir(parents=True)
    script(home / "base" / "bin" / "python3", f': > {home / "started"}\nexec {sys.executable} "$@"')
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(home / "base" / "bin" / "python3")
    for path in (home, *home.rglob("*")):
        path.chmod(0o755)
    return folder


def python(venv: Path) -> str:
    return str(venv / "bin" / "python3")


def found(venv: Path) -> Environment:
    (environment,) = (each for each in discover((), venv.parent) if not each.is_current)
    return environment


def test_what_only_the_user_can_change_is_started(home: Path, venv: Path) -> None:
    assert distrust(python(venv)) == ""
    discover((), venv.parent)
    assert (home / "started").exists()


def everybody_writes(path: Path) -> Callable[[], None]:
    return lambda: path.chmod(0o777 if path.is_dir() else 0o666)


PLACES = {
    "the folder above": "project",
    "the environment": "project/.venv",
    "its configuration": "project/.venv/pyvenv.cfg",
    "the folder of the link": "project/.venv/bin",
    "what the link leads to": "base/bin/python3",
    "the folder of that": "base/bin",
    "packages": "project/.venv/lib/python3.12/site-packages",
    "a file of paths": "project/.venv/lib/python3.12/site-packages/a.pth",
    "a module that Python runs itself": "project/.venv/lib/python3.12/site-packages/sitecustomize.py",
    "a folder that a file of paths adds": "elsewhere",
    "the standard library of the base": "base/lib/python3.12/encodings/__init__.py",
}


@pytest.fixture
def furnished(home: Path, venv: Path) -> Path:
    """The environment with one of everything that runs by itself."""
    packages = venv / "lib" / "python3.12" / "site-packages"
    (packages / "a.pth").write_text(f"# paths\n{home / 'elsewhere'}\nimport sys\n")
    (packages / "sitecustomize.py").touch(0o644)
    (packages / "gone.py").symlink_to(home / "nowhere" / "gone.py")
    (home / "elsewhere").mkdir(0o755)
    encodings = home / "base" / "lib" / "python3.12" / "encodings"
    encodings.mkdir(parents=True)
    (encodings / "__init__.py").touch()
    for path in home.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755)
    return venv


def test_one_with_everything_that_runs_by_itself_is_started_too(furnished: Path) -> None:
    assert distrust(python(furnished)) == ""


@pytest.mark.parametrize("mode", [0o002, 0o1002], ids=["plain", "sticky"])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_what_everybody_can_write_is_listed_and_not_started(home: Path, furnished: Path, place: str, mode: int) -> None:
    path = home / place
    path.chmod(path.stat().st_mode | mode)
    assert distrust(python(furnished)) == f"everybody can write to {path}"
    environment = found(furnished)
    assert not (home / "started").exists()
    assert (environment.interpreter, environment.version) == (python(furnished), "3.12.4")
    assert environment.label == "Python 3.12 · venv"
    assert environment.distrust == f"everybody can write to {path}"


@as_root
@pytest.mark.parametrize("place", [*PLACES.values(), "project/.venv/bin/python3"])
def test_what_belongs_to_somebody_else_is_listed_and_not_started(home: Path, furnished: Path, place: str) -> None:
    os.chown(home / place, STRANGER, STRANGER, follow_symlinks=False)
    assert distrust(python(furnished)) == f"{home / place} belongs to the user with id {STRANGER}"
    assert found(furnished).distrust
    assert not (home / "started").exists()


@as_root
def test_a_folder_of_a_group_counts_only_if_nobody_else_is_in_it(
    home: Path, furnished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.chown(furnished, 0, STRANGER)
    furnished.chmod(0o775)
    assert distrust(python(furnished)) == f"a group of users can write to {furnished}"
    monkeypatch.setattr(trust, "is_private_group", lambda group: group == STRANGER)
    assert distrust(python(furnished)) == ""


def test_a_group_is_private_where_it_has_the_users_name_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    import grp
    import pwd

    ada, eve = (pwd.struct_passwd((name, "x", number, 700, "", "/", "")) for name, number in (("ada", 7), ("eve", 8)))
    accounts = [ada]
    monkeypatch.setattr(os, "getuid", lambda: 7)
    monkeypatch.setattr(pwd, "getpwuid", {7: ada, 0: pwd.struct_passwd(("root", "x", 0, 0, "", "/", ""))}.__getitem__)
    monkeypatch.setattr(pwd, "getpwall", lambda: accounts)

    def is_private(name: str, members: list[str]) -> bool:
        monkeypatch.setattr(grp, "getgrgid", lambda number: grp.struct_group((name, "x", number, members)))
        trust.is_private_group.cache_clear()
        return trust.is_private_group(700)

    assert is_private("ada", [])
    assert is_private("ada", ["ada"])
    assert not is_private("ada", ["ada", "eve"])
    assert not is_private("users", [])
    accounts.append(eve)
    assert not is_private("ada", [])
    trust.is_private_group.cache_clear()


@pytest.mark.skipif(shutil.which("setfacl") is None, reason="needs setfacl")
def test_an_access_list_is_not_taken_for_a_private_group(
    home: Path, furnished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "is_private_group", lambda _: True)
    granted = subprocess.run(["setfacl", "-m", f"u:{STRANGER}:rwx", furnished], check=False)
    if granted.returncode:
        pytest.skip("the file system has no access lists")
    assert distrust(python(furnished)) == f"a group of users can write to {furnished}"


def test_links_in_a_circle_and_links_to_nothing_are_not_followed_for_ever(home: Path) -> None:
    (home / "a").symlink_to("b")
    (home / "b").symlink_to("a")
    assert distrust(str(home / "a" / "python3")) == f"{home / 'a' / 'python3'} has too many symbolic links"
    (home / "c").symlink_to("nowhere")
    assert distrust(str(home / "c" / "bin" / "python3")) == ""


def test_a_chain_of_links_is_followed_through_every_folder_on_its_way(home: Path, venv: Path) -> None:
    (home / "open").mkdir()
    (home / "open").chmod(0o1777)
    (home / "open" / "hop").symlink_to("../base/bin/python3")
    (venv / "bin" / "python3").unlink()
    (venv / "bin" / "python3").symlink_to(home / "open" / "hop")
    assert distrust(python(venv)) == f"everybody can write to {home / 'open'}"


def test_the_frameworks_of_one_that_is_not_started_are_read_from_its_folders(home: Path, venv: Path) -> None:
    packages = venv / "lib" / "python3.12" / "site-packages"
    for name in ("torch-2.5.1+cu124", "cupy_cuda12x-13.6.0", "numpy-2.1.0", "requests-2.0", "numba-<b>"):
        (packages / f"{name}.dist-info").mkdir()
    venv.chmod(0o777)
    assert found(venv).packages == ("NumPy 2.1.0", "CuPy 13.6.0", "PyTorch 2.5.1")


@pytest.mark.parametrize(
    ("content", "version"),
    [
        ("version = 3.12.4", "3.12.4"),
        ("version_info = 3.11.9.final.0", "3.11.9"),
        ("version = <img>", "3.12"),
        ("", "3.12"),
    ],
)
def test_a_version_is_believed_only_if_it_looks_like_one(home: Path, venv: Path, content: str, version: str) -> None:
    (venv / "pyvenv.cfg").write_text(f"{content}\n")
    venv.chmod(0o777)
    assert found(venv).version == version


def test_a_configuration_that_is_a_pipe_holds_nobody_up(home: Path, venv: Path) -> None:
    (venv / "pyvenv.cfg").unlink()
    os.mkfifo(venv / "pyvenv.cfg")
    venv.chmod(0o777)
    assert found(venv).version == "3.12"


def test_one_that_is_too_old_to_run_snippets_is_not_listed(home: Path, venv: Path) -> None:
    (venv / "pyvenv.cfg").write_text("version = 3.9.1\n")
    venv.chmod(0o777)
    assert [each for each in discover((), venv.parent) if not each.is_current] == []


def test_what_was_chosen_is_started_whoever_can_write_there(home: Path, venv: Path) -> None:
    venv.chmod(0o777)
    discover((python(venv),), venv.parent)
    assert (home / "started").exists()


def test_an_environment_that_is_found_by_two_ways_is_listed_as_the_one_that_was_started(home: Path) -> None:
    venv = make_venv(home / ".venv")
    venv.chmod(0o777)
    environment = found_in(discover((str(venv / "bin" / "python"),), home), venv)
    assert environment.distrust == ""


def found_in(listed: list[Environment], venv: Path) -> Environment:
    (environment,) = (each for each in listed if each.prefix == str(venv))
    return environment


def test_the_current_folder_is_no_place_for_interpreters_though_the_path_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(home / "python3", f": > {home / 'started'}")
    monkeypatch.chdir(home)
    monkeypatch.setenv("PATH", ".")
    assert all(each.is_current for each in discover((), home))
    assert not (home / "started").exists()


def test_what_others_list_for_conda_and_pyenv_is_asked_about_too(
    home: Path, venv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".conda").mkdir()
    (home / ".conda" / "environments.txt").write_text(f"{venv}\n")
    venv.chmod(0o777)
    assert found_in(discover((), home), venv).distrust
    (home / ".conda" / "environments.txt").unlink()
    (home / "versions").mkdir()
    (home / "versions" / "3.12.4").symlink_to(venv)
    monkeypatch.setenv("PYENV_ROOT", str(home))
    assert found_in(discover((), home), home / "versions" / "3.12.4").distrust
    assert not (home / "started").exists()


def test_nothing_is_started_that_lies_in_a_folder_for_everybodys_temporary_files(tmp_path: Path) -> None:
    # With the rule as it is in the product, above all: pytest's folder may lie in /tmp or in the user's own.
    tmp_path.chmod(0o1777)
    venv = tmp_path / ".venv"
    script(venv / "bin" / "python3", f": > {tmp_path / 'started'}")
    assert found_in(interpreters.discover((), tmp_path), venv).distrust
    assert not (tmp_path / "started").exists()
