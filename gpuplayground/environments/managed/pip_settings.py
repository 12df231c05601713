"""Passes pip's settings on to uv, which does not read them: index, certificate, proxy.

A setting of uv's own wins. Sources: https://pip.pypa.io/en/stable/topics/configuration and
https://docs.astral.sh/uv/reference/environment.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

#: The sections of pip's files that apply to installing; later ones win.
_SECTIONS = ("global", "install")


def uv_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for uv that say what pip's files and variables say.

    Args:
        environment: the environment variables of this process.
    """
    pip = {**_from_files(environment), **_from_variables(environment)}
    extra = pip.get("extra-index-url", "").split()
    wanted = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(extra),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "SSL_CERT_FILE": pip.get("cert", ""),
        "ALL_PROXY": pip.get("proxy", ""),
        # As in pip, every index counts. uv by itself takes all versions from the first one that has the package.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if extra else "",
    }
    taken = set(environment)
    if taken & {"UV_INDEX_URL", "UV_DEFAULT_INDEX"}:
        taken |= {"UV_DEFAULT_INDEX"}
    if taken & {"UV_INDEX", "UV_EXTRA_INDEX_URL"}:
        taken |= {"UV_INDEX", "UV_INDEX_STRATEGY"}
    if taken & {"HTTPS_PROXY", "https_proxy", "all_proxy"}:
        taken |= {"ALL_PROXY"}
    return {name: value for name, value in wanted.items() if value and name not in taken}


def own_indexes(environment: Mapping[str, str]) -> list[str]:
    """Return the package indexes that the user has configured for uv or pip, except for PyPI itself."""
    variables = {**uv_environment(environment), **environment}
    names = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
    found = [url.rpartition("=")[2] if "://" in url.rpartition("=")[2] else url for url in _all(variables, names)]
    return [url for url in dict.fromkeys(found) if not url.startswith("https://pypi.org/")]


def _all(variables: Mapping[str, str], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from variables.get(name, "").split()


def _from_variables(environment: Mapping[str, str]) -> dict[str, str]:
    keys = ("index-url", "extra-index-url", "find-links", "trusted-host", "cert", "proxy")
    names = {key: f"PIP_{key.upper().replace('-', '_')}" for key in keys}
    return {key: environment[name] for key, name in names.items() if environment.get(name)}


def _from_files(environment: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in _files(environment):
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, "utf-8")
        except (OSError, UnicodeDecodeError, configparser.Error):
            continue  # pip would refuse it; nothing else here depends on it
        for section in _SECTIONS:
            if parser.has_section(section):
                found.update(parser.items(section))
    return found


def _files(environment: Mapping[str, str]) -> list[Path]:
    """Return pip's configuration files: of the machine, the user, the environment, then the one named explicitly."""
    named = environment.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or os.devnull)
    if sys.platform == "win32":
        data = [environment.get("PROGRAMDATA"), environment.get("APPDATA")]
        files = [Path(folder) / "pip" / "pip.ini" for folder in data if folder]
        files.insert(1, home / "pip" / "pip.ini")
    else:
        configuration = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
        system = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
        files = [*system, home / ".pip" / "pip.conf", configuration / "pip" / "pip.conf"]
    return [*files, *([Path(named)] if named else [])]
