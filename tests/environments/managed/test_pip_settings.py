"""pip's settings as uv gets them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gpuplayground.environments.managed import pip_settings
from gpuplayground.environments.managed.pip_settings import own_indexes, pip_environment, uv_environment
from gpuplayground.environments.managed.store import ManagedEnvironments
from tests.support.managed import build
from tests.support.package_index import PackageIndex

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the folders of the settings are those of POSIX")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of an account whose settings are in a folder of the test's own, and none of the machine."""
    monkeypatch.setattr(pip_settings, "SYSTEM_FILES", (tmp_path / "etc" / "pip.conf",))
    return {"HOME": str(tmp_path / "home")}


def write(file: Path, text: str) -> None:
    """Write a file of settings."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_without_settings_uv_gets_none(home: dict[str, str]) -> None:
    assert uv_environment(home) == {}
    assert own_indexes(home) == []


def test_variables_of_pip_become_those_of_uv(home: dict[str, str]) -> None:
    settings = {
        "PIP_INDEX_URL": "https://mirror/simple",
        "PIP_EXTRA_INDEX_URL": "https://one/simple https://two/simple",
        "PIP_FIND_LINKS": "/wheels https://three/",
        "PIP_TRUSTED_HOST": "mirror one",
        "PIP_CERT": "/etc/company.pem",
        "PIP_PROXY": "proxy:3128",
    }
    assert uv_environment({**home, **settings}) == {
        "UV_DEFAULT_INDEX": "https://mirror/simple",
        "UV_INDEX": "https://one/simple https://two/simple",
        "UV_FIND_LINKS": "/wheels,https://three/",
        "UV_INSECURE_HOST": "mirror one",
        "SSL_CERT_FILE": "/etc/company.pem",
        "ALL_PROXY": "http://proxy:3128",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_files_are_read_in_the_order_of_pip(home: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "etc" / "pip.conf", "[global]\nindex-url = https://machine/simple\ncert = /etc/machine.pem\n")
    write(tmp_path / "home" / ".config" / "pip" / "pip.conf", "[global]\nindex-url = https://user/simple\n")
    assert uv_environment(home) == {"UV_DEFAULT_INDEX": "https://user/simple", "SSL_CERT_FILE": "/etc/machine.pem"}
    write(tmp_path / "named.conf", "[global]\nindex-url = https://global/\n[install]\nindex-url = https://install/\n")
    home["PIP_CONFIG_FILE"] = str(tmp_path / "named.conf")
    assert uv_environment(home)["UV_DEFAULT_INDEX"] == "https://install/"
    home["PIP_INDEX_URL"] = "https://variable/"
    assert uv_environment(home)["UV_DEFAULT_INDEX"] == "https://variable/"


def test_a_list_over_several_lines_is_one_list(home: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "etc" / "pip.conf", "[global]\nextra-index-url =\n    https://one/\n    https://two/\n")
    assert uv_environment(home)["UV_INDEX"] == "https://one/ https://two/"


def test_underscores_and_percent_signs_are_as_in_pip(home: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "etc" / "pip.conf", "[global]\nindex_url = https://me:50%25@mirror/\n")
    assert uv_environment(home)["UV_DEFAULT_INDEX"] == "https://me:50%25@mirror/"


def test_the_null_device_as_a_file_means_no_files(home: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "etc" / "pip.conf", "[global]\nindex-url = https://machine/simple\n")
    assert uv_environment({**home, "PIP_CONFIG_FILE": "/dev/null"}) == {}


@pytest.mark.parametrize("content", [b"index-url = https://x/", b"[global", b"\xff\xfe", b"[global]\n[global]\n"])
def test_a_damaged_file_is_passed_over(home: dict[str, str], tmp_path: Path, content: bytes) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "pip.conf").write_bytes(content)
    assert uv_environment({**home, "PIP_CERT": "/c.pem"}) == {"SSL_CERT_FILE": "/c.pem"}


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("UV_DEFAULT_INDEX", "UV_DEFAULT_INDEX"),
        ("UV_INDEX_URL", "UV_DEFAULT_INDEX"),
        ("UV_INDEX", "UV_INDEX"),
        ("UV_EXTRA_INDEX_URL", "UV_INDEX"),
        ("UV_EXTRA_INDEX_URL", "UV_INDEX_STRATEGY"),
        ("UV_INDEX_STRATEGY", "UV_INDEX_STRATEGY"),
        ("SSL_CERT_FILE", "SSL_CERT_FILE"),
        ("HTTPS_PROXY", "ALL_PROXY"),
        ("https_proxy", "ALL_PROXY"),
    ],
)
def test_a_setting_of_uv_wins(home: dict[str, str], setting: str, name: str) -> None:
    pip = {
        "PIP_INDEX_URL": "https://mirror/",
        "PIP_EXTRA_INDEX_URL": "https://one/",
        "PIP_CERT": "/c.pem",
        "PIP_PROXY": "http://proxy",
    }
    assert name in uv_environment({**home, **pip})
    assert name not in uv_environment({**home, **pip, setting: "own"})


def test_the_users_own_indexes_are_those_of_uv_and_pip_but_not_pypi(home: dict[str, str]) -> None:
    settings = {
        "PIP_EXTRA_INDEX_URL": "https://one/simple",
        "UV_DEFAULT_INDEX": "https://pypi.org/simple",
    }
    assert own_indexes({**home, **settings}) == ["https://one/simple"]
    settings["UV_INDEX"] = "company=https://company/simple https://company/simple file:///mirror"
    assert own_indexes({**home, **settings}) == ["https://company/simple", "file:///mirror"]


def test_pip_gets_the_settings_of_uv_that_it_has_no_own_for(home: dict[str, str]) -> None:
    settings = {
        "UV_DEFAULT_INDEX": "company=https://me:a=b@company/simple",
        "UV_INDEX": "one=https://one/ https://two/",
        "SSL_CERT_FILE": "/etc/company.pem",
    }
    wanted = {
        "PIP_INDEX_URL": "https://me:a=b@company/simple",
        "PIP_EXTRA_INDEX_URL": "https://one/ https://two/",
        "PIP_CERT": "/etc/company.pem",
    }
    assert pip_environment({**home, **settings}) == wanted
    assert pip_environment({**home, **settings, **wanted}) == {}
    assert pip_environment(home) == {}


def test_uv_installs_from_an_index_in_the_settings_of_pip(
    index: PackageIndex, environments: ManagedEnvironments, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    index.add("snail")
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    write(tmp_path / "named.conf", f"[global]\nindex-url = {index.url}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "named.conf"))
    assert build(environments, "slow", "snail").packages == {"snail": "1.0"}
